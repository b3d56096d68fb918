/** Which databases, collections and indexes there are: in memory for use, in the store for keeps. */
import { randomUUID } from 'node:crypto';
import { MongoError } from '../errors.ts';
import { type Doc, decode, encode, isDoc, toNumber } from '../semantics/index.ts';
import { Collection, type Identity } from './collection.ts';
import type { Environment } from './environment.ts';
import { ID_INDEX, type IndexDefinition, defineIndex, specOf } from './index-definition.ts';
import { idPrefix, successor } from './layout.ts';

const COLLECTION = 0x63; // 'c'
const GARBAGE = 0x67; // 'g'
const NEXT_ID = Buffer.from('n');

/** What of a tree is to be freed in the background. */
export interface Garbage {
  readonly tree: 'documents' | 'index';
  readonly id: number;
}

function recordKey(kind: number, id: number): Buffer {
  const key = Buffer.alloc(5);
  key[0] = kind;
  key.writeUInt32BE(id, 1);
  return key;
}

const MAX_NAMESPACE_BYTES = 255;

/** Refuses the names of databases and collections that MongoDB refuses. */
export function checkNamespace(db: string, collection: string): void {
  checkDatabaseName(db);
  if (
    collection === '' ||
    collection.startsWith('.') ||
    collection.endsWith('.') ||
    /[$\0]/.test(collection) ||
    collection.includes('..')
  )
    throw new MongoError('InvalidNamespace', `Invalid collection name: ${collection}`);
  if (Buffer.byteLength(db) + Buffer.byteLength(collection) + 1 > MAX_NAMESPACE_BYTES)
    throw new MongoError(
      'InvalidNamespace',
      `Fully qualified namespace is too long. Namespace: ${db}.${collection} Max: ${MAX_NAMESPACE_BYTES}`,
    );
}

