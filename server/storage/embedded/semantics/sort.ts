import { MongoError } from '../errors.ts';
import { compareValues } from './compare.ts';
import { extractKeys, keyPaths } from './index-keys.ts';
import { type Doc, isDoc, toNumber } from './values.ts';

/** The part of a sort that is compared: one value per sort field. */
type SortKey = readonly unknown[];

/** The fields and directions of a sort, checked. */
export interface SortOrder {
  readonly names: readonly string[];
  readonly directions: readonly (1 | -1)[];
  /** The one key under which a document is sorted. */
  keyOf(doc: Doc): SortKey;
  compareKeys(a: SortKey, b: SortKey): number;
}

/** Checks a sort specification and compiles it; a bad one is refused with BadValue. */
export function sortOrder(spec: Doc): SortOrder {
  const names = Object.keys(spec);
  const directions = names.map((name) => direction(name, spec[name]));
  const paths = keyPaths(names);
  const compareKeys = (a: SortKey, b: SortKey): number => {
    for (let index = 0; index < directions.length; index++) {
      const order = compareValues(a[index], b[index]);
      if (order !== 0) return directions[index] === 1 ? order : -order;
    }
    return 0;
  };
  // With arrays the sort takes, as an index scan would, the key that comes first in its own order.
  const keyOf = (doc: Doc): SortKey => {
    const [first = [], ...rest] = sortKeys(doc, paths);
    let least: SortKey = first;
    for (const key of rest) if (compareKeys(key, least) < 0) least = key;
    return least;
  };
  return { names, directions, keyOf, compareKeys };
}

function sortKeys(doc: Doc, paths: readonly (readonly string[])[]): unknown[][] {
  try {
    return extractKeys(doc, paths).keys;
  } catch (error) {
    if (error instanceof MongoError && error.codeName === 'CannotIndexParallelArrays') {
      throw new MongoError('BadValue', 'cannot sort with keys that are parallel arrays');
    }
    throw error;
  }
}

function direction(name: string, value: unknown): 1 | -1 {
  if (name === '') throw new MongoError('EmptyFieldName', 'FieldPath field names may not be empty strings');
  if (name.split('.').includes('')) throw new MongoError(15998, 'FieldPath field names may not be empty strings.');
  if (name.startsWith('$')) throw new MongoError(16410, `FieldPath field names may not start with '$'. Got '${name}'.`);
  if (isDoc(value)) {
    throw new MongoError('NotImplemented', 'a sort by $meta needs a text index, which this engine does not have');
  }
  const number = toNumber(value);
  if (Number.isNaN(number)) throw new MongoError(15974, `Illegal key in $sort specification: ${name}`);
  if (number !== 1 && number !== -1) {
    throw new MongoError(15975, '$sort key ordering must be 1 (for ascending) or -1 (for descending)');
  }
  return number;
}

/** An order of documents under a specification such as `{ at: -1, _id: 1 }`. To sort many documents, `sortDocs` is faster. */
export function compileSort(spec: Doc): (a: Doc, b: Doc) => number {
  const { keyOf, compareKeys } = sortOrder(spec);
  return (a, b) => compareKeys(keyOf(a), keyOf(b));
}

/** Sorts items by the documents in them, each key made once; stable. With `limit` only that many are kept. */
export function sortBy<T>(
  items: Iterable<T>,
  docOf: (item: T) => Doc,
  spec: Doc,
  limit = Number.POSITIVE_INFINITY,
): T[] {
  const { keyOf, compareKeys } = sortOrder(spec);
  let keyed: { item: T; key: SortKey }[] = [];
  for (const item of items) {
    keyed.push({ item, key: keyOf(docOf(item)) });
    if (keyed.length >= limit * 2 + 1000) keyed = keyed.sort((a, b) => compareKeys(a.key, b.key)).slice(0, limit);
  }
  keyed.sort((a, b) => compareKeys(a.key, b.key));
  if (keyed.length > limit) keyed.length = limit;
  return keyed.map(({ item }) => item);
}
