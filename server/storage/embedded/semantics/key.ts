import {
  type Binary,
  type BSONRegExp,
  BSONSymbol,
  type Code,
  type Decimal128,
  Double,
  Long,
  ObjectId,
  Timestamp,
} from 'bson';
import { compareDecimals, type Decimal, fromDecimal128, fromDouble } from './decimal.ts';
import { rankOf } from './compare.ts';
import { binaryParts, type Doc, kindOf, regexParts, toNumber } from './values.ts';

/** The longest key in bytes: under LMDB's 1978, with room for what the store appends. */
export const KEY_LIMIT = 1900;

/** A key and whether it is the whole of it. */
export interface Key {
  readonly key: Uint8Array;
  /** False: the values were too long, `key` is their first `KEY_LIMIT` bytes, and only the values themselves tell two such apart. */
  readonly exact: boolean;
}

const ESCAPED_ZERO = 0xff;
/** What follows the eight bytes of a double: the number is that double, or lies beyond it and its digits follow. */
const WHOLE = 0;
const DIGITS_FOLLOW = 1;

let scratch = Buffer.allocUnsafeSlow(4096);
let at = 0;

/**
 * Writes values as bytes whose memcmp order is `compareValues` order, each with its direction; equal bytes mean equal values.
 * No key is the beginning of another, so a store may append what it likes. The key of some leading values is the beginning of the
 * key of all of them, which makes it the bound of a range over a compound index.
 */
export function encodeKey(values: readonly unknown[], directions: readonly (1 | -1)[]): Key {
  at = 0;
  for (let index = 0; index < values.length; index++) {
    const start = at;
    writeTyped(values[index]);
    if (directions[index] === -1) invert(start);
  }
  const exact = at <= KEY_LIMIT;
  const length = exact ? at : KEY_LIMIT;
  const key = Buffer.allocUnsafe(length);
  scratch.copy(key, 0, 0, length);
  if (scratch.length > 1 << 20) scratch = Buffer.allocUnsafeSlow(4096);
  return { key, exact };
}

/** A string that is the same for equal values and for no others, of any length: what sets, groups and joins go by. */
export function hashOf(value: unknown): string {
  if (typeof value === 'string') return `s${value}`;
  if (value instanceof ObjectId) return `o${value.toHexString()}`;
  if (typeof value === 'number') return `n${value === 0 ? 0 : value}`;
  if (
    value instanceof Long &&
    !(value instanceof Timestamp) &&
    value.lessThanOrEqual(SAFE) &&
    value.greaterThanOrEqual(-SAFE)
  ) {
    return `n${value.toNumber()}`;
  }
  if (value instanceof Double) return `n${value.value === 0 ? 0 : value.value}`;
  at = 0;
  writeTyped(value);
  if (scratch[0] === NUMBER_RANK && at === 10) {
    const plain = toNumber(value);
    const whole = plain < 0 ? 0xff : WHOLE;
    if (Number.isNaN(plain) || scratch[9] === whole) return `n${plain === 0 ? 0 : plain}`;
  }
  if (value instanceof BSONSymbol) return `s${value.value}`;
  return `k${scratch.toString('latin1', 0, at)}`;
}

const SAFE = Number.MAX_SAFE_INTEGER;
const NUMBER_RANK = 4;

function reserve(count: number): void {
  if (at + count <= scratch.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, at + count));
  scratch.copy(larger, 0, 0, at);
  scratch = larger;
}

function writeByte(byte: number): void {
  reserve(1);
  scratch[at++] = byte;
}

function invert(start: number): void {
  for (let index = start; index < at; index++) scratch[index] = ~(scratch[index] as number);
}

function writeTyped(value: unknown): void {
  writeByte(rankOf(value));
  writeBody(value);
}

function writeBody(value: unknown): void {
  if (typeof value === 'string') {
    writeText(value);
    return;
  }
  if (typeof value === 'number') {
    writeDouble(value, true);
    return;
  }
  switch (kindOf(value)) {
    case 'int':
    case 'double':
      writeDouble(toNumber(value), true);
      return;
    case 'long':
      writeLong(typeof value === 'bigint' ? value : (value as Long).toBigInt());
      return;
    case 'decimal':
      writeDecimal(fromDecimal128(value as Decimal128));
      return;
    case 'symbol':
      writeText((value as BSONSymbol).value);
      return;
    case 'object':
      writeDoc(value as Doc);
      return;
    case 'array':
      for (const item of value as unknown[]) writeTyped(item);
      writeByte(0);
      return;
    case 'binData':
      writeBinary(value as Binary);
      return;
    case 'objectId': {
      reserve(12);
      const { id } = value as ObjectId;
      for (let index = 0; index < 12; index++) scratch[at++] = id[index] as number;
      return;
    }
    case 'bool':
      writeByte(value === true ? 1 : 0);
      return;
    case 'date':
      writeInt64(BigInt((value as Date).getTime()) ^ (1n << 63n));
      return;
    case 'timestamp':
      writeInt64((value as Long).toBigInt());
      return;
    case 'regex': {
      const { pattern, options } = regexParts(value as BSONRegExp);
      writeText(pattern);
      writeText(options);
      return;
    }
    case 'javascript':
      writeText((value as Code).code);
      return;
    case 'javascriptWithScope':
      writeText((value as Code).code);
      writeDoc((value as Code).scope ?? {});
      return;
    default:
  }
}

