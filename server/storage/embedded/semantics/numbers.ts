import { Decimal128, Long } from 'bson';
import {
  addDecimals,
  type Decimal,
  divideDecimals,
  fromDecimal128,
  fromDoubleRounded,
  multiplyDecimals,
  negateDecimal,
  toDecimal128,
} from './decimal.ts';
import { double, integer, kindOf, toNumber } from './values.ts';

/** The widths of numbers, narrow to wide: a result has the widest of its operands. */
export type Width = 'int' | 'long' | 'double' | 'decimal';

const WIDTHS: readonly Width[] = ['int', 'long', 'double', 'decimal'];
const LONG_MIN = -(1n << 63n);
const LONG_MAX = (1n << 63n) - 1n;

/** The wider of two numeric values' types. */
export function widest(a: unknown, b: unknown): Width {
  return WIDTHS[Math.max(WIDTHS.indexOf(kindOf(a) as Width), WIDTHS.indexOf(kindOf(b) as Width))] ?? 'double';
}

/** A numeric value as a decimal; a double with its 15 significant digits, as MongoDB converts it. */
export function toDecimal(value: unknown): Decimal {
  if (value instanceof Decimal128) return fromDecimal128(value);
  if (value instanceof Long) return { coefficient: value.toBigInt(), exponent: 0 };
  const number = toNumber(value);
  return kindOf(value) === 'int' ? { coefficient: BigInt(number), exponent: 0 } : fromDoubleRounded(number);
}

function toBig(value: unknown): bigint {
  return value instanceof Long ? value.toBigInt() : BigInt(toNumber(value));
}

/** A whole result as MongoDB stores it: as wide as the operands, a Long if an Int32 overflows, null if a Long does. */
export function fit(value: bigint, width: Width): number | Long | null {
  if (value < LONG_MIN || value > LONG_MAX) return null;
  return width === 'long' ? Long.fromBigInt(value) : integer(value);
}

/** The sum in the wider type of the two; null where whole numbers overflow 64 bits. */
export function addNumbers(a: unknown, b: unknown): unknown {
  const width = widest(a, b);
  if (width === 'decimal') return toDecimal128(addDecimals(toDecimal(a), toDecimal(b)));
  if (width === 'double') return double(toNumber(a) + toNumber(b));
  return fit(toBig(a) + toBig(b), width);
}

/** The difference in the wider type of the two; null where whole numbers overflow 64 bits. */
export function subtractNumbers(a: unknown, b: unknown): unknown {
  const width = widest(a, b);
  if (width === 'decimal') return toDecimal128(addDecimals(toDecimal(a), negateDecimal(toDecimal(b))));
  if (width === 'double') return double(toNumber(a) - toNumber(b));
  return fit(toBig(a) - toBig(b), width);
}

/** The product in the wider type of the two; null where whole numbers overflow 64 bits. */
export function multiplyNumbers(a: unknown, b: unknown): unknown {
  const width = widest(a, b);
  if (width === 'decimal') return toDecimal128(multiplyDecimals(toDecimal(a), toDecimal(b)));
  if (width === 'double') return double(toNumber(a) * toNumber(b));
  return fit(toBig(a) * toBig(b), width);
}

/** A running sum as MongoDB keeps it: whole numbers exact, doubles with the rounding error carried, decimals apart. */
export class Sum {
  private whole = 0n;
  private high = 0;
  private low = 0;
  /** The plain sum, which is what counts once an infinity or NaN is in it. */
  private plain = 0;
  private decimal: Decimal = { coefficient: 0n, exponent: 0 };
  private width: Width = 'int';

  add(value: unknown): void {
    const kind = kindOf(value) as Width;
    if (WIDTHS.indexOf(kind) > WIDTHS.indexOf(this.width)) this.width = kind;
    if (kind === 'decimal') this.decimal = addDecimals(this.decimal, toDecimal(value));
    else if (kind === 'double') this.addDouble(toNumber(value));
    else this.whole += toBig(value);
  }

  private addDouble(value: number): void {
    this.plain += value;
    const sum = this.high + value;
    const back = sum - this.high;
    this.low += this.high - (sum - back) + (value - back);
    this.high = sum;
  }

  /** The sum of doubles and whole numbers as a double, rounded once. */
  private rounded(): number {
    if (!Number.isFinite(this.plain)) return this.plain;
    const all = new Sum();
    all.addDouble(this.high);
    all.addDouble(this.low);
    const near = Number(this.whole);
    all.addDouble(near);
    all.addDouble(Number(this.whole - BigInt(near)));
    return all.high + all.low;
  }

  /** The sum in the widest type that was added; whole numbers beyond 64 bits become a double. */
  total(): unknown {
    if (this.width === 'decimal') return toDecimal128(this.exact());
    if (this.width === 'double') return double(this.rounded());
    return fit(this.whole, this.width) ?? double(Number(this.whole));
  }

  /** The mean of as many numbers: a decimal if any was one, else a double. */
  mean(count: number): unknown {
    if (this.width !== 'decimal') return double(this.rounded() / count);
    return toDecimal128(divideDecimals(this.exact(), { coefficient: BigInt(count), exponent: 0 }));
  }

  private exact(): Decimal {
    const doubles = Number.isFinite(this.plain) ? this.high + this.low : this.plain;
    const whole: Decimal = { coefficient: this.whole, exponent: 0 };
    const rest = doubles === 0 ? whole : addDecimals(whole, fromDoubleRounded(doubles));
    return addDecimals(this.decimal, rest);
  }
}
