/** From a document to the entries that it has in each index of its collection. */
import { MongoError } from '../errors.ts';
import { type Doc, decodeFields, encodeKey, extractKeys, field, isDoc } from '../semantics/index.ts';
import type { IndexDefinition } from './index-definition.ts';
import { MAX_ENCODED_BYTES, uniqueEntryKey } from './layout.ts';

/** The keys of one document in one index, without duplicates, each with the index's id in front: in a unique index the whole LMDB key. */
export interface Entries {
  readonly index: IndexDefinition;
  readonly keys: readonly Buffer[];
  readonly values: readonly (readonly unknown[])[];
  /** Fields that this document is the first to make multikey. */
  readonly multikeyFields: readonly string[];
  readonly cut: boolean;
}

/** The top-level fields that decide about a document's entries: those of the patterns and of the partial filters. */
export function indexedFields(indexes: Iterable<IndexDefinition>): Set<string> {
  const names = new Set<string>();
  for (const index of indexes) {
    for (const path of index.fields) names.add(topLevel(path));
    if (index.partial) collectFields(index.partial.expression, names);
  }
  return names;
}

function topLevel(path: string): string {
  const dot = path.indexOf('.');
  return dot < 0 ? path : path.slice(0, dot);
}

function collectFields(expression: Doc, names: Set<string>): void {
  for (const [name, value] of Object.entries(expression)) {
    if (!name.startsWith('$')) names.add(topLevel(name));
    else if (Array.isArray(value)) for (const branch of value) collectFields(branch as Doc, names);
  }
}

/** Computes the entries in all `indexes`; `fields` are their `indexedFields`. */
export function entriesOf(raw: Buffer, indexes: readonly IndexDefinition[], fields: ReadonlySet<string>): Entries[] {
  const doc = decodeFields(raw, fields);
  const all: Entries[] = [];
  for (const index of indexes) {
    const entries = entriesIn(doc, index);
    if (entries) all.push(entries);
  }
  return all;
}

function entriesIn(doc: Doc, index: IndexDefinition): Entries | undefined {
  if (index.partial && !index.partial.filter.matches(doc)) return undefined;
  const { keys: values, multikey, anyPresent } = extractKeys(doc, index.paths);
  if (index.sparse && !anyPresent) return undefined;
  const multikeyFields = multikey ? newMultikeyFields(doc, index) : NO_FIELDS;
  const [only] = values;
  if (values.length === 1 && only) {
    const { key, exact } = encodeKey(only, index.directions);
    const entries: Entries = { index, keys: [uniqueEntryKey(index.id, key)], values, multikeyFields, cut: !exact };
    checkLength(entries);
    return entries;
  }
  const distinct = new Map<string, { key: Buffer; values: readonly unknown[] }>();
  let cut = false;
  for (const value of values) {
    const { key, exact } = encodeKey(value, index.directions);
    if (!exact) cut = true;
    const whole = uniqueEntryKey(index.id, key);
    distinct.set(whole.toString('latin1'), { key: whole, values: value });
  }
  const kept = [...distinct.values()];
  const entries: Entries = {
    index,
    keys: kept.map((entry) => entry.key),
    values: kept.map((entry) => entry.values),
    multikeyFields,
    cut,
  };
  checkLength(entries);
  return entries;
}

const NO_FIELDS: readonly string[] = [];

function newMultikeyFields(doc: Doc, index: IndexDefinition): readonly string[] {
  return index.fields.filter((name, at) => !index.multikeyFields.has(name) && meetsArray(doc, index.paths[at] ?? []));
}

/** Whether an array lies on the path or at its end; also where a number in the path picks one element, which errs on the safe side. */
function meetsArray(doc: Doc, path: readonly string[]): boolean {
  let value: unknown = doc;
  for (const name of path) {
    if (!isDoc(value)) return false;
    value = field(value, name);
    if (Array.isArray(value)) return true;
  }
  return false;
}

/** A unique index must tell long values apart to the last byte, which a cut key cannot: MongoDB before 4.2 refused these likewise. */
function checkLength(entries: Entries): void {
  if (entries.cut && entries.index.unique)
    throw new MongoError(
      'KeyTooLong',
      `Key too large to index uniquely (limit ${MAX_ENCODED_BYTES} bytes): index ${entries.index.name}`,
    );
}
