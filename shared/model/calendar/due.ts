import { addDays, instantAt, isWeekend, localDate, yearOf } from './local-date.ts';
import type { HolidayName, WorkingCalendar } from './working-calendar.ts';

/** A time in which a project's clocks stood still; ISO 8601. */
export interface Pause {
  readonly from: string;
  readonly to: string;
}

/** Days off that a count passed over; both ends are dates and are off. */
export interface DaysOff {
  readonly name?: HolidayName;
  readonly from: string;
  readonly to: string;
}

/** How a due instant was arrived at: enough to say it in any language. */
export interface Because {
  /** Working days, with one decimal. */
  readonly days: number;
  /** The instant that they are counted from, ISO 8601. */
  readonly from: string;
  /** Holidays in between; plain weekends are not listed. */
  readonly over: readonly DaysOff[];
  readonly pauses?: readonly Pause[];
}

/** A due instant with its derivation. */
export interface Due {
  /** ISO 8601. */
  readonly dueAt: string;
  /** True where it reaches into a year without data: such an instant advances nothing by itself. */
  readonly provisional: boolean;
  readonly because: Because;
}

// A calendar without a single working day would be searched for ever: a decade without one is a fault of the calendar.
const SEARCH_DAYS = 3660;

/** The nearest working day after a date (`step` 1) or before it (-1), the date itself not counted. */
function nextWorkingDay(calendar: WorkingCalendar, date: string, step: 1 | -1): string {
  let next = addDays(date, step);
  for (let searched = 0; !calendar.isWorkingDay(next); searched++) {
    if (searched > SEARCH_DAYS) throw new Error(`the calendar has no working day around ${date}`);
    next = addDays(next, step);
  }
  return next;
}

const opens = ({ opening, timeZone }: WorkingCalendar, date: string): number => instantAt(date, opening, timeZone);
const closes = ({ cutoff, timeZone }: WorkingCalendar, date: string): number => instantAt(date, cutoff, timeZone);

/** One day's working time in milliseconds, as the clocks on the wall count it. */
export function workingDayMs({ opening, cutoff }: WorkingCalendar): number {
  return Date.parse(`1970-01-01T${cutoff}:00Z`) - Date.parse(`1970-01-01T${opening}:00Z`);
}

// Asking a zone's clocks for the two ends of each day, for years of days and again for each pause, would take seconds.
const lengths = new WeakMap<WorkingCalendar, Map<string, number>>();
const LENGTHS_MAX = 10_000;

/** The working time of a working day in milliseconds, as it passes. */
function lengthOf(calendar: WorkingCalendar, date: string): number {
  let known = lengths.get(calendar);
  if (known === undefined || known.size >= LENGTHS_MAX) lengths.set(calendar, (known = new Map<string, number>()));
  let length = known.get(date);
  if (length === undefined) known.set(date, (length = Math.max(0, closes(calendar, date) - opens(calendar, date))));
  return length;
}

/**
 * The instant at which `left` milliseconds of working time have passed since `from` (domain.md, section 5). Nothing left is `from` itself; an
 * end that falls on a cut-off is that cut-off and not the next opening.
 */
export function countOn(calendar: WorkingCalendar, from: number, left: number): number {
  if (left <= 0) return from;
  let date = localDate(from, calendar.timeZone);
  if (!calendar.isWorkingDay(date)) date = nextWorkingDay(calendar, date, 1);
  const at = Math.max(from, opens(calendar, date));
  const today = Math.max(0, closes(calendar, date) - at);
  if (left <= today) return at + left;
  let rest = left - today;
  for (;;) {
    date = nextWorkingDay(calendar, date, 1);
    const day = lengthOf(calendar, date);
    if (rest <= day) return opens(calendar, date) + rest;
    rest -= day;
  }
}

/** The instant from which `ahead` milliseconds of working time lead up to `until`. */
export function countBack(calendar: WorkingCalendar, until: number, ahead: number): number {
  if (ahead <= 0) return until;
  let date = localDate(until, calendar.timeZone);
  if (!calendar.isWorkingDay(date)) date = nextWorkingDay(calendar, date, -1);
  let at = Math.min(until, closes(calendar, date));
  let rest = ahead;
  for (;;) {
    const today = Math.max(0, at - opens(calendar, date));
    if (rest <= today) return at - rest;
    rest -= today;
    date = nextWorkingDay(calendar, date, -1);
    at = closes(calendar, date);
  }
}

/** Milliseconds of working time between two instants; 0 where the second is not later. */
export function workingTimeLeft(calendar: WorkingCalendar, from: number, dueAt: number): number {
  if (dueAt <= from) return 0;
  const [first, last] = [localDate(from, calendar.timeZone), localDate(dueAt, calendar.timeZone)];
  let sum = 0;
  for (let date = first; date <= last; date = addDays(date, 1)) {
    if (!calendar.isWorkingDay(date)) continue;
    sum +=
      date === first || date === last
        ? Math.max(0, Math.min(dueAt, closes(calendar, date)) - Math.max(from, opens(calendar, date)))
        : lengthOf(calendar, date);
  }
  return sum;
}

/** Holidays between two dates, each as one stretch of days off; stretches that are a plain weekend are left out. */
function holidaysBetween(calendar: WorkingCalendar, from: string, to: string): DaysOff[] {
  const found: DaysOff[] = [];
  for (let date = from; date <= to; date = addDays(date, 1)) {
    if (calendar.isWorkingDay(date)) continue;
    let end = date;
    while (end < to && !calendar.isWorkingDay(addDays(end, 1))) end = addDays(end, 1);
    let name: HolidayName | undefined;
    let plain = true;
    for (let day = date; day <= end; day = addDays(day, 1)) {
      name ??= calendar.nameOf?.(day);
      plain &&= isWeekend(day);
    }
    if (!plain || name !== undefined) found.push({ ...(name === undefined ? {} : { name }), from: date, to: end });
    date = end;
  }
  return found;
}

/**
 * When something entered at an instant and given a number of working days is due (domain.md, section 5): whole days end at a cut-off, the day
 * of entry not counted; a fraction is counted on from there, or from the entry where there are no whole days. What was left at the beginning
 * of each pause is counted on from its end; a pause after the due instant changes nothing.
 * @param enteredAt milliseconds since the epoch
 * @param days more than 0, with one decimal
 */
export function dueAt(calendar: WorkingCalendar, enteredAt: number, days: number, pauses: readonly Pause[] = []): Due {
  // In tenths, so that 0.3 is three tenths and not nearly so.
  const tenths = Math.round(days * 10);
  const entered = localDate(enteredAt, calendar.timeZone);
  let date = entered;
  for (let counted = 0; counted < Math.floor(tenths / 10); counted++) date = nextWorkingDay(calendar, date, 1);
  const whole = date === entered ? enteredAt : closes(calendar, date);
  let due = countOn(calendar, whole, ((tenths % 10) * workingDayMs(calendar)) / 10);
  for (const pause of pauses) {
    const from = Date.parse(pause.from);
    if (from >= due) break;
    due = countOn(calendar, Date.parse(pause.to), workingTimeLeft(calendar, from, due));
  }
  const last = localDate(due, calendar.timeZone);
  let provisional = false;
  for (let year = yearOf(entered); year <= yearOf(last); year++) provisional ||= !calendar.known(year);
  return {
    dueAt: new Date(due).toISOString(),
    provisional,
    because: {
      days: tenths / 10,
      from: new Date(enteredAt).toISOString(),
      over: holidaysBetween(calendar, entered, last),
      ...(pauses.length === 0 ? {} : { pauses }),
    },
  };
}
