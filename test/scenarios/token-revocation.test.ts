import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { createClient, type TokenReason } from '../../client-sdk/index.ts';
import { FILES_PATH } from '../../shared/contract/file-route.ts';
import type { FileInfo } from '../../shared/contract/files.ts';
import { post, Refused, TestClient, until } from '../support/client.ts';
import { getFile, postFile } from '../support/files.ts';
import { people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { tokenOf } from '../support/tokens.ts';
import { refused } from '../support/wire-suite.ts';

const second = (): number => Math.floor(Date.now() / 1000);
const seconds = (iso: string): number => Date.parse(iso) / 1000;

describe('A token revoked, on this server and on another', () => {
  let database: SharedDatabase;
  let servers: TestService[] = [];
  let portal: Portal;
  let roomId = '';
  let file: FileInfo;

  before(async () => {
    database = await createSharedDatabase();
    servers = [await startTestService({ database }), await startTestService({ database })];
    portal = new Portal(servers[0]?.service.url ?? '');
    await portal.seed();
    roomId = await portal.project();
    file = await portal.upload('buyer', { roomId });
    for (const { sub, name } of [people.colleague, people.otherOfOrg])
      await portal.call('buyer', 'member.add', { roomId, userId: sub, name });
  });
  afterEach(() => portal.close());
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database.drop();
  });

  /** How each way in answers a token: over a new connection, HTTP, an upload, a download. */
  async function answers(url: string, token: string): Promise<string[]> {
    const connected = await TestClient.connect(url, token).then(
      (client) => {
        client.close();
        return 'ok';
      },
      (error: unknown) => (error instanceof Refused ? error.code : String(error)),
    );
    const download = await getFile(url, token, file.id);
    await download.arrayBuffer();
    return [
      connected,
      (await post(url, token, 'room.get', { roomId })).problem?.code ?? 'ok',
      (await postFile(url, token, { roomId })).problem?.code ?? 'ok',
      download.ok ? 'ok' : String(download.status),
    ];
  }
  const ALL = ['ok', 'ok', 'ok', 'ok'];
  const NONE = ['unauthenticated', 'unauthenticated', 'unauthenticated', '401'];

  it('ends every connection made with it, and no way in takes it again; a later one counts', async () => {
    const who = people.colleague;
    const token = await portal.token(who);
    const clients = await Promise.all(servers.map(({ service }) => portal.connect(who, { url: service.url })));
    const other = await portal.connect('buyer');
    const links = [];
    for (const client of clients) {
      await client.call('room.join', { roomId });
      links.push((await client.call('file.link', { fileId: file.id })).url);
    }
    const ended = clients.map((client) => client.disconnected());
    const { userId, issuedBefore } = await portal.call('operator', 'auth.revoke', { userId: who.sub });
    expect(userId).to.equal(who.sub);
    await Promise.all(ended);
    // Access is not lost, the token is: with another one the rooms are there again.
    for (const client of clients) expect(client.all('access.revoked')).to.deep.equal([]);
    expect(other.socket.connected).to.equal(true);
    for (const [index, { service }] of servers.entries()) {
      expect(await answers(service.url, token)).to.deep.equal(NONE);
      expect((await fetch(`${service.url}${links[index] ?? ''}`)).status, 'a link made with it').to.equal(404);
    }
    const next = await tokenOf(who, { issuedAt: seconds(issuedBefore) });
    for (const { service } of servers) expect(await answers(service.url, next)).to.deep.equal(ALL);
    // One that does not say when it was issued may be as old as any.
    const silent = await tokenOf(who, { issuedAt: null });
    for (const { service } of servers) expect(await answers(service.url, silent)).to.deep.equal(NONE);
    expect(await answers(portal.url, await tokenOf(people.buyer, { issuedAt: null }))).to.deep.equal(ALL);
  });

  it('does not renew a connection', async () => {
    const who = people.otherOfOrg;
    const token = await portal.token(who);
    const { issuedBefore } = await portal.call('service', 'auth.revoke', { userId: who.sub });
    const next = await tokenOf(who, { issuedAt: seconds(issuedBefore) });
    const client = await TestClient.connect(portal.url, next);
    await refused(client.call('auth.refresh', { token }), 'unauthenticated');
    await client.call('auth.refresh', { token: next });
    client.close();
  });

  it('holds up to the instant that is named; a later one widens it, an earlier one changes nothing', async () => {
    const who = { ...people.colleague, sub: 'by-instant' };
    const at = (ahead: number) => new Date((second() + ahead) * 1000).toISOString();
    const revoke = async (issuedBefore: string) =>
      (await portal.call('service', 'auth.revoke', { userId: who.sub, issuedBefore })).issuedBefore;
    const accepts = async (issuedAt: number) =>
      (await post(portal.url, await tokenOf(who, { issuedAt }), 'room.list', {})).status === 200;
    const first = at(-100);
    expect(await revoke(first)).to.equal(first);
    expect([await accepts(seconds(first) - 1), await accepts(seconds(first))]).to.deep.equal([false, true]);
    const later = at(-50);
    expect(await revoke(later)).to.equal(later);
    expect(await revoke(first)).to.equal(later);
    expect([await accepts(seconds(later) - 1), await accepts(seconds(later))]).to.deep.equal([false, true]);
    const { error } = await refused(revoke(at(400)), 'invalid');
    expect(error.details).to.deep.equal([{ path: 'issuedBefore', reason: 'must be at most 5 minutes ahead of now' }]);
    expect(await accepts(seconds(later))).to.equal(true);
  });

  it('stops an upload that is under way', async () => {
    const { sub } = people.buyer;
    const boundary = 'edge';
    const head = `--${boundary}\r\ncontent-disposition: form-data; name="file"; filename="a.txt"\r\n\r\n`;
    const stored = () => database.connection.collection('files.files').countDocuments({});
    const before = await stored();
    let finish = (): void => undefined;
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        controller.enqueue(Buffer.from(`${head}${'x'.repeat(300_000)}`));
        finish = () => {
          controller.enqueue(Buffer.from(`\r\n--${boundary}--\r\n`));
          controller.close();
        };
      },
    });
    const init: RequestInit & { duplex: 'half' } = {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await portal.token('buyer')}`,
        'content-type': `multipart/form-data; boundary=${boundary}`,
      },
      body,
      duplex: 'half',
    };
    const upload = fetch(`${portal.url}${FILES_PATH}?roomId=${roomId}`, init);
    await until('its first chunk is stored', async () => (await stored()) === before + 1);
    await portal.call('service', 'auth.revoke', { userId: sub });
    finish();
    expect((await upload).status).to.equal(401);
    expect(await stored()).to.equal(before);
  });

  it('is known again after a restart', async () => {
    const token = await portal.token('colleague');
    const again = await startTestService({ database });
    try {
      expect(await answers(again.service.url, token)).to.deep.equal(NONE);
    } finally {
      await again.stop();
    }
  });

  it('is forgotten once no such token can live, where lives are bounded', async () => {
    const stored = database.connection.collection<{ _id: string }>('revocations');
    const issuedBefore = new Date(Date.now() - 3 * 86_400_000).toISOString();
    await portal.call('service', 'auth.revoke', { userId: 'long-ago', issuedBefore });
    const again = await startTestService({ database, env: { JWT_MAX_DAYS: '2' } });
    try {
      expect(await stored.findOne({ _id: 'long-ago' })).to.equal(null);
      expect(await stored.findOne({ _id: people.colleague.sub })).to.not.equal(null);
    } finally {
      await again.stop();
    }
  });

  it('makes a client ask for another token once, and then stop: it does not knock again and again', async () => {
    const who = { ...people.colleague, sub: 'with-sdk' };
    const token = await tokenOf(who);
    const reasons: TokenReason[] = [];
    const client = createClient({
      url: portal.url,
      getToken(reason) {
        reasons.push(reason);
        return token;
      },
    });
    const states: string[] = [];
    client.on('state', ({ status }) => states.push(status));
    client.connect();
    await until('the client is online', () => client.state.status === 'online');
    await portal.call('service', 'auth.revoke', { userId: who.sub });
    await until('the client has given up', () => client.state.status === 'failed');
    expect(client.state).to.have.nested.property('error.code', 'unauthenticated');
    expect(reasons).to.deep.equal(['initial', 'rejected']);
    expect(states).to.deep.equal(['connecting', 'online', 'waiting', 'connecting', 'failed']);
    await client.close();
  });
});
