import { Decimal128, Long } from 'bson';
import { MongoError } from '../../errors.ts';
import { compareValues } from '../compare.ts';
import { divideDecimals, fromDecimal128, remainderDecimals, toDecimal128 } from '../decimal.ts';
import { fit, multiplyNumbers, subtractNumbers, Sum, toDecimal, widest } from '../numbers.ts';
import { double, integer, isNumeric, kindOf, toNumber, toWhole } from '../values.ts';
import { fixed, nullish, type Operator, ranged, variadic } from './types.ts';

/** Expressions on numbers: a result is as wide as its widest operand, and null where an operand is null or missing. */
export const ARITHMETIC: readonly (readonly [string, Operator])[] = [
  ['$add', variadic(add)],
  ['$subtract', fixed(2, subtract)],
  ['$multiply', variadic(multiply)],
  ['$divide', fixed(2, divide)],
  ['$mod', fixed(2, modulo)],
  ['$abs', unary('$abs', (value) => (isBelowZero(value) ? negate('$abs', value) : value))],
  ['$ceil', unary('$ceil', (value) => rounded(value, 'ceil'))],
  ['$floor', unary('$floor', (value) => rounded(value, 'floor'))],
  ['$round', ranged(1, 2, (value, places) => toPlaces('$round', value, places))],
  ['$trunc', ranged(1, 2, (value, places) => toPlaces('$trunc', value, places))],
  [
    '$sqrt',
    unary('$sqrt', (value) =>
      onDouble('$sqrt', value, Math.sqrt, (x) => x >= 0, 28714, "$sqrt's argument must be greater than or equal to 0"),
    ),
  ],
  ['$exp', unary('$exp', (value) => onDouble('$exp', value, Math.exp))],
  [
    '$ln',
    unary('$ln', (value) =>
      onDouble('$ln', value, Math.log, (x) => x > 0, 28766, "$ln's argument must be a positive number"),
    ),
  ],
  [
    '$log10',
    unary('$log10', (value) =>
      onDouble('$log10', value, Math.log10, (x) => x > 0, 28761, "$log10's argument must be a positive number"),
    ),
  ],
  ['$log', fixed(2, logarithm)],
  ['$pow', fixed(2, power)],
  ['$bitAnd', variadic((values) => bitwise('$bitAnd', values, -1n, (a, b) => a & b))],
  ['$bitOr', variadic((values) => bitwise('$bitOr', values, 0n, (a, b) => a | b))],
  ['$bitXor', variadic((values) => bitwise('$bitXor', values, 0n, (a, b) => a ^ b))],
  ['$bitNot', unary('$bitNot', bitNot)],
  ['$sum', overList((items) => summed(items).total())],
  ['$avg', overList(mean)],
  ['$min', overList((items) => extreme(items, -1))],
  ['$max', overList((items) => extreme(items, 1))],
];

function numeric(name: string, value: unknown, code: number | 'TypeMismatch' = 28765): unknown {
  if (isNumeric(value)) return value;
  throw new MongoError(code, `${name} only supports numeric types, not ${kindOf(value)}`);
}

function unary(name: string, apply: (value: unknown) => unknown): Operator {
  return fixed(1, (value) => (nullish(value) ? null : apply(numeric(name, value))));
}

function negate(name: string, value: unknown): unknown {
  const result = subtractNumbers(0, value);
  if (result === null) throw new MongoError(28680, `can't take ${name} of long long min`);
  return result;
}

function add(values: readonly unknown[]): unknown {
  let date: Date | null = null;
  const sum = new Sum();
  for (const value of values) {
    if (nullish(value)) return null;
    if (value instanceof Date) {
      if (date) throw new MongoError(16612, 'only one date allowed in an $add expression');
      date = value;
    } else if (isNumeric(value)) sum.add(value);
    else throw new MongoError('TypeMismatch', `$add only supports numeric or date types, not ${kindOf(value)}`);
  }
  return date ? shifted(date, sum.total()) : sum.total();
}

function shifted(date: Date, millis: unknown): Date {
  const result = new Date(date.getTime() + Math.round(toNumber(millis)));
  if (Number.isNaN(result.getTime())) throw new MongoError('Overflow', 'date overflow');
  return result;
}

function subtract(a: unknown, b: unknown): unknown {
  if (nullish(a) || nullish(b)) return null;
  if (a instanceof Date) {
    if (b instanceof Date) return Long.fromNumber(a.getTime() - b.getTime());
    if (isNumeric(b)) return shifted(a, -toNumber(b));
    throw new MongoError('TypeMismatch', `can't $subtract ${kindOf(b)} from Date`);
  }
  if (!isNumeric(a) || !isNumeric(b)) {
    throw new MongoError('TypeMismatch', `can't $subtract ${kindOf(b)} from ${kindOf(a)}`);
  }
  return subtractNumbers(a, b) ?? double(toNumber(a) - toNumber(b));
}

