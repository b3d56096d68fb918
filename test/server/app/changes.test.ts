import { expect } from 'chai';
import { ChangeFeed } from '../../../server/app/changes.ts';
import { directoryModels, type StaffDoc } from '../../../server/directory/directory-store.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

describe('ChangeFeed', () => {
  const NOW = Date.UTC(2026, 10, 20, 2);
  let database: TestDatabase;
  let storage: Storage;
  let elapsed: number;

  beforeEach(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    elapsed = 0;
  });

  afterEach(async () => {
    await storage.stop();
    await database.drop();
  });

  async function feedOfStaff() {
    const { staff } = directoryModels(storage.connection);
    await staff.createCollection();
    await staff.createIndexes();
    const put = (ids: string[], at: number) =>
      staff.insertMany(
        ids.map((_id) => ({ _id, org: 'o', name: 'N', version: 1, active: true, changedAt: new Date(at) })),
      );
    const feed = new ChangeFeed<StaffDoc>(staff, () => elapsed);
    const look = async (): Promise<string[]> => {
      const ids: string[] = [];
      for await (const page of feed.next()) ids.push(...page.map(({ _id }) => _id));
      return ids;
    };
    /** Takes a first page, and then something fails. */
    const begin = async (): Promise<string[]> => {
      for await (const page of feed.next()) return page.map(({ _id }) => _id);
      return [];
    };
    return { put, look, begin };
  }

  it('misses none of many that changed in the same instant', async () => {
    const { put, look } = await feedOfStaff();
    await put(['before'], NOW - 60_000);
    await look();
    const ids = Array.from({ length: 2_500 }, (_, n) => `s${String(n).padStart(5, '0')}`);
    await put(ids, NOW);
    expect(await look()).to.include.members(ids);
  });

  it('reads again what is recent, and nothing for ever', async () => {
    const { put, look } = await feedOfStaff();
    await put(['a', 'b'], NOW);
    await look();
    elapsed += 1_000;
    await put(['late'], NOW - 3_000);
    expect(await look()).to.deep.equal(['late', 'a', 'b']);
    elapsed += 5_000;
    // What came late may still come: the last look was only then.
    expect(await look()).to.include.members(['a', 'b']);
    expect(await look()).to.deep.equal([]);
    await put(['c'], NOW + elapsed);
    expect(await look()).to.deep.equal(['c']);
  });

  it('misses nothing of a time in which it could not look, however long', async () => {
    const { put, look } = await feedOfStaff();
    await put(['before'], NOW);
    await look();
    await put(['meanwhile'], NOW + 1_000);
    elapsed += 30_000;
    expect(await look()).to.include('meanwhile');
  });

  it('reads again what whoever asked did not come to the end of', async () => {
    const { put, look, begin } = await feedOfStaff();
    await put(['before'], NOW);
    await look();
    await put(['lost'], NOW + 1_000);
    elapsed += 1_000;
    expect(await begin()).to.include('lost');
    elapsed += 30_000;
    expect(await look()).to.include('lost');
  });
});
