import { BSONRegExp, BSONSymbol, ObjectId } from 'bson';
import { MongoError } from '../errors.ts';
import { compareValues, rankOf } from './compare.ts';
import type { Test } from './filter-path.ts';
import { hashOf } from './key.ts';
import { toRegExp } from './regex.ts';
import {
  binaryParts,
  type Doc,
  isDoc,
  isNumeric,
  type Kind,
  kindOf,
  formatValue,
  toNumber,
  toWhole,
  TYPE_NUMBERS,
} from './values.ts';

/** Whether the value is a regular expression in either form. */
export function isRegex(value: unknown): value is BSONRegExp | RegExp {
  return value instanceof BSONRegExp || value instanceof RegExp;
}

/** Equality as in `{ a: value }`; null also matches what is missing. */
export function equalTest(operand: unknown): Test {
  if (operand === null) return (value) => value === null || value === undefined;
  if (typeof operand === 'string') {
    return (value) => (typeof value === 'string' ? value === operand : compareValues(value, operand) === 0);
  }
  if (typeof operand === 'number' && !Number.isNaN(operand)) {
    return (value) => (typeof value === 'number' ? value === operand : compareValues(value, operand) === 0);
  }
  if (typeof operand === 'boolean') return (value) => value === operand;
  if (operand instanceof ObjectId) {
    const { id } = operand;
    return (value) => value instanceof ObjectId && Buffer.compare(value.id, id) === 0;
  }
  return (value) => value !== undefined && compareValues(value, operand) === 0;
}

/** The four range operators. */
export type Comparison = '$gt' | '$gte' | '$lt' | '$lte';

/** A range test: only values of the operand's own place in the order are compared, and NaN only equals itself. */
export function rangeTest(operator: Comparison, operand: unknown): Test {
  const inclusive = operator === '$gte' || operator === '$lte';
  const upward = operator === '$gt' || operator === '$gte';
  const kind = kindOf(operand);
  if (kind === 'null') return (value) => inclusive && (value === null || value === undefined);
  if (kind === 'minKey') return (value) => (kindOf(value) === 'minKey' ? inclusive : upward);
  if (kind === 'maxKey') return (value) => (kindOf(value) === 'maxKey' ? inclusive : !upward);
  if (isNumeric(operand) && Number.isNaN(toNumber(operand))) {
    return (value) => inclusive && isNumeric(value) && Number.isNaN(toNumber(value));
  }
  const accepts = acceptor(inclusive, upward);
  if (typeof operand === 'number') {
    return (value) => {
      if (typeof value === 'number') return accepts(value - operand);
      return isNumeric(value) && !Number.isNaN(toNumber(value)) && accepts(compareValues(value, operand));
    };
  }
  const rank = rankOf(operand);
  return (value) =>
    value !== undefined &&
    rankOf(value) === rank &&
    !(isNumeric(value) && Number.isNaN(toNumber(value))) &&
    accepts(compareValues(value, operand));
}

function acceptor(inclusive: boolean, upward: boolean): (order: number) => boolean {
  if (upward) return inclusive ? (order) => order >= 0 : (order) => order > 0;
  return inclusive ? (order) => order <= 0 : (order) => order < 0;
}

/** Membership, by hash: its cost does not grow with the list. Regular expressions in the list match as such. */
export function inTest(operator: string, operand: unknown): Test {
  if (!Array.isArray(operand)) throw new MongoError('BadValue', `${operator} needs an array`);
  const hashes = new Set<string>();
  const patterns: Test[] = [];
  let missing = false;
  for (const item of operand as unknown[]) {
    if (isRegex(item)) patterns.push(regexTest(item));
    else if (isDoc(item) && Object.keys(item)[0]?.startsWith('$') && !isReference(item)) {
      throw new MongoError('BadValue', `cannot nest $ under ${operator}`);
    } else if (item === null) missing = true;
    else hashes.add(hashOf(item));
  }
  return (value) => {
    if (value === undefined || value === null) return missing;
    return hashes.has(hashOf(value)) || patterns.some((test) => test(value));
  };
}

/** Whether a document is a database reference, whose names begin with `$` without being operators. */
export function isReference(value: Doc): boolean {
  const first = Object.keys(value)[0];
  return first === '$ref' || first === '$id' || first === '$db';
}

/** A match of strings by pattern, and of the same expression stored as a value. */
export function regexTest(operand: BSONRegExp | RegExp): Test {
  const regex = toRegExp(operand);
  return (value) => {
    if (typeof value === 'string') return regex.test(value);
    if (typeof value !== 'object') return false;
    const kind = kindOf(value);
    if (kind === 'regex') return compareValues(value, operand) === 0;
    return value instanceof BSONSymbol && regex.test(value.value);
  };
}

