/** Databases as a whole, and figures about what is stored. */
import { MongoError } from '../errors.ts';
import { type Doc, compileFilter } from '../semantics/index.ts';
import type { Collection } from '../store/collection.ts';
import { fileBytes } from '../store/data-directory.ts';
import { type Call, type Command, collectionName, documentField, flagField } from './command.ts';
import { VERSION } from './handshake.ts';

function dropDatabase(call: Call): Doc {
  const { catalog, cursors } = call.engine;
  const collections = catalog.collections(call.db);
  for (const collection of collections) catalog.drop(collection);
  cursors.endNamespace(`${call.db}.`);
  return collections.length > 0 ? { dropped: call.db } : {};
}

function listDatabases(call: Call): Doc {
  const { catalog, env } = call.engine;
  const nameOnly = flagField(call, 'nameOnly') ?? false;
  const filter = compileFilter(documentField(call, 'filter') ?? {});
  const databases: Doc[] = [];
  for (const name of catalog.databases()) {
    const entry: Doc = { name, ...(nameOnly ? {} : { sizeOnDisk: fileBytes(env.dataDir), empty: false }) };
    if (filter.matches(entry)) databases.push(entry);
  }
  return {
    databases,
    ...(nameOnly
      ? {}
      : { totalSize: fileBytes(env.dataDir), totalSizeMb: Math.round(fileBytes(env.dataDir) / 2 ** 20) }),
  };
}

function dbStats(call: Call): Doc {
  const collections = call.engine.catalog.collections(call.db);
  let objects = 0;
  let dataSize = 0;
  let indexes = 0;
  for (const collection of collections) {
    objects += collection.count();
    dataSize += collection.dataBytes();
    indexes += collection.indexes.length;
  }
  const storageSize = fileBytes(call.engine.env.dataDir);
  return {
    db: call.db,
    collections: collections.length,
    views: 0,
    objects,
    avgObjSize: objects > 0 ? dataSize / objects : 0,
    dataSize,
    storageSize,
    indexes,
    indexSize: 0,
    totalSize: storageSize,
    scaleFactor: 1,
    fsUsedSize: 0,
    fsTotalSize: 0,
  };
}

function collStats(call: Call): Doc {
  const name = collectionName(call);
  const collection = call.engine.catalog.find(call.db, name);
  const count = collection?.count() ?? 0;
  const size = collection?.dataBytes() ?? 0;
  return {
    ns: `${call.db}.${name}`,
    size,
    count,
    ...(count > 0 ? { avgObjSize: Math.floor(size / count) } : {}),
    numOrphanDocs: 0,
    storageSize: size,
    totalIndexSize: 0,
    totalSize: size,
    nindexes: collection?.indexes.length ?? 0,
    indexSizes: Object.fromEntries(collection?.indexes.map((index) => [index.name, 0]) ?? []),
    capped: false,
    scaleFactor: 1,
  };
}

function validateCollection(call: Call): Doc {
  const name = collectionName(call);
  const collection: Collection | undefined = call.engine.catalog.find(call.db, name);
  if (!collection)
    throw new MongoError('NamespaceNotFound', `Collection '${call.db}.${name}' does not exist to validate.`);
  const errors = collection.verify();
  return {
    ns: collection.namespace,
    nrecords: collection.count(),
    nIndexes: collection.indexes.length,
    valid: errors.length === 0,
    errors,
    warnings: [],
  };
}

function serverStatus(call: Call): Doc {
  const { engine } = call;
  const uptimeMs = engine.world.now().getTime() - engine.startedAt.getTime();
  return {
    host: 'embedded',
    version: VERSION,
    process: 'embedded',
    pid: process.pid,
    uptime: uptimeMs / 1000,
    uptimeMillis: uptimeMs,
    localTime: engine.world.now(),
    storageEngine: { name: 'lmdb', persistent: true, readOnly: false },
    metrics: {
      commands: Object.fromEntries([...engine.counters].map(([name, total]) => [name, { total }])),
      cursor: { open: { total: engine.cursors.size } },
    },
  };
}

export const databaseCommands: readonly Command[] = [
  { names: ['dropDatabase'], writes: true, fields: [], run: dropDatabase },
  {
    names: ['listDatabases'],
    writes: false,
    fields: ['nameOnly', 'filter', 'authorizedDatabases'],
    adminOnly: true,
    run: listDatabases,
  },
  { names: ['dbStats', 'dbstats'], writes: false, fields: ['scale', 'freeStorage'], run: dbStats },
  { names: ['collStats', 'collstats'], writes: false, fields: ['scale'], run: collStats },
  {
    names: ['validate'],
    writes: false,
    fields: ['full', 'repair', 'metadata', 'checkBSONConformance', 'background'],
    run: validateCollection,
  },
  { names: ['serverStatus'], writes: false, fields: ['*'], run: serverStatus },
  { names: ['fsync'], writes: true, fields: ['lock'], adminOnly: true, run: () => ({ numFiles: 1 }) },
];
