/** createIndexes, listIndexes, dropIndexes. */
import { MongoError } from '../errors.ts';
import { type Doc, encode, formatValue, isDoc } from '../semantics/index.ts';
import { samePattern } from '../plan/planner.ts';
import type { Collection } from '../store/collection.ts';
import { ID_INDEX, type IndexDefinition, normalizeSpec, specOf } from '../store/index-definition.ts';
import { cursorReply } from '../wire/frame.ts';
import { type Call, type Command, arrayField, collectionName } from './command.ts';

const MAX_INDEXES = 64;

function createIndexes(call: Call): Doc {
  const name = collectionName(call);
  const { catalog } = call.engine;
  const specs = arrayField(call, 'indexes') ?? [];
  if (specs.length === 0) throw new MongoError('BadValue', 'Must specify at least one index to create');
  const normalized = specs.map((spec) => {
    if (!isDoc(spec))
      throw new MongoError(
        'TypeMismatch',
        "BSON field 'createIndexes.indexes.0' is the wrong type, expected type 'object'",
      );
    return normalizeSpec(spec);
  });
  const existed = catalog.find(call.db, name) !== undefined;
  const collection = catalog.need(call.db, name);
  const before = collection.indexes.length;
  const built: IndexDefinition[] = [];
  try {
    for (const spec of normalized) {
      if (isThere(collection, spec)) continue;
      if (collection.indexes.length >= MAX_INDEXES)
        throw new MongoError('CannotCreateIndex', `add index fails, too many indexes for ${collection.namespace}`);
      built.push(collection.addIndex(spec));
    }
  } catch (error) {
    if (error instanceof MongoError) for (const index of built) collection.dropIndex(index);
    throw error;
  }
  return {
    numIndexesBefore: before,
    numIndexesAfter: collection.indexes.length,
    createdCollectionAutomatically: !existed,
    ...(built.length === 0 ? { note: 'all indexes already exist' } : {}),
  };
}

/** Whether the very same index exists; one that shares only name or keys is refused. */
function isThere(collection: Collection, spec: Doc): boolean {
  const name = String(spec['name']);
  for (const index of collection.indexes) {
    const existing = specOf(index);
    const sameKey = samePattern(index.key, spec['key'] as Doc);
    const samePartial =
      formatValue(existing['partialFilterExpression'] ?? null) === formatValue(spec['partialFilterExpression'] ?? null);
    if (index.name === ID_INDEX && sameKey) return true;
    if (index.name === name) {
      const sameOptions =
        ['unique', 'sparse', 'expireAfterSeconds'].every((option) => existing[option] === spec[option]) && samePartial;
      if (sameKey && sameOptions) return true;
      if (sameKey)
        throw new MongoError(
          'IndexOptionsConflict',
          `An equivalent index already exists with the same name but different options. Requested index: ${formatValue(spec)}, existing index: ${formatValue(existing)}`,
        );
      throw new MongoError(
        'IndexKeySpecsConflict',
        `An existing index has the same name as the requested index. When index names are not specified, they are auto generated and can cause conflicts. Please refer to our documentation. Requested index: ${formatValue(spec)}, existing index: ${formatValue(existing)}`,
      );
    }
    if (sameKey && samePartial && existing['unique'] === spec['unique'] && existing['sparse'] === spec['sparse'])
      throw new MongoError('IndexOptionsConflict', `Index already exists with a different name: ${index.name}`);
  }
  return false;
}

function need(call: Call): Collection {
  const name = collectionName(call);
  const collection = call.engine.catalog.find(call.db, name);
  if (!collection) throw new MongoError('NamespaceNotFound', `ns does not exist: ${call.db}.${name}`);
  return collection;
}

function listIndexes(call: Call): Buffer {
  const collection = need(call);
  const documents = collection.indexes.map((index) => Buffer.from(encode(specOf(index))));
  return cursorReply('firstBatch', documents, 0n, `${call.db}.$cmd.listIndexes.${collection.name}`);
}

/** The index by its name or its pattern. */
export function findIndex(collection: Collection, wanted: unknown): IndexDefinition {
  const found = collection.indexes.find((index) =>
    typeof wanted === 'string' ? index.name === wanted : isDoc(wanted) && samePattern(index.key, wanted),
  );
  if (!found)
    throw new MongoError(
      'IndexNotFound',
      typeof wanted === 'string'
        ? `index not found with name [${wanted}]`
        : `can't find index with key: ${formatValue(wanted)}`,
    );
  return found;
}

function dropIndexes(call: Call): Doc {
  const collection = need(call);
  const nIndexesWas = collection.indexes.length;
  const wanted = call.body['index'];
  if (wanted === undefined)
    throw new MongoError(40414, "BSON field 'dropIndexes.index' is missing but a required field");
  const chosen =
    wanted === '*'
      ? collection.indexes.filter((index) => index.name !== ID_INDEX)
      : (Array.isArray(wanted) ? wanted : [wanted]).map((one: unknown) => findIndex(collection, one));
  if (chosen.some((index) => index.name === ID_INDEX)) throw new MongoError('InvalidOptions', 'cannot drop _id index');
  for (const index of chosen) collection.dropIndex(index);
  // A cursor may be walking along one of them, which is emptied from now on.
  call.engine.cursors.endNamespace(collection.namespace);
  return { nIndexesWas };
}

export const indexCommands: readonly Command[] = [
  {
    names: ['createIndexes'],
    writes: true,
    fields: ['indexes', 'commitQuorum', 'ignoreUnknownIndexOptions'],
    run: createIndexes,
  },
  { names: ['listIndexes'], writes: false, fields: ['cursor'], run: listIndexes },
  { names: ['dropIndexes', 'deleteIndexes'], writes: true, fields: ['index'], run: dropIndexes },
];
