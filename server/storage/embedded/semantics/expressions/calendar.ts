import { MongoError } from '../../errors.ts';

// The calendar is our own and not mingo's, which adds a month to the 31st wrongly, truncates without regard to the time zone and
// miscounts weeks of the year.

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** The units of date expressions and, where it is fixed, their length in ms. */
const UNITS: ReadonlyMap<string, number | null> = new Map([
  ['year', null],
  ['quarter', null],
  ['month', null],
  ['week', 7 * DAY],
  ['day', DAY],
  ['hour', HOUR],
  ['minute', MINUTE],
  ['second', SECOND],
  ['millisecond', 1],
]);

/** A time zone: its offset from UTC in ms at an instant. */
export type Zone = (instant: number) => number;

const zones = new Map<string, Zone>();

/** The zone of an Olson name (`Asia/Shanghai`) or a fixed offset (`+08:00`, `+0800`, `+08`); an unknown one is refused with 40485. */
export function zoneOf(name: string): Zone {
  let zone = zones.get(name);
  if (!zone) {
    zone = makeZone(name);
    // Names come from users: a bound keeps a hostile one from filling the memory with them.
    if (zones.size < 1000) zones.set(name, zone);
  }
  return zone;
}

function makeZone(name: string): Zone {
  const fixed = /^([+-])(\d\d):?(\d\d)?$/.exec(name);
  if (fixed) {
    const offset = (fixed[1] === '-' ? -1 : 1) * (Number(fixed[2]) * HOUR + Number(fixed[3] ?? 0) * MINUTE);
    return () => offset;
  }
  if (name === 'UTC' || name === 'GMT' || name === 'Z') return () => 0;
  let format: Intl.DateTimeFormat;
  try {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: name,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
      era: 'short',
    });
  } catch {
    throw new MongoError(40485, `unrecognized time zone identifier: "${name}"`);
  }
  return (instant) => {
    const parts = new Map(format.formatToParts(instant).map(({ type, value }) => [type, value]));
    const year = Number(parts.get('year')) * (parts.get('era') === 'BC' ? -1 : 1) + (parts.get('era') === 'BC' ? 1 : 0);
    const local = utc(
      year,
      Number(parts.get('month')) - 1,
      Number(parts.get('day')),
      Number(parts.get('hour')) * HOUR + Number(parts.get('minute')) * MINUTE + Number(parts.get('second')) * SECOND,
    );
    return local - Math.floor(instant / SECOND) * SECOND;
  };
}

/** The instant of a day in UTC; unlike `Date.UTC` it takes years below 100 as they are. */
function utc(year: number, month: number, day: number, millis: number): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month, day);
  return date.getTime() + millis;
}

/** The wall clock of a zone at an instant, as if it were UTC. */
export function toLocal(instant: number, zone: Zone): number {
  return instant + zone(instant);
}

/** The instant at which the wall clock of a zone shows this. */
export function fromLocal(local: number, zone: Zone): number {
  const near = local - zone(local);
  return local - zone(near);
}

/** The parts of a wall clock. */
export interface Parts {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly hour: number;
  readonly minute: number;
  readonly second: number;
  readonly millisecond: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1 is the first of January. */
  readonly dayOfYear: number;
  /** Weeks begin on Sunday; the days before the first Sunday are week 0. */
  readonly week: number;
  readonly isoWeek: number;
  readonly isoYear: number;
}

/** Takes a wall clock apart. */
export function partsOf(local: number): Parts {
  const date = new Date(local);
  const year = date.getUTCFullYear();
  const weekday = date.getUTCDay();
  const dayOfYear = Math.floor((local - utc(year, 0, 1, 0)) / DAY) + 1;
  // The ISO week is that of its Thursday.
  const thursday = local + (3 - ((weekday + 6) % 7)) * DAY;
  const isoYear = new Date(thursday).getUTCFullYear();
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
    second: date.getUTCSeconds(),
    millisecond: date.getUTCMilliseconds(),
    weekday,
    dayOfYear,
    week: Math.floor((dayOfYear + 6 - weekday) / 7),
    isoWeek: Math.floor((thursday - utc(isoYear, 0, 1, 0)) / (7 * DAY)) + 1,
    isoYear,
  };
}

/** The wall clock made of parts, which may lie beyond their usual range and are carried over. */
export function localOf(year: number, month: number, day: number, millis: number): number {
  return utc(year, month - 1, day, millis);
}

