/**
 * One collection: its documents and the entries of its indexes, which change together or not at all.
 * Everything that writes must be called inside `Environment.write`; uniqueness is checked before the first byte is written, so a refused
 * document leaves nothing behind in the transaction that it shares with others.
 */
import { MongoError } from '../errors.ts';
import { type Doc, type Filter, compileFilter, decode, isDoc, formatValue } from '../semantics/index.ts';
import type { Catalog } from './catalog.ts';
import type { Environment } from './environment.ts';
import { ID_INDEX, type IndexDefinition, defineIndex, resetIndex } from './index-definition.ts';
import { type Entries, entriesOf, indexedFields } from './index-entries.ts';
import {
  NOTHING,
  RECORD_BYTES,
  documentKey,
  idPrefix,
  plainEntryKey,
  recordBytes,
  recordOf,
  successor,
} from './layout.ts';
import { withIdInFront } from './document-id.ts';
import { MAX_DOCUMENT_BYTES, changedElements } from './raw-bson.ts';

export interface Identity {
  readonly id: number;
  readonly db: string;
  readonly name: string;
  readonly uuid: string;
  readonly options: Doc;
}

/** A document with the number under which it is stored. */
export interface StoredDocument {
  readonly record: number;
  readonly raw: Buffer;
}

export class Collection {
  readonly id: number;
  readonly uuid: string;
  options: Doc;
  db: string;
  name: string;
  dropped = false;
  readonly #env: Environment;
  readonly #catalog: Catalog;
  #indexes: IndexDefinition[] = [];
  #fields: Set<string> = new Set();
  /** Of each index, the top-level fields that decide about its entries. */
  readonly #fieldsOf = new Map<IndexDefinition, ReadonlySet<string>>();
  #nextRecord: number | undefined;
  #count: number | undefined;
  #validator: Filter | undefined;

  constructor(env: Environment, catalog: Catalog, identity: Identity) {
    this.#env = env;
    this.#catalog = catalog;
    this.id = identity.id;
    this.uuid = identity.uuid;
    this.db = identity.db;
    this.name = identity.name;
    this.options = identity.options;
    this.setOptions(identity.options);
  }

  get namespace(): string {
    return `${this.db}.${this.name}`;
  }

  get indexes(): readonly IndexDefinition[] {
    return this.#indexes;
  }

  get idIndex(): IndexDefinition {
    const index = this.#indexes.find(({ name }) => name === ID_INDEX);
    if (!index) throw new MongoError('InternalError', `${this.namespace} has no index on _id`);
    return index;
  }

  setOptions(options: Doc): void {
    this.options = options;
    const validator = options['validator'];
    this.#validator = isDoc(validator) && Object.keys(validator).length > 0 ? compileFilter(validator) : undefined;
  }

  rename(db: string, name: string): void {
    this.db = db;
    this.name = name;
  }

  /** Is again what is stored of it, after a group was lost that had changed it; its indexes remain the same objects. */
  reset({ db, name, options }: Identity, stored: readonly IndexDefinition[]): void {
    const before = this.#indexes;
    this.rename(db, name);
    this.setOptions(options);
    this.dropped = false;
    this.#count = undefined;
    this.#indexes = [];
    this.#fieldsOf.clear();
    for (const index of stored) {
      const same = before.find(({ id }) => id === index.id);
      if (same) resetIndex(same, index);
      this.adoptIndex(same ?? index);
    }
  }

  adoptIndex(index: IndexDefinition): void {
    this.#indexes = [...this.#indexes, index];
    this.#fields = indexedFields(this.#indexes);
    this.#fieldsOf.set(index, indexedFields([index]));
  }

  // ---- reading

  get(record: number): Buffer | undefined {
    return this.#env.documents.get(documentKey(this.id, record));
  }

  /** The documents from `after` on (exclusive) in the order of their insertion, or against it; at most `limit`. */
  scan(after: number | undefined, backwards: boolean, limit: number): StoredDocument[] {
    const low = idPrefix(this.id);
    const high = successor(low);
    const from = after === undefined ? undefined : documentKey(this.id, after);
    const span = backwards
      ? { low, high: from ?? high, backwards, limit }
      : { low: from ?? low, high, lowExclusive: from !== undefined, limit };
    return this.#env.documents.range(span).map(({ key, value }) => ({ record: recordOf(key), raw: value }));
  }

