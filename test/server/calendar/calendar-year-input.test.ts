import { expect } from 'chai';
import { calendarYearInput } from '../../../shared/contract/calendar.ts';

const name = { zh: '元旦', en: "New Year's Day" };
const good = {
  year: 2027,
  holidays: [
    { name, from: '2026-12-31', to: '2027-01-02' },
    { name: { zh: '国庆节', en: 'National Day' }, from: '2027-10-01', to: '2027-10-07' },
  ],
  workdays: ['2027-01-03', '2027-10-09'],
};

const faultsOf = (input: unknown): string[] => {
  const result = calendarYearInput.safeParse(input);
  return result.success ? [] : result.error.issues.map(({ path }) => path.join('.'));
};

describe('a year that an operator adds to the calendar', () => {
  it('is taken when it fits', () => {
    expect(faultsOf(good)).to.deep.equal([]);
  });

  const cases: [string, unknown, string[]][] = [
    ['no holiday', { ...good, holidays: [] }, ['holidays']],
    [
      'a holiday of another year',
      { ...good, holidays: [{ name, from: '2026-11-30', to: '2026-12-01' }] },
      ['holidays.0'],
    ],
    [
      'an end before the beginning',
      { ...good, holidays: [{ name, from: '2027-05-05', to: '2027-05-01' }] },
      ['holidays.0.to'],
    ],
    ['half a year off', { ...good, holidays: [{ name, from: '2027-01-01', to: '2027-06-30' }] }, ['holidays.0.to']],
    [
      'two holidays on one day',
      {
        ...good,
        holidays: [
          { name, from: '2027-05-01', to: '2027-05-03' },
          { name, from: '2027-05-03', to: '2027-05-03' },
        ],
      },
      ['holidays.1'],
    ],
    ['a make-up workday on a Monday', { ...good, workdays: ['2027-10-11'] }, ['workdays.0']],
    ['a make-up workday that is off', { ...good, workdays: ['2027-10-02'] }, ['workdays.0']],
    ['a make-up workday named twice', { ...good, workdays: ['2027-01-03', '2027-01-03'] }, ['workdays.1']],
    ['a date that does not exist', { ...good, workdays: ['2027-02-30'] }, ['workdays.0']],
  ];
  for (const [what, input, paths] of cases) {
    it(`is refused with ${what}`, () => {
      expect(faultsOf(input)).to.include.members(paths);
    });
  }
});
