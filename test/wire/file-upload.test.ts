import { randomUUID } from 'node:crypto';
import { request as httpRequest } from 'node:http';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { ERROR_CODES, type ErrorCode } from '../../shared/contract/errors.ts';
import { FILES_PATH } from '../../shared/contract/file-route.ts';
import { FILE_MAX_BYTES, FORM_MAX_BYTES, UPLOADS_AT_A_TIME } from '../../shared/contract/limits.ts';
import { until } from '../support/client.ts';
import { getFile, PNG, postFile } from '../support/files.ts';
import { people, Portal, type PersonName } from '../support/portal.ts';
import { startTestService } from '../support/service.ts';
import { createSharedDatabase } from '../support/shared-database.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

const BOUNDARY = 'the-boundary';
const part = (disposition: string, content: Buffer | string, type = 'application/octet-stream'): Buffer =>
  Buffer.concat([
    Buffer.from(
      `--${BOUNDARY}\r\nContent-Disposition: form-data; ${disposition}\r\n${type === '' ? '' : `Content-Type: ${type}\r\n`}\r\n`,
    ),
    Buffer.from(content),
    Buffer.from('\r\n'),
  ]);
const END = Buffer.from(`--${BOUNDARY}--\r\n`);
const picture = (name = 'a.png'): Buffer => part(`name="file"; filename="${name}"`, PNG, 'image/png');
const many = (count: number, make: (i: number) => Buffer): Buffer =>
  Buffer.concat(Array.from({ length: count }, (_, i) => make(i)));

interface Hostile {
  what: string;
  body: () => Buffer;
  code: ErrorCode;
  headers?: Record<string, string>;
}

const HOSTILE: readonly Hostile[] = [
  { what: 'nothing at all', body: () => Buffer.alloc(0), code: 'invalid' },
  { what: 'a form without an end', body: () => picture(), code: 'invalid' },
  { what: 'a form that ends within a header', body: () => picture().subarray(0, 40), code: 'invalid' },
  { what: 'a form that ends within the file', body: () => picture().subarray(0, 120), code: 'invalid' },
  { what: 'a form with no file', body: () => END, code: 'invalid' },
  {
    what: 'another field name',
    body: () => Buffer.concat([part('name="upload"; filename="a.png"', PNG), END]),
    code: 'invalid',
  },
  {
    what: 'a field that is no file',
    body: () => Buffer.concat([part('name="file"', 'text', ''), END]),
    code: 'invalid',
  },
  { what: 'two files', body: () => Buffer.concat([picture(), picture('b.png'), END]), code: 'invalid' },
  {
    what: 'five hundred files',
    body: () => Buffer.concat([many(500, (i) => picture(`${i}.png`)), END]),
    code: 'invalid',
  },
  {
    what: 'many fields after the file',
    body: () => Buffer.concat([picture(), many(1000, (i) => part(`name="f${i}"`, 'x', '')), END]),
    code: 'invalid',
  },
  {
    what: 'a field before the file',
    body: () => Buffer.concat([part('name="roomId"', 'x', ''), picture(), END]),
    code: 'invalid',
  },
  {
    what: 'an empty file',
    body: () => Buffer.concat([part('name="file"; filename="a.png"', ''), END]),
    code: 'invalid',
  },
  { what: 'no name', body: () => Buffer.concat([part('name="file"; filename=""', PNG), END]), code: 'invalid' },
  { what: 'a name that is a path', body: () => Buffer.concat([picture('a/b/'), END]), code: 'invalid' },
  { what: 'a turned name', body: () => Buffer.concat([picture('a\u202egnp.exe'), END]), code: 'unsupported_type' },
  { what: 'a double extension', body: () => Buffer.concat([picture('a.png.exe'), END]), code: 'unsupported_type' },
  {
    what: 'a drawing with a script',
    body: () => Buffer.concat([part('name="file"; filename="a.svg"', '<svg><script/></svg>', 'image/svg+xml'), END]),
    code: 'unsupported_type',
  },
  {
    what: 'a claimed type',
    body: () => Buffer.concat([part('name="file"; filename="a.png"', '<html>', 'image/png'), END]),
    code: 'unsupported_type',
  },
  {
    what: 'text that shows itself in its second chunk to be none',
    body: () =>
      Buffer.concat([
        part('name="file"; filename="a.txt"', Buffer.concat([Buffer.alloc(600_000, 'a'), Buffer.alloc(1)])),
        END,
      ]),
    code: 'unsupported_type',
  },
  {
    what: 'JSON',
    body: () => Buffer.from('{}'),
    code: 'unsupported_type',
    headers: { 'content-type': 'application/json' },
  },
  {
    what: 'a form without a boundary',
    body: () => picture(),
    code: 'invalid',
    headers: { 'content-type': 'multipart/form-data; charset=utf-8' },
  },
  {
    what: 'a compressed body',
    body: () => picture(),
    code: 'unsupported_type',
    headers: { 'content-encoding': 'gzip' },
  },
];

