import mongoose, { type Connection } from 'mongoose';
import { createTestDatabase, type TestDatabase } from './database.ts';

/** A database that several services, and the test itself, can use at once. */
export interface SharedDatabase extends TestDatabase {
  readonly uri: string;
  /** A connection of the test's own, to look behind the services. */
  readonly connection: Connection;
  /** Everything that is stored, as text, to look for what must not be there. */
  dump(): Promise<string>;
}

/** One whose engine is the test's own. */
export interface OwnDatabase extends SharedDatabase {
  /** Nobody reaches it while something is done. */
  away(work: () => Promise<void>): Promise<void>;
}

/** A database of this test on `MONGODB_URI`, else an embedded engine that stands alone, as `npm run db` starts it. */
export async function createSharedDatabase(): Promise<SharedDatabase> {
  const database = await createTestDatabase();
  return database.env.MONGODB_URI === undefined ? embedded(database) : connected(database, database.env.MONGODB_URI);
}

/** An embedded engine that stands alone, also where there is a `MONGODB_URI`. */
export async function createOwnDatabase(): Promise<OwnDatabase> {
  return embedded(await createTestDatabase());
}

async function embedded(database: TestDatabase): Promise<OwnDatabase> {
  // Loaded as the service loads it: a worker is found by the address of a module, which tsx gives to an import only.
  const { startEmbedded } = await import('../../server/storage/embedded/start.ts');
  const { DATA_DIR: dataDir } = database.env;
  let engine = await startEmbedded({ dataDir });
  const shared = await connected(database, withName(engine.uri, 'rooms'), () => engine.stop());
  return {
    ...shared,
    async away(work) {
      await engine.stop();
      try {
        await work();
      } finally {
        engine = await startEmbedded({ dataDir });
      }
    },
  };
}

async function connected(
  database: TestDatabase,
  uri: string,
  stop: () => Promise<void> = () => Promise.resolve(),
): Promise<SharedDatabase> {
  const connection = await mongoose.createConnection(uri, { autoIndex: false, autoCreate: false }).asPromise();
  return {
    env: { DATA_DIR: database.env.DATA_DIR, MONGODB_URI: uri },
    uri,
    connection,
    async dump() {
      const collections = (await connection.db?.collections()) ?? [];
      const documents = await Promise.all(collections.map((collection) => collection.find().toArray()));
      return JSON.stringify(documents);
    },
    async drop() {
      await connection.close();
      await stop();
      await database.drop();
    },
  };
}

/** A URI with a database's name in it: `mongodb://host/?a=b` becomes `mongodb://host/name?a=b`. */
function withName(uri: string, name: string): string {
  const [, head = uri, query = ''] = /^([^?]*?)\/?(\?.*)?$/.exec(uri) ?? [];
  return `${head}/${name}${query}`;
}
