import { Binary, BSONRegExp, BSONSymbol, Code, Decimal128, Double, Int32, Long, MaxKey, MinKey, Timestamp } from 'bson';
import { ObjectId } from 'bson';

import { MongoError } from '../errors.ts';

/**
 * A decoded document. Values are what `decode` makes of BSON:
 * - a whole `number` in the int32 range (but -0) is an Int32, every other `number` is a Double;
 * - a Double that would read as an Int32 (1.0) is an instance of `Double`, a 64-bit integer always one of `Long`;
 * - strings, booleans, `null`, `Date`, arrays and plain objects are themselves, all else are instances of `bson` classes.
 * `undefined` stands for a field that is not there. Names that are whole numbers (`{ b: 1, '0': 2 }`) come first, as in any JavaScript
 * object, so their place among the others is not kept; Node's driver has that limit too.
 */
export type Doc = Record<string, unknown>;

/** MongoDB's names for the types (the aliases of `$type`), and `missing` for what is not there. */
export type Kind =
  | 'missing'
  | 'minKey'
  | 'undefined'
  | 'null'
  | 'int'
  | 'long'
  | 'double'
  | 'decimal'
  | 'string'
  | 'symbol'
  | 'object'
  | 'array'
  | 'binData'
  | 'objectId'
  | 'bool'
  | 'date'
  | 'timestamp'
  | 'regex'
  | 'javascript'
  | 'javascriptWithScope'
  | 'maxKey';

/** The BSON type numbers, as `$type` accepts them. */
export const TYPE_NUMBERS: ReadonlyMap<Kind | 'dbPointer', number> = new Map([
  ['double', 1],
  ['string', 2],
  ['object', 3],
  ['array', 4],
  ['binData', 5],
  ['undefined', 6],
  ['objectId', 7],
  ['bool', 8],
  ['date', 9],
  ['null', 10],
  ['regex', 11],
  ['dbPointer', 12],
  ['javascript', 13],
  ['symbol', 14],
  ['javascriptWithScope', 15],
  ['int', 16],
  ['timestamp', 17],
  ['long', 18],
  ['decimal', 19],
  ['minKey', -1],
  ['maxKey', 127],
]);

/**
 * What an empty array is to indexes and sorts: MongoDB's deprecated type `undefined`, which sorts below null. It exists in keys only,
 * never in a document.
 */
export const UNDEFINED: unique symbol = Symbol('bson undefined');

const INT_MIN = -0x80000000;
const INT_MAX = 0x7fffffff;

/** Whether this plain number is an Int32 by the rule of `Doc`. */
export function isInt32(value: number): boolean {
  return value === (value | 0) && (value !== 0 || Object.is(value, 0));
}

/** The Double of this value in the form that `Doc` prescribes. */
export function double(value: number): number | Double {
  return isInt32(value) ? new Double(value) : value;
}

/** The Int32 or, where it does not fit, the Long of this whole number. */
export function integer(value: bigint | number): number | Long {
  if (value >= INT_MIN && value <= INT_MAX) return Number(value);
  return typeof value === 'bigint' ? Long.fromBigInt(value) : Long.fromNumber(value);
}

/** Whether this is an embedded document, and no array, date or instance of a `bson` class. */
export function isDoc(value: unknown): value is Doc {
  if (typeof value !== 'object' || value === null) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === Object.prototype || proto === null;
}

/** The field's own value, and `undefined` where the document lacks it, whatever its name (`constructor`, `__proto__`). */
export function field(doc: Doc, name: string): unknown {
  const value = doc[name];
  if (value === undefined) return undefined;
  if (typeof value === 'function' || name === '__proto__') return Object.hasOwn(doc, name) ? value : undefined;
  return value;
}

/** Sets the field, also one called `__proto__`. */
export function setField(doc: Doc, name: string, value: unknown): void {
  if (name === '__proto__') {
    Object.defineProperty(doc, name, { value, writable: true, enumerable: true, configurable: true });
  } else doc[name] = value;
}

/** The type of a value. */
export function kindOf(value: unknown): Kind {
  switch (typeof value) {
    case 'undefined':
      return 'missing';
    case 'string':
      return 'string';
    case 'number':
      return isInt32(value) ? 'int' : 'double';
    case 'boolean':
      return 'bool';
    case 'symbol':
      return 'undefined';
    case 'bigint':
      return 'long';
    default:
  }
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (isDoc(value)) return 'object';
  if (value instanceof ObjectId) return 'objectId';
  if (value instanceof Date) return 'date';
  if (value instanceof Timestamp) return 'timestamp';
  if (value instanceof Long) return 'long';
  if (value instanceof Double) return 'double';
  if (value instanceof Int32) return 'int';
  if (value instanceof Decimal128) return 'decimal';
  if (value instanceof Binary || value instanceof Uint8Array) return 'binData';
  if (value instanceof BSONRegExp || value instanceof RegExp) return 'regex';
  if (value instanceof Code) return value.scope ? 'javascriptWithScope' : 'javascript';
  if (value instanceof BSONSymbol) return 'symbol';
  if (value instanceof MinKey) return 'minKey';
  if (value instanceof MaxKey) return 'maxKey';
  throw new MongoError(
    'BadValue',
    'a value is of a class that is no BSON type, or of another copy of the bson package',
  );
}