/** `$type`, by alias or number, one or several; `number` stands for all four numeric types. */
export function typeTest(operand: unknown): Test {
  const wanted = new Set<string>();
  const list: readonly unknown[] = Array.isArray(operand) ? operand : [operand];
  if (list.length === 0) throw new MongoError('FailedToParse', 'a must match at least one type');
  for (const item of list) for (const kind of kindsOf(item)) wanted.add(kind);
  return (value) => wanted.has(kindOf(value));
}

function kindsOf(item: unknown): readonly string[] {
  if (typeof item === 'string') {
    if (item === 'number') return ['int', 'long', 'double', 'decimal'];
    if (!TYPE_NUMBERS.has(item as Kind)) throw new MongoError('BadValue', `Unknown type name alias: ${item}`);
    return [item];
  }
  if (!isNumeric(item)) throw new MongoError('TypeMismatch', 'type must be represented as a number or a string');
  const number = toNumber(item);
  for (const [kind, code] of TYPE_NUMBERS) if (code === number) return [kind];
  throw new MongoError('BadValue', `Invalid numerical type code: ${formatValue(item)}`);
}

/** `$size`: the length of an array. */
export function sizeTest(operand: unknown): Test {
  if (!isNumeric(operand)) {
    throw new MongoError('BadValue', `Failed to parse $size. Expected a number in: $size: ${formatValue(operand)}`);
  }
  const size = toWhole(operand);
  if (size === null)
    throw new MongoError('BadValue', `Failed to parse $size. Expected an integer: $size: ${formatValue(operand)}`);
  if (size < 0n) {
    throw new MongoError(
      'BadValue',
      `Failed to parse $size. Expected a non-negative number in: $size: ${formatValue(operand)}`,
    );
  }
  return (value) => Array.isArray(value) && value.length === Number(size);
}

/** `$mod`: `[divisor, remainder]`, on numbers cut to their whole part. */
export function modTest(operand: unknown): Test {
  if (!Array.isArray(operand)) throw new MongoError('BadValue', 'malformed mod, needs to be an array');
  if (operand.length < 2) throw new MongoError('BadValue', 'malformed mod, not enough elements');
  if (operand.length > 2) throw new MongoError('BadValue', 'malformed mod, too many elements');
  const divisor = whole(operand[0], 'divisor');
  const remainder = whole(operand[1], 'remainder');
  if (divisor === 0n) throw new MongoError('BadValue', 'divisor cannot be 0');
  return (value) => {
    if (!isNumeric(value)) return false;
    const number = cut(value);
    return number !== null && number % divisor === remainder;
  };
}

function whole(value: unknown, name: string): bigint {
  if (!isNumeric(value)) throw new MongoError('BadValue', `malformed mod, ${name} not a number`);
  const number = cut(value);
  if (number === null) throw new MongoError('BadValue', `malformed mod, ${name} value is invalid`);
  return number;
}

function cut(value: unknown): bigint | null {
  const exact = toWhole(value);
  if (exact !== null) return exact;
  const number = Math.trunc(toNumber(value));
  return Number.isFinite(number) ? BigInt(number) : null;
}

/** The four tests of single bits. */
export type BitOperator = '$bitsAllSet' | '$bitsAllClear' | '$bitsAnySet' | '$bitsAnyClear';

/** Tests bits of whole numbers and binary values; the operand is a mask, a list of positions or binary. */
export function bitsTest(operator: BitOperator, operand: unknown): Test {
  const mask = bitMask(operator, operand);
  return (value) => {
    const bits = bitsOf(value);
    if (bits === null) return false;
    switch (operator) {
      case '$bitsAllSet':
        return (bits & mask) === mask;
      case '$bitsAllClear':
        return (bits & mask) === 0n;
      case '$bitsAnySet':
        return (bits & mask) !== 0n;
      default:
        return (bits & mask) !== mask;
    }
  };
}

function bitMask(operator: string, operand: unknown): bigint {
  if (Array.isArray(operand)) {
    let mask = 0n;
    for (const item of operand as unknown[]) {
      const position = toWhole(item);
      if (position === null || position < 0n || position > 0x7fffffffn) {
        throw new MongoError('BadValue', `${operator} takes an array of non-negative whole numbers`);
      }
      mask |= 1n << (position > 4096n ? 4096n : position);
    }
    return mask;
  }
  const bits = kindOf(operand) === 'binData' ? bitsOf(operand) : toWhole(operand);
  if (bits === null || bits < 0n) {
    throw new MongoError(
      'BadValue',
      `${operator} takes an Array, a number, or a BinData but received: ${formatValue(operand)}`,
    );
  }
  return bits;
}

/** The bits of a number in two's complement without end, of binary with its first byte lowest. */
function bitsOf(value: unknown): bigint | null {
  if (kindOf(value) === 'binData') {
    let bits = 0n;
    for (const byte of [...binaryParts(value as Uint8Array).bytes].reverse()) bits = (bits << 8n) | BigInt(byte);
    return bits;
  }
  if (!isNumeric(value)) return null;
  const number = toWhole(value);
  return number !== null && number >= -(1n << 63n) && number < 1n << 63n ? number : null;
}
