import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { CalendarYearInput } from '../../shared/contract/calendar.ts';
import { until } from '../support/client.ts';
import { Portal } from '../support/portal.ts';
import { startTestService } from '../support/service.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

const newYear = (year: number, days = 1): CalendarYearInput => ({
  year,
  holidays: [{ name: { zh: '元旦', en: "New Year's Day" }, from: `${year}-01-01`, to: `${year}-01-0${days}` }],
  workdays: [],
});

describe('calendar.*', () => {
  const suite = wireSuite();
  const years = async (input: { from?: number; to?: number } = {}) =>
    (await suite.portal.call('buyer', 'calendar.get', input)).calendar.years;

  it('shows the office’s time, and this year and the next, over both transports', async () => {
    const { portal } = suite;
    const { calendar } = await portal.call('buyer', 'calendar.get', {});
    expect(calendar).to.include({ timeZone: 'Asia/Shanghai', opening: '09:00', cutoff: '17:30' });
    expect(calendar.years.map(({ year }) => year)).to.deep.equal([2026, 2027]);
    expect(calendar.years[0]?.source).to.equal('published');
    expect(calendar.years[0]?.holidays.map(({ name }) => name.en)).to.include('National Day');
    const socket = await portal.connect('designer');
    expect((await socket.call('calendar.get', {})).calendar).to.deep.equal(calendar);
  });

  it('shows the years that are asked for, and refuses a span that is none or too long', async () => {
    const numbers = async (input: { from?: number; to?: number }) => (await years(input)).map(({ year }) => year);
    expect(await numbers({ from: 2024, to: 2025 })).to.deep.equal([2024, 2025]);
    expect(await numbers({ to: 2024 })).to.deep.equal([2024]);
    expect(await numbers({ from: 2026 })).to.deep.equal([2026, 2027]);
    expect(await numbers({ from: 2190 })).to.deep.equal([2190]);
    expect(await numbers({ from: 2000 })).to.deep.equal(Array.from({ length: 21 }, (_, i) => 2000 + i));
    expect(await numbers({ to: 2200 })).to.deep.equal(Array.from({ length: 21 }, (_, i) => 2180 + i));
    for (const bad of [{ from: 2025, to: 2024 }, { from: 2000, to: 2021 }, { from: 1999 }, { to: 2201 }])
      await refused(suite.portal.call('buyer', 'calendar.get', bad), 'invalid');
  });

  it('takes a missing year, again and again, and its correction', async () => {
    const { portal } = suite;
    expect(await years({ from: 2150, to: 2150 })).to.deep.equal([
      { year: 2150, source: 'none', holidays: [], workdays: [] },
    ]);
    for (let i = 0; i < 2; i++) {
      const { year } = await portal.call('operator', 'calendar.extend', newYear(2150));
      expect(year).to.deep.equal({ ...newYear(2150), source: 'operator' });
      expect(await years({ from: 2150, to: 2150 })).to.deep.equal([year]);
    }
    const socket = await portal.connect('operator');
    const { year } = await socket.call('calendar.extend', newYear(2150, 3));
    expect(year.holidays[0]?.to).to.equal('2150-01-03');
  });

  it('refuses a year that is published, with the year as it is in force', async () => {
    const { portal } = suite;
    const before = await years({ from: 2025, to: 2025 });
    const { error } = await refused(portal.call('operator', 'calendar.extend', newYear(2025)), 'conflict');
    expect(error.details).to.deep.equal({ year: before[0] });
    expect(await years({ from: 2025, to: 2025 })).to.deep.equal(before);
  });

  it('refuses what is no year, and changes nothing', async () => {
    const { portal } = suite;
    const bad: object[] = [
      { ...newYear(2160), year: 1999 },
      { ...newYear(2160), holidays: [] },
      { ...newYear(2160), workdays: ['2160-01-02'] },
      { ...newYear(2160), holidays: [{ ...newYear(2160).holidays[0], to: '2159-12-31' }] },
      { ...newYear(2160), holidays: newYear(2161).holidays },
    ];
    for (const input of bad) await refused(portal.call('operator', 'calendar.extend', input as never), 'invalid');
    expect((await years({ from: 2160, to: 2160 }))[0]?.source).to.equal('none');
  });

  it('is followed by the other servers on the database, and by one that starts later', async () => {
    const { portal, database } = suite;
    const start = () => startTestService({ database, env: { CALENDAR_TZ: 'Asia/Tokyo', OPENING: '08:00' } });
    const sources = async (url: string) => {
      const { calendar } = await new Portal(url).call('buyer', 'calendar.get', { from: 2170, to: 2170 });
      return { zone: calendar.timeZone, opening: calendar.opening, source: calendar.years[0]?.source };
    };
    const other = await start();
    try {
      expect((await sources(other.service.url)).source).to.equal('none');
      await portal.call('operator', 'calendar.extend', newYear(2170));
      await until('the other server follows', async () => (await sources(other.service.url)).source === 'operator');
    } finally {
      await other.stop();
    }
    const later = await start();
    try {
      const expected = { zone: 'Asia/Tokyo', opening: '08:00', source: 'operator' };
      expect(await sources(later.service.url)).to.deep.equal(expected);
    } finally {
      await later.stop();
    }
  });
});