/** Whether the value is of one of the four numeric types. */
export function isNumeric(value: unknown): boolean {
  if (typeof value === 'number') return true;
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint';
  return (
    (value instanceof Long && !(value instanceof Timestamp)) ||
    value instanceof Double ||
    value instanceof Decimal128 ||
    value instanceof Int32
  );
}

/** The value as a plain number, rounded where a Long or a Decimal128 does not fit; NaN for what is no number. */
export function toNumber(value: unknown): number {
  if (typeof value === 'number') return value;
  if (value instanceof Timestamp) return Number.NaN;
  if (value instanceof Long) return value.toNumber();
  if (value instanceof Double || value instanceof Int32) return value.value;
  if (value instanceof Decimal128) return Number(value.toString());
  return typeof value === 'bigint' ? Number(value) : Number.NaN;
}

/** The whole number that a numeric value is, or null where it is not whole, not finite or no number. */
export function toWhole(value: unknown): bigint | null {
  if (value instanceof Long && !(value instanceof Timestamp)) return value.toBigInt();
  const plain = toNumber(value);
  if (!Number.isInteger(plain)) return null;
  if (value instanceof Decimal128 && Math.abs(plain) > Number.MAX_SAFE_INTEGER) {
    const digits = value.toString();
    return /^-?\d+$/.test(digits) ? BigInt(digits) : BigInt(plain);
  }
  return BigInt(plain);
}

/** MongoDB's reading of a value as a boolean: only false, null, missing and every zero are false. */
export function truthy(value: unknown): boolean {
  if (value === undefined || value === null || value === false) return false;
  if (typeof value === 'number') return value !== 0;
  if (typeof value === 'symbol') return false;
  return isNumeric(value) ? toNumber(value) !== 0 || Number.isNaN(toNumber(value)) : true;
}

/** A copy that shares no array, sub-document or date with the original. */
export function clone<T>(value: T): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((item: unknown) => clone(item)) as T;
  if (isDoc(value)) {
    const copy: Doc = {};
    for (const name of Object.keys(value)) setField(copy, name, clone(value[name]));
    return copy as T;
  }
  return value instanceof Date ? (new Date(value.getTime()) as T) : value;
}

/** The value as MongoDB's messages print it: `"x"`, `ObjectId('...')`, `{ a: 1 }`. */
export function formatValue(value: unknown): string {
  return brief(value, 0);
}

function brief(value: unknown, depth: number): string {
  switch (kindOf(value)) {
    case 'string':
      return JSON.stringify(value);
    case 'objectId':
      return `ObjectId('${String(value)}')`;
    case 'date':
      return `new Date(${(value as Date).getTime()})`;
    case 'object': {
      if (depth > 4) return '{ ... }';
      const fields = Object.entries(value as Doc).map(([name, item]) => `${name}: ${brief(item, depth + 1)}`);
      return fields.length > 0 ? `{ ${fields.join(', ')} }` : '{}';
    }
    case 'array':
      if (depth > 4) return '[ ... ]';
      return `[ ${(value as unknown[]).map((item) => brief(item, depth + 1)).join(', ')} ]`;
    case 'double': {
      const plain = toNumber(value);
      return Number.isInteger(plain) && Math.abs(plain) < 1e15 ? plain.toFixed(1) : String(plain);
    }
    case 'regex': {
      const { pattern, options } = regexParts(value as BSONRegExp | RegExp);
      return `/${pattern}/${options}`;
    }
    case 'decimal':
      return `Decimal128('${String(value)}')`;
    case 'minKey':
      return 'MinKey';
    case 'maxKey':
      return 'MaxKey';
    case 'missing':
      return 'MISSING';
    default:
      return String(value);
  }
}

/** Pattern and options of a regular expression in either form. */
export function regexParts(value: BSONRegExp | RegExp): { pattern: string; options: string } {
  if (value instanceof RegExp) {
    return {
      pattern: value.source,
      options: Array.from(value.flags)
        .filter((flag) => 'ims'.includes(flag))
        .join(''),
    };
  }
  return { pattern: value.pattern, options: value.options };
}

/** Bytes and subtype of a binary value in either form. */
export function binaryParts(value: Binary | Uint8Array): { bytes: Uint8Array; subtype: number } {
  if (value instanceof Uint8Array) return { bytes: value, subtype: 0 };
  return { bytes: value.buffer.subarray(0, value.position), subtype: value.sub_type };
}