/** The wall clock of an ISO week date. */
export function localOfIso(year: number, week: number, weekday: number, millis: number): number {
  const fourth = utc(year, 0, 4, 0);
  const monday = fourth - ((new Date(fourth).getUTCDay() + 6) % 7) * DAY;
  return monday + (week - 1) * 7 * DAY + (weekday - 1) * DAY + millis;
}

/** Adds whole units; a day that the month reached does not have becomes its last. */
export function addUnits(instant: number, unit: string, amount: number, zone: Zone): number {
  const length = UNITS.get(unit);
  if (length === undefined) throw new MongoError('FailedToParse', `unknown time unit value: ${unit}`);
  if (length !== null && length < DAY) return instant + amount * length;
  const local = toLocal(instant, zone);
  if (length !== null) return fromLocal(local + amount * length, zone);
  const { year, month, day } = partsOf(local);
  const total = year * 12 + month - 1 + amount * monthsIn(unit);
  const last = new Date(utc(Math.floor(total / 12), (total % 12) + 1, 0, 0)).getUTCDate();
  const time = local - utc(year, month - 1, day, 0);
  return fromLocal(utc(Math.floor(total / 12), ((total % 12) + 12) % 12, Math.min(day, last), time), zone);
}

function monthsIn(unit: string): number {
  if (unit === 'year') return 12;
  return unit === 'quarter' ? 3 : 1;
}

const WEEKDAYS = ['sunday', 'monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday'];

/** The number of a weekday by its name or its first three letters; 0 is Sunday. */
export function weekdayOf(name: string): number {
  const wanted = name.toLowerCase();
  const found = WEEKDAYS.findIndex((day) => day === wanted || day.slice(0, 3) === wanted);
  if (found < 0) throw new MongoError('FailedToParse', `unknown day of week value: ${name}`);
  return found;
}

/** How many boundaries of a unit lie between two instants, on the wall clock of a zone. */
export function countUnits(start: number, end: number, unit: string, zone: Zone, weekStart: number): number {
  const length = UNITS.get(unit);
  if (length === undefined) throw new MongoError('FailedToParse', `unknown time unit value: ${unit}`);
  if (length !== null && length < HOUR) return Math.floor(end / length) - Math.floor(start / length);
  const from = toLocal(start, zone);
  const to = toLocal(end, zone);
  if (unit === 'hour') {
    const shift = Math.round((zone(end) - zone(start)) / HOUR);
    return Math.floor(to / HOUR) - Math.floor(from / HOUR) - shift;
  }
  return unitIndex(to, unit, weekStart) - unitIndex(from, unit, weekStart);
}

/** The number of a wall clock's unit, counted from 1970-01-01; a week's from its first day then or before. */
function unitIndex(local: number, unit: string, weekStart: number): number {
  if (unit === 'day') return Math.floor(local / DAY);
  // 1970-01-01 was a Thursday.
  if (unit === 'week') return Math.floor((Math.floor(local / DAY) + 4 - weekStart) / 7);
  const { year, month } = partsOf(local);
  return Math.floor(((year - 1970) * 12 + month - 1) / monthsIn(unit));
}

/** The beginning of the bin that an instant lies in; bins are counted from 2000-01-01 in the zone. */
export function truncate(instant: number, unit: string, size: number, zone: Zone, weekStart: number): number {
  const length = UNITS.get(unit);
  if (length === undefined) throw new MongoError('FailedToParse', `unknown time unit value: ${unit}`);
  const origin = utc(2000, 0, 1, 0);
  if (length !== null && length < DAY) {
    const base = fromLocal(origin, zone);
    return base + Math.floor((instant - base) / (length * size)) * length * size;
  }
  const local = toLocal(instant, zone);
  if (unit === 'day') return fromLocal(origin + Math.floor((local - origin) / (DAY * size)) * DAY * size, zone);
  if (unit === 'week') {
    // The first day of a week on or after 2000-01-01, a Saturday.
    const first = origin + ((weekStart - 6 + 7) % 7) * DAY;
    return fromLocal(first + Math.floor((local - first) / (7 * DAY * size)) * 7 * DAY * size, zone);
  }
  const { year, month } = partsOf(local);
  const bin = monthsIn(unit) * size;
  const months = Math.floor(((year - 2000) * 12 + month - 1) / bin) * bin;
  return fromLocal(utc(2000, months, 1, 0), zone);
}
