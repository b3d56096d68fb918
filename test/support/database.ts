import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';

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
    return { env: { DATA_DIR: dataDir }, drop: () => rm(dataDir, { recursive: true, force: true }) };
  }
  const uri = new URL(base);
  uri.pathname = `/rooms_${randomBytes(6).toString('hex')}`;
  return {
    env: { DATA_DIR: dataDir, MONGODB_URI: uri.toString() },
    async drop() {
      const connection = await mongoose.createConnection(uri.toString()).asPromise();
      await connection.dropDatabase();
      await connection.close();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}
