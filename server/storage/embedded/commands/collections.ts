/** create, drop, rename, list and change collections. */
import { Binary } from 'bson';
import { MongoError } from '../errors.ts';
import { type Doc, compileFilter, encode, isDoc, toNumber } from '../semantics/index.ts';
import type { Collection } from '../store/collection.ts';
import { specOf } from '../store/index-definition.ts';
import { cursorReply } from '../wire/frame.ts';
import { type Call, type Command, collectionName, documentField, flagField, textField } from './command.ts';
import { findIndex } from './indexes.ts';

const REFUSED_OPTIONS = [
  'capped',
  'timeseries',
  'viewOn',
  'pipeline',
  'clusteredIndex',
  'changeStreamPreAndPostImages',
  'encryptedFields',
  'expireAfterSeconds',
];
const KEPT_OPTIONS = ['validator', 'validationLevel', 'validationAction'];

function create(call: Call): Doc {
  const name = collectionName(call);
  for (const option of REFUSED_OPTIONS) {
    const value = call.body[option];
    if (value !== undefined && value !== false)
      throw new MongoError(
        'CommandNotSupported',
        `The option '${option}' of create is not supported by the embedded database`,
      );
  }
  const collation = documentField(call, 'collation');
  if (collation && collation['locale'] !== 'simple')
    throw new MongoError(
      'CommandNotSupported',
      'Collections with a collation are not supported by the embedded database',
    );
  const options: Doc = {};
  for (const option of KEPT_OPTIONS) if (call.body[option] !== undefined) options[option] = call.body[option];
  checkValidator(options['validator']);
  const { catalog } = call.engine;
  const existing = catalog.find(call.db, name);
  if (existing) {
    // MongoDB answers the same options again with success.
    if (Buffer.from(encode(existing.options)).equals(Buffer.from(encode(options)))) return {};
    throw new MongoError('NamespaceExists', `Collection ${call.db}.${name} already exists.`);
  }
  catalog.create(call.db, name, options);
  return {};
}

function checkValidator(validator: unknown): void {
  if (validator === undefined) return;
  if (!isDoc(validator))
    throw new MongoError('TypeMismatch', "BSON field 'create.validator' is the wrong type, expected type 'object'");
  compileFilter(validator);
}

function need(call: Call): Collection {
  const name = collectionName(call);
  const collection = call.engine.catalog.find(call.db, name);
  if (!collection) throw new MongoError('NamespaceNotFound', `ns does not exist: ${call.db}.${name}`);
  return collection;
}

function drop(call: Call): Doc {
  const { catalog, cursors } = call.engine;
  const collection = catalog.find(call.db, collectionName(call));
  // Since 7.0 the server answers ok for a collection that is not there.
  if (!collection) return {};
  const { namespace } = collection;
  const nIndexesWas = collection.indexes.length;
  catalog.drop(collection);
  cursors.endNamespace(namespace);
  return { nIndexesWas, ns: namespace };
}

function split(namespace: string): { db: string; name: string } {
  const dot = namespace.indexOf('.');
  if (dot < 1) throw new MongoError('InvalidNamespace', `Invalid namespace specified '${namespace}'`);
  return { db: namespace.slice(0, dot), name: namespace.slice(dot + 1) };
}

function rename(call: Call): Doc {
  const { catalog, cursors } = call.engine;
  const from = collectionName(call);
  const to = textField(call, 'to') ?? '';
  const source = split(from);
  const target = split(to);
  const collection = catalog.find(source.db, source.name);
  if (!collection) throw new MongoError('NamespaceNotFound', `Source collection ${from} does not exist`);
  if (from === to) throw new MongoError('IllegalOperation', "Can't rename a collection to itself");
  const existing = catalog.find(target.db, target.name);
  if (existing) {
    if (!flagField(call, 'dropTarget')) throw new MongoError('NamespaceExists', 'target namespace exists');
    catalog.drop(existing);
    cursors.endNamespace(to);
  }
  catalog.rename(collection, target.db, target.name);
  cursors.endNamespace(from);
  return {};
}

function uuidOf(collection: Collection): Binary {
  return new Binary(Buffer.from(collection.uuid.replaceAll('-', ''), 'hex'), Binary.SUBTYPE_UUID);
}

function listCollections(call: Call): Buffer {
  const filter = compileFilter(documentField(call, 'filter') ?? {});
  const nameOnly = flagField(call, 'nameOnly') ?? false;
  const documents: Buffer[] = [];
  for (const collection of call.engine.catalog.collections(call.db).sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const idIndex = specOf(collection.idIndex);
    const entry: Doc = {
      name: collection.name,
      type: 'collection',
      ...(nameOnly
        ? {}
        : { options: collection.options, info: { readOnly: false, uuid: uuidOf(collection) }, idIndex }),
    };
    if (filter.matches(entry)) documents.push(Buffer.from(encode(entry)));
  }
  return cursorReply('firstBatch', documents, 0n, `${call.db}.$cmd.listCollections`);
}

function collMod(call: Call): Doc {
  const collection = need(call);
  const options = { ...collection.options };
  for (const option of KEPT_OPTIONS) if (call.body[option] !== undefined) options[option] = call.body[option];
  checkValidator(options['validator']);
  const change = documentField(call, 'index');
  const reply: Doc = {};
  if (change) {
    const index = findIndex(collection, change['name'] ?? change['keyPattern']);
    if (change['expireAfterSeconds'] !== undefined) {
      const seconds = toNumber(change['expireAfterSeconds']);
      if (!(seconds >= 0) || index.fields.length !== 1)
        throw new MongoError(
          'InvalidOptions',
          'expireAfterSeconds must be a number that is not negative, on an index of one field',
        );
      if (index.expireAfterSeconds !== undefined) reply['expireAfterSeconds_old'] = index.expireAfterSeconds;
      reply['expireAfterSeconds_new'] = seconds;
      index.expireAfterSeconds = seconds;
    }
    if (change['hidden'] !== undefined) {
      reply['hidden_old'] = index.hidden;
      index.hidden = change['hidden'] === true;
      reply['hidden_new'] = index.hidden;
    }
    for (const option of ['unique', 'prepareUnique'])
      if (change[option] !== undefined)
        throw new MongoError('CommandNotSupported', `collMod cannot change '${option}' in the embedded database`);
  }
  collection.setOptions(options);
  call.engine.catalog.save(collection);
  return reply;
}

export const collectionCommands: readonly Command[] = [
  {
    names: ['create'],
    writes: true,
    fields: [
      ...REFUSED_OPTIONS,
      ...KEPT_OPTIONS,
      'size',
      'max',
      'storageEngine',
      'indexOptionDefaults',
      'collation',
      'autoIndexId',
      'idIndex',
    ],
    run: create,
  },
  { names: ['drop'], writes: true, fields: [], run: drop },
  { names: ['renameCollection'], writes: true, fields: ['to', 'dropTarget', 'stayTemp'], adminOnly: true, run: rename },
  {
    names: ['listCollections'],
    writes: false,
    fields: ['filter', 'nameOnly', 'authorizedCollections', 'cursor'],
    run: listCollections,
  },
  { names: ['collMod'], writes: true, fields: [...KEPT_OPTIONS, 'index', 'dryRun'], run: collMod },
];
