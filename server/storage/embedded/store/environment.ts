/**
 * The LMDB environment of one data directory: opened, owned by exactly one engine, and closed.
 *
 * Ownership needs no lock file of ours. LMDB's reader table names the process of every open environment and holds a lock of the operating
 * system for each, which ends with the process however it ends; so a dead owner is told from a live one without trusting a number in a
 * file. The owner's name is written in a write transaction, of which LMDB lets only one run at a time. And because every commit checks
 * that the name still stands (`assertOwner`), even an owner that was wrongly taken for dead (two containers that share a volume and count
 * their processes from 1) can never write over its successor.
 */
import { randomUUID } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { type Database, type RootDatabase, open } from 'lmdb';
import { MongoError } from '../errors.ts';
import { DATA_FILE, StartRefused, prepareDataDirectory, reasonOf, syncDirectory } from './data-directory.ts';
import { FORMAT_VERSION } from './layout.ts';

export type Tree = Database<Buffer, Buffer>;

/** Address space that is reserved for the map, not memory and not disk: the most that one database can grow to. */
const MAP_BYTES = 2 ** 39;

/** With less than this left, a failed write is put down to the full disk. */
const FULL_BELOW_BYTES = 1024 * 1024;

const FORMAT_KEY = Buffer.from('format');
const OWNER_KEY = Buffer.from('owner');

interface Owner {
  readonly pid: number;
  readonly name: string;
}

export interface Environment {
  readonly dataDir: string;
  readonly documents: Tree;
  readonly index: Tree;
  readonly catalog: Tree;
  /** Runs `work` in one write transaction that is on disk when this returns; nothing of it stands when it throws. */
  write<T>(work: () => T): T;
  close(): Promise<void>;
}

/**
 * Opens the directory, or throws `StartRefused` with one sentence. A live owner is waited for up to `waitForOwnerMs`, so that a
 * restart does not fail because the old process is still ending.
 */
export async function openEnvironment(dataDir: string, waitForOwnerMs: number): Promise<Environment> {
  prepareDataDirectory(dataDir);
  let root: RootDatabase<Buffer, Buffer>;
  try {
    root = open<Buffer, Buffer>({
      path: join(dataDir, DATA_FILE),
      noSubdir: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      maxDbs: 4,
      mapSize: MAP_BYTES,
      // Without it a commit returns after fdatasync of the pages and a synchronous write of the meta page, which is what is promised.
      overlappingSync: false,
    });
  } catch (error) {
    throw new StartRefused(`The database in ${dataDir} cannot be opened: ${reasonOf(error)}.`, { cause: error });
  }
  try {
    const tree = (name: string): Tree =>
      root.openDB<Buffer, Buffer>(name, { keyEncoding: 'binary', encoding: 'binary' });
    const catalog = tree('catalog');
    const name = randomUUID();
    const deadline = performance.now() + waitForOwnerMs;
    for (;;) {
      const other = takeOwnership(root, catalog, name);
      if (!other) break;
      if (performance.now() >= deadline)
        throw new StartRefused(
          `The data directory ${dataDir} is in use by another process (pid ${other.pid}); stop it or choose another directory.`,
        );
      await delay(50);
    }
    checkFormat(dataDir, root, catalog);
    return new OwnedEnvironment(dataDir, root, tree('documents'), tree('index'), catalog, name);
  } catch (error) {
    await root.close();
    if (error instanceof StartRefused) throw error;
    throw new StartRefused(`The database in ${dataDir} cannot be opened: ${reasonOf(error)}.`, { cause: error });
  }
}

/** Writes our name as the owner's, unless the owner lives: then it is returned. */
function takeOwnership(root: RootDatabase<Buffer, Buffer>, catalog: Tree, name: string): Owner | undefined {
  // A read takes our own place in the reader table before the question is asked, so of two that start at once one sees the other.
  catalog.get(OWNER_KEY);
  return root.transactionSync(() => {
    root.readerCheck();
    const stored = catalog.get(OWNER_KEY);
    const owner = stored ? readOwner(stored) : undefined;
    if (owner && owner.pid !== process.pid && livePids(root.readerList()).has(owner.pid)) return owner;
    catalog.putSync(OWNER_KEY, Buffer.from(JSON.stringify({ pid: process.pid, name })));
    return undefined;
  });
}