describe('POST /v1/files', () => {
  const suite = wireSuite();

  const stored = async (): Promise<{ files: number; chunks: number }> => {
    const { connection } = suite.database;
    return {
      files: await connection.collection('files.files').countDocuments(),
      chunks: await connection.collection('files.chunks').countDocuments(),
    };
  };

  async function headOf(roomId: string): Promise<number> {
    return (await suite.portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' })).head;
  }

  async function send(
    roomId: string,
    body: Buffer,
    headers: Record<string, string> = {},
  ): Promise<{ status: number; code?: string; type: string; details?: unknown }> {
    const response = await fetch(`${suite.portal.url}${FILES_PATH}?roomId=${roomId}`, {
      method: 'POST',
      headers: {
        'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
        authorization: `Bearer ${await suite.portal.token('buyer')}`,
        ...headers,
      },
      body: Uint8Array.from(body),
    });
    const answer = (await response.json()) as { code?: string; details?: unknown };
    return { status: response.status, type: response.headers.get('content-type') ?? '', ...answer };
  }

  it('takes a file in and gives it back as it was', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const bytes = Buffer.concat([PNG, Buffer.alloc(700_000, 7)]);
    const file = await portal.upload('buyer', { roomId, name: '合同 终稿.png', bytes });
    expect(file).to.deep.include({ name: '合同 终稿.png', size: bytes.length, type: 'image/png' });
    const got = await getFile(portal.url, await portal.token('admin'), file.id);
    expect(Buffer.from(await got.arrayBuffer()).equals(bytes)).to.equal(true);
    const doc = await suite.database.connection.collection('files.files').findOne({ filename: '合同 终稿.png' });
    expect(doc?.['metadata']).to.deep.equal({
      roomId,
      stream: 'public',
      type: 'image/png',
      by: { userId: 'buyer-1', side: 'buyer', org: 'buyers' },
      behind: await headOf(roomId),
    });
    expect(doc?.['uploadDate']).to.deep.equal(new Date(suite.clock.now()));
  });

  for (const { what, body, code, headers } of HOSTILE) {
    it(`refuses ${what} with ${code}, and keeps nothing of it`, async () => {
      const roomId = await suite.portal.project();
      const before = await stored();
      const answer = await send(roomId, body(), headers);
      expect(answer.code, JSON.stringify(answer)).to.equal(code);
      expect(answer.status).to.equal(ERROR_CODES[code].status);
      expect(answer.type).to.match(/^application\/problem\+json/);
      expect(await stored()).to.deep.equal(before);
    });
  }

  it('takes a file of the largest size, and not one byte more', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const largest = Buffer.alloc(FILE_MAX_BYTES, 'a');
    const { size } = await portal.upload('buyer', { roomId, name: 'a.txt', bytes: largest });
    expect(size).to.equal(FILE_MAX_BYTES);
    const before = await stored();
    const over = await postFile(portal.url, await portal.token('buyer'), {
      roomId,
      name: 'a.txt',
      bytes: Buffer.alloc(FILE_MAX_BYTES + 1, 'a'),
    });
    expect([over.status, over.problem?.code]).to.deep.equal([413, 'too_large']);
    expect(await stored()).to.deep.equal(before);
  });

  it('refuses a body that says that it is too long before it is read, and one that does not say so', async () => {
    const roomId = await suite.portal.project();
    const before = await stored();
    const answer = await new Promise<string>((resolve, reject) => {
      void suite.portal.token('buyer').then((token) => {
        const outgoing = httpRequest(`${suite.portal.url}${FILES_PATH}?roomId=${roomId}`, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${token}`,
            'content-type': `multipart/form-data; boundary=${BOUNDARY}`,
            'content-length': 10 * FILE_MAX_BYTES,
          },
        });
        outgoing.on('response', (response) => {
          response.resume();
          resolve(String(response.statusCode));
          outgoing.destroy();
        });
        outgoing.on('error', reject);
        outgoing.flushHeaders();
      });
    });
    expect(answer).to.equal('413');
    const preamble = Buffer.concat([picture(), Buffer.alloc(FORM_MAX_BYTES + FILE_MAX_BYTES, 'x'), END]);
    expect((await send(roomId, preamble)).code).to.equal('too_large');
    expect(await stored()).to.deep.equal(before);
  });

  it('keeps nothing of an upload whose sender goes away', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const before = await stored();
    const token = await portal.token('buyer');
    const outgoing = httpRequest(`${portal.url}${FILES_PATH}?roomId=${roomId}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    });
    outgoing.on('error', () => undefined);
    outgoing.write(part('name="file"; filename="a.txt"', Buffer.alloc(900_000, 'a')).subarray(0, 800_000));
    await until('some of it is stored', async () => (await stored()).chunks > before.chunks);
    expect((await stored()).files).to.equal(before.files + 1);
    outgoing.destroy();
    await until('nothing of it is', async () => {
      const now = await stored();
      return now.chunks === before.chunks && now.files === before.files;
    });
  });

  it('is for those who may write to the stream now: every side', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await portal.call('buyer', 'member.add', { roomId, userId: people.colleague.sub, name: 'Bo' });
    await portal.call('buyer', 'member.add', { roomId, userId: people.otherOfOrg.sub, name: 'Bian' });
    await portal.call('buyer', 'member.remove', { roomId, userId: people.otherOfOrg.sub });
    const table: readonly [PersonName, publicStream: string, notes: string, remarks: string][] = [
      ['buyer', 'ok', 'not_found', 'not_found'],
      ['colleague', 'ok', 'not_found', 'not_found'],
      ['otherOfOrg', 'not_found', 'not_found', 'not_found'],
      ['stranger', 'not_found', 'not_found', 'not_found'],
      ['admin', 'ok', 'ok', 'not_found'],
      ['idle', 'not_found', 'not_found', 'not_found'],
      ['rival', 'not_found', 'not_found', 'not_found'],
      ['vendor', 'forbidden', 'forbidden', 'not_found'],
      ['manager', 'forbidden', 'forbidden', 'not_found'],
      ['vendorStaff', 'not_found', 'not_found', 'not_found'],
      ['otherVendor', 'not_found', 'not_found', 'not_found'],
      ['operator', 'ok', 'ok', 'ok'],
      ['service', 'forbidden', 'forbidden', 'forbidden'],
    ];
    for (const [who, ...codes] of table) {
      for (const [index, stream] of ['public', 'provider', 'operator'].entries()) {
        const answer = await postFile(portal.url, await portal.token(who), { roomId, stream });
        expect(answer.problem?.code ?? 'ok', `${who} to ${stream}`).to.equal(codes[index]);
      }
    }
    expect((await postFile(portal.url, undefined, { roomId })).status).to.equal(401);
    const unknown = await postFile(portal.url, await portal.token('buyer'), { roomId: 'no-such-room' });
    const strangers = await postFile(portal.url, await portal.token('stranger'), { roomId });
    expect(unknown.problem).to.deep.equal(strangers.problem);
    const inactive = { sub: randomUUID(), org: 'studio', name: 'Gone', roles: ['provider_admin'] } as const;
    await portal.call('service', 'staff.put', {
      userId: inactive.sub,
      org: inactive.org,
      name: inactive.name,
      roles: [...inactive.roles],
      maxLoad: 0,
      active: false,
    });
    const gone = await postFile(portal.url, await portal.token({ ...inactive, side: 'provider' }), { roomId });
    expect(gone.problem?.code).to.equal('unauthenticated');
  });

  it('says what is wrong with where it is to go', async () => {
    const { portal } = suite;
    const token = await portal.token('buyer');
    const refusal = await refused(portal.upload('buyer', { roomId: '', stream: 'somewhere' }), 'invalid');
    expect(JSON.stringify(refusal.error.details)).to.include('"roomId"').and.to.include('"stream"');
    const more = await fetch(`${portal.url}${FILES_PATH}?roomId=a&roomId=b&x=1`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}` },
    });
    expect(((await more.json()) as { code: string }).code).to.equal('invalid');
  });

  it('is refused to a page of another origin, as every call is', async () => {
    const roomId = await suite.portal.project();
    const body = Buffer.concat([picture(), END]);
    expect(await send(roomId, body, { origin: 'https://evil.example' })).to.include({ status: 403, code: 'forbidden' });
    expect(await send(roomId, body, { origin: suite.portal.url })).to.include({ status: 200 });
  });
});

describe('Uploads under limits', () => {
  it('lets one user have four under way, and others theirs', async () => {
    const database = await createSharedDatabase();
    const { service, stop } = await startTestService({ database, env: { RATE_LIMIT_FACTOR: '1' } });
    // More than a chunk: it is seen in the database when it is under way.
    const big = part('name="file"; filename="a.txt"', Buffer.alloc(300_000, 'a'));
    const portal = new Portal(service.url);
    try {
      await portal.seed();
      const roomId = await portal.project();
      const token = await portal.token('buyer');
      const begin = () =>
        new Promise<{ end: () => void; answered: Promise<number> }>((resolve) => {
          const outgoing = httpRequest(`${service.url}${FILES_PATH}?roomId=${roomId}`, {
            method: 'POST',
            headers: { authorization: `Bearer ${token}`, 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
          });
          const answered = new Promise<number>((done, reject) => {
            outgoing.on('response', (response) => {
              response.resume();
              done(response.statusCode ?? 0);
            });
            outgoing.on('error', reject);
          });
          answered.catch(() => undefined);
          outgoing.write(big, () => resolve({ end: () => outgoing.end(END), answered }));
        });
      const running = await Promise.all(Array.from({ length: UPLOADS_AT_A_TIME }, begin));
      const tokenOfAdmin = await portal.token('admin');
      const files = database.connection.collection('files.files');
      await until('all of them are under way', async () => (await files.countDocuments()) === UPLOADS_AT_A_TIME);
      const fifth = await postFile(service.url, token, { roomId });
      expect([fifth.status, fifth.problem?.retryAfterMs]).to.deep.equal([429, 1000]);
      expect((await postFile(service.url, tokenOfAdmin, { roomId })).status).to.equal(200);
      for (const { end } of running) end();
      expect(await Promise.all(running.map(({ answered }) => answered))).to.deep.equal([200, 200, 200, 200]);
      expect((await postFile(service.url, token, { roomId })).status).to.equal(200);
    } finally {
      await stop();
      await database.drop();
    }
  });
});
