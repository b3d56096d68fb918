import { createHmac } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { FILES_PATH } from '../../shared/contract/file-route.ts';
import { FILE_LINK_MS } from '../../shared/contract/limits.ts';
import { getFile } from '../support/files.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { message, people, Portal, type PersonName } from '../support/portal.ts';
import { startTestService } from '../support/service.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

const TEXT = 'x'.repeat(300_000) + 'the end';

describe('GET /v1/files/:id', () => {
  const suite = wireSuite();
  const text = (roomId: string, stream = 'public') =>
    suite.portal.upload(stream === 'public' ? 'buyer' : 'operator', {
      roomId,
      stream,
      name: 'note.txt',
      bytes: Buffer.from(TEXT),
    });
  const get = async (who: PersonName, id: string, headers: Record<string, string> = {}) =>
    getFile(suite.portal.url, await suite.portal.token(who), id, headers);
  const open = (url: string) => fetch(`${suite.portal.url}${url}`);

  it('is served as something to be saved and never to be run, to its reader alone', async () => {
    const roomId = await suite.portal.project();
    const { id } = await text(roomId);
    const response = await get('vendor', id);
    expect(await response.text()).to.equal(TEXT);
    const header = (name: string) => response.headers.get(name);
    expect(response.status).to.equal(200);
    expect(header('content-type')).to.equal('text/plain; charset=utf-8');
    expect(header('content-length')).to.equal(String(TEXT.length));
    expect(header('content-disposition')).to.equal(`attachment; filename="note.txt"; filename*=UTF-8''note.txt`);
    expect(header('x-content-type-options')).to.equal('nosniff');
    expect(header('content-security-policy'))
      .to.match(/sandbox/)
      .and.match(/default-src 'none'/);
    expect(header('cache-control')).to.equal('private, no-cache');
    expect(header('accept-ranges')).to.equal('bytes');
    expect(header('etag')).to.equal(`"${id}"`);
    expect(header('last-modified')).to.equal(new Date(suite.clock.now()).toUTCString());
  });

  it('answers ranges, conditions and HEAD', async () => {
    const roomId = await suite.portal.project();
    const { id } = await text(roomId);
    const size = TEXT.length;
    const etag = `"${id}"`;
    const at = new Date(suite.clock.now()).toUTCString();
    const table: readonly [headers: Record<string, string>, status: number, body: string, range?: string][] = [
      [{ range: 'bytes=0-0' }, 206, 'x', `bytes 0-0/${size}`],
      [{ range: 'bytes=300000-' }, 206, 'the end', `bytes 300000-${size - 1}/${size}`],
      [{ range: 'bytes=-3' }, 206, 'end', `bytes ${size - 3}-${size - 1}/${size}`],
      // Over the border of two chunks.
      [{ range: 'bytes=261119-261121' }, 206, 'xxx', `bytes 261119-261121/${size}`],
      [{ range: `bytes=${size}-` }, 416, '', `bytes */${size}`],
      [{ range: 'bytes=0-1,5-6' }, 200, TEXT],
      [{ range: 'rows=0-1' }, 200, TEXT],
      [{ range: 'bytes=-3', 'if-range': etag }, 206, 'end', `bytes ${size - 3}-${size - 1}/${size}`],
      [{ range: 'bytes=-3', 'if-range': at }, 206, 'end', `bytes ${size - 3}-${size - 1}/${size}`],
      [{ range: 'bytes=-3', 'if-range': '"another"' }, 200, TEXT],
      [{ 'if-none-match': etag }, 304, ''],
      [{ 'if-none-match': `"a", W/${etag}` }, 304, ''],
      [{ 'if-none-match': '"another"' }, 200, TEXT],
    ];
    for (const [headers, status, body, range] of table) {
      const response = await get('admin', id, headers);
      const what = JSON.stringify(headers);
      expect(response.status, what).to.equal(status);
      expect((await response.text()) === body, `${what}: the body`).to.equal(true);
      expect(response.headers.get('content-range'), what).to.equal(range ?? null);
    }
    const head = await fetch(`${suite.portal.url}${FILES_PATH}/${id}`, {
      method: 'HEAD',
      headers: { authorization: `Bearer ${await suite.portal.token('admin')}` },
    });
    expect([head.status, head.headers.get('content-length'), await head.text()]).to.deep.equal([200, String(size), '']);
  });

  it('is for those who read the stream at this moment, by token and by link: every side', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await portal.call('buyer', 'member.add', { roomId, userId: people.colleague.sub, name: 'Bo' });
    const files = {
      public: (await text(roomId)).id,
      provider: (await text(roomId, 'provider')).id,
      operator: (await text(roomId, 'operator')).id,
    };
    const sides: readonly [PersonName, reads: readonly (keyof typeof files)[]][] = [
      ['buyer', ['public']],
      ['colleague', ['public']],
      ['otherOfOrg', []],
      ['stranger', []],
      ['admin', ['public', 'provider']],
      ['idle', []],
      ['rival', []],
      ['vendor', ['public', 'provider']],
      ['manager', ['public', 'provider']],
      ['vendorStaff', []],
      ['otherVendor', []],
      ['operator', ['public', 'provider', 'operator']],
      ['service', ['public', 'provider']],
    ];
    const unknown = await (await get('buyer', '0'.repeat(24))).json();
    for (const [who, reads] of sides) {
      for (const [stream, id] of Object.entries(files)) {
        const mayRead = reads.some((one) => one === stream);
        const response = await get(who, id);
        expect(response.status, `${who} of ${stream}`).to.equal(mayRead ? 200 : 404);
        const body: unknown = mayRead ? await response.text() : await response.json();
        expect(body).to.deep.equal(mayRead ? TEXT : unknown);
        if (!mayRead) {
          await refused(portal.call(who, 'file.link', { fileId: id }), 'not_found');
          continue;
        }
        const { url } = await portal.call(who, 'file.link', { fileId: id });
        expect((await open(url)).status, `${who} of ${stream} by link`).to.equal(200);
      }
    }
    expect((await getFile(portal.url, undefined, files.public)).status).to.equal(401);
    for (const id of ['no-id', '%00', '..%2f..', '0'.repeat(25)])
      expect((await get('operator', id)).status).to.equal(404);
  });

  it('serves a link to whom it was made for, as long as they read the stream', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const other = await text(roomId);
    const { id } = await text(roomId);
    await portal.call('buyer', 'member.add', { roomId, userId: people.colleague.sub, name: 'Bo' });
    const { url } = await portal.call('colleague', 'file.link', { fileId: id });
    const ranged = await fetch(`${portal.url}${url}`, { headers: { range: 'bytes=-3' } });
    expect([ranged.status, await ranged.text()]).to.deep.equal([206, 'end']);
    const unknown = await (await get('buyer', '0'.repeat(24))).json();
    const link = new URL(url, portal.url).searchParams.get('link') ?? '';
    const [payload = '', mac = ''] = link.split('.');
    const facts = JSON.parse(Buffer.from(payload, 'base64url').toString()) as Record<string, unknown>;
    const forged = Buffer.from(JSON.stringify({ ...facts, side: 'operator', org: undefined })).toString('base64url');
    const wrongKey = createHmac('sha256', 'a key').update(`${id}.${forged}`).digest('base64url');
    const wrong = [
      `${FILES_PATH}/${other.id}?link=${link}`,
      `${FILES_PATH}/${id}?link=${forged}.${mac}`,
      `${FILES_PATH}/${id}?link=${forged}.${wrongKey}`,
      `${FILES_PATH}/${id}?link=${payload}.`,
      `${FILES_PATH}/${id}?link=${payload}`,
      `${FILES_PATH}/${id}?link=.${mac}`,
      `${FILES_PATH}/${id}?link=`,
      `${FILES_PATH}/${id}?link=${link}.x`,
      `${FILES_PATH}/${id}?link=${link}&link=${link}`,
      `${FILES_PATH}/${id}?link=${'x'.repeat(6000)}`,
    ];
    for (const path of wrong) {
      const response = await open(path);
      expect([response.status, await response.json()], path.slice(0, 100)).to.deep.equal([404, unknown]);
    }
    await portal.call('buyer', 'member.remove', { roomId, userId: people.colleague.sub });
    const after = await open(url);
    expect([after.status, await after.json()]).to.deep.equal([404, unknown]);
  });

  it('serves nobody who has become inactive, by whatever link', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const { id } = await text(roomId);
    const { sub, org, name, roles } = { ...people.inactive, roles: ['provider_admin'] as const };
    const leaver = { sub, org, name, roles, side: 'provider' } as const;
    const { url } = await portal.call(leaver, 'file.link', { fileId: id });
    expect((await open(url)).status).to.equal(200);
    await portal.call('service', 'staff.put', { userId: sub, org, name, roles: [...roles], maxLoad: 0, active: false });
    expect((await open(url)).status).to.equal(404);
    expect((await getFile(portal.url, await portal.token(leaver), id)).status).to.equal(401);
  });

  it('hides what was taken back with its message from all but who brought it, and operators', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const { id } = await text(roomId);
    const send = () => portal.call('buyer', 'message.send', message(roomId, 'look', { attachments: [id] }));
    const first = await send();
    const { url } = await portal.call('admin', 'file.link', { fileId: id });
    const again = await send();
    await portal.call('buyer', 'message.recall', { roomId, entryId: first.entry.id });
    expect((await get('admin', id)).status, 'another message still shows it').to.equal(200);
    await portal.call('buyer', 'message.recall', { roomId, entryId: again.entry.id });
    const statuses = async () => [
      (await get('admin', id)).status,
      (await get('vendor', id)).status,
      (await open(url)).status,
      (await get('buyer', id)).status,
      (await get('operator', id)).status,
    ];
    expect(await statuses()).to.deep.equal([404, 404, 404, 200, 200]);
    await refused(portal.call('admin', 'file.link', { fileId: id }), 'not_found');
    const attach = portal.call('admin', 'message.send', message(roomId, 'yours', { attachments: [id] }));
    await refused(attach, 'invalid');
    await send();
    expect(await statuses()).to.deep.equal([200, 200, 200, 200, 200]);
  });
});

describe('Links of files and the time', () => {
  it('end after five minutes of the real clock, and with the token', async () => {
    const wall = new ManualClock(Date.now());
    const { service, stop } = await startTestService({ overrides: { wall } });
    const portal = new Portal(service.url);
    try {
      await portal.seed();
      const roomId = await portal.project();
      const { id } = await portal.upload('buyer', { roomId });
      const began = wall.now();
      const { url, expiresAt } = await portal.call('buyer', 'file.link', { fileId: id });
      expect(Date.parse(expiresAt)).to.equal(began + FILE_LINK_MS);
      wall.advance(FILE_LINK_MS - 1);
      expect((await fetch(`${service.url}${url}`)).status).to.equal(200);
      wall.advance(1);
      expect((await fetch(`${service.url}${url}`)).status).to.equal(404);
      wall.advance(3_600_000 - FILE_LINK_MS - 120_000);
      const late = await portal.call('buyer', 'file.link', { fileId: id });
      expect(Date.parse(late.expiresAt) - wall.now()).to.be.below(FILE_LINK_MS);
    } finally {
      await stop();
    }
  });
});
