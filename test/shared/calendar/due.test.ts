import { expect } from 'chai';
import * as fc from 'fast-check';
import { officeCalendar } from '../../../server/calendar/office-calendar.ts';
import { countBack, countOn, dueAt, workingTimeLeft } from '../../../shared/model/calendar/due.ts';
import { instantAt, localDate, localTime } from '../../../shared/model/calendar/local-date.ts';
import { plainCalendar } from './plain-calendar.ts';

const TZ = 'Asia/Shanghai';
const published = officeCalendar({ timeZone: TZ, opening: '09:00', cutoff: '17:30' });
const plain = plainCalendar();

/** '2026-11-16 10:00' in Shanghai. */
const at = (text: string): number => instantAt(text.slice(0, 10), text.slice(11), TZ);
const shown = (instant: number | string): string => {
  const ms = typeof instant === 'string' ? Date.parse(instant) : instant;
  return `${localDate(ms, TZ)} ${localTime(ms, TZ)}`;
};

const HOUR = 3_600_000;

describe('due instants (domain.md, section 5)', () => {
  // 16 November 2026 is a Monday.
  const cases: [string, string, number, string][] = [
    ['one day, entered on Monday morning', '2026-11-16 10:00', 1, '2026-11-17 17:30'],
    ['one day, entered on Monday night', '2026-11-16 20:00', 1, '2026-11-17 17:30'],
    ['one day, entered on Saturday', '2026-11-21 12:00', 1, '2026-11-23 17:30'],
    ['one day, entered on Friday', '2026-11-20 09:00', 1, '2026-11-23 17:30'],
    ['half a day, entered on Monday at 16:00', '2026-11-16 16:00', 0.5, '2026-11-17 11:45'],
    ['one and a half, entered on Monday', '2026-11-16 10:00', 1.5, '2026-11-18 13:15'],
    ['one and a half, entered on Monday night', '2026-11-16 23:59', 1.5, '2026-11-18 13:15'],
    ['half a day, entered after the cut-off', '2026-11-16 18:00', 0.5, '2026-11-17 13:15'],
    ['half a day, entered at the cut-off', '2026-11-16 17:30', 0.5, '2026-11-17 13:15'],
    ['half a day, entered before opening', '2026-11-16 07:00', 0.5, '2026-11-16 13:15'],
    ['half a day, entered on Friday evening', '2026-11-20 19:00', 0.5, '2026-11-23 13:15'],
    ['half a day that fills the day exactly', '2026-11-16 13:15', 0.5, '2026-11-16 17:30'],
    ['half a day, entered on a holiday', '2026-10-03 10:00', 0.5, '2026-10-08 13:15'],
    ['one day, entered on a holiday', '2026-10-03 10:00', 1, '2026-10-08 17:30'],
    ['one and a half over a holiday', '2026-09-29 10:00', 1.5, '2026-10-08 13:15'],
    ['three days over National Day 2025', '2025-09-30 17:10', 3, '2025-10-11 17:30'],
    ['a make-up Saturday counts', '2026-02-13 10:00', 1, '2026-02-14 17:30'],
    ['over Spring Festival', '2026-02-14 10:00', 2, '2026-02-25 17:30'],
    ['a tenth of a day', '2026-11-16 09:00', 0.1, '2026-11-16 09:51'],
    ['fourteen days', '2026-11-16 09:00', 14, '2026-12-04 17:30'],
    ['over the end of a year', '2025-12-30 10:00', 3, '2026-01-05 17:30'],
  ];
  for (const [what, entered, days, due] of cases) {
    it(`${what}: ${entered} + ${days} is ${due}`, () => {
      const result = dueAt(published, at(entered), days);
      expect(shown(result.dueAt)).to.equal(due);
      expect(result.provisional).to.equal(false);
    });
  }

  it('counts three tenths as three tenths', () => {
    expect(shown(dueAt(published, at('2026-11-16 09:00'), 0.3).dueAt)).to.equal('2026-11-16 11:33');
    expect(dueAt(published, at('2026-11-16 09:00'), 0.1 + 0.2).because.days).to.equal(0.3);
    expect(dueAt(published, at('2026-11-16 09:00'), 1 - 0.9).because.days).to.equal(0.1);
  });

  it('is provisional as soon as it reaches into a year without data, computed with its weekends only', () => {
    const inside = dueAt(published, at('2026-12-30 10:00'), 1);
    expect([shown(inside.dueAt), inside.provisional]).to.deep.equal(['2026-12-31 17:30', false]);
    const reaching = dueAt(published, at('2026-12-30 10:00'), 2);
    expect([shown(reaching.dueAt), reaching.provisional]).to.deep.equal(['2027-01-01 17:30', true]);
    const past = dueAt(published, at('2026-12-30 10:00'), 4);
    expect([shown(past.dueAt), past.provisional]).to.deep.equal(['2027-01-05 17:30', true]);
    const known = dueAt(plainCalendar({ off: { '2027-01-01': null } }), at('2026-12-30 10:00'), 2);
    expect([shown(known.dueAt), known.provisional]).to.deep.equal(['2027-01-04 17:30', false]);
  });

  it('is provisional where a year without data lies on the way', () => {
    const gap = { ...plain, known: (year: number) => year !== 2027 };
    expect(dueAt(gap, at('2026-12-30 10:00'), 400).provisional).to.equal(true);
    expect(dueAt(gap, at('2028-01-03 10:00'), 3).provisional).to.equal(false);
  });

  it('says from when, how many days and over which holidays', () => {
    const { because } = dueAt(published, at('2025-09-30 17:10'), 3);
    expect(because.days).to.equal(3);
    expect(shown(because.from)).to.equal('2025-09-30 17:10');
    expect(because.over.map(({ from, to }) => [from, to])).to.deep.equal([['2025-10-01', '2025-10-08']]);
    expect(because.over[0]?.name?.en).to.equal('National Day');
    expect(dueAt(published, at('2026-11-20 10:00'), 1).because.over).to.deep.equal([]);
  });

  it('names days off that have no name, where they are not just a weekend', () => {
    const { name: _none, ...calendar } = { ...plainCalendar({ off: { '2026-11-18': null } }), name: '' };
    expect(dueAt(calendar, at('2026-11-17 10:00'), 1).because.over).to.deep.equal([
      { from: '2026-11-18', to: '2026-11-18' },
    ]);
  });

  describe('pauses', () => {
    const paused = (entered: string, days: number, ...pauses: [string, string][]): string =>
      shown(
        dueAt(
          published,
          at(entered),
          days,
          pauses.map(([from, to]) => ({ from: new Date(at(from)).toISOString(), to: new Date(at(to)).toISOString() })),
        ).dueAt,
      );

    it('keep the working time that was left, and count it on from the end of the pause', () => {
      // Left on Friday 16:00 until Monday 17:30: one and a half hours and a day.
      expect(paused('2026-11-19 10:00', 2, ['2026-11-20 16:00', '2026-11-24 11:00'])).to.equal('2026-11-25 12:30');
    });
    it('over a weekend cost nothing', () => {
      expect(paused('2026-11-19 10:00', 2, ['2026-11-20 18:00', '2026-11-23 08:00'])).to.equal('2026-11-23 17:30');
    });
    it('add up', () => {
      expect(
        paused(
          '2026-11-16 10:00',
          1,
          ['2026-11-16 12:00', '2026-11-16 13:00'],
          ['2026-11-17 17:00', '2026-11-17 17:20'],
        ),
      ).to.equal('2026-11-18 10:20');
    });
    it('do not make years of days be looked up again for each of them', () => {
      let asked = 0;
      const plain = plainCalendar();
      const calendar = {
        ...plain,
        get opening() {
          asked += 1;
          return plain.opening;
        },
      };
      const enteredAt = Date.parse('2026-11-20T02:00:00Z');
      const pause = (n: number) => ({
        from: new Date(enteredAt + n * 2_000).toISOString(),
        to: new Date(enteredAt + n * 2_000 + 1_000).toISOString(),
      });
      const pauses = Array.from({ length: 10 }, (_, n) => pause(n + 1));
      dueAt(calendar, enteredAt, 1_000, pauses);
      // Each of a thousand working days once, and the ends of each stretch.
      expect(asked).to.be.below(1_200);
    });
    it('after the due instant change nothing', () => {
      expect(paused('2026-11-16 10:00', 1, ['2026-11-17 17:30', '2026-11-19 10:00'])).to.equal('2026-11-17 17:30');
    });
  });
});

