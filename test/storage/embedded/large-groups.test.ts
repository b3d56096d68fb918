import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import { type Document, MongoClient } from 'mongodb';
import { REAL_WORLD } from '../../../server/storage/embedded/engine.ts';
import { type RunningServer, startServer } from '../../../server/storage/embedded/server.ts';
import { errorOf } from './database-under-test.ts';

const DOCUMENTS = 2_000;

interface Numbered extends Document {
  _id: number;
  n: number;
}

describe('embedded database: commands that write more than is kept in memory', () => {
  let dataDir: string;
  let server: RunningServer;
  let client: MongoClient;
  const begin = async (): Promise<void> => {
    server = await startServer(
      {
        dataDir,
        listen: { host: '127.0.0.1', port: 0 },
        ttlIntervalMs: 60_000,
        waitForOwnerMs: 0,
        // A group of more than 16 kB is written through.
        checkpointBytes: 2_000,
      },
      REAL_WORLD,
    );
    client = await new MongoClient(server.uri).connect();
  };
  const end = async (): Promise<void> => {
    await client.close();
    await server.stop();
  };
  const collection = () => client.db('large').collection<Numbered>('c');
  const faults = async (): Promise<unknown> => (await client.db('large').command({ validate: 'c' }))['errors'];
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'large-'));
    await begin();
  });
  afterEach(async () => {
    await end();
    await rm(dataDir, { recursive: true, force: true });
  });

  it('stores all of them, beside small ones, and finds them after a new start', async () => {
    const small = Array.from({ length: 100 }, (_, at) => collection().insertOne({ _id: -1 - at, n: -1 - at }));
    await collection().insertMany(Array.from({ length: DOCUMENTS }, (_, at) => ({ _id: at, n: at % 10 })));
    await Promise.all(small);
    const smallAgain = Array.from({ length: 100 }, (_, at) => collection().insertOne({ _id: -1001 - at, n: 7 }));
    await collection().createIndex({ n: 1 });
    await Promise.all(smallAgain);
    const { modifiedCount } = await collection().updateMany({ _id: { $gte: 0 } }, { $inc: { n: 100 } });
    expect(modifiedCount).to.equal(DOCUMENTS);
    expect(await faults()).to.deep.equal([]);
    await end();
    await begin();
    expect(await faults()).to.deep.equal([]);
    expect(await collection().countDocuments()).to.equal(DOCUMENTS + 200);
    expect(await collection().find({ n: 107 }).hint('n_1').toArray()).to.have.length(DOCUMENTS / 10);
    expect(await collection().find({ n: 7 }).hint('n_1').toArray()).to.have.length(100);
  });

  it('stores nothing of one that is refused', async () => {
    await collection().insertMany(Array.from({ length: DOCUMENTS }, (_, at) => ({ _id: at, n: at % (DOCUMENTS - 1) })));
    const error = await errorOf(collection().createIndex({ n: 1 }, { unique: true }));
    expect(error['code']).to.equal(11000);
    expect((await collection().indexes()).map(({ name }) => name)).to.deep.equal(['_id_']);
    expect(await faults()).to.deep.equal([]);
    await collection().deleteMany({ _id: DOCUMENTS - 1 });
    await collection().createIndex({ n: 1 }, { unique: true });
    expect(await faults()).to.deep.equal([]);
    expect((await errorOf(collection().insertOne({ _id: -1, n: 5 })))['code']).to.equal(11000);
  });

  it('reads in one what it wrote itself, and leaves cursors that are open over it whole', async () => {
    await collection().createIndex({ tags: 1 });
    await collection().insertMany(
      Array.from({ length: DOCUMENTS }, (_, at) => ({ _id: at, n: at, tags: `t${String(at).padStart(4, '0')}` })),
    );
    const cursor = collection().find({ tags: { $gte: '' } }, { batchSize: 10, hint: 'tags_1' });
    const seen = new Set<number>();
    for (let at = 0; at < 10; at += 1) seen.add((await cursor.next())?._id ?? -1);
    // From now on the index holds two keys of a document: a cursor that does not hear of it meets each of them.
    await collection().updateMany({ _id: { $gte: 20 } }, [{ $set: { tags: ['x', '$tags', 'y'] } }]);
    let met = seen.size;
    for await (const { _id } of cursor) {
      met += 1;
      seen.add(_id);
    }
    expect([met, seen.size]).to.deep.equal([DOCUMENTS, DOCUMENTS]);
    await collection().bulkWrite([
      { updateMany: { filter: {}, update: { $inc: { n: 1 } } } },
      { updateMany: { filter: { n: { $gte: 1 } }, update: { $inc: { n: 1 } } } },
    ]);
    expect(await collection().countDocuments({ n: { $gte: 2 } })).to.equal(DOCUMENTS);
    await collection()
      .aggregate([{ $set: { n: 0 } }, { $out: 'copy' }])
      .toArray();
    expect(await client.db('large').collection('copy').countDocuments({ n: 0 })).to.equal(DOCUMENTS);
    expect(await faults()).to.deep.equal([]);
  });

  it('ends in order while one is under way', async () => {
    const large = collection().insertMany(Array.from({ length: DOCUMENTS }, (_, at) => ({ _id: at, n: at })));
    const answered = large.then(
      () => true,
      () => false,
    );
    // The server has it when it answers what came behind it.
    await client.db('large').command({ ping: 1 });
    await server.stop();
    const isStored = await answered;
    await client.close();
    await begin();
    if (isStored) expect(await collection().countDocuments()).to.equal(DOCUMENTS);
    expect(await faults()).to.deep.equal([]);
  });
});
