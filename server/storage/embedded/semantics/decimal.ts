import { Decimal128 } from 'bson';

/** A finite decimal number, `coefficient * 10 ^ exponent`, or one of the three that are not finite. */
export type Decimal = { readonly coefficient: bigint; readonly exponent: number } | 'NaN' | 'Infinity' | '-Infinity';

/** IEEE 754-2008 decimal128: 34 digits, and the exponents of a coefficient of 34 digits. */
const DIGITS = 34;
const EXPONENT_MIN = -6176;
const EXPONENT_MAX = 6111;
const LARGEST = 10n ** BigInt(DIGITS) - 1n;

/** Reads a Decimal128 exactly; the sign of a zero is lost, which no comparison and no sum needs. */
export function fromDecimal128(value: Decimal128): Decimal {
  const { bytes } = value;
  const view = new DataView(bytes.buffer, bytes.byteOffset, 16);
  const high = view.getBigUint64(8, true);
  const low = view.getBigUint64(0, true);
  const negative = high >> 63n === 1n;
  const combination = (high >> 58n) & 0x1fn;
  if (combination === 0x1fn) return 'NaN';
  if (combination === 0x1en) return negative ? '-Infinity' : 'Infinity';
  // A leading 11 marks a coefficient above 34 digits, which the standard reads as zero.
  if (combination >> 3n === 3n) return { coefficient: 0n, exponent: Number((high >> 47n) & 0x3fffn) + EXPONENT_MIN };
  const coefficient = ((high & 0x1_ffff_ffff_ffffn) << 64n) | low;
  const exponent = Number((high >> 49n) & 0x3fffn) + EXPONENT_MIN;
  if (coefficient > LARGEST) return { coefficient: 0n, exponent };
  return { coefficient: negative ? -coefficient : coefficient, exponent };
}

/** The exact decimal expansion of a double. */
export function fromDouble(value: number): Decimal {
  if (Number.isNaN(value)) return 'NaN';
  if (value === Number.POSITIVE_INFINITY) return 'Infinity';
  if (value === Number.NEGATIVE_INFINITY) return '-Infinity';
  if (Number.isInteger(value)) return { coefficient: BigInt(value), exponent: 0 };
  let scaled = value;
  let power = 0;
  // Each doubling is exact, and a double has at most 1074 binary places.
  while (!Number.isInteger(scaled)) {
    scaled *= 2;
    power++;
  }
  return { coefficient: BigInt(scaled) * 5n ** BigInt(power), exponent: -power };
}

/** The double as a decimal of 15 significant digits: how MongoDB turns a double operand into a decimal. */
export function fromDoubleRounded(value: number): Decimal {
  if (!Number.isFinite(value) || value === 0) return fromDouble(value);
  return parse(value.toPrecision(15));
}

function parse(text: string): Decimal {
  const match = /^(-?)(\d+)(?:\.(\d+))?(?:e([+-]\d+))?$/.exec(text);
  if (!match) return 'NaN';
  const [, sign = '', whole = '0', places = '', power = '0'] = match;
  const coefficient = BigInt(whole + places);
  return { coefficient: sign === '-' ? -coefficient : coefficient, exponent: Number(power) - places.length };
}

/** Rounds to what a Decimal128 can hold, half to even, as the standard prescribes. `belowZero` gives a zero its sign. */
export function toDecimal128(value: Decimal, belowZero = false): Decimal128 {
  if (typeof value === 'string') return Decimal128.fromString(value);
  let { coefficient, exponent } = value;
  const negative = coefficient < 0n || (coefficient === 0n && belowZero);
  if (negative) coefficient = -coefficient;
  const excess = Math.max(String(coefficient).length - DIGITS, EXPONENT_MIN - exponent, 0);
  if (excess > 0) {
    coefficient = roundOff(coefficient, excess);
    exponent += excess;
    if (coefficient > LARGEST) {
      coefficient /= 10n;
      exponent++;
    }
  }
  while (exponent > EXPONENT_MAX && coefficient !== 0n && coefficient * 10n <= LARGEST) {
    coefficient *= 10n;
    exponent--;
  }
  if (exponent > EXPONENT_MAX) {
    if (coefficient !== 0n) return Decimal128.fromString(negative ? '-Infinity' : 'Infinity');
    exponent = EXPONENT_MAX;
  }
  const bytes = new Uint8Array(16);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, coefficient & 0xffff_ffff_ffff_ffffn, true);
  const head = (coefficient >> 64n) | (BigInt(exponent - EXPONENT_MIN) << 49n) | (negative ? 1n << 63n : 0n);
  view.setBigUint64(8, head, true);
  return new Decimal128(bytes);
}