function readOwner(stored: Buffer): Owner | undefined {
  const owner: unknown = JSON.parse(stored.toString('utf8'));
  if (typeof owner !== 'object' || owner === null || !('pid' in owner) || !('name' in owner)) return undefined;
  return typeof owner.pid === 'number' && typeof owner.name === 'string'
    ? { pid: owner.pid, name: owner.name }
    : undefined;
}

/** The process ids of LMDB's table, whose lines are `pid thread transaction`. */
function livePids(table: string): Set<number> {
  return new Set([...table.matchAll(/^\s*(\d+)\s/gm)].map((line) => Number(line[1])));
}

function checkFormat(dataDir: string, root: RootDatabase<Buffer, Buffer>, catalog: Tree): void {
  const stored = catalog.get(FORMAT_KEY);
  if (!stored) {
    const empty = [...catalog.getKeys({ limit: 3 })].every((key) => key.equals(OWNER_KEY));
    if (!empty) throw new StartRefused(`The database in ${dataDir} is not one of this engine: it has no format.`);
    root.transactionSync(() => catalog.putSync(FORMAT_KEY, Buffer.from(String(FORMAT_VERSION))));
    syncDirectory(dataDir);
    return;
  }
  const version = Number(stored.toString('utf8'));
  if (!Number.isInteger(version) || version < 1 || version > FORMAT_VERSION)
    throw new StartRefused(
      `The database in ${dataDir} has format ${stored.toString('utf8')}, this engine reads formats up to ${FORMAT_VERSION}; use the version of the service that wrote it, or a newer one.`,
    );
  // What format 1 lacks is read as its absence; from now on what is written is of our format.
  if (version < FORMAT_VERSION)
    root.transactionSync(() => catalog.putSync(FORMAT_KEY, Buffer.from(String(FORMAT_VERSION))));
}

class OwnedEnvironment implements Environment {
  readonly dataDir: string;
  readonly documents: Tree;
  readonly index: Tree;
  readonly catalog: Tree;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #name: string;

  constructor(
    dataDir: string,
    root: RootDatabase<Buffer, Buffer>,
    documents: Tree,
    index: Tree,
    catalog: Tree,
    name: string,
  ) {
    this.dataDir = dataDir;
    this.documents = documents;
    this.index = index;
    this.catalog = catalog;
    this.#root = root;
    this.#name = name;
  }

  write<T>(work: () => T): T {
    try {
      return this.#root.transactionSync(() => {
        this.#assertOwner();
        return work();
      });
    } catch (error) {
      if (error instanceof MongoError || !this.#diskIsFull(error)) throw error;
      throw new MongoError(
        'OutOfDiskSpace',
        `The disk of the data directory ${this.dataDir} is full: the write was not stored.`,
      );
    }
  }

  /** LMDB reports a write that was cut short by a full disk as an input/output error. */
  #diskIsFull(error: unknown): boolean {
    const text = error instanceof Error ? error.message : '';
    if (/No space left|ENOSPC|quota|MDB_MAP_FULL/i.test(text)) return true;
    if (!/Input\/output error|EIO/.test(text)) return false;
    const { bavail, bsize } = statfsSync(this.dataDir);
    return bavail * bsize < FULL_BELOW_BYTES;
  }

  #assertOwner(): void {
    const stored = this.catalog.get(OWNER_KEY);
    if (stored && readOwner(stored)?.name === this.#name) return;
    throw new MongoError(
      'ShutdownInProgress',
      `Another process has taken over the data directory ${this.dataDir}; this one no longer writes.`,
    );
  }

  async close(): Promise<void> {
    try {
      this.write(() => this.catalog.removeSync(OWNER_KEY));
    } catch {
      // Not ours any more, or the disk is full: the next owner finds us gone from the reader table.
    }
    await this.#root.close();
  }
}
