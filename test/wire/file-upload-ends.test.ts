import { type ClientRequest, request as httpRequest } from 'node:http';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import mongoose from 'mongoose';
import { FILES_PATH } from '../../shared/contract/file-route.ts';
import { FILE_BYTES_PER_STREAM_MAX, FILES_PER_STREAM_MAX, UPLOAD_STALL_MS } from '../../shared/contract/limits.ts';
import { until } from '../support/client.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { refused } from '../support/wire-suite.ts';

describe('Uploads that do not come to their end', () => {
  let wall: ManualClock;
  let database: SharedDatabase;
  let server: TestService;
  let portal: Portal;
  let roomId = '';

  before(async () => {
    wall = new ManualClock(Date.now());
    database = await createSharedDatabase();
    server = await startTestService({ database, overrides: { wall } });
    portal = new Portal(server.service.url);
    await portal.seed();
    roomId = await portal.project();
  });
  after(async () => {
    await server.stop();
    await database.drop();
  });

  const files = () => database.connection.collection('files.files');
  const chunks = () => database.connection.collection('files.chunks');

  /** Begins an upload; resolves when some of it is stored. */
  async function begin(): Promise<{ outgoing: ClientRequest; answered: Promise<{ status: number; body: string }> }> {
    const outgoing = httpRequest(`${portal.url}${FILES_PATH}?roomId=${roomId}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await portal.token('buyer')}`,
        'content-type': 'multipart/form-data; boundary=b',
      },
    });
    const answered = new Promise<{ status: number; body: string }>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        let body = '';
        response.on('data', (chunk: Buffer) => {
          body += chunk.toString();
        });
        response.on('end', () => resolve({ status: response.statusCode ?? 0, body }));
      });
    });
    outgoing.write(
      `--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n${'a'.repeat(600_000)}`,
    );
    await until('some of it is stored', async () => (await chunks().countDocuments()) >= 2);
    return { outgoing, answered };
  }

  it('are given up when nothing comes for half a minute, and leave nothing', async () => {
    const { outgoing, answered } = await begin();
    wall.advance(UPLOAD_STALL_MS - 1);
    outgoing.write('a'.repeat(300_000));
    await until('that has come', async () => (await chunks().countDocuments()) >= 3);
    wall.advance(UPLOAD_STALL_MS - 1);
    expect(await chunks().countDocuments()).to.be.at.least(3);
    wall.advance(2);
    const { status, body } = await answered;
    expect([status, (JSON.parse(body) as { code: string }).code]).to.deep.equal([503, 'unavailable']);
    outgoing.destroy();
    expect([await files().countDocuments(), await chunks().countDocuments()]).to.deep.equal([0, 0]);
  });

  it('end where the right to write ends meanwhile, and leave nothing', async () => {
    const { outgoing, answered } = await begin();
    await database.connection.collection('rooms').updateOne(
      {},
      {
        $set: { 'buyer.id': 'somebody-else' },
        $inc: { version: 1 },
        $currentDate: { changedAt: true },
      },
    );
    await until('the server knows', async () =>
      portal.call('buyer', 'room.get', { roomId }).then(
        () => false,
        () => true,
      ),
    );
    outgoing.end('\r\n--b--\r\n');
    expect((await answered).status).to.equal(404);
    expect([await files().countDocuments(), await chunks().countDocuments()]).to.deep.equal([0, 0]);
    roomId = await portal.project();
  });

  it('are bounded in number and bytes for a stream, and one stream does not tell of another', async () => {
    const { id } = await portal.upload('admin', { roomId, stream: 'provider' });
    const one = await files().findOne({ _id: new mongoose.mongo.ObjectId(id) });
    const copies = Array.from({ length: FILES_PER_STREAM_MAX - 2 }, () => ({
      ...one,
      _id: new mongoose.mongo.ObjectId(),
    }));
    await files().insertMany(copies);
    await portal.upload('admin', { roomId, stream: 'provider' });
    const full = await refused(portal.upload('admin', { roomId, stream: 'provider' }), 'too_large');
    expect(full.error.details).to.deep.equal({ maxFiles: FILES_PER_STREAM_MAX, maxBytes: FILE_BYTES_PER_STREAM_MAX });
    await portal.upload('buyer', { roomId });
    await files().updateOne({ 'metadata.stream': 'public' }, { $set: { length: FILE_BYTES_PER_STREAM_MAX } });
    const before = await chunks().countDocuments();
    await refused(portal.upload('buyer', { roomId }), 'too_large');
    expect(await chunks().countDocuments()).to.equal(before);
    await files().deleteMany({});
    await chunks().deleteMany({});
  });

  it('are ended by a server that stops, which leaves nothing of them', async () => {
    const { answered } = await begin();
    const stopping = server.service.stop();
    const { status, body } = await answered;
    expect(status).to.equal(503);
    expect(JSON.parse(body)).to.include({ code: 'unavailable', retryAfterMs: 1000 });
    await stopping;
    expect([await files().countDocuments(), await chunks().countDocuments()]).to.deep.equal([0, 0]);
  });
});