function writeDoc(doc: Doc): void {
  for (const name of Object.keys(doc)) {
    const value = doc[name];
    if (value === undefined) continue;
    // MongoDB compares the type first, then the name, then the value.
    writeByte(rankOf(value));
    writeText(name);
    writeBody(value);
  }
  writeByte(0);
}

function writeText(text: string): void {
  reserve(text.length * 3 + 2);
  let index = 0;
  for (; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code === 0 || code > 127) break;
    scratch[at++] = code;
  }
  if (index < text.length) {
    const rest = Buffer.from(text.slice(index), 'utf8');
    for (const byte of rest) {
      reserve(4);
      scratch[at++] = byte;
      if (byte === 0) scratch[at++] = ESCAPED_ZERO;
    }
  }
  reserve(2);
  scratch[at++] = 0;
  scratch[at++] = 0;
}

function writeBinary(value: Binary | Uint8Array): void {
  const { bytes, subtype } = binaryParts(value);
  reserve(5 + bytes.length);
  at = scratch.writeUInt32BE(bytes.length, at);
  scratch[at++] = subtype;
  scratch.set(bytes, at);
  at += bytes.length;
}

function writeInt64(value: bigint): void {
  reserve(8);
  at = scratch.writeBigUInt64BE(BigInt.asUintN(64, value), at);
}

/** The double's bits turned so that they sort as it does; NaN is below all. */
function writeDouble(value: number, whole: boolean): void {
  reserve(9);
  const start = at;
  if (Number.isNaN(value)) {
    scratch.fill(0, at, at + 9);
    at += 9;
    return;
  }
  at = scratch.writeDoubleBE(value === 0 ? 0 : value, at);
  scratch[at++] = whole ? WHOLE : DIGITS_FOLLOW;
  if (value < 0) {
    if (whole) invert(start);
  } else scratch[start] = (scratch[start] as number) ^ 0x80;
}

function writeLong(value: bigint): void {
  const rounded = Number(value);
  if (BigInt(rounded) === value) writeDouble(rounded, true);
  else writeDecimal({ coefficient: value, exponent: 0 });
}

/**
 * A number that is no double: the largest double not above its amount, then its own decimal digits. Among numbers with the same
 * double the digits decide, and the double itself, with nothing after it, stands before them all. Negative ones are mirrored.
 */
function writeDecimal(value: Decimal): void {
  if (typeof value === 'string') {
    writeDouble(Number(value), true);
    return;
  }
  const negative = value.coefficient < 0n;
  const amount = { coefficient: negative ? -value.coefficient : value.coefficient, exponent: value.exponent };
  if (value.coefficient === 0n) {
    writeDouble(0, true);
    return;
  }
  let near = Number(`${amount.coefficient}e${amount.exponent}`);
  let order = compareDecimals(fromDouble(near), amount);
  if (order > 0) {
    near = below(near);
    order = -1;
  }
  if (order === 0) {
    writeDouble(negative ? -near : near, true);
    return;
  }
  const start = at;
  writeDouble(near, false);
  writeDigits(amount.coefficient, amount.exponent);
  if (negative) invert(start);
}

/** The power of ten of the first digit, then the digits without trailing zeros. */
function writeDigits(coefficient: bigint, exponent: number): void {
  const digits = String(coefficient);
  const significant = digits.replace(/0+$/, '');
  reserve(3 + significant.length);
  at = scratch.writeUInt16BE(digits.length + exponent + 0x8000, at);
  at += scratch.write(significant, at, 'latin1');
  scratch[at++] = 0;
}

/** The next double below a positive one. */
function below(value: number): number {
  if (value === Number.POSITIVE_INFINITY) return Number.MAX_VALUE;
  const bits = Buffer.alloc(8);
  bits.writeDoubleBE(value);
  bits.writeBigUInt64BE(bits.readBigUInt64BE() - 1n);
  return bits.readDoubleBE();
}
