import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { chinaYear } from '../../../server/calendar/china-year.ts';
import { officeCalendar } from '../../../server/calendar/office-calendar.ts';
import { addDays, isWeekend } from '../../../shared/model/calendar/local-date.ts';

/** The State Council's notices of 25 October 2023, 12 November 2024 and 4 November 2025, written out: days off (both ends) and make-up workdays. */
const PUBLISHED = {
  2024: {
    off: [
      ['2024-01-01', '2024-01-01'],
      ['2024-02-10', '2024-02-17'],
      ['2024-04-04', '2024-04-06'],
      ['2024-05-01', '2024-05-05'],
      ['2024-06-10', '2024-06-10'],
      ['2024-09-15', '2024-09-17'],
      ['2024-10-01', '2024-10-07'],
    ],
    worked: [
      '2024-02-04',
      '2024-02-18',
      '2024-04-07',
      '2024-04-28',
      '2024-05-11',
      '2024-09-14',
      '2024-09-29',
      '2024-10-12',
    ],
    workingDays: 251,
  },
  2025: {
    off: [
      ['2025-01-01', '2025-01-01'],
      ['2025-01-28', '2025-02-04'],
      ['2025-04-04', '2025-04-06'],
      ['2025-05-01', '2025-05-05'],
      ['2025-05-31', '2025-06-02'],
      ['2025-10-01', '2025-10-08'],
    ],
    worked: ['2025-01-26', '2025-02-08', '2025-04-27', '2025-09-28', '2025-10-11'],
    workingDays: 248,
  },
  2026: {
    off: [
      ['2026-01-01', '2026-01-03'],
      ['2026-02-15', '2026-02-23'],
      ['2026-04-04', '2026-04-06'],
      ['2026-05-01', '2026-05-05'],
      ['2026-06-19', '2026-06-21'],
      ['2026-09-25', '2026-09-27'],
      ['2026-10-01', '2026-10-07'],
    ],
    worked: ['2026-01-04', '2026-02-14', '2026-02-28', '2026-05-09', '2026-09-20', '2026-10-10'],
    workingDays: 248,
  },
} as const;

const office = { timeZone: 'Asia/Shanghai', opening: '09:00', cutoff: '17:30' };

describe('the calendar in force', () => {
  const calendar = officeCalendar(office);

  for (const [year, { off, worked, workingDays }] of Object.entries(PUBLISHED)) {
    it(`has every day of ${year} as the State Council published it`, () => {
      const wrong: string[] = [];
      let count = 0;
      for (let date = `${year}-01-01`; date <= `${year}-12-31`; date = addDays(date, 1)) {
        const isOff = off.some(([from, to]) => from <= date && date <= to);
        const expected = (worked as readonly string[]).includes(date) || (!isOff && !isWeekend(date));
        if (calendar.isWorkingDay(date) !== expected) wrong.push(date);
        if (calendar.isWorkingDay(date)) count++;
      }
      expect(wrong).to.deep.equal([]);
      expect(count).to.equal(workingDays);
      expect(calendar.known(Number(year))).to.equal(true);
    });
  }

  it('says the holidays of a year by name, and the make-up workdays', () => {
    const year = calendar.year(2026);
    expect(year.source).to.equal('published');
    expect(year.holidays.map(({ from, to }) => [from, to])).to.deep.equal(PUBLISHED[2026].off);
    expect(year.workdays).to.deep.equal(PUBLISHED[2026].worked);
    expect(year.holidays[1]?.name).to.deep.equal({ en: 'Spring Festival', zh: '春节' });
    expect(calendar.nameOf?.('2026-02-14')).to.equal(undefined);
    expect(calendar.nameOf?.('2026-02-16')).to.deep.equal({ en: 'Spring Festival', zh: '春节' });
  });

  it('does not know a year that was not published, and treats it as plain weeks', () => {
    expect(calendar.known(2027)).to.equal(false);
    expect(calendar.year(2027)).to.deep.equal({ year: 2027, source: 'none', holidays: [], workdays: [] });
    expect(calendar.isWorkingDay('2027-01-01')).to.equal(true);
    expect(calendar.isWorkingDay('2027-01-02')).to.equal(false);
  });

  it('takes a year that an operator added, also for the December before it', () => {
    const added = {
      year: 2027,
      holidays: [{ name: { zh: '元旦', en: "New Year's Day" }, from: '2026-12-31', to: '2027-01-02' }],
      workdays: ['2026-12-27'],
    };
    const extended = officeCalendar(office, [added]);
    expect(extended.known(2027)).to.equal(true);
    expect(extended.year(2027)).to.deep.equal({ ...added, source: 'operator' });
    expect(extended.isWorkingDay('2026-12-27')).to.equal(true);
    expect(extended.isWorkingDay('2026-12-31')).to.equal(false);
    expect(extended.isWorkingDay('2027-01-01')).to.equal(false);
    expect(extended.isWorkingDay('2027-01-04')).to.equal(true);
    expect(extended.known(2028)).to.equal(false);
  });

  it('prefers what was published to what an operator had added', () => {
    const wrong = {
      year: 2026,
      holidays: [{ name: { zh: '无', en: 'None' }, from: '2026-03-02', to: '2026-03-06' }],
      workdays: [],
    };
    expect(officeCalendar(office, [wrong]).isWorkingDay('2026-03-03')).to.equal(true);
  });

  it('is the same in whatever time zone the process runs', () => {
    const script = [
      "import { chinaYear } from './server/calendar/china-year.ts';",
      'console.log(JSON.stringify([...(chinaYear(2026) ?? [])]));',
    ].join('\n');
    const here = JSON.stringify([...(chinaYear(2026) ?? [])]);
    for (const TZ of ['America/New_York', 'Pacific/Kiritimati']) {
      const there = execFileSync(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', script], {
        cwd: fileURLToPath(new URL('../../..', import.meta.url)),
        env: { ...process.env, TZ },
        encoding: 'utf8',
      });
      expect(there.trim(), TZ).to.equal(here);
    }
  });
});