describe('counting working time', () => {
  it('ends at a cut-off and not at the next opening', () => {
    expect(shown(countOn(published, at('2026-11-16 16:30'), HOUR))).to.equal('2026-11-16 17:30');
    expect(shown(countBack(published, at('2026-11-16 10:00'), HOUR))).to.equal('2026-11-16 09:00');
  });

  it('counts back over days off', () => {
    expect(shown(countBack(published, at('2026-10-08 10:00'), 2 * HOUR))).to.equal('2026-09-30 16:30');
  });

  const zones = [
    'Asia/Shanghai',
    'America/New_York',
    'Europe/Berlin',
    'Australia/Lord_Howe',
    'Pacific/Apia',
    'America/St_Johns',
    'UTC',
  ];
  // Over the changes to and from summer time, and over ends of years.
  const instant = fc.oneof(
    fc.integer({ min: Date.UTC(2024, 0, 1), max: Date.UTC(2027, 11, 31) }),
    fc.integer({ min: Date.UTC(2026, 2, 5), max: Date.UTC(2026, 3, 10) }),
    fc.integer({ min: Date.UTC(2026, 9, 20), max: Date.UTC(2026, 10, 5) }),
    fc.integer({ min: Date.UTC(2025, 11, 28), max: Date.UTC(2026, 0, 6) }),
  );
  const hours = fc.constantFrom(
    { opening: '09:00', cutoff: '17:30' },
    { opening: '00:00', cutoff: '23:59' },
    // Across the hour that summer time skips or repeats.
    { opening: '01:00', cutoff: '04:00' },
  );
  const calendar = fc
    .tuple(fc.constantFrom(...zones), hours)
    .map(([timeZone, { opening, cutoff }]) =>
      plainCalendar({ timeZone, opening, cutoff, off: { '2026-01-01': null }, worked: ['2026-03-29'] }),
    );
  const left = fc.integer({ min: 1, max: 12 * 24 * HOUR });

  it('takes back what it counted: the time left until the end is the time counted', () => {
    fc.assert(
      fc.property(calendar, instant, left, (cal, from, ms) => {
        const end = countOn(cal, from, ms);
        expect(end).to.be.greaterThan(from);
        expect(workingTimeLeft(cal, from, end)).to.equal(ms);
        const start = countBack(cal, end, ms);
        expect(workingTimeLeft(cal, start, end)).to.equal(ms);
        expect(start).to.be.at.least(from);
      }),
    );
  });

  it('adds up: counted in two parts or in one, the end is the same', () => {
    fc.assert(
      fc.property(calendar, instant, left, left, (cal, from, one, two) => {
        expect(countOn(cal, countOn(cal, from, one), two)).to.equal(countOn(cal, from, one + two));
      }),
    );
  });

  it('puts whole days at the cut-off of a working day, as many working days on as were given', () => {
    fc.assert(
      fc.property(calendar, instant, fc.integer({ min: 1, max: 30 }), (cal, from, days) => {
        const due = Date.parse(dueAt(cal, from, days).dueAt);
        const date = localDate(due, cal.timeZone);
        expect(due).to.equal(instantAt(date, cal.cutoff, cal.timeZone));
        let worked = 0;
        for (
          let day = Date.parse(localDate(from, cal.timeZone)) + 86_400_000;
          day <= Date.parse(date);
          day += 86_400_000
        ) {
          if (cal.isWorkingDay(new Date(day).toISOString().slice(0, 10))) worked++;
        }
        expect(worked).to.equal(days);
        expect(cal.isWorkingDay(date)).to.equal(true);
      }),
    );
  });

  it('is never earlier for more days, nor for a later entry', () => {
    const tenths = fc.integer({ min: 1, max: 60 });
    fc.assert(
      fc.property(calendar, instant, tenths, tenths, fc.nat({ max: 5 * 24 * HOUR }), (cal, from, a, b, later) => {
        const due = (entered: number, n: number): number => Date.parse(dueAt(cal, entered, n / 10).dueAt);
        expect(due(from + later, a)).to.be.at.least(due(from, a));
        const [less, more] = a < b ? [a, b] : [b, a];
        // A fraction alone runs from the entry and may end on that very day, so only counts with whole days compare with each other.
        if (less >= 10 || more < 10) expect(due(from, more)).to.be.at.least(due(from, less));
      }),
    );
  });
});

describe('local dates', () => {
  it('give the first of a time that comes twice, and skip on from one that does not come', () => {
    const iso = (date: string, time: string, zone: string): string =>
      new Date(instantAt(date, time, zone)).toISOString();
    expect(iso('2026-11-01', '01:30', 'America/New_York')).to.equal('2026-11-01T05:30:00.000Z');
    expect(iso('2026-03-08', '02:30', 'America/New_York')).to.equal('2026-03-08T07:30:00.000Z');
    expect(iso('2026-03-08', '03:30', 'America/New_York')).to.equal('2026-03-08T07:30:00.000Z');
    expect(iso('2026-03-29', '09:00', 'Europe/Berlin')).to.equal('2026-03-29T07:00:00.000Z');
    expect(iso('2026-10-25', '02:30', 'Europe/Berlin')).to.equal('2026-10-25T00:30:00.000Z');
    expect(iso('2026-11-16', '09:00', 'Asia/Shanghai')).to.equal('2026-11-16T01:00:00.000Z');
  });
});
