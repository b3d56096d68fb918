import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose, { type Connection } from 'mongoose';
import { look, lookInFiles } from './number-net.ts';

/** Where one test's service keeps its data: a database of its own on `MONGODB_URI`, else a folder of its own for the embedded engine. */
export interface TestDatabase {
  env: { MONGODB_URI?: string; DATA_DIR: string };
  /** Removes the data. */
  drop(): Promise<void>;
}

export async function createTestDatabase(): Promise<TestDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'delivery-rooms-'));
  const base = process.env['MONGODB_URI'];
  if (base === undefined || base === '') {
    return {
      env: { DATA_DIR: dataDir },
      async drop() {
        await lookInFiles(dataDir);
        await rm(dataDir, { recursive: true, force: true });
      },
    };
  }
  const uri = new URL(base);
  uri.pathname = `/rooms_${randomBytes(6).toString('hex')}`;
  return {
    env: { DATA_DIR: dataDir, MONGODB_URI: uri.toString() },
    async drop() {
      const connection = await mongoose.createConnection(uri.toString()).asPromise();
      await lookInDatabase(connection);
      await connection.dropDatabase();
      await connection.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

async function lookInDatabase({ db }: Connection): Promise<void> {
  for (const collection of (await db?.collections()) ?? []) {
    // As bytes where the driver leaves them: nobody reads them.
    for await (const document of collection.find({}, { raw: true })) {
      const written = document instanceof Uint8Array ? document : JSON.stringify(document);
      look(`the collection ${collection.collectionName}`, written);
    }
  }
}
