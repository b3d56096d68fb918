import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Db, MongoClient } from 'mongodb';
import { startEmbedded } from '../../../server/storage/embedded/start.ts';

/** The engine that the suite runs on: the real database of `MONGODB_URI`, else the embedded one in a directory of its own. */
export interface DatabaseUnderTest {
  readonly embedded: boolean;
  /** Names the database. */
  readonly uri: string;
  readonly client: MongoClient;
  readonly db: Db;
  close(): Promise<void>;
}

export async function openDatabaseUnderTest(options: { ttlIntervalMs?: number } = {}): Promise<DatabaseUnderTest> {
  const name = `engine_${randomBytes(6).toString('hex')}`;
  const real = process.env['MONGODB_URI'];
  if (real) {
    const url = new URL(real);
    url.pathname = `/${name}`;
    return connect(url.toString(), name, false, async () => undefined);
  }
  const dataDir = await mkdtemp(join(tmpdir(), 'engine-'));
  const database = await startEmbedded({ dataDir, ...options });
  return connect(`${database.uri}${name}`, name, true, async () => {
    await database.stop();
    await rm(dataDir, { recursive: true, force: true });
  });
}

async function connect(
  uri: string,
  name: string,
  embedded: boolean,
  after: () => Promise<void>,
): Promise<DatabaseUnderTest> {
  const client = await new MongoClient(uri, { serverSelectionTimeoutMS: 30_000 }).connect();
  const db = client.db(name);
  return {
    embedded,
    uri,
    client,
    db,
    close: async () => {
      await db.dropDatabase();
      await client.close();
      await after();
    },
  };
}

/** The error that a promise rejects with, as a record of its fields; a promise that resolves is itself an error. */
export async function errorOf(
  promise: Promise<unknown>,
): Promise<Record<string, unknown> & { message: string; name: string }> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) return { message: error.message, name: error.name, ...serverFields(error) };
    throw error;
  }
  throw new Error('expected a rejection');
}

/** What the server said, as far as it said it. */
function serverFields(error: Error): Record<string, unknown> {
  const fields: Record<string, unknown> = {};
  for (const name of ['code', 'writeErrors', 'keyPattern', 'keyValue'])
    if (name in error) fields[name] = Reflect.get(error, name);
  return fields;
}
