import { randomBytes } from 'node:crypto';
import { expect } from 'chai';
import { mongo } from 'mongoose';
import { FileSweeper } from '../../../server/files/file-sweeper.ts';
import { fileChunks, fileModel, GridFiles } from '../../../server/files/grid-files.ts';
import { CHUNK_BYTES, inChunks } from '../../../server/files/grid-chunks.ts';
import { UPLOAD_DEADLINE_MS } from '../../../shared/contract/limits.ts';
import { until } from '../../support/client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { createSharedDatabase, type SharedDatabase } from '../../support/shared-database.ts';

async function* parts(...all: Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* all;
}

async function whole(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const held: Uint8Array[] = [];
  for await (const part of bytes) held.push(part);
  return Buffer.concat(held);
}

describe('inChunks', () => {
  for (const sizes of [[], [1], [CHUNK_BYTES], [CHUNK_BYTES - 1, 1, 1], [3 * CHUNK_BYTES + 7, CHUNK_BYTES], [0, 5, 0]])
    it(`cuts ${sizes.join(' + ') || 'nothing'} bytes evenly`, async () => {
      const given = sizes.map((size) => randomBytes(size));
      const chunks: Buffer[] = [];
      for await (const chunk of inChunks(parts(...given))) chunks.push(Buffer.from(chunk));
      expect(Buffer.concat(chunks).equals(Buffer.concat(given))).to.equal(true);
      for (const chunk of chunks.slice(0, -1)) expect(chunk).to.have.length(CHUNK_BYTES);
      expect(chunks.at(-1)?.length ?? 1).to.be.within(1, CHUNK_BYTES);
    });
});

describe('GridFiles', () => {
  let database: SharedDatabase;
  let files: GridFiles;
  const facts = { roomId: 'r', stream: 'public', type: 'text/plain', by: { userId: 'u', side: 'buyer' } } as const;

  before(async () => {
    database = await createSharedDatabase();
    files = new GridFiles(fileModel(database.connection), fileChunks(database.connection));
    await files.createIndexes();
  });
  after(() => database.drop());

  const stored = async () => ({
    files: await database.connection.collection('files.files').countDocuments(),
    chunks: await database.connection.collection('files.chunks').countDocuments(),
  });

  async function put(bytes: Buffer): Promise<mongo.ObjectId> {
    const id = await files.begin({ ...facts, name: 'a.txt', at: 0 });
    let n = 0;
    for await (const chunk of inChunks(parts(bytes))) await files.write(id, n++, chunk);
    await files.finish(id, { length: bytes.length, behind: 0 });
    return id;
  }

  it('is read by the driver as any file of GridFS is, and in any part by itself', async () => {
    const bytes = randomBytes(2 * CHUNK_BYTES + 1000);
    const id = await put(bytes);
    const { db } = database.connection;
    if (db === undefined) throw new Error('not connected');
    const bucket = new mongo.GridFSBucket(db, { bucketName: 'files' });
    expect((await whole(bucket.openDownloadStream(id))).equals(bytes)).to.equal(true);
    for (const [from, to] of [
      [0, 0],
      [0, bytes.length - 1],
      [CHUNK_BYTES - 1, CHUNK_BYTES],
      [CHUNK_BYTES, 2 * CHUNK_BYTES - 1],
      [bytes.length - 1, bytes.length - 1],
    ] as const)
      expect((await whole(files.read({ _id: id }, from, to))).equals(bytes.subarray(from, to + 1))).to.equal(true);
    await files.remove(id);
    expect(await stored()).to.deep.equal({ files: 0, chunks: 0 });
  });

  it('does not pass off a file as whole of which a part is missing', async () => {
    const id = await put(randomBytes(3 * CHUNK_BYTES));
    await database.connection.collection('files.chunks').deleteOne({ files_id: id, n: 1 });
    const read = whole(files.read({ _id: id }, 0, 3 * CHUNK_BYTES - 1));
    expect(await read.catch((error: unknown) => String(error))).to.match(/chunk 1 of a file is missing/);
    await files.remove(id);
  });

  it('shows no file that is still coming, and sweeps away what never ended', async () => {
    const id = await files.begin({ ...facts, name: 'a.txt', at: 0 });
    await files.write(id, 0, Buffer.from('half'));
    expect(await files.find(id.toHexString())).to.equal(undefined);
    expect((await files.findAll([id.toHexString()])).size).to.equal(0);
    const finished = await put(Buffer.from('whole'));
    const clock = new ManualClock(Date.now());
    const errors: unknown[] = [];
    const sweeper = new FileSweeper(files, clock, (error) => errors.push(error));
    sweeper.start();
    await sweeper.stop();
    expect(await stored(), 'it may still be coming').to.deep.equal({ files: 2, chunks: 2 });
    sweeper.start();
    clock.advance(UPLOAD_DEADLINE_MS + 3_600_000);
    clock.advance(3_600_000);
    await until('it is swept away', async () => (await stored()).chunks === 1);
    await sweeper.stop();
    expect(await stored()).to.deep.equal({ files: 1, chunks: 1 });
    expect(await files.find(finished.toHexString())).to.include({ length: 5 });
    expect(clock.waiting).to.equal(0);
    const late = files.finish(id, { length: 4, behind: 0 });
    expect(await late.catch((error: unknown) => String(error))).to.match(/swept away/);
    expect(errors).to.deep.equal([]);
    await files.remove(finished);
  });

  it('counts what people have brought, not what the service has copied; of that it gives the old ones', async () => {
    const of = 'recording:x';
    const copy = async (at: number): Promise<mongo.ObjectId> => {
      const id = await files.begin({ ...facts, name: 'a.mp3', at, of });
      await files.write(id, 0, Buffer.from('sound'));
      await files.finish(id, { length: 5, behind: 0 });
      return id;
    };
    await put(Buffer.from('whole'));
    const [later, earlier] = [await copy(2000), await copy(1000)];
    await files.begin({ ...facts, name: 'a.mp3', at: 0, of });
    expect(await files.held('r', 'public')).to.deep.equal({ files: 1, bytes: 5 });
    const ids = async (before: number) => (await files.copiesBefore(before)).map(({ _id }) => String(_id));
    expect(await ids(1000)).to.deep.equal([]);
    expect(await ids(1001)).to.deep.equal([String(earlier)]);
    expect(await ids(3000)).to.deep.equal([String(earlier), String(later)]);
  });
});
