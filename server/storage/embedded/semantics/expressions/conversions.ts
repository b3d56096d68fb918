import { Decimal128, Long, ObjectId } from 'bson';
import { MongoError } from '../../errors.ts';
import { fromDecimal128, toDecimal128 } from '../decimal.ts';
import { toDecimal } from '../numbers.ts';
import { binaryParts, double, isNumeric, type Kind, kindOf, toNumber, TYPE_NUMBERS } from '../values.ts';
import { type Compile, type Evaluate, fixed, namedOperand, nullish, type Operator } from './types.ts';

/** Expressions on types. What cannot be converted is refused with ConversionFailure. */
export const CONVERSIONS: readonly (readonly [string, Operator])[] = [
  ['$type', fixed(1, (value) => kindOf(value))],
  ['$isNumber', fixed(1, (value) => isNumeric(value))],
  ['$toBool', to('bool')],
  ['$toDate', to('date')],
  ['$toDecimal', to('decimal')],
  ['$toDouble', to('double')],
  ['$toInt', to('int')],
  ['$toLong', to('long')],
  ['$toObjectId', to('objectId')],
  ['$toString', to('string')],
  ['$convert', convertOperator],
];

function to(target: Kind): Operator {
  return fixed(1, (value) => (nullish(value) ? null : convert(value, target)));
}

function convertOperator(operand: unknown, compile: Compile): Evaluate {
  const spec = namedOperand(operand, '$convert', ['input', 'to'], ['onError', 'onNull']);
  const input = compile(spec['input']);
  const target = compile(spec['to']);
  const onNull = compile(spec['onNull'] ?? null);
  const onError = Object.hasOwn(spec, 'onError') ? compile(spec['onError']) : null;
  return (doc) => {
    const value = input(doc);
    if (nullish(value)) return onNull(doc);
    const wanted = target(doc);
    if (nullish(wanted)) return null;
    const kind = targetKind(wanted);
    try {
      return convert(value, kind);
    } catch (error) {
      if (onError && error instanceof MongoError && error.codeName === 'ConversionFailure') return onError(doc);
      throw error;
    }
  };
}

function targetKind(wanted: unknown): Kind {
  for (const [kind, number] of TYPE_NUMBERS) {
    if (kind !== 'dbPointer' && (kind === wanted || (isNumeric(wanted) && toNumber(wanted) === number))) return kind;
  }
  if (typeof wanted !== 'string' && !isNumeric(wanted))
    throw new MongoError('FailedToParse', "$convert's 'to' argument must be a string or number");
  throw new MongoError('BadValue', `Unknown type name: ${String(wanted)}`);
}

function failure(value: unknown, target: Kind, reason = ''): MongoError {
  if (reason === '') {
    return new MongoError(
      'ConversionFailure',
      `Unsupported conversion from ${kindOf(value)} to ${target} in $convert with no onError value`,
    );
  }
  return new MongoError('ConversionFailure', `${reason} in $convert with no onError value`);
}

function convert(value: unknown, target: Kind): unknown {
  if (kindOf(value) === target) return value;
  switch (target) {
    case 'bool':
      return isNumeric(value) ? toNumber(value) !== 0 : true;
    case 'string':
      return toText(value);
    case 'date':
      return toDate(value);
    case 'objectId':
      if (typeof value !== 'string') throw failure(value, target);
      if (!/^[0-9a-fA-F]{24}$/.test(value)) throw failure(value, target, `Failed to parse objectId '${value}'`);
      return new ObjectId(value);
    case 'int':
    case 'long':
      return toInteger(value, target);
    case 'double':
      return toDouble(value);
    case 'decimal':
      return toDecimalValue(value);
    default:
      throw failure(value, target);
  }
}

function toText(value: unknown): string {
  switch (kindOf(value)) {
    case 'bool':
    case 'int':
    case 'long':
    case 'decimal':
    case 'objectId':
    case 'symbol':
      return String(value);
    case 'double':
      return doubleText(toNumber(value));
    case 'date':
      return (value as Date).toISOString();
    case 'binData':
      if (binaryParts(value as Uint8Array).subtype === 4) break;
      throw new MongoError('NotImplemented', 'this engine does not convert binary data to a string');
    default:
  }
  throw failure(value, 'string');
}

