import type { CalendarYear, CalendarYearInput } from '../../shared/contract/calendar.ts';
import { addDays, isWeekend, yearOf } from '../../shared/model/calendar/local-date.ts';
import type { WorkingCalendar } from '../../shared/model/calendar/working-calendar.ts';
import { chinaYear, type PublishedDay, type PublishedYear } from './china-year.ts';

export interface OfficeHours {
  timeZone: string;
  /** `HH:MM` */
  opening: string;
  /** `HH:MM`, later than `opening` */
  cutoff: string;
}

/** The calendar that rules ask and `calendar.get` shows. */
export interface OfficeCalendar extends WorkingCalendar {
  year(year: number): CalendarYear;
  /** True where the year was published: an operator adds only years that are missing. */
  published(year: number): boolean;
}

/**
 * The office's calendar: public holidays from the library, and the years that operators added where it has none (domain.md, section 5). What was
 * added for a year that the library has come to know meanwhile is passed over.
 * @param added validated by `calendarYearInput`
 */
export function officeCalendar(
  { timeZone, opening, cutoff }: OfficeHours,
  added: readonly CalendarYearInput[] = [],
  publishedYear: (year: number) => PublishedYear | undefined = chinaYear,
): OfficeCalendar {
  const years = new Map<number, PublishedYear | undefined>();
  const ofLibrary = (year: number): PublishedYear | undefined => {
    if (!years.has(year)) years.set(year, publishedYear(year));
    return years.get(year);
  };
  const missing = added.filter(({ year }) => ofLibrary(year) === undefined);
  const byYear = new Map(missing.map((input) => [input.year, input]));
  const ofOperators = new Map(missing.flatMap(daysOf));
  const dayOf = (date: string): PublishedDay | undefined => ofOperators.get(date) ?? ofLibrary(yearOf(date))?.get(date);

  return {
    timeZone,
    opening,
    cutoff,
    isWorkingDay(date) {
      const day = dayOf(date);
      return day === undefined ? !isWeekend(date) : !day.off;
    },
    known: (year) => byYear.has(year) || ofLibrary(year) !== undefined,
    published: (year) => ofLibrary(year) !== undefined,
    nameOf(date) {
      const day = dayOf(date);
      return day?.off === true ? day.name : undefined;
    },
    year(year) {
      const input = byYear.get(year);
      if (input !== undefined) return { ...input, source: 'operator' };
      const days = ofLibrary(year);
      return days === undefined
        ? { year, source: 'none', holidays: [], workdays: [] }
        : { year, source: 'published', ...stretches(days) };
    },
  };
}

function daysOf({ holidays, workdays }: CalendarYearInput): [string, PublishedDay][] {
  const days: [string, PublishedDay][] = workdays.map((date) => [
    date,
    { off: false, name: { zh: '调休', en: 'Make-up' } },
  ]);
  for (const { name, from, to } of holidays) {
    for (let date = from; date <= to; date = addDays(date, 1)) days.push([date, { off: true, name }]);
  }
  return days;
}

/** A year's days, told as stretches of one holiday each. */
function stretches(days: PublishedYear): Pick<CalendarYear, 'holidays' | 'workdays'> {
  const holidays: CalendarYear['holidays'] = [];
  const workdays: string[] = [];
  for (const [date, { off, name }] of days) {
    const last = holidays.at(-1);
    if (!off) workdays.push(date);
    else if (last !== undefined && last.name.en === name.en && addDays(last.to, 1) === date) last.to = date;
    else holidays.push({ name: { ...name }, from: date, to: date });
  }
  return { holidays, workdays };
}
