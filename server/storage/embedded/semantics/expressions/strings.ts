import { BSONSymbol, Code, type Decimal128, type Long } from 'bson';
import { MongoError } from '../../errors.ts';
import { isRegex } from '../filter-tests.ts';
import { compareValues } from '../compare.ts';
import { compileRegex } from '../regex.ts';
import { type Doc, formatValue, isNumeric, kindOf, regexParts, toNumber, toWhole } from '../values.ts';
import { fixed, named, nullish, type Operator, ranged, variadic } from './types.ts';

/** Expressions on strings; positions count code points (`CP`) or UTF-8 bytes. */
export const STRINGS: readonly (readonly [string, Operator])[] = [
  ['$concat', variadic(concat)],
  ['$toLower', fixed(1, (value) => coerce('$toLower', value).replace(/[A-Z]/g, (letter) => letter.toLowerCase()))],
  ['$toUpper', fixed(1, (value) => coerce('$toUpper', value).replace(/[a-z]/g, (letter) => letter.toUpperCase()))],
  ['$strcasecmp', fixed(2, strcasecmp)],
  ['$strLenCP', fixed(1, (value) => Array.from(text('$strLenCP', 34471, value)).length)],
  ['$strLenBytes', fixed(1, (value) => Buffer.byteLength(text('$strLenBytes', 34473, value)))],
  ['$substr', fixed(3, substrBytes)],
  ['$substrBytes', fixed(3, substrBytes)],
  ['$substrCP', fixed(3, substrCP)],
  ['$indexOfCP', ranged(2, 4, (...values) => indexOf('$indexOfCP', (part) => Array.from(part).length, values))],
  ['$indexOfBytes', ranged(2, 4, (...values) => indexOf('$indexOfBytes', (part) => Buffer.byteLength(part), values))],
  ['$split', fixed(2, split)],
  ['$trim', named(['input'], ['chars'], (values) => trim('$trim', values))],
  ['$ltrim', named(['input'], ['chars'], (values) => trim('$ltrim', values))],
  ['$rtrim', named(['input'], ['chars'], (values) => trim('$rtrim', values))],
  ['$replaceOne', named(['input', 'find', 'replacement'], [], (values) => replace('$replaceOne', values))],
  ['$replaceAll', named(['input', 'find', 'replacement'], [], (values) => replace('$replaceAll', values))],
  ['$regexMatch', named(['input', 'regex'], ['options'], (values) => found('$regexMatch', values, false).length > 0)],
  ['$regexFind', named(['input', 'regex'], ['options'], (values) => found('$regexFind', values, false)[0] ?? null)],
  ['$regexFindAll', named(['input', 'regex'], ['options'], (values) => found('$regexFindAll', values, true))],
];

function concat(values: readonly unknown[]): unknown {
  if (values.some(nullish)) return null;
  for (const value of values) {
    if (typeof value !== 'string') throw new MongoError(16702, `$concat only supports strings, not ${kindOf(value)}`);
  }
  return values.join('');
}

/** MongoDB's reading of numbers and dates as strings where an operator is about strings. */
function coerce(name: string, value: unknown): string {
  if (nullish(value)) return '';
  if (typeof value === 'string') return value;
  if (kindOf(value) === 'double') return String(toNumber(value));
  if (isNumeric(value)) return (value as number | Long | Decimal128).toString();
  if (value instanceof Date) return value.toISOString();
  const kind = kindOf(value);
  if (value instanceof BSONSymbol) return value.value;
  if (value instanceof Code) return value.code;
  throw new MongoError(16007, `can't convert from BSON type ${kind} to String (${name})`);
}

function text(name: string, code: number, value: unknown): string {
  if (typeof value !== 'string')
    throw new MongoError(code, `${name} requires a string argument, found: ${kindOf(value)}`);
  return value;
}

function strcasecmp(a: unknown, b: unknown): number {
  const left = coerce('$strcasecmp', a).toUpperCase();
  return Math.sign(compareValues(left, coerce('$strcasecmp', b).toUpperCase()));
}

function position(name: string, code: number, value: unknown): number {
  if (!isNumeric(value))
    throw new MongoError(code, `${name}: starting index and length must be numeric, found ${kindOf(value)}`);
  return Math.trunc(toNumber(value));
}

function substrBytes(value: unknown, start: unknown, length: unknown): string {
  const bytes = Buffer.from(coerce('$substrBytes', value), 'utf8');
  const from = position('$substrBytes', 16034, start);
  const count = position('$substrBytes', 16035, length);
  if (from < 0) throw new MongoError(50752, `$substrBytes: starting index must be non-negative (got: ${from})`);
  const to = count < 0 ? bytes.length : Math.min(from + count, bytes.length);
  if (isContinuation(bytes[from]))
    throw new MongoError(28656, '$substrBytes:  Invalid range, starting index is a UTF-8 continuation byte.');
  if (isContinuation(bytes[to]))
    throw new MongoError(28657, '$substrBytes:  Invalid range, ending index is in the middle of a UTF-8 character.');
  return bytes.toString('utf8', Math.min(from, bytes.length), to);
}

function isContinuation(byte: number | undefined): boolean {
  return byte !== undefined && (byte & 0xc0) === 0x80;
}

