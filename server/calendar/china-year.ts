import chineseDays from 'chinese-days';
import type { HolidayName } from '../../shared/model/calendar/working-calendar.ts';
import { addDays } from '../../shared/model/calendar/local-date.ts';

/** What was published for one date: off or worked, and for which holiday. */
export interface PublishedDay {
  readonly off: boolean;
  readonly name: HolidayName;
}

/** Published days of a year by date; dates that it does not hold follow the weekdays. */
export type PublishedYear = ReadonlyMap<string, PublishedDay>;

// Its types promise named exports that its CommonJS build, which Node loads, does not have.
const library: { getDayDetail(date: string): { name: string; work: boolean } } = chineseDays;

// The library names a published day "English,中文,days" and every other day by its weekday. It looks published days up by the text of the
// date, so that this part of its answer, unlike the rest, does not depend on the process's time zone.
function published(date: string): PublishedDay | undefined {
  const { name, work } = library.getDayDetail(date);
  const [en, zh] = name.split(',');
  return en === undefined || zh === undefined ? undefined : { off: !work, name: { en, zh } };
}

/** The year's holidays and make-up workdays as the State Council published them, or undefined for a year that the library lacks. */
export function chinaYear(year: number): PublishedYear | undefined {
  // Only a year's own publication says that National Day is off; a neighbouring year's may name dates at its ends.
  if (published(`${year}-10-01`) === undefined) return undefined;
  const days = new Map<string, PublishedDay>();
  for (let date = `${year}-01-01`; date <= `${year}-12-31`; date = addDays(date, 1)) {
    const day = published(date);
    if (day !== undefined) days.set(date, day);
  }
  return days;
}
