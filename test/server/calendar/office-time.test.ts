import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { AddedYears } from '../../../server/calendar/added-years.ts';
import { chinaYear } from '../../../server/calendar/china-year.ts';
import { OfficeTime } from '../../../server/calendar/office-time.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';

const HOURS = { timeZone: 'Asia/Shanghai', opening: '09:00', cutoff: '17:30' };
const BY = { id: 'op', name: 'Op' };
const yearOff = (year: number, day = '01-01') => ({
  year,
  holidays: [{ name: { zh: '元旦', en: 'New Year' }, from: `${year}-${day}`, to: `${year}-${day}` }],
  workdays: [],
});

describe('OfficeTime', () => {
  let database: TestDatabase;
  let storage: Storage;
  let years: AddedYears;

  beforeEach(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    years = new AddedYears(storage.connection);
  });
  afterEach(async () => {
    await storage?.stop();
    await database?.drop();
  });

  const put = (year: number, day?: string) => years.put(yearOff(year, day), BY, new Date(0));

  /** One server's calendar, and the years that it told of. */
  function server(publishedYear = chinaYear) {
    const told: number[] = [];
    const officeTime = new OfficeTime({ years, hours: HOURS, onYearAdded: (year) => told.push(year), publishedYear });
    return { officeTime, told };
  }

  it('begins with the settings, and with the years that had been added, of which nobody is told', async () => {
    await put(2150);
    const { officeTime, told } = server();
    await officeTime.load();
    expect(officeTime.current).to.include(HOURS);
    expect(officeTime.current.known(2150)).to.equal(true);
    await officeTime.follow();
    expect(told).to.deep.equal([]);
  });

  it('takes a year that another server adds, and each correction of it, and tells of each once', async () => {
    const { officeTime, told } = server();
    await officeTime.load();
    const before = officeTime.current;
    await officeTime.follow();
    expect(officeTime.current).to.equal(before);
    await put(2150, '01-03');
    await put(2151);
    await Promise.all([officeTime.follow(), officeTime.follow()]);
    expect(told).to.have.members([2150, 2151]);
    expect(officeTime.current.isWorkingDay('2150-01-02')).to.equal(true);
    await put(2150, '01-02');
    await officeTime.follow();
    expect(told.slice(2)).to.deep.equal([2150]);
    expect(officeTime.current.isWorkingDay('2150-01-02')).to.equal(false);
    expect(before.known(2150), 'what was taken before stays as it was').to.equal(false);
  });

  it('goes back behind nothing that it knows when an earlier look ends later', async () => {
    let hold: (() => void) | undefined;
    let letGo: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      hold = resolve;
    });
    const released = new Promise<void>((resolve) => {
      letGo = resolve;
    });
    /** Its first look reads at once, and hands over what it read when it is let go. */
    class Slow extends AddedYears {
      override async all() {
        const read = await super.all();
        const first = hold;
        hold = undefined;
        if (first !== undefined) {
          first();
          await released;
        }
        return read;
      }
    }
    const slow = new Slow(storage.connection);
    const told: number[] = [];
    const officeTime = new OfficeTime({ years: slow, hours: HOURS, onYearAdded: (year) => told.push(year) });
    await put(2150);
    const early = officeTime.follow();
    await held;
    await put(2151);
    await officeTime.follow();
    letGo();
    await early;
    expect(officeTime.current.known(2151)).to.equal(true);
    expect(told).to.deep.equal([2150, 2151]);
  });

  it('prefers what the library publishes, and tells nobody of such a year', async () => {
    const { officeTime, told } = server();
    await officeTime.load();
    await put(2025, '03-03');
    await officeTime.follow();
    expect(officeTime.current.isWorkingDay('2025-03-03')).to.equal(true);
    expect(told).to.deep.equal([]);
  });
});
