import { MongoError } from '../../errors.ts';
import { hashOf } from '../key.ts';
import { kindOf } from '../values.ts';
import { fixed, nullish, type Operator, variadic } from './types.ts';

/** Expressions that take arrays as sets: by value, without repetition. The order of a result is that of first appearance. */
export const SETS: readonly (readonly [string, Operator])[] = [
  ['$setUnion', variadic(union)],
  ['$setIntersection', variadic(intersection)],
  ['$setDifference', fixed(2, difference)],
  ['$setEquals', variadic(equals)],
  ['$setIsSubset', fixed(2, isSubset)],
];

type Members = Map<string, unknown>;

function members(name: string, code: number, value: unknown): Members {
  if (!Array.isArray(value))
    throw new MongoError(code, `All operands of ${name} must be arrays. One argument is of type: ${kindOf(value)}`);
  const set: Members = new Map();
  for (const item of value as unknown[]) {
    const hash = hashOf(item);
    if (!set.has(hash)) set.set(hash, item);
  }
  return set;
}

function union(values: readonly unknown[]): unknown {
  if (values.some(nullish)) return null;
  const all: Members = new Map();
  for (const value of values) {
    for (const [hash, item] of members('$setUnion', 17043, value)) if (!all.has(hash)) all.set(hash, item);
  }
  return [...all.values()];
}

function intersection(values: readonly unknown[]): unknown {
  if (values.some(nullish)) return null;
  const [first, ...rest] = values.map((value) => members('$setIntersection', 17047, value));
  if (!first) return [];
  return [...first].filter(([hash]) => rest.every((set) => set.has(hash))).map(([, item]) => item);
}

function difference(a: unknown, b: unknown): unknown {
  if (nullish(a) || nullish(b)) return null;
  const left = members('$setDifference', 17048, a);
  const right = members('$setDifference', 17049, b);
  return [...left].filter(([hash]) => !right.has(hash)).map(([, item]) => item);
}

function equals(values: readonly unknown[]): unknown {
  if (values.length < 2) throw new MongoError(17045, `$setEquals needs at least two arguments had: ${values.length}`);
  const [first, ...rest] = values.map((value) => members('$setEquals', 17044, value));
  return rest.every((set) => set.size === first?.size && [...set.keys()].every((hash) => first.has(hash)));
}

function isSubset(a: unknown, b: unknown): unknown {
  const left = members('$setIsSubset', 17046, a);
  const right = members('$setIsSubset', 17042, b);
  return [...left.keys()].every((hash) => right.has(hash));
}
