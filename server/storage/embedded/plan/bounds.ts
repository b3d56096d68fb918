/** From conditions on fields to byte ranges of an index. */
import { compareValues, encodeKey } from '../semantics/index.ts';
import { concat, successor } from '../store/layout.ts';
import { KEY_LIMIT } from '../semantics/index.ts';
import type { IndexDefinition } from '../store/index-definition.ts';
import { type Predicate, isNumberKind } from './predicates.ts';

/** Encoded keys from `low` (inclusive) to `high` (exclusive; undefined: to the end of the index). */
export interface Interval {
  readonly low: Buffer;
  readonly high: Buffer | undefined;
  /** The whole key when the interval holds one key only: a unique index is then asked directly. */
  readonly point?: Buffer;
}

export interface Bounds {
  /** In index order, disjoint. */
  readonly intervals: readonly Interval[];
  /** How many leading fields are bound to points, and whether the one behind them is bound to a range. */
  readonly pointFields: number;
  readonly rangeField: boolean;
  /** Leading fields that are bound to one value each, in every key of the intervals; a document may have other keys beside them. */
  readonly constantFields: ReadonlySet<string>;
  /** The predicates that the intervals stand for. */
  readonly used: ReadonlySet<Predicate>;
  /** False when a bound had to be widened. */
  readonly exact: boolean;
}

/** Above it, further fields of a compound index are checked on the document instead of multiplying the intervals. */
const MAX_PRODUCT = 1000;

const EMPTY = Buffer.alloc(0);

/** The narrowest ranges of the index that hold every document for which all predicates are true. */
export function boundsOf(index: IndexDefinition, predicates: readonly Predicate[]): Bounds {
  let prefixes: Buffer[] = [EMPTY];
  let intervals: Interval[] | undefined;
  let exact = true;
  let pointFields = 0;
  let rangeField = false;
  const used = new Set<Predicate>();
  const constantFields = new Set<string>();
  const arrayRoots = new Set<string>();
  const multikey = (path: string): boolean => index.multikeyFields.has(path);
  for (const [at, field] of index.fields.entries()) {
    // Two conditions below one array may be met by two of its elements, which share no key.
    const root = field.split('.', 1)[0] ?? field;
    if (multikey(field) && arrayRoots.has(root)) break;
    const direction = index.directions[at] ?? 1;
    const own = predicates.filter((predicate) => predicate.path === field);
    const bound = own.find(
      (predicate) => predicate.kind === 'points' && !(multikey(field) && field.includes('.') && hasNull(predicate)),
    );
    if (bound?.kind === 'points') {
      const keys = pointKeys(bound.values, direction);
      if (prefixes.length > 1 && prefixes.length * keys.length > MAX_PRODUCT) break;
      if (keys.length === 1) constantFields.add(field);
      prefixes = prefixes.flatMap((prefix) => keys.map((key) => concat(prefix, key)));
      used.add(bound);
      pointFields += 1;
      if (multikey(field)) arrayRoots.add(root);
      continue;
    }
    const ranges = own.filter((predicate) => predicate.kind === 'range');
    if (ranges.length > 0) {
      const component = rangeOf(multikey(field) ? ranges.slice(0, 1) : ranges, direction, used);
      rangeField = true;
      intervals = component
        ? prefixes.map((prefix) => ({
            low: concat(prefix, component.low),
            high: component.high ? concat(prefix, component.high) : successor(prefix),
          }))
        : [];
    }
    break;
  }
  intervals ??= prefixes.map((prefix) => ({
    low: prefix,
    high: prefix.length === 0 ? undefined : successor(prefix),
    ...(pointFields === index.fields.length ? { point: prefix } : {}),
  }));
  const widened = intervals.map(fitKeyLimit);
  if (widened.some((interval, at) => interval !== intervals?.[at])) exact = false;
  return { intervals: exact ? widened : merge(widened), pointFields, rangeField, constantFields, used, exact };
}

function hasNull(predicate: Predicate): boolean {
  return predicate.kind === 'points' && predicate.values.includes(null);
}