function roundOff(coefficient: bigint, digits: number): bigint {
  const divisor = 10n ** BigInt(digits);
  const quotient = coefficient / divisor;
  const rest = (coefficient % divisor) * 2n;
  if (rest > divisor || (rest === divisor && quotient % 2n === 1n)) return quotient + 1n;
  return quotient;
}

/** The order of two decimals by value, NaN below all. */
export function compareDecimals(a: Decimal, b: Decimal): number {
  if (typeof a === 'string' || typeof b === 'string') return Math.sign(rank(a) - rank(b));
  if (a.exponent === b.exponent) return order(a.coefficient, b.coefficient);
  const signs = order(sign(a.coefficient), sign(b.coefficient));
  if (signs !== 0) return signs;
  if (a.coefficient === 0n) return 0;
  const least = Math.min(a.exponent, b.exponent);
  return order(a.coefficient * 10n ** BigInt(a.exponent - least), b.coefficient * 10n ** BigInt(b.exponent - least));
}

function rank(value: Decimal): number {
  if (value === 'NaN') return -2;
  if (value === '-Infinity') return -1;
  return value === 'Infinity' ? 1 : 0;
}

function order(a: bigint, b: bigint): number {
  if (a < b) return -1;
  return a > b ? 1 : 0;
}

function sign(value: bigint): bigint {
  if (value === 0n) return 0n;
  return value < 0n ? -1n : 1n;
}

/** The exact sum, or what is left of it where one side is not finite. */
export function addDecimals(a: Decimal, b: Decimal): Decimal {
  if (typeof a === 'string' || typeof b === 'string') {
    if (a === 'NaN' || b === 'NaN') return 'NaN';
    if (typeof a !== 'string') return b;
    return typeof b !== 'string' || a === b ? a : 'NaN';
  }
  const exponent = Math.min(a.exponent, b.exponent);
  const coefficient =
    a.coefficient * 10n ** BigInt(a.exponent - exponent) + b.coefficient * 10n ** BigInt(b.exponent - exponent);
  return { coefficient, exponent };
}

/** The exact product. */
export function multiplyDecimals(a: Decimal, b: Decimal): Decimal {
  if (typeof a === 'string' || typeof b === 'string') {
    const signs = signOf(a) * signOf(b);
    if (a === 'NaN' || b === 'NaN' || signs === 0) return 'NaN';
    return signs > 0 ? 'Infinity' : '-Infinity';
  }
  return { coefficient: a.coefficient * b.coefficient, exponent: a.exponent + b.exponent };
}

function signOf(value: Decimal): number {
  if (typeof value === 'string') return value === '-Infinity' ? -1 : 1;
  return Number(sign(value.coefficient));
}

/** The value with its sign turned. */
export function negateDecimal(value: Decimal): Decimal {
  if (value === 'NaN') return value;
  if (typeof value === 'string') return value === 'Infinity' ? '-Infinity' : 'Infinity';
  return { coefficient: -value.coefficient, exponent: value.exponent };
}

/** The quotient to more digits than a Decimal128 holds; the caller refuses a zero divisor. */
export function divideDecimals(a: Decimal, b: Decimal): Decimal {
  if (a === 'NaN' || b === 'NaN') return 'NaN';
  if (typeof b === 'string') return typeof a === 'string' ? 'NaN' : { coefficient: 0n, exponent: 0 };
  if (typeof a === 'string') return signOf(a) * signOf(b) < 0 ? '-Infinity' : 'Infinity';
  const exact = exactQuotient(a.coefficient, b.coefficient);
  if (exact !== null) return { coefficient: exact, exponent: a.exponent - b.exponent };
  const shift = DIGITS * 2 + String(b.coefficient).length;
  const scaled = a.coefficient * 10n ** BigInt(shift);
  let coefficient = scaled / b.coefficient;
  // A digit that stands for all that was cut off keeps a rounding half way from going wrong.
  const sticky = scaled % b.coefficient === 0n ? 0n : sign(a.coefficient) * sign(b.coefficient);
  coefficient = coefficient * 10n + sticky;
  let exponent = a.exponent - b.exponent - shift - 1;
  while (exponent < a.exponent - b.exponent && coefficient % 10n === 0n) {
    coefficient /= 10n;
    exponent++;
  }
  return { coefficient, exponent };
}

function exactQuotient(a: bigint, b: bigint): bigint | null {
  return a % b === 0n ? a / b : null;
}

/** The remainder with the sign of the dividend; the caller refuses a zero divisor. */
export function remainderDecimals(a: Decimal, b: Decimal): Decimal {
  if (typeof a === 'string' || b === 'NaN') return 'NaN';
  if (typeof b === 'string') return a;
  const exponent = Math.min(a.exponent, b.exponent);
  const left = a.coefficient * 10n ** BigInt(a.exponent - exponent);
  return { coefficient: left % (b.coefficient * 10n ** BigInt(b.exponent - exponent)), exponent };
}
