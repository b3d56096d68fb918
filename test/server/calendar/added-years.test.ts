import { expect } from 'chai';
import { AddedYears } from '../../../server/calendar/added-years.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const year = {
  year: 2027,
  holidays: [{ name: { zh: '元旦', en: "New Year's Day" }, from: '2027-01-01', to: '2027-01-03' }],
  workdays: ['2027-01-09'],
};
const by = { id: 'op', name: 'Op' };

describe('years added to the calendar', () => {
  let database: TestDatabase;
  let storage: Storage;
  let years: AddedYears;

  before(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    years = new AddedYears(storage.connection);
  });

  after(async () => {
    await storage?.stop();
    await database?.drop();
  });

  it('are kept, and replaced by a later correction', async () => {
    await years.put(year, by, new Date(0));
    expect(await years.all()).to.deep.equal([{ input: year, version: 1 }]);
    expect(await years.changes()).to.equal(1);
    const corrected = { ...year, workdays: ['2027-01-10'] };
    await years.put(corrected, by, new Date(1));
    expect(await years.all()).to.deep.equal([{ input: corrected, version: 2 }]);
    expect(await years.changes()).to.equal(2);
  });

  it('are refused when what is stored does not fit', async () => {
    await years.put({ ...year, workdays: ['2027-01-11'] }, by, new Date(0));
    let failure: unknown;
    await years.all().catch((error: unknown) => {
      failure = error;
    });
    expect(String(failure)).to.include('weekend');
  });
});
