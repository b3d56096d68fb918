import { join } from 'node:path';
import { expect } from 'chai';
import { freePort } from '../../../deploy/free-port.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { until } from '../../support/client.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

describe('connectStorage', () => {
  let database: TestDatabase;
  let storage: Storage;

  before(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
  });
  after(async () => {
    await storage.stop();
    await database.drop();
  });

  it('reads and writes what a majority holds, and the database takes it', async () => {
    const { readConcern, writeConcern } = storage.connection.getClient().options;
    expect(readConcern?.level).to.equal('majority');
    expect(writeConcern).to.deep.include({ w: 'majority', journal: true });
    const things = storage.connection.collection<{ _id: number; found?: number }>('things');
    await things.insertMany([{ _id: 1 }, { _id: 2 }]);
    expect(await things.find().sort({ _id: 1 }).toArray()).to.deep.equal([{ _id: 1 }, { _id: 2 }]);
    expect(await things.findOne({ _id: 2 })).to.deep.equal({ _id: 2 });
    expect(await things.countDocuments({ _id: { $gt: 0 } })).to.equal(2);
    expect(await things.aggregate([{ $match: { _id: 1 } }]).toArray()).to.deep.equal([{ _id: 1 }]);
    expect(await things.distinct('_id')).to.deep.equal([1, 2]);
    const after = await things.findOneAndUpdate({ _id: 1 }, { $set: { found: 1 } }, { returnDocument: 'after' });
    expect(after).to.deep.equal({ _id: 1, found: 1 });
    expect(storage.isLost()).to.equal(false);
  });

  it('knows that the database has gone, and that it is back', async () => {
    const { startEmbedded } = await import('../../../server/storage/embedded/start.ts');
    const dataDir = join(database.env.DATA_DIR, 'gone');
    const listen = { host: '127.0.0.1', port: await freePort() };
    let engine = await startEmbedded({ dataDir, listen });
    const there = await connectStorage({ mongodbUri: engine.uri, dataDir });
    try {
      await engine.stop();
      await until('it is known to be lost', () => there.isLost(), 20_000);
      engine = await startEmbedded({ dataDir, listen });
      await until('it is known to be back', async () => {
        await there.ping().catch(() => undefined);
        return !there.isLost();
      });
    } finally {
      await there.stop();
      await engine.stop();
    }
  });
});
