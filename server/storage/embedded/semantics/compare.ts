import { type Binary, type BSONRegExp, type BSONSymbol, type Code, Decimal128, type Long, type ObjectId } from 'bson';
import { compareDecimals, type Decimal, fromDecimal128, fromDouble } from './decimal.ts';
import { binaryParts, type Doc, type Kind, kindOf, regexParts, toNumber } from './values.ts';

/** The place of each type in MongoDB's order; types of one place are compared by value. */
const RANKS: Readonly<Record<Kind, number>> = {
  minKey: 1,
  missing: 2,
  undefined: 2,
  null: 3,
  int: 4,
  long: 4,
  double: 4,
  decimal: 4,
  string: 5,
  symbol: 5,
  object: 6,
  array: 7,
  binData: 8,
  objectId: 9,
  bool: 10,
  date: 11,
  timestamp: 12,
  regex: 13,
  javascript: 14,
  javascriptWithScope: 15,
  maxKey: 16,
};

/** The place of the value's type in MongoDB's order: equal for types that are compared with one another by value. */
export function rankOf(value: unknown): number {
  return RANKS[kindOf(value)];
}

/**
 * Orders two values as MongoDB does: by type, then by value, numbers of every width by what they are worth.
 * What is missing stands below null. A total order: 0 means equal, and equal values have equal index keys.
 */
export function compareValues(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return compareDoubles(a, b);
  if (typeof a === 'string' && typeof b === 'string') return compareText(a, b);
  const kindA = kindOf(a);
  const kindB = kindOf(b);
  const rank = RANKS[kindA];
  if (rank !== RANKS[kindB]) return rank < RANKS[kindB] ? -1 : 1;
  switch (kindA) {
    case 'int':
    case 'long':
    case 'double':
    case 'decimal':
      return compareNumbers(a, b, kindA, kindB);
    case 'string':
    case 'symbol':
      return compareText(text(a), text(b));
    case 'object':
      return compareDocs(a as Doc, b as Doc);
    case 'array':
      return compareArrays(a as unknown[], b as unknown[]);
    case 'binData':
      return compareBinaries(a as Binary, b as Binary);
    case 'objectId':
      return compareBytes((a as ObjectId).id, (b as ObjectId).id);
    case 'bool':
      return Number(a) - Number(b);
    case 'date':
      return Math.sign((a as Date).getTime() - (b as Date).getTime());
    case 'timestamp':
      return (a as Long).compare(b as Long);
    case 'regex':
      return compareRegexes(a as BSONRegExp, b as BSONRegExp);
    case 'javascript':
      return compareText((a as Code).code, (b as Code).code);
    case 'javascriptWithScope':
      return (
        compareText((a as Code).code, (b as Code).code) || compareDocs((a as Code).scope ?? {}, (b as Code).scope ?? {})
      );
    default:
      return 0;
  }
}

/** Whether MongoDB takes the two for the same value. */
export function equalValues(a: unknown, b: unknown): boolean {
  return compareValues(a, b) === 0;
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : (value as BSONSymbol).value;
}

function compareDoubles(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  if (a === b) return 0;
  return Number(Number.isNaN(b)) - Number(Number.isNaN(a));
}

function compareNumbers(a: unknown, b: unknown, kindA: Kind, kindB: Kind): number {
  if (kindA === 'decimal' || kindB === 'decimal') return compareDecimals(exact(a, kindA), exact(b, kindB));
  if (kindA === 'long' || kindB === 'long') {
    const left = toNumber(a);
    const right = toNumber(b);
    // Rounding keeps order, so only what rounds to the same double needs the exact values.
    if (left !== right) return compareDoubles(left, right);
    return compareDecimals(exact(a, kindA), exact(b, kindB));
  }
  return compareDoubles(toNumber(a), toNumber(b));
}

function exact(value: unknown, kind: Kind): Decimal {
  if (value instanceof Decimal128) return fromDecimal128(value);
  if (kind !== 'long') return fromDouble(toNumber(value));
  return { coefficient: typeof value === 'bigint' ? value : (value as Long).toBigInt(), exponent: 0 };
}

/** By code point, which is the order of the UTF-8 bytes; JavaScript's own `<` goes by UTF-16 units. */
function compareText(a: string, b: string): number {
  if (a === b) return 0;
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const left = a.charCodeAt(index);
    const right = b.charCodeAt(index);
    if (left !== right) {
      const highLeft = left >= 0xd800 && left <= 0xdfff;
      const highRight = right >= 0xd800 && right <= 0xdfff;
      if (highLeft !== highRight) return highLeft ? 1 : -1;
      return left < right ? -1 : 1;
    }
  }
  return Math.sign(a.length - b.length);
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  return Buffer.compare(a, b);
}

function compareDocs(a: Doc, b: Doc): number {
  const namesA = Object.keys(a);
  const namesB = Object.keys(b);
  const length = Math.min(namesA.length, namesB.length);
  for (let index = 0; index < length; index++) {
    const nameA = namesA[index] as string;
    const nameB = namesB[index] as string;
    const left = a[nameA];
    const right = b[nameB];
    const order = rankOf(left) - rankOf(right) || compareText(nameA, nameB) || compareValues(left, right);
    if (order !== 0) return order < 0 ? -1 : 1;
  }
  return Math.sign(namesA.length - namesB.length);
}

function compareArrays(a: readonly unknown[], b: readonly unknown[]): number {
  const length = Math.min(a.length, b.length);
  for (let index = 0; index < length; index++) {
    const order = compareValues(a[index], b[index]);
    if (order !== 0) return order;
  }
  return Math.sign(a.length - b.length);
}

function compareBinaries(a: Binary | Uint8Array, b: Binary | Uint8Array): number {
  const left = binaryParts(a);
  const right = binaryParts(b);
  return (
    Math.sign(left.bytes.length - right.bytes.length) ||
    Math.sign(left.subtype - right.subtype) ||
    compareBytes(left.bytes, right.bytes)
  );
}

function compareRegexes(a: BSONRegExp | RegExp, b: BSONRegExp | RegExp): number {
  const left = regexParts(a);
  const right = regexParts(b);
  return compareText(left.pattern, right.pattern) || compareText(left.options, right.options);
}