/** The encoded points in index order, each once. */
function pointKeys(values: readonly unknown[], direction: 1 | -1): Buffer[] {
  const keys = values.map((value) => Buffer.from(encodeKey([value], [direction]).key));
  if (keys.length < 2) return keys;
  keys.sort(Buffer.compare);
  return keys.filter((key, at) => at === 0 || !key.equals(keys[at - 1] ?? EMPTY));
}

interface End {
  readonly value: unknown;
  readonly inclusive: boolean;
}

/** The bytes between the tightest of the given limits; undefined when nothing can be between them. */
function rangeOf(
  ranges: readonly Predicate[],
  direction: 1 | -1,
  used: Set<Predicate>,
): { low: Buffer; high: Buffer | undefined } | undefined {
  let low: End | undefined;
  let high: End | undefined;
  for (const predicate of ranges) {
    if (predicate.kind !== 'range') continue;
    used.add(predicate);
    const end: End = { value: predicate.value, inclusive: predicate.comparison.endsWith('e') };
    if (predicate.comparison.startsWith('g')) low = tighter(low, end, 1);
    else high = tighter(high, end, -1);
  }
  const sample = low ?? high;
  if (!sample) return undefined;
  const tag = Buffer.from(encodeKey([sample.value], [direction]).key.subarray(0, 1));
  if (low && high && Buffer.from(encodeKey([high.value], [direction]).key.subarray(0, 1)).compare(tag) !== 0)
    return undefined;
  const component = direction === 1 ? ascending(low, high, tag) : descending(low, high, tag);
  return component.high && Buffer.compare(component.low, component.high) >= 0 ? undefined : component;
}

function tighter(a: End | undefined, b: End, sign: 1 | -1): End {
  if (!a) return b;
  const order = compareValues(a.value, b.value) * sign;
  if (order !== 0) return order > 0 ? a : b;
  return a.inclusive ? b : a;
}

/** NaN lies below every number in an index, and no comparison with a number is true for it. */
function lowest(high: End | undefined): End | undefined {
  return high && isNumberKind(high.value) ? { value: Number.NEGATIVE_INFINITY, inclusive: true } : undefined;
}

/** The first key behind an end, or the key of the end itself, which stands for all longer values when it was cut. */
function edge(end: End, direction: 1 | -1, side: 'low' | 'high'): Buffer | undefined {
  const { key, exact } = encodeKey([end.value], [direction]);
  const bytes = Buffer.from(key);
  const inclusive = end.inclusive || !exact;
  return inclusive === (side === 'low') ? bytes : successor(bytes);
}

function ascending(
  low: End | undefined,
  high: End | undefined,
  tag: Buffer,
): { low: Buffer; high: Buffer | undefined } {
  const from = low ?? lowest(high);
  return {
    low: (from && edge(from, 1, 'low')) ?? tag,
    high: high ? edge(high, 1, 'high') : successor(tag),
  };
}

function descending(
  low: End | undefined,
  high: End | undefined,
  tag: Buffer,
): { low: Buffer; high: Buffer | undefined } {
  const from = low ?? lowest(high);
  return {
    low: (high && edge(high, -1, 'low')) ?? tag,
    high: from ? edge(from, -1, 'high') : successor(tag),
  };
}

/** Keys are cut at `KEY_LIMIT`, so a bound behind the cut can only be compared up to it. */
function fitKeyLimit(interval: Interval): Interval {
  const { low, high } = interval;
  if (low.length < KEY_LIMIT && (high?.length ?? 0) < KEY_LIMIT) return interval;
  return {
    low: low.subarray(0, KEY_LIMIT),
    high: high && high.length >= KEY_LIMIT ? successor(high.subarray(0, KEY_LIMIT)) : high,
  };
}

function merge(intervals: readonly Interval[]): Interval[] {
  const merged: Interval[] = [];
  for (const interval of intervals) {
    const last = merged.at(-1);
    if (last && (last.high === undefined || Buffer.compare(interval.low, last.high) <= 0)) {
      const high =
        last.high === undefined || interval.high === undefined
          ? undefined
          : Buffer.compare(interval.high, last.high) > 0
            ? interval.high
            : last.high;
      merged[merged.length - 1] = { low: last.low, high };
    } else merged.push(interval);
  }
  return merged;
}