function doubleText(value: number): string {
  if (value === Number.POSITIVE_INFINITY) return 'Infinity';
  if (value === Number.NEGATIVE_INFINITY) return '-Infinity';
  if (Object.is(value, -0)) return '-0';
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e21 || size < 1e-6)) {
    return value.toExponential().replace(/e([+-])(\d)$/, 'e$10$2');
  }
  return String(value);
}

function toDate(value: unknown): Date {
  const kind = kindOf(value);
  if (kind === 'objectId') return (value as ObjectId).getTimestamp();
  if (kind === 'timestamp') return new Date((value as Long).getHighBitsUnsigned() * 1000);
  if (kind === 'long' || kind === 'double' || kind === 'decimal') {
    const date = new Date(Math.trunc(toNumber(value)));
    if (!Number.isNaN(date.getTime())) return date;
    throw failure(value, 'date', 'Conversion would overflow target type');
  }
  if (typeof value === 'string') {
    const iso = /^\d{4}-\d\d-\d\d(?:[T ]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:Z|[+-]\d\d:?\d\d)?)?$/.test(value);
    const zoned = /(?:Z|[+-]\d\d:?\d\d)$/.test(value.slice(10)) || value.length === 10;
    const date = new Date(iso ? value.replace(' ', 'T') + (zoned ? '' : 'Z') : Number.NaN);
    if (!Number.isNaN(date.getTime())) return date;
    throw failure(value, 'date', `Error parsing date string '${value}'`);
  }
  throw failure(value, 'date');
}

function toInteger(value: unknown, target: 'int' | 'long'): unknown {
  let whole: bigint;
  if (typeof value === 'boolean') whole = value ? 1n : 0n;
  else if (typeof value === 'string') {
    if (!/^[+-]?\d+$/.test(value)) throw failure(value, target, `Failed to parse number '${value}'`);
    whole = BigInt(value.replace('+', ''));
  } else if (value instanceof Date && target === 'long') whole = BigInt(value.getTime());
  else if (isNumeric(value)) whole = truncated(value, target);
  else throw failure(value, target);
  const bits = target === 'int' ? 31n : 63n;
  if (whole < -(1n << bits) || whole >= 1n << bits)
    throw failure(value, target, `Conversion would overflow target type`);
  return target === 'int' ? Number(whole) : Long.fromBigInt(whole);
}

function truncated(value: unknown, target: Kind): bigint {
  if (value instanceof Decimal128) {
    const decimal = fromDecimal128(value);
    if (typeof decimal === 'string')
      throw failure(value, target, `Attempt to convert ${decimal} value to integer type`);
    const { coefficient, exponent } = decimal;
    return exponent >= 0 ? coefficient * 10n ** BigInt(exponent) : coefficient / 10n ** BigInt(-exponent);
  }
  if (value instanceof Long) return value.toBigInt();
  const number = toNumber(value);
  if (!Number.isFinite(number)) throw failure(value, target, `Attempt to convert ${number} value to integer type`);
  return BigInt(Math.trunc(number));
}

function toDouble(value: unknown): unknown {
  if (typeof value === 'boolean') return double(value ? 1 : 0);
  if (value instanceof Date) return double(value.getTime());
  if (isNumeric(value)) {
    const number = toNumber(value);
    if (value instanceof Decimal128 && !Number.isFinite(number) && typeof fromDecimal128(value) !== 'string') {
      throw failure(value, 'double', 'Conversion would overflow target type');
    }
    return double(number);
  }
  if (typeof value !== 'string') throw failure(value, 'double');
  const number = Number(value);
  if (value.trim() !== value || value === '' || Number.isNaN(number) || /^0[xob]/i.test(value)) {
    throw failure(value, 'double', `Failed to parse number '${value}'`);
  }
  return double(number);
}

function toDecimalValue(value: unknown): unknown {
  if (typeof value === 'boolean') return Decimal128.fromString(value ? '1' : '0');
  if (value instanceof Date) return Decimal128.fromString(String(value.getTime()));
  if (isNumeric(value)) return toDecimal128(toDecimal(value));
  if (typeof value !== 'string') throw failure(value, 'decimal');
  try {
    return Decimal128.fromStringWithRounding(value);
  } catch {
    throw failure(value, 'decimal', `Failed to parse number '${value}'`);
  }
}