function multiply(values: readonly unknown[]): unknown {
  let product: unknown = 1;
  for (const value of values) {
    if (nullish(value)) return null;
    if (!isNumeric(value))
      throw new MongoError('TypeMismatch', `$multiply only supports numeric types, not ${kindOf(value)}`);
    product = multiplyNumbers(product, value) ?? double(toNumber(product) * toNumber(value));
  }
  return product;
}

function divide(a: unknown, b: unknown): unknown {
  if (nullish(a) || nullish(b)) return null;
  if (!isNumeric(a) || !isNumeric(b)) {
    throw new MongoError('TypeMismatch', `$divide only supports numeric types, not ${kindOf(a)} and ${kindOf(b)}`);
  }
  if (toNumber(b) === 0 && compareValues(b, 0) === 0) throw new MongoError('BadValue', "can't $divide by zero");
  if (widest(a, b) === 'decimal') return toDecimal128(divideDecimals(toDecimal(a), toDecimal(b)));
  return double(toNumber(a) / toNumber(b));
}

function modulo(a: unknown, b: unknown): unknown {
  if (nullish(a) || nullish(b)) return null;
  if (!isNumeric(a) || !isNumeric(b)) {
    throw new MongoError(16611, `$mod only supports numeric types, not ${kindOf(a)} and ${kindOf(b)}`);
  }
  if (compareValues(b, 0) === 0) throw new MongoError(16610, "can't $mod by zero");
  const width = widest(a, b);
  if (width === 'decimal') return toDecimal128(remainderDecimals(toDecimal(a), toDecimal(b)));
  // A whole double as divisor divides whole numbers as one of them.
  const whole = kindOf(a) === 'double' ? null : toWhole(b);
  if (whole === null) return double(toNumber(a) % toNumber(b));
  return fit((toWhole(a) ?? 0n) % whole, width === 'double' ? (kindOf(a) === 'long' ? 'long' : 'int') : width);
}

function rounded(value: unknown, way: 'ceil' | 'floor'): unknown {
  if (value instanceof Decimal128) {
    const decimal = fromDecimal128(value);
    if (typeof decimal === 'string' || decimal.exponent >= 0) return value;
    const unit = 10n ** BigInt(-decimal.exponent);
    let whole = decimal.coefficient / unit;
    if (decimal.coefficient % unit !== 0n) {
      if (way === 'floor' && decimal.coefficient < 0n) whole--;
      if (way === 'ceil' && decimal.coefficient > 0n) whole++;
    }
    return toDecimal128({ coefficient: whole, exponent: 0 }, isBelowZero(value));
  }
  return kindOf(value) === 'double' ? double(Math[way](toNumber(value))) : value;
}

/** `$round` (half to even) and `$trunc` at a decimal place from -20 to 100. */
function toPlaces(name: '$round' | '$trunc', value: unknown, places: unknown): unknown {
  if (nullish(value) || places === null) return null;
  numeric(name, value, 51081);
  const digits = places === undefined ? 0n : isNumeric(places) ? toWhole(places) : null;
  if (digits === null) throw new MongoError(51082, 'precision argument to  $round must be a integral value');
  if (digits < -20n || digits > 100n)
    throw new MongoError(51083, `cannot apply ${name} with precision value ${digits} value must be in [-20, 100]`);
  if (kindOf(value) === 'double') {
    const number = toNumber(value);
    if (!Number.isFinite(number)) return value;
    const result = Number(decimalText(atPlaces(name, toDecimal(double(number)), Number(digits))));
    return double(result === 0 && isBelowZero(value) ? -0 : result);
  }
  if (value instanceof Decimal128) {
    const decimal = fromDecimal128(value);
    return typeof decimal === 'string'
      ? value
      : toDecimal128(atPlaces(name, decimal, Number(digits)), isBelowZero(value));
  }
  if (digits >= 0n) return value;
  const exact = atPlaces(name, toDecimal(value), Number(digits));
  const result =
    typeof exact === 'string'
      ? null
      : fit(exact.coefficient * 10n ** BigInt(exact.exponent), kindOf(value) === 'long' ? 'long' : 'int');
  if (result === null) throw new MongoError(51080, `invalid conversion from Decimal128 result in ${name}`);
  return result;
}

/** Whether a number has the sign of a negative one, which MongoDB keeps on a zero that comes of rounding. */
function isBelowZero(value: unknown): boolean {
  const number = toNumber(value);
  return number < 0 || Object.is(number, -0);
}

type Finite = { readonly coefficient: bigint; readonly exponent: number };

function atPlaces(name: '$round' | '$trunc', value: ReturnType<typeof toDecimal>, places: number): Finite {
  if (typeof value === 'string') return { coefficient: 0n, exponent: 0 };
  const drop = -places - value.exponent;
  if (drop <= 0) return value;
  const unit = 10n ** BigInt(drop);
  let kept = value.coefficient / unit;
  if (name === '$round') {
    const rest = value.coefficient % unit;
    const twice = (rest < 0n ? -rest : rest) * 2n;
    if (twice > unit || (twice === unit && kept % 2n !== 0n)) kept += value.coefficient < 0n ? -1n : 1n;
  }
  return { coefficient: kept, exponent: -places };
}

