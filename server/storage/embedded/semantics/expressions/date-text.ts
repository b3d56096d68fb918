import { MongoError } from '../../errors.ts';
import { kindOf } from '../values.ts';
import { fromLocal, localOf, localOfIso, type Parts, type Zone, zoneOf } from './calendar.ts';

const MONTHS = [
  'January',
  'February',
  'March',
  'April',
  'May',
  'June',
  'July',
  'August',
  'September',
  'October',
  'November',
  'December',
];

/** Writes a wall clock in a format of `$dateToString`; `offset` is the zone's distance from UTC in ms. */
export function formatDate(parts: Parts, offset: number, format: string): string {
  return format.replace(/%([\s\S]?)/g, (_, letter: string) => specifier(letter, parts, offset));
}

function specifier(letter: string, parts: Parts, offset: number): string {
  switch (letter) {
    case 'd':
      return pad(parts.day, 2);
    case 'G':
      return pad(parts.isoYear, 4);
    case 'H':
      return pad(parts.hour, 2);
    case 'j':
      return pad(parts.dayOfYear, 3);
    case 'L':
      return pad(parts.millisecond, 3);
    case 'm':
      return pad(parts.month, 2);
    case 'M':
      return pad(parts.minute, 2);
    case 'S':
      return pad(parts.second, 2);
    case 'u':
      return String(parts.weekday || 7);
    case 'U':
      return pad(parts.week, 2);
    case 'V':
      return pad(parts.isoWeek, 2);
    case 'w':
      return String(parts.weekday + 1);
    case 'Y':
      return pad(parts.year, 4);
    case 'b':
      return (MONTHS[parts.month - 1] ?? '').slice(0, 3);
    case 'B':
      return MONTHS[parts.month - 1] ?? '';
    case 'z':
      return offsetText(offset);
    case 'Z':
      return `${offset < 0 ? '-' : '+'}${pad(Math.abs(Math.trunc(offset / 60_000)), 3)}`;
    case '%':
      return '%';
    default:
      throw new MongoError(18536, `Invalid format character '%${letter}' in format string`);
  }
}

function pad(value: number, width: number): string {
  return String(value).padStart(width, '0');
}

function offsetText(offset: number): string {
  const minutes = Math.abs(Math.trunc(offset / 60_000));
  return `${offset < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60), 2)}${pad(minutes % 60, 2)}`;
}

const TOKENS: Readonly<Record<string, string>> = {
  d: '(?<day>\\d{1,2})',
  G: '(?<isoYear>\\d{4})',
  H: '(?<hour>\\d{1,2})',
  j: '(?<dayOfYear>\\d{1,3})',
  L: '(?<millisecond>\\d{1,3})',
  m: '(?<month>\\d{1,2})',
  M: '(?<minute>\\d{1,2})',
  S: '(?<second>\\d{1,2})',
  u: '(?<isoDay>[1-7])',
  V: '(?<isoWeek>\\d{1,2})',
  Y: '(?<year>\\d{4})',
  b: '(?<name>[A-Za-z]{3})',
  B: '(?<name>[A-Za-z]+)',
  z: '(?<zone>Z|[+-]\\d\\d:?\\d\\d)',
  Z: '(?<offset>[+-]\\d{1,3})',
  '%': '%',
};

const ISO =
  /^(?<year>\d{4})-(?<month>\d{1,2})-(?<day>\d{1,2})(?:[T ](?<hour>\d{1,2}):(?<minute>\d\d)(?::(?<second>\d\d)(?:[.,](?<fraction>\d{1,9}))?)?)?\s?(?<zone>Z|[+-]\d\d(?::?\d\d)?)?$/;

/** Reads an instant from text, in a format or as ISO 8601; what does not fit is refused with ConversionFailure. */
export function parseDate(value: unknown, format: unknown, zone: Zone, zoneGiven: boolean): number {
  if (typeof value !== 'string') {
    throw new MongoError(
      'ConversionFailure',
      `$dateFromString requires that 'dateString' be a string, found: ${kindOf(value)}`,
    );
  }
  if (format !== undefined && typeof format !== 'string') {
    throw new MongoError(40684, `$dateFromString requires that 'format' be a string, found: ${kindOf(format)}`);
  }
  const groups = (format === undefined ? ISO : pattern(format)).exec(value)?.groups;
  if (!groups) throw new MongoError('ConversionFailure', `Error parsing date string '${value}'`);
  if (zoneGiven && groups['zone'] !== undefined) {
    throw new MongoError(
      'ConversionFailure',
      `you cannot pass in a date/time string with time zone information ('${groups['zone']}') together with a timezone argument`,
    );
  }
  const local = localFrom(groups, value);
  if (groups['offset'] !== undefined) return local - Number(groups['offset']) * 60_000;
  return fromLocal(local, groups['zone'] === undefined ? zone : zoneOf(groups['zone']));
}

function pattern(format: string): RegExp {
  const source = format.replace(/%([\s\S]?)|[\\^$.*+?()[\]{}|]/g, (part, letter: string | undefined) => {
    if (letter === undefined) return `\\${part}`;
    const token = TOKENS[letter];
    if (token === undefined) throw new MongoError(18536, `Invalid format character '%${letter}' in format string`);
    return token;
  });
  try {
    return new RegExp(`^${source}$`);
  } catch {
    throw new MongoError('ConversionFailure', `a format with a repeated part cannot be read: ${format}`);
  }
}

function localFrom(groups: Record<string, string | undefined>, value: string): number {
  const number = (name: string, standard: number): number => Number(groups[name] ?? standard);
  const fraction =
    groups['fraction'] === undefined
      ? number('millisecond', 0)
      : Math.floor(Number(`0.${groups['fraction']}`) * 1000 + 1e-6);
  const millis = number('hour', 0) * 3_600_000 + number('minute', 0) * 60_000 + number('second', 0) * 1000 + fraction;
  if (groups['isoYear'] !== undefined) {
    return localOfIso(number('isoYear', 1970), number('isoWeek', 1), number('isoDay', 1), millis);
  }
  if (groups['dayOfYear'] !== undefined) return localOf(number('year', 1970), 1, number('dayOfYear', 1), millis);
  const month = groups['name'] === undefined ? number('month', 1) : monthNamed(groups['name'], value);
  const day = number('day', 1);
  if (
    month < 1 ||
    month > 12 ||
    day < 1 ||
    day > 31 ||
    number('hour', 0) > 24 ||
    number('minute', 0) > 59 ||
    number('second', 0) > 60
  ) {
    throw new MongoError('ConversionFailure', `Error parsing date string '${value}'`);
  }
  return localOf(number('year', 1970), month, day, millis);
}

function monthNamed(name: string, value: string): number {
  const wanted = name.toLowerCase();
  const month = MONTHS.findIndex((one) => one.toLowerCase() === wanted || one.slice(0, 3).toLowerCase() === wanted);
  if (month < 0) throw new MongoError('ConversionFailure', `Error parsing date string '${value}'`);
  return month + 1;
}
