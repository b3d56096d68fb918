import { Long, ObjectId, Timestamp } from 'bson';
import { MongoError } from '../../errors.ts';
import { type Doc, isDoc, isNumeric, kindOf, toNumber, toWhole } from '../values.ts';
import {
  addUnits,
  countUnits,
  fromLocal,
  localOf,
  localOfIso,
  type Parts,
  partsOf,
  toLocal,
  truncate,
  weekdayOf,
  type Zone,
  zoneOf,
} from './calendar.ts';
import { formatDate, parseDate } from './date-text.ts';
import { type Compile, type Evaluate, named, namedOperand, nullish, type Operator } from './types.ts';

/** Expressions on dates; `timezone` is an Olson name or an offset, and UTC where it is not given. */
export const DATES: readonly (readonly [string, Operator])[] = [
  ['$year', part(({ year }) => year)],
  ['$month', part(({ month }) => month)],
  ['$dayOfMonth', part(({ day }) => day)],
  ['$hour', part(({ hour }) => hour)],
  ['$minute', part(({ minute }) => minute)],
  ['$second', part(({ second }) => second)],
  ['$millisecond', part(({ millisecond }) => millisecond)],
  ['$dayOfYear', part(({ dayOfYear }) => dayOfYear)],
  ['$dayOfWeek', part(({ weekday }) => weekday + 1)],
  ['$week', part(({ week }) => week)],
  ['$isoDayOfWeek', part(({ weekday }) => weekday || 7)],
  ['$isoWeek', part(({ isoWeek }) => isoWeek)],
  ['$isoWeekYear', part(({ isoYear }) => Long.fromNumber(isoYear))],
  ['$dateToParts', named(['date'], ['timezone', 'iso8601'], dateToParts)],
  [
    '$dateFromParts',
    named(
      [],
      [
        'year',
        'month',
        'day',
        'isoWeekYear',
        'isoWeek',
        'isoDayOfWeek',
        'hour',
        'minute',
        'second',
        'millisecond',
        'timezone',
      ],
      dateFromParts,
    ),
  ],
  ['$dateToString', dateToString],
  ['$dateFromString', dateFromString],
  ['$dateAdd', named(['startDate', 'unit', 'amount'], ['timezone'], (values) => shift('$dateAdd', 1, values))],
  [
    '$dateSubtract',
    named(['startDate', 'unit', 'amount'], ['timezone'], (values) => shift('$dateSubtract', -1, values)),
  ],
  ['$dateDiff', named(['startDate', 'endDate', 'unit'], ['timezone', 'startOfWeek'], dateDiff)],
  ['$dateTrunc', named(['date', 'unit'], ['binSize', 'timezone', 'startOfWeek'], dateTrunc)],
];

/** The instant, in ms, of a date or of the values that carry one. */
function instantOf(value: unknown): number {
  if (value instanceof Date) return value.getTime();
  if (value instanceof ObjectId) return value.getTimestamp().getTime();
  if (value instanceof Timestamp) return value.getHighBitsUnsigned() * 1000;
  throw new MongoError(16006, `can't convert from BSON type ${kindOf(value)} to Date`);
}

/** The zone of an argument; null where the argument is null, which makes the whole expression null. */
function zone(name: unknown, given: boolean): Zone | null {
  if (!given) return zoneOf('UTC');
  if (nullish(name)) return null;
  if (typeof name !== 'string')
    throw new MongoError(40517, `timezone must evaluate to a string, found ${kindOf(name)}`);
  return zoneOf(name);
}

function zoneIn(values: Doc): Zone | null {
  return zone(values['timezone'], 'timezone' in values);
}

function dateOf(instant: number): Date {
  const date = new Date(instant);
  if (Number.isNaN(date.getTime())) throw new MongoError('Overflow', 'date overflow');
  return date;
}

function part(pick: (parts: Parts) => unknown): Operator {
  return (operand, compile, name) => {
    const spec = Array.isArray(operand) ? (operand as unknown[])[0] : operand;
    if (Array.isArray(operand) && operand.length !== 1) {
      throw new MongoError(
        40536,
        `${name} accepts exactly one argument if given an array, but was given ${operand.length}`,
      );
    }
    if (!isDoc(spec) || Object.keys(spec)[0]?.startsWith('$')) {
      const date = compile(spec);
      return (doc) => {
        const value = date(doc);
        return nullish(value) ? null : pick(partsOf(instantOf(value)));
      };
    }
    const fields = namedOperand(spec, name, ['date'], ['timezone']);
    const date = compile(fields['date']);
    const place: Evaluate = compile(fields['timezone'] ?? 'UTC');
    return (doc) => {
      const value = date(doc);
      const where = zone(place(doc), true);
      return nullish(value) || !where ? null : pick(partsOf(toLocal(instantOf(value), where)));
    };
  };
}

function dateToParts(values: Doc): unknown {
  const where = zoneIn(values);
  const { date, iso8601: iso = false } = values;
  if (nullish(date) || !where || iso === null) return null;
  if (typeof iso !== 'boolean') throw new MongoError(40521, `iso8601 must evaluate to a bool, found ${kindOf(iso)}`);
  const parts = partsOf(toLocal(instantOf(date), where));
  const { hour, minute, second, millisecond } = parts;
  const day = iso
    ? { isoWeekYear: parts.isoYear, isoWeek: parts.isoWeek, isoDayOfWeek: parts.weekday || 7 }
    : { year: parts.year, month: parts.month, day: parts.day };
  return { ...day, hour, minute, second, millisecond };
}