  /** The number of documents; counted once, then kept. */
  count(): number {
    if (this.#count === undefined) {
      const low = idPrefix(this.id);
      this.#count = this.#env.documents.count({ low, high: successor(low) });
    }
    return this.#count;
  }

  /** Bytes of all documents; reads every one of them. */
  dataBytes(): number {
    let bytes = 0;
    let after: number | undefined;
    for (;;) {
      const chunk = this.scan(after, false, 1000);
      for (const { raw, record } of chunk) {
        bytes += raw.length;
        after = record;
      }
      if (chunk.length < 1000) return bytes;
    }
  }

  #takeRecord(): number {
    if (this.#nextRecord === undefined) {
      const [last] = this.scan(undefined, true, 1);
      this.#nextRecord = (last?.record ?? 0) + 1;
    }
    return this.#nextRecord++;
  }

  // ---- writing

  /** Stores a new document, and returns it as it is stored: with its `_id`, which is in front. */
  insert(sent: Buffer): StoredDocument {
    const raw = withIdInFront(sent);
    this.#check(raw);
    const entries = entriesOf(raw, this.#indexes, this.#fields);
    for (const one of entries) this.#checkUnique(one, undefined);
    const record = this.#takeRecord();
    this.#env.documents.put(documentKey(this.id, record), raw);
    for (const one of entries) for (const key of one.keys) this.#putEntry(one.index, key, record);
    this.#noteKinds(entries);
    if (this.#count !== undefined) this.#count += 1;
    return { record, raw };
  }

  /** Replaces a document's bytes; its place in natural order stays. */
  replace(old: StoredDocument, raw: Buffer): void {
    this.#check(raw);
    const changed = changedElements(old.raw, raw, (name) => this.#fields.has(name));
    if (changed.size > 0) this.#moveEntries(old, raw, changed);
    this.#env.documents.put(documentKey(this.id, old.record), raw);
  }

  /** Moves the entries in the indexes that some changed field decides about: a document in many indexes seldom changes in all of them. */
  #moveEntries(old: StoredDocument, raw: Buffer, changed: ReadonlySet<string>): void {
    const indexes = this.#indexes.filter((index) => meets(this.#fieldsOf.get(index), changed));
    const fields = indexedFields(indexes);
    const before = entriesOf(old.raw, indexes, fields);
    const after = entriesOf(raw, indexes, fields);
    for (const one of after) this.#checkUnique(one, old.record);
    for (const index of indexes) {
      const gone = before.find((entries) => entries.index === index)?.keys ?? [];
      const come = after.find((entries) => entries.index === index)?.keys ?? [];
      for (const key of gone) if (!come.some((other) => other.equals(key))) this.#removeEntry(index, key, old.record);
      for (const key of come) if (!gone.some((other) => other.equals(key))) this.#putEntry(index, key, old.record);
    }
    this.#noteKinds(after);
  }

  remove(old: StoredDocument): void {
    for (const { index, keys } of entriesOf(old.raw, this.#indexes, this.#fields))
      for (const key of keys) this.#removeEntry(index, key, old.record);
    this.#env.documents.remove(documentKey(this.id, old.record));
    if (this.#count !== undefined) this.#count -= 1;
  }

  #check(raw: Buffer): void {
    if (raw.length > MAX_DOCUMENT_BYTES)
      throw new MongoError(
        'BSONObjectTooLarge',
        `BSONObj size: ${raw.length} is invalid. Size must be between 0 and ${MAX_DOCUMENT_BYTES}`,
      );
    if (this.#validator && !this.#validator.matches(decode(raw)) && this.options['validationAction'] !== 'warn')
      throw new MongoError('DocumentValidationFailure', 'Document failed validation');
  }

  #checkUnique(entries: Entries, own: number | undefined): void {
    const { index, keys } = entries;
    if (!index.unique) return;
    for (const [at, key] of keys.entries()) {
      const holder = this.#env.index.get(key);
      if (holder && recordOf(holder) !== own) throw this.duplicateKey(index, entries.values[at] ?? []);
    }
  }

  duplicateKey(index: IndexDefinition, values: readonly unknown[]): MongoError {
    const keyValue: Doc = {};
    for (const [at, field] of index.fields.entries()) keyValue[field] = keyPart(values[at]);
    const shown = index.fields.map((field) => `${field}: ${formatValue(keyValue[field])}`).join(', ');
    return new MongoError(
      'DuplicateKey',
      `E11000 duplicate key error collection: ${this.namespace} index: ${index.name} dup key: { ${shown} }`,
      { keyPattern: index.key, keyValue },
    );
  }

  #putEntry(index: IndexDefinition, key: Buffer, record: number): void {
    if (index.unique) this.#env.index.put(key, recordBytes(record));
    else this.#env.index.put(plainEntryKey(key, record), NOTHING);
  }

  #removeEntry(index: IndexDefinition, key: Buffer, record: number): void {
    this.#env.index.remove(index.unique ? key : plainEntryKey(key, record));
  }

  /** What the planner must know about an index for as long as it lives is stored with the first document that makes it so. */
  #noteKinds(all: readonly Entries[]): void {
    let changed = false;
    for (const one of all) if (noteKind(one)) changed = true;
    if (changed) this.#catalog.save(this);
  }

  /** Builds an index over what there is. Nothing of it stays when a document stands against it. */
  addIndex(spec: Doc): IndexDefinition {
    const index = defineIndex(this.#catalog.takeId(), spec, { multikeyFields: [], cut: false });
    const fields = indexedFields([index]);
    try {
      let after: number | undefined;
      for (;;) {
        const chunk = this.scan(after, false, 1000);
        for (const { raw, record } of chunk) {
          after = record;
          const [entries] = entriesOf(raw, [index], fields);
          if (!entries) continue;
          this.#checkUnique(entries, record);
          for (const key of entries.keys) this.#putEntry(index, key, record);
          noteKind(entries);
        }
        if (chunk.length < 1000) break;
      }
    } catch (error) {
      // After anything else the transaction is lost, and the entries with it.
      if (error instanceof MongoError) this.#catalog.discard({ tree: 'index', id: index.id });
      throw error;
    }
    this.adoptIndex(index);
    this.#catalog.save(this);
    return index;
  }

  dropIndex(index: IndexDefinition): void {
    this.#indexes = this.#indexes.filter((other) => other !== index);
    this.#fields = indexedFields(this.#indexes);
    this.#fieldsOf.delete(index);
    this.#catalog.discard({ tree: 'index', id: index.id });
    this.#catalog.save(this);
  }

  /** How the entries of an index and the documents disagree; empty when all is well. Reads everything: for checks, not for service. */
  verify(): string[] {
    const faults: string[] = [];
    const expected = new Map<IndexDefinition, number>(this.#indexes.map((index) => [index, 0]));
    let after: number | undefined;
    let documents = 0;
    for (;;) {
      const chunk = this.scan(after, false, 1000);
      for (const { raw, record } of chunk) {
        after = record;
        documents += 1;
        for (const { index, keys } of entriesOf(raw, this.#indexes, this.#fields)) {
          expected.set(index, (expected.get(index) ?? 0) + keys.length);
          for (const key of keys)
            if (!this.#hasEntry(index, key, record)) faults.push(`record ${record} is missing in ${index.name}`);
        }
      }
      if (chunk.length < 1000) break;
    }
    for (const [index, entries] of expected) {
      const low = idPrefix(index.id);
      const there = this.#env.index.count({ low, high: successor(low) });
      if (there !== entries) faults.push(`${index.name} has ${there} entries, the documents have ${entries}`);
    }
    if (this.#count !== undefined && this.#count !== documents)
      faults.push(`count is ${this.#count}, there are ${documents} documents`);
    return faults;
  }

  #hasEntry(index: IndexDefinition, key: Buffer, record: number): boolean {
    if (!index.unique) return this.#env.index.has(plainEntryKey(key, record));
    const holder = this.#env.index.get(key);
    return holder?.length === RECORD_BYTES && recordOf(holder) === record;
  }
}

function meets(fields: ReadonlySet<string> | undefined, names: ReadonlySet<string>): boolean {
  for (const name of names) if (fields?.has(name)) return true;
  return false;
}

/** Marks the index with what a document's entries are the first to be; false when there is nothing new. */
function noteKind({ index, multikeyFields, cut }: Entries): boolean {
  for (const name of multikeyFields) index.multikeyFields.add(name);
  const firstCut = cut && !index.cut;
  if (firstCut) index.cut = true;
  return firstCut || multikeyFields.length > 0;
}

/** A key's part as a client is told it; an empty array is `undefined` in a key. */
function keyPart(value: unknown): unknown {
  return value === undefined || typeof value === 'symbol' ? null : value;
}
