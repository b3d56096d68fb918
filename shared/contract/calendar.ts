import { z } from 'zod';
import { defineCommand, EVERYONE } from './command.ts';

const date = z.iso.date().meta({ description: 'YYYY-MM-DD in the time zone of the calendar' });
const year = z.int().min(2000).max(2200);
const holidayName = z.strictObject({ zh: z.string().trim().min(1).max(40), en: z.string().trim().min(1).max(40) });

/** A stretch of days off; both ends are off. */
const holiday = z.strictObject({ name: holidayName, from: date, to: date });

const DAY_MS = 86_400_000;
const LONGEST_HOLIDAY_DAYS = 31;
/** `calendar.get` reaches at most so many years beyond the first. */
export const CALENDAR_YEARS_MAX = 20;

const inYear = (day: string, of: number): boolean =>
  // New Year's days off, and the workdays that make up for them, can begin in the December before.
  day.startsWith(`${of}-`) || day.startsWith(`${of - 1}-12-`);

/** One year's holidays and make-up workdays, as an operator adds them when they are published. */
export const calendarYearInput = z
  .strictObject({
    year,
    holidays: z.array(holiday).min(1).max(30),
    workdays: z.array(date).max(30).meta({ description: 'Days of a weekend that are worked' }),
  })
  .superRefine(({ year, holidays, workdays }, context) => {
    const fault = (path: (string | number)[], message: string): void => {
      context.addIssue({ code: 'custom', path, message });
    };
    const taken = new Set<string>();
    for (const [index, { from, to }] of holidays.entries()) {
      const days = (Date.parse(to) - Date.parse(from)) / DAY_MS + 1;
      if (!inYear(from, year) || !inYear(to, year)) fault(['holidays', index], 'must lie in the year');
      else if (days < 1) fault(['holidays', index, 'to'], 'must not be before from');
      else if (days > LONGEST_HOLIDAY_DAYS) fault(['holidays', index, 'to'], 'makes an unlikely long holiday');
      else {
        for (let day = 0; day < days; day++) {
          const off = new Date(Date.parse(from) + day * DAY_MS).toISOString().slice(0, 10);
          if (taken.has(off)) fault(['holidays', index], `names ${off} a second time`);
          taken.add(off);
        }
      }
    }
    for (const [index, workday] of workdays.entries()) {
      const weekday = new Date(Date.parse(workday)).getUTCDay();
      if (!inYear(workday, year)) fault(['workdays', index], 'must lie in the year');
      else if (taken.has(workday)) fault(['workdays', index], 'is a day off, or named twice');
      else if (weekday !== 0 && weekday !== 6) fault(['workdays', index], 'must be a day of a weekend');
      taken.add(workday);
    }
  });
export type CalendarYearInput = z.infer<typeof calendarYearInput>;

/** A year of the calendar in force. */
export const calendarYear = z.object({
  year,
  source: z
    .enum(['published', 'operator', 'none'])
    .meta({ description: 'Where the data is from; with none, due instants that reach into the year are provisional' }),
  holidays: z.array(holiday),
  workdays: z.array(date),
});
export type CalendarYear = z.infer<typeof calendarYear>;

export const calendar = z.object({
  timeZone: z.string(),
  opening: z.string(),
  cutoff: z.string(),
  years: z.array(calendarYear),
});

export const calendarCommands = {
  'calendar.get': defineCommand({
    summary:
      'The calendar in force, year by year: holidays, days off and make-up workdays. Without `from` and `to`: this year and the next.',
    input: z.strictObject({ from: year.optional(), to: year.optional() }).superRefine(({ from, to }, context) => {
      if (from !== undefined && to !== undefined && (to < from || to - from > CALENDAR_YEARS_MAX)) {
        const message = `must be from, or up to ${CALENDAR_YEARS_MAX} years after it`;
        context.addIssue({ code: 'custom', path: ['to'], message });
      }
    }),
    output: z.object({ calendar }),
    callers: EVERYONE,
    errors: [],
    rate: 'read',
    writes: false,
  }),
  'calendar.extend': defineCommand({
    summary: 'Adds a year that the calendar lacks. A full replacement of what was added for it, idempotent.',
    input: calendarYearInput,
    output: z.object({ year: calendarYear }),
    callers: ['operator'],
    errors: ['forbidden', 'conflict'],
    rate: 'directory',
    writes: true,
  }),
} as const;
