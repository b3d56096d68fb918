import { expect } from 'chai';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
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
  });
});