function substrCP(value: unknown, start: unknown, length: unknown): string {
  const points = Array.from(coerce('$substrCP', value));
  const from = wholePosition('$substrCP', 34450, 34451, start);
  const count = wholePosition('$substrCP', 34452, 34453, length);
  if (from < 0) throw new MongoError(34455, '$substrCP: the starting index must be nonnegative integer.');
  if (count < 0) throw new MongoError(34454, '$substrCP: length must be a nonnegative integer.');
  return points.slice(from, from + count).join('');
}

function wholePosition(name: string, typeCode: number, wholeCode: number, value: unknown): number {
  if (!isNumeric(value))
    throw new MongoError(typeCode, `${name}: index and length must be numeric, found ${kindOf(value)}`);
  const number = toWhole(value);
  if (number === null)
    throw new MongoError(
      wholeCode,
      `${name}: index and length cannot be represented as a 32-bit integral value: ${formatValue(value)}`,
    );
  return Number(number);
}

function indexOf(name: string, measure: (part: string) => number, values: readonly unknown[]): unknown {
  const [value, sought, from = 0, to] = values;
  if (nullish(value)) return null;
  if (typeof value !== 'string')
    throw new MongoError(40091, `${name} requires a string as the first argument, found: ${kindOf(value)}`);
  if (typeof sought !== 'string')
    throw new MongoError(40092, `${name} requires a string as the second argument, found: ${kindOf(sought)}`);
  const start = bound(name, from);
  const length = measure(value);
  const end = to === undefined ? length : Math.min(bound(name, to), length);
  if (start > length || end < start) return -1;
  for (let at = value.indexOf(sought); at >= 0; at = value.indexOf(sought, at + 1)) {
    const place = measure(value.slice(0, at));
    if (place + measure(sought) > end) return -1;
    if (place >= start) return place;
    if (at >= value.length) return -1;
  }
  return -1;
}

function bound(name: string, value: unknown): number {
  const number = isNumeric(value) ? toWhole(value) : null;
  if (number === null)
    throw new MongoError(40096, `${name} requires an integral starting and ending index, found: ${formatValue(value)}`);
  if (number < 0n)
    throw new MongoError(40097, `${name} requires a nonnegative starting and ending index, found: ${number}`);
  return Number(number);
}

function split(value: unknown, separator: unknown): unknown {
  if (nullish(value) || nullish(separator)) return null;
  if (typeof value !== 'string')
    throw new MongoError(
      40085,
      `$split requires an expression that evaluates to a string as a first argument, found: ${kindOf(value)}`,
    );
  if (typeof separator !== 'string')
    throw new MongoError(
      40086,
      `$split requires an expression that evaluates to a string as a second argument, found: ${kindOf(separator)}`,
    );
  if (separator === '') throw new MongoError(40087, '$split requires a non-empty separator');
  return value.split(separator);
}

/** What MongoDB counts as blank. */
const BLANKS = '\0\t\n\v\f\r \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a';

function trim(name: string, { input, chars }: Doc): unknown {
  if (nullish(input) || chars === null) return null;
  if (typeof input !== 'string')
    throw new MongoError(
      50699,
      `${name} requires its input to be a string, got ${formatValue(input)} (of type ${kindOf(input)}) instead.`,
    );
  if (chars !== undefined && typeof chars !== 'string')
    throw new MongoError(50700, `${name} requires 'chars' to be a string, got ${kindOf(chars)} instead.`);
  const unwanted = new Set(chars ?? BLANKS);
  const points = Array.from(input);
  let start = 0;
  let end = points.length;
  if (name !== '$rtrim') while (start < end && unwanted.has(points[start] as string)) start++;
  if (name !== '$ltrim') while (end > start && unwanted.has(points[end - 1] as string)) end--;
  return points.slice(start, end).join('');
}

function replace(name: string, { input, find, replacement }: Doc): unknown {
  for (const [code, part, value] of [
    [51746, 'input', input],
    [51745, 'find', find],
    [51744, 'replacement', replacement],
  ] as const) {
    if (!nullish(value) && typeof value !== 'string')
      throw new MongoError(code, `${name} requires that '${part}' be a string, found: ${formatValue(value)}`);
  }
  if (typeof input !== 'string' || typeof find !== 'string' || typeof replacement !== 'string') return null;
  return name === '$replaceOne' ? input.replace(find, () => replacement) : input.replaceAll(find, () => replacement);
}

function found(name: string, { input, regex, options }: Doc, all: boolean): Doc[] {
  if (nullish(input) || nullish(regex)) return [];
  if (typeof input !== 'string') throw new MongoError(51104, `${name} needs 'input' to be of type string`);
  if (options !== undefined && options !== null && typeof options !== 'string')
    throw new MongoError(51106, `${name} needs 'options' to be of type string`);
  if (typeof regex !== 'string' && !isRegex(regex))
    throw new MongoError(51105, `${name} needs 'regex' to be of type string or regex`);
  const parts = typeof regex === 'string' ? { pattern: regex, options: '' } : regexParts(regex);
  if (parts.options !== '' && options)
    throw new MongoError(51107, `${name}: found regex option(s) specified in both 'regex' and 'option' fields`);
  const expression = compileRegex(parts.pattern, options ?? parts.options);
  const global = new RegExp(expression.source, `${expression.flags}g`);
  const matches = all ? [...input.matchAll(global)] : [...input.matchAll(global)].slice(0, 1);
  return matches.map((match) => ({
    match: match[0],
    idx: Array.from(input.slice(0, match.index)).length,
    captures: match.slice(1).map((capture) => capture ?? null),
  }));
}