function dateFromParts(values: Doc): unknown {
  const iso = 'isoWeekYear' in values;
  if (!iso && !('year' in values))
    throw new MongoError(40516, "$dateFromParts requires either 'year' or 'isoWeekYear' to be present");
  const where = zoneIn(values);
  let missing = where === null;
  const read = (name: string, standard: number): number => {
    const value = name in values ? values[name] : standard;
    if (nullish(value)) {
      missing = true;
      return standard;
    }
    const whole = isNumeric(value) ? toWhole(value) : null;
    if (whole === null) throw new MongoError(40515, `'${name}' must evaluate to an integer, found ${kindOf(value)}`);
    return Number(whole);
  };
  const millis =
    read('hour', 0) * 3_600_000 + read('minute', 0) * 60_000 + read('second', 0) * 1000 + read('millisecond', 0);
  const year = read(iso ? 'isoWeekYear' : 'year', 1970);
  const local = iso
    ? localOfIso(year, read('isoWeek', 1), read('isoDayOfWeek', 1), millis)
    : localOf(year, read('month', 1), read('day', 1), millis);
  if (missing || !where) return null;
  if (year < 1 || year > 9999)
    throw new MongoError(
      40523,
      `'${iso ? 'isoWeekYear' : 'year'}' must evaluate to an integer in the range 1 to 9999, found ${year}`,
    );
  return dateOf(fromLocal(local, where));
}

function dateToString(operand: unknown, compile: Compile): Evaluate {
  const spec = namedOperand(operand, '$dateToString', ['date'], ['format', 'timezone', 'onNull']);
  const date = compile(spec['date']);
  const format = compile(
    spec['format'] ?? (Object.hasOwn(spec, 'timezone') ? '%Y-%m-%dT%H:%M:%S.%L' : '%Y-%m-%dT%H:%M:%S.%LZ'),
  );
  const place = compile(spec['timezone'] ?? 'UTC');
  const onNull = compile(spec['onNull'] ?? null);
  return (doc) => {
    const pattern = format(doc);
    if (!nullish(pattern) && typeof pattern !== 'string')
      throw new MongoError(18533, `$dateToString requires that 'format' be a string, found: ${kindOf(pattern)}`);
    const value = date(doc);
    if (nullish(value)) return onNull(doc);
    const where = zone(place(doc), true);
    if (nullish(pattern) || !where) return null;
    const instant = instantOf(value);
    return formatDate(partsOf(toLocal(instant, where)), where(instant), pattern);
  };
}

function dateFromString(operand: unknown, compile: Compile): Evaluate {
  const spec = namedOperand(operand, '$dateFromString', ['dateString'], ['format', 'timezone', 'onNull', 'onError']);
  const text = compile(spec['dateString']);
  const format = Object.hasOwn(spec, 'format') ? compile(spec['format']) : null;
  const place = Object.hasOwn(spec, 'timezone') ? compile(spec['timezone']) : null;
  const onNull = compile(spec['onNull'] ?? null);
  const onError = Object.hasOwn(spec, 'onError') ? compile(spec['onError']) : null;
  return (doc) => {
    const value = text(doc);
    const pattern = format ? format(doc) : undefined;
    if (nullish(value)) return onNull(doc);
    if (pattern === null) return null;
    const where = place ? zone(place(doc), true) : zoneOf('UTC');
    if (!where) return null;
    try {
      return dateOf(parseDate(value, pattern, where, place !== null));
    } catch (error) {
      if (onError && error instanceof MongoError && error.codeName === 'ConversionFailure') return onError(doc);
      throw error;
    }
  };
}

function unitOf(unit: unknown): string {
  if (typeof unit !== 'string')
    throw new MongoError(5439013, `requires 'unit' to be a string, but got ${kindOf(unit)}`);
  return unit;
}

function shift(name: string, sign: 1 | -1, values: Doc): unknown {
  const where = zoneIn(values);
  const { startDate, unit, amount } = values;
  if (nullish(startDate) || nullish(unit) || nullish(amount) || !where) return null;
  const whole = isNumeric(amount) ? toWhole(amount) : null;
  if (whole === null) throw new MongoError(5166405, `${name} expects integer amount of time units`);
  return dateOf(addUnits(instantOf(startDate), unitOf(unit), sign * Number(whole), where));
}

function weekStart(values: Doc): number {
  const name = values['startOfWeek'] ?? 'sunday';
  if (typeof name !== 'string')
    throw new MongoError(5439015, `requires 'startOfWeek' to be a string, but got ${kindOf(name)}`);
  return weekdayOf(name);
}

function dateDiff(values: Doc): unknown {
  const where = zoneIn(values);
  const { startDate, endDate, unit } = values;
  if (nullish(startDate) || nullish(endDate) || nullish(unit) || !where) return null;
  return Long.fromNumber(countUnits(instantOf(startDate), instantOf(endDate), unitOf(unit), where, weekStart(values)));
}

function dateTrunc(values: Doc): unknown {
  const where = zoneIn(values);
  const { date, unit } = values;
  const size = 'binSize' in values ? values['binSize'] : 1;
  if (nullish(date) || nullish(unit) || nullish(size) || !where) return null;
  const whole = isNumeric(size) ? toWhole(size) : null;
  if (whole === null)
    throw new MongoError(
      5439017,
      `$dateTrunc requires 'binSize' to be a 64-bit integer, but got value of type ${kindOf(size)}`,
    );
  if (whole <= 0n)
    throw new MongoError(
      5439018,
      `$dateTrunc requires 'binSize' to be greater than 0, but got value ${toNumber(size)}`,
    );
  return dateOf(truncate(instantOf(date), unitOf(unit), Number(whole), where, weekStart(values)));
}