function decimalText({ coefficient, exponent }: Finite): string {
  return `${coefficient}e${exponent}`;
}

function onDouble(
  name: string,
  value: unknown,
  apply: (x: number) => number,
  accepts: (x: number) => boolean = () => true,
  code = 0,
  message = '',
): unknown {
  if (value instanceof Decimal128) throw new MongoError('NotImplemented', `this engine has no ${name} of Decimal128`);
  const number = toNumber(value);
  if (!Number.isNaN(number) && !accepts(number)) throw new MongoError(code, `${message}, but is ${number}`);
  return double(apply(number));
}

function logarithm(value: unknown, base: unknown): unknown {
  if (nullish(value) || nullish(base)) return null;
  if (!isNumeric(value)) throw new MongoError(28756, `$log's argument must be numeric, not ${kindOf(value)}`);
  if (!isNumeric(base)) throw new MongoError(28757, `$log's base must be numeric, not ${kindOf(base)}`);
  const top = onDouble('$log', value, Math.log, (x) => x > 0, 28758, "$log's argument must be a positive number");
  const bottom = onDouble(
    '$log',
    base,
    Math.log,
    (x) => x > 0 && x !== 1,
    28759,
    "$log's base must be a positive number not equal to 1",
  );
  return double(toNumber(top) / toNumber(bottom));
}

function power(base: unknown, exponent: unknown): unknown {
  if (nullish(base) || nullish(exponent)) return null;
  if (!isNumeric(base)) throw new MongoError(28762, `$pow's base must be numeric, not ${kindOf(base)}`);
  if (!isNumeric(exponent)) throw new MongoError(28763, `$pow's exponent must be numeric, not ${kindOf(exponent)}`);
  const width = widest(base, exponent);
  if (width === 'decimal') throw new MongoError('NotImplemented', 'this engine has no $pow of Decimal128');
  if (compareValues(base, 0) === 0 && compareValues(exponent, 0) < 0) {
    throw new MongoError(28764, '$pow cannot take a base of 0 and a negative exponent');
  }
  const times = toWhole(exponent);
  const root = toWhole(base);
  if (
    width !== 'double' &&
    times !== null &&
    root !== null &&
    times >= 0n &&
    (times <= 63n || (root >= -1n && root <= 1n))
  ) {
    const exact = fit(root ** (times > 64n ? 64n + (times % 2n) : times), width);
    if (exact !== null) return exact;
  }
  return double(toNumber(base) ** toNumber(exponent));
}

function bitwise(
  name: string,
  values: readonly unknown[],
  start: bigint,
  apply: (a: bigint, b: bigint) => bigint,
): unknown {
  let result = start;
  let long = false;
  for (const value of values) {
    if (nullish(value)) return null;
    const kind = kindOf(value);
    if (kind !== 'int' && kind !== 'long')
      throw new MongoError('TypeMismatch', `${name} only supports int and long operands, not ${kind}`);
    if (kind === 'long') long = true;
    result = apply(result, toWhole(value) ?? 0n);
  }
  return long ? Long.fromBigInt(BigInt.asIntN(64, result)) : integer(result);
}

function bitNot(value: unknown): unknown {
  const kind = kindOf(value);
  if (kind !== 'int' && kind !== 'long')
    throw new MongoError('TypeMismatch', `$bitNot only supports int and long, not: ${kind}.`);
  return fit(~(toWhole(value) ?? 0n), kind);
}

/** The accumulators as expressions: over one array, or over their arguments. */
function overList(apply: (items: readonly unknown[]) => unknown): Operator {
  return (operand, compile) => {
    if (Array.isArray(operand) && operand.length !== 1) {
      const parts = (operand as unknown[]).map((spec) => compile(spec));
      return (doc) => apply(parts.map((part) => part(doc)));
    }
    const only = compile(Array.isArray(operand) ? operand[0] : operand);
    return (doc) => {
      const value = only(doc);
      return apply(Array.isArray(value) ? value : [value]);
    };
  };
}

function summed(items: readonly unknown[]): Sum {
  const sum = new Sum();
  for (const item of items) if (isNumeric(item)) sum.add(item);
  return sum;
}

function mean(items: readonly unknown[]): unknown {
  const count = items.filter((item) => isNumeric(item)).length;
  return count === 0 ? null : summed(items).mean(count);
}

function extreme(items: readonly unknown[], sign: 1 | -1): unknown {
  let best: unknown = null;
  for (const item of items) {
    if (nullish(item)) continue;
    if (best === null || compareValues(item, best) * sign > 0) best = item;
  }
  return best;
}