export function checkDatabaseName(db: string): void {
  if (db === '' || Buffer.byteLength(db) > 63 || /[/\\. "$\0]/.test(db))
    throw new MongoError('InvalidNamespace', `Invalid database name: '${db}'`);
}

export class Catalog {
  readonly #env: Environment;
  readonly #databases = new Map<string, Map<string, Collection>>();
  #garbage: Garbage[] = [];
  /** The last key that was removed of the first of them. */
  #collected: Buffer | undefined;
  #nextId = 1;

  constructor(env: Environment) {
    this.#env = env;
    this.reload();
  }

  /**
   * Reads everything anew from the store: at the start, and after a group that was lost. Collections and indexes that are still there
   * remain the same objects, because cursors hold them.
   */
  reload(): void {
    const known = new Map([...this.all()].map((collection) => [collection.id, collection]));
    this.#databases.clear();
    this.#garbage = [];
    this.#collected = undefined;
    const { catalog } = this.#env;
    this.#nextId = catalog.get(NEXT_ID)?.readUInt32BE(0) ?? 1;
    for (const { key, value } of catalog.range({ low: Buffer.from([COLLECTION]), high: Buffer.from([COLLECTION + 1]) }))
      if (key.length === 5) {
        const { identity, indexes } = readCollection(value);
        const collection = known.get(identity.id) ?? new Collection(this.#env, this, identity);
        known.delete(identity.id);
        collection.reset(identity, indexes);
        this.#adopt(collection);
      }
    for (const gone of known.values()) gone.dropped = true;
    for (const { key, value } of catalog.range({ low: Buffer.from([GARBAGE]), high: Buffer.from([GARBAGE + 1]) }))
      if (key.length === 5)
        this.#garbage.push({ id: key.readUInt32BE(1), tree: value[0] === 0 ? 'documents' : 'index' });
  }

  #adopt(collection: Collection): void {
    let collections = this.#databases.get(collection.db);
    if (!collections) this.#databases.set(collection.db, (collections = new Map()));
    collections.set(collection.name, collection);
  }

  databases(): string[] {
    return [...this.#databases.keys()].sort();
  }

  collections(db: string): Collection[] {
    return [...(this.#databases.get(db)?.values() ?? [])];
  }

  find(db: string, name: string): Collection | undefined {
    return this.#databases.get(db)?.get(name);
  }

  *all(): Iterable<Collection> {
    for (const collections of this.#databases.values()) yield* collections.values();
  }

  /** An id for a collection or an index; only in a write transaction. */
  takeId(): number {
    const id = this.#nextId++;
    const stored = Buffer.alloc(4);
    stored.writeUInt32BE(this.#nextId, 0);
    this.#env.catalog.put(NEXT_ID, stored);
    return id;
  }

  create(db: string, name: string, options: Doc): Collection {
    checkNamespace(db, name);
    const collection = new Collection(this.#env, this, { id: this.takeId(), db, name, options, uuid: randomUUID() });
    collection.adoptIndex(
      defineIndex(this.takeId(), { v: 2, key: { _id: 1 }, name: ID_INDEX }, { multikeyFields: [], cut: false }),
    );
    this.#adopt(collection);
    this.save(collection);
    return collection;
  }

  /** The collection, made if it is not there: what MongoDB does for the first insert. */
  need(db: string, name: string): Collection {
    return this.find(db, name) ?? this.create(db, name, {});
  }

  drop(collection: Collection): void {
    const collections = this.#databases.get(collection.db);
    collections?.delete(collection.name);
    if (collections?.size === 0) this.#databases.delete(collection.db);
    collection.dropped = true;
    this.#env.catalog.remove(recordKey(COLLECTION, collection.id));
    this.discard({ tree: 'documents', id: collection.id });
    for (const index of collection.indexes) this.discard({ tree: 'index', id: index.id });
  }

  rename(collection: Collection, db: string, name: string): void {
    checkNamespace(db, name);
    const collections = this.#databases.get(collection.db);
    collections?.delete(collection.name);
    if (collections?.size === 0) this.#databases.delete(collection.db);
    collection.rename(db, name);
    this.#adopt(collection);
    this.save(collection);
  }

  save(collection: Collection): void {
    const record: Doc = {
      id: collection.id,
      db: collection.db,
      name: collection.name,
      uuid: collection.uuid,
      options: collection.options,
      indexes: collection.indexes.map((index) => ({
        id: index.id,
        multikey: index.multikey,
        multikeyFields: [...index.multikeyFields],
        cut: index.cut,
        spec: specOf(index),
      })),
    };
    this.#env.catalog.put(recordKey(COLLECTION, collection.id), Buffer.from(encode(record)));
  }

  /** Leaves a dropped tree to the background: it is out of use at once, its pages come back later. */
  discard(garbage: Garbage): void {
    this.#garbage.push(garbage);
    this.#env.catalog.put(recordKey(GARBAGE, garbage.id), Buffer.from([garbage.tree === 'documents' ? 0 : 1]));
  }

  hasGarbage(): boolean {
    return this.#garbage.length > 0;
  }

  /** Frees at most `budget` records of what was dropped; only in a write transaction. */
  collectGarbage(budget: number): void {
    const next = this.#garbage[0];
    if (!next) return;
    const tree = this.#env[next.tree];
    const prefix = idPrefix(next.id);
    // Not from the start again: what was removed lies in memory for a while, and would be walked over each time.
    const low = this.#collected ?? prefix;
    const keys = tree.keys({ low, high: successor(prefix), limit: budget });
    for (const key of keys) tree.remove(key);
    this.#collected = keys.at(-1);
    if (keys.length === budget) return;
    this.#collected = undefined;
    this.#garbage.shift();
    this.#env.catalog.remove(recordKey(GARBAGE, next.id));
  }
}

function readCollection(stored: Buffer): { identity: Identity; indexes: IndexDefinition[] } {
  const record = decode(stored);
  const options = record['options'];
  const identity = {
    id: toNumber(record['id']),
    db: String(record['db']),
    name: String(record['name']),
    uuid: String(record['uuid']),
    options: isDoc(options) ? options : {},
  };
  const indexes: IndexDefinition[] = [];
  for (const index of Array.isArray(record['indexes']) ? record['indexes'] : [])
    if (isDoc(index) && isDoc(index['spec']))
      indexes.push(
        defineIndex(toNumber(index['id']), index['spec'], {
          multikeyFields: storedMultikeyFields(index, index['spec']),
          cut: index['cut'] === true,
        }),
      );
  return { identity, indexes };
}

/** Format 1 kept one flag for the whole index: when it is set, any field may be multikey. */
function storedMultikeyFields(index: Doc, spec: Doc): readonly string[] {
  const { multikey, multikeyFields } = index;
  if (Array.isArray(multikeyFields)) return multikeyFields.map(String);
  return multikey === true && isDoc(spec['key']) ? Object.keys(spec['key']) : [];
}
