/**
 * The store of one data directory: LMDB's trees, the redo log before them, and between the two what was written of late, in memory. It is
 * opened, owned by exactly one engine, and closed.
 *
 * A write is answered when the redo log has it on the disk. The trees take it over in a checkpoint, which is done in the background when
 * the log has grown, and at the end; until then its readers find it in memory. What the log holds and the trees do not is read at the next
 * start.
 *
 * Ownership needs no lock file of ours. LMDB's reader table names the process of every open environment and holds a lock of the operating
 * system for each, which ends with the process however it ends; so a dead owner is told from a live one without trusting a number in a
 * file. The owner's name is written in a write transaction, of which LMDB lets only one run at a time. Even an owner that was wrongly
 * taken for dead (two containers that share a volume and count their processes from 1) can never write over its successor, nor promise
 * what the successor does not know: every transaction of a checkpoint looks first whether the name still stands, and every write looks
 * behind its record, because a successor puts its name there before it reads the log.
 */
import { randomUUID } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { join } from 'node:path';
import { type RootDatabase, open } from 'lmdb';
import { MongoError } from '../errors.ts';
import { DATA_FILE, StartRefused, prepareDataDirectory, reasonOf, syncDirectory } from './data-directory.ts';
import { LayeredTree, type StoredTree } from './layered-tree.ts';
import { FORMAT_VERSION, MAX_KEY_BYTES } from './layout.ts';
import { type Change, Memtable, type TreeName, type Written, bytesOf, textOf } from './memtable.ts';
import { type Found, RedoLog, readLogs, removeLogs } from './redo-log.ts';

/** Address space that is reserved for the map, not memory and not disk: the most that one database can grow to. */
const MAP_BYTES = 2 ** 39;

/** A message takes about fifteen hundred bytes. */
const DEFAULT_CHECKPOINT_BYTES = 6 * 1024 * 1024;

/** So much of a checkpoint is one transaction: what is written meanwhile to the log waits for the disk behind it. */
const AT_ONCE = { most: 200, mostBytes: 1024 * 1024 };
/** At the end nobody waits for anything but the end. */
const AT_ONCE_AT_THE_END = { most: 10_000, mostBytes: 16 * 1024 * 1024 };

/** A group that writes more checkpoints' bytes than this has to be written through. */
const MAX_CHECKPOINTS_IN_GROUP = 8;

/** With so many checkpoints' bytes in memory, writes wait for the present one. */
const MAX_CHECKPOINTS_IN_MEMORY = 4;

/** With less than this left, a failed write is put down to the full disk. */
const FULL_BELOW_BYTES = 1024 * 1024;

const FORMAT_KEY = Buffer.from('format');
const OWNER_KEY = Buffer.from('owner');
/** The number of the last record of the log that the trees hold. */
const LOGGED_KEY = Buffer.from('log');

/** A group of commands writes too much to be kept in memory until the next checkpoint, as the build of an index over millions of documents. */
export class GroupTooLarge extends Error {
  constructor() {
    super('a group of commands writes more than is kept in memory');
    this.name = 'GroupTooLarge';
  }
}

interface Owner {
  readonly pid: number;
  readonly name: string;
}

export interface EnvironmentOptions {
  /** For how long the end of a live owner is waited for, in milliseconds, so that a restart does not fail because the old process is still ending. */
  readonly waitForOwnerMs: number;
  /** A checkpoint begins when so many bytes were written since the last; default 6 MiB. */
  readonly checkpointBytes?: number | undefined;
}

export interface Environment {
  readonly dataDir: string;
  readonly documents: LayeredTree;
  readonly index: LayeredTree;
  readonly catalog: LayeredTree;
  /**
   * Runs `work`, and returns when all that it wrote is on the disk; nothing of it stands when it throws.
   * @throws {GroupTooLarge} when it writes more than is kept in memory
   */
  write<T>(work: () => T): T;
  /** The same for much: in one transaction of the trees, past the log. Only when the store is quiet. */
  writeThrough<T>(work: () => T): T;
  /** Resolves when the trees hold everything. */
  quiet(): Promise<void>;
  /** What a write has to wait for, because the checkpoints do not keep up; rejects when they fail. Undefined: nothing. */
  room(): Promise<void> | undefined;
  close(): Promise<void>;
}

/** Opens the directory, or throws `StartRefused` with one sentence. */
export async function openEnvironment(
  dataDir: string,
  { waitForOwnerMs, checkpointBytes = DEFAULT_CHECKPOINT_BYTES }: EnvironmentOptions,
): Promise<Environment> {
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
      // With it the library rejects a promise that nobody holds when a commit fails, which would end the process.
      eventTurnBatching: false,
    });
  } catch (error) {
    throw new StartRefused(`The database in ${dataDir} cannot be opened: ${reasonOf(error)}.`, { cause: error });
  }
  try {
    const tree = (name: TreeName): StoredTree =>
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
    const stored = { documents: tree('documents'), index: tree('index'), catalog };
    const log = RedoLog.create(dataDir, name, takeOverLogs(dataDir, root, stored, name));
    try {
      // Who took over since the logs were read did not read this one.
      root.resetReadTxn();
      assertOwner(dataDir, catalog, name);
    } catch (error) {
      log.close();
      throw error;
    }
    return new OwnedEnvironment({ dataDir, root, stored, log, name, checkpointBytes });
  } catch (error) {
    await root.close();
    if (error instanceof StartRefused) throw error;
    throw new StartRefused(`The database in ${dataDir} cannot be opened: ${reasonOf(error)}.`, { cause: error });
  }
}

/** Writes our name as the owner's, unless the owner lives: then it is returned. */
function takeOwnership(root: RootDatabase<Buffer, Buffer>, catalog: StoredTree, name: string): Owner | undefined {
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

function checkFormat(dataDir: string, root: RootDatabase<Buffer, Buffer>, catalog: StoredTree): void {
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

type StoredTrees = Readonly<Record<TreeName, StoredTree>>;

function assertOwner(dataDir: string, catalog: StoredTree, name: string): void {
  const owner = catalog.get(OWNER_KEY);
  if (owner && readOwner(owner)?.name === name) return;
  throw new MongoError(
    'ShutdownInProgress',
    `Another process has taken over the data directory ${dataDir}; this one no longer writes.`,
  );
}

/** Writes what earlier owners left in their logs into the trees; returns the number of the last record there ever was. */
function takeOverLogs(dataDir: string, root: RootDatabase<Buffer, Buffer>, stored: StoredTrees, name: string): number {
  const { last, paths } = root.transactionSync(() => {
    assertOwner(dataDir, stored.catalog, name);
    const logged = stored.catalog.get(LOGGED_KEY);
    const after = logged ? Number(logged.readBigUInt64LE()) : 0;
    const { records, paths } = foundLogs(dataDir, after);
    for (const { changes } of records) store(stored, changes.values());
    const last = records.at(-1)?.number ?? after;
    if (last > after) stored.catalog.putSync(LOGGED_KEY, numberBytes(last));
    return { last, paths };
  });
  removeLogs(paths);
  if (paths.length > 0) syncDirectory(dataDir);
  return last;
}

function foundLogs(dataDir: string, after: number): Found {
  try {
    return readLogs(dataDir, after);
  } catch (error) {
    throw new StartRefused(`The database in ${dataDir} is damaged: ${reasonOf(error)}; restore it from a backup.`, {
      cause: error,
    });
  }
}

/** Writes changes into the trees, until there are so many of them or so many bytes; returns whether that were all. */
function store(
  stored: StoredTrees,
  changes: Iterator<Change>,
  { most, mostBytes } = { most: Number.POSITIVE_INFINITY, mostBytes: Number.POSITIVE_INFINITY },
): boolean {
  let bytes = 0;
  for (let count = 0; count < most && bytes < mostBytes; count += 1) {
    const next = changes.next();
    if (next.done) return true;
    const { tree, key, value } = next.value;
    if (value) stored[tree].putSync(key, value);
    else stored[tree].removeSync(key);
    bytes += value?.length ?? 0;
  }
  return false;
}

function numberBytes(number: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(number));
  return bytes;
}

/** What one group of commands wrote, and what was there before it. */
interface Group {
  readonly changes: Change[];
  readonly before: (Written | undefined)[];
  bytes: number;
}

/** What an owner has in its hands. */
interface Owned {
  readonly dataDir: string;
  readonly root: RootDatabase<Buffer, Buffer>;
  readonly stored: StoredTrees;
  readonly log: RedoLog;
  readonly name: string;
  readonly checkpointBytes: number;
}

class OwnedEnvironment implements Environment {
  readonly dataDir: string;
  readonly documents: LayeredTree;
  readonly index: LayeredTree;
  readonly catalog: LayeredTree;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #stored: StoredTrees;
  readonly #log: RedoLog;
  readonly #name: string;
  readonly #checkpointBytes: number;
  /** What the trees do not hold yet, the newest first: what is written now, and what a checkpoint is about or failed to write. */
  #memtables: readonly [Memtable, ...Memtable[]] = [new Memtable()];
  #group: Group | undefined;
  #checkpoint: Promise<void> | undefined;
  /** The disk had no room for a record, and no checkpoint made room since. */
  #isFull = false;
  /** Why nothing is written any more. */
  #ended: unknown;
  #isClosing = false;
  #isThrough = false;

  constructor({ dataDir, root, stored, log, name, checkpointBytes }: Owned) {
    this.dataDir = dataDir;
    this.#root = root;
    this.#stored = stored;
    this.#log = log;
    this.#name = name;
    this.#checkpointBytes = checkpointBytes;
    const tree = (which: TreeName): LayeredTree =>
      new LayeredTree(which, stored[which], {
        memtables: () => this.#memtables,
        write: (key, value) => this.#note({ tree: which, key, value }),
      });
    this.documents = tree('documents');
    this.index = tree('index');
    this.catalog = tree('catalog');
  }

  write<T>(work: () => T): T {
    if (this.#ended !== undefined) throw this.#ended;
    const group: Group = { changes: [], before: [], bytes: 0 };
    this.#group = group;
    try {
      const result = work();
      if (group.changes.length > 0) this.#append(group.changes);
      return result;
    } catch (error) {
      this.#takeBack(group);
      this.#isFull ||= this.#isDiskFull(error);
      throw this.#inWords(error);
    } finally {
      this.#group = undefined;
      if (this.#memtables[0].bytes >= this.#checkpointBytes) void this.#startCheckpoint();
    }
  }

  #append(changes: readonly Change[]): void {
    this.#assertOwner();
    this.#log.append(changes);
    try {
      this.#assertOwner();
    } catch (error) {
      // The record stands, and may be read by the next owner; nothing may follow it that does not know of it.
      this.#ended = error;
      throw error;
    }
  }

  #note(change: Change): void {
    if (this.#isThrough) {
      store(this.#stored, [change].values());
      return;
    }
    if (!this.#group) throw new Error('the store is written to outside of a write');
    // A longer one would be refused by the trees, long after it was acknowledged.
    if (change.key.length > MAX_KEY_BYTES) throw new Error(`a key of ${change.key.length} bytes`);
    // What is left of the log on a full disk is for the removals that make room.
    if (this.#isFull && change.value && change.tree !== 'catalog') throw new Error('No space left for what is added');
    this.#group.bytes += bytesOf(change);
    if (this.#group.bytes > MAX_CHECKPOINTS_IN_GROUP * this.#checkpointBytes) throw new GroupTooLarge();
    const [memtable] = this.#memtables;
    const text = textOf(change.key);
    this.#group.before.push(memtable.get(change.tree, text));
    this.#group.changes.push(change);
    memtable.set(change.tree, text, change.value);
  }

  #takeBack({ changes, before }: Group): void {
    const [memtable] = this.#memtables;
    for (const [at, { tree, key }] of [...changes.entries()].reverse()) memtable.restore(tree, textOf(key), before[at]);
  }

  room(): Promise<void> | undefined {
    const bytes = this.#memtables.reduce((sum, memtable) => sum + memtable.bytes, 0);
    if (this.#ended !== undefined) return undefined;
    if (bytes < MAX_CHECKPOINTS_IN_MEMORY * this.#checkpointBytes && !this.#isFull) return undefined;
    return this.#startCheckpoint().catch((error: unknown) => {
      // On a full disk the log tells what it can still take: removals have to get through, because they make room.
      if (!this.#isFull) throw error;
    });
  }

  async quiet(): Promise<void> {
    // oxlint-disable-next-line no-await-in-loop -- one checkpoint after the other
    while (this.#checkpoint || this.#memtables.some(({ bytes }) => bytes > 0)) await this.#startCheckpoint();
  }

  writeThrough<T>(work: () => T): T {
    if (this.#ended !== undefined) throw this.#ended;
    if (this.#checkpoint || this.#memtables.some(({ bytes }) => bytes > 0)) throw new Error('the store is not quiet');
    this.#isThrough = true;
    try {
      return this.#root.transactionSync(() => {
        assertOwner(this.dataDir, this.#stored.catalog, this.#name);
        return work();
      });
    } catch (error) {
      throw this.#inWords(error);
    } finally {
      this.#isThrough = false;
    }
  }

  #startCheckpoint(): Promise<void> {
    this.#checkpoint ??= this.#moveToTrees()
      .catch(async (error: unknown) => {
        const cause = await causeOf(error);
        this.#isFull ||= this.#isDiskFull(cause);
        throw this.#inWords(cause);
      })
      .finally(() => {
        this.#checkpoint = undefined;
      });
    // A failure is told to those who wait for room; what the trees did not take stays in the log and in memory, for the next checkpoint.
    this.#checkpoint.catch(() => undefined);
    return this.#checkpoint;
  }

  async #moveToTrees(): Promise<void> {
    if (this.#ended !== undefined) throw this.#ended;
    const [recent, left] = this.#memtables;
    left?.cover(recent);
    const moving = left ?? recent;
    this.#memtables = [new Memtable(), moving];
    const upTo = this.#log.last;
    this.#log.turn();
    // On a full disk the removals make the room for the others, but not in the same transaction.
    await this.#store(moving.changes(true));
    await this.#store(moving.changes(false), upTo);
    // A reader that began before the last transaction would see neither the memory nor the trees.
    this.#root.resetReadTxn();
    this.#memtables = [this.#memtables[0]];
    this.#log.release(upTo);
    this.#isFull = false;
  }

  /** Writes changes into the trees in as many transactions as it takes; the last notes the number of the record up to which they go. */
  async #store(changes: Iterator<Change>, upTo?: number): Promise<void> {
    const storeSome = (): boolean => {
      assertOwner(this.dataDir, this.#stored.catalog, this.#name);
      const isAll = store(this.#stored, changes, this.#isClosing ? AT_ONCE_AT_THE_END : AT_ONCE);
      if (isAll && upTo !== undefined) this.#stored.catalog.putSync(LOGGED_KEY, numberBytes(upTo));
      return isAll;
    };
    // oxlint-disable-next-line no-await-in-loop -- one transaction at a time, and the commands between them
    for (let isAll = false; !isAll; ) isAll = await this.#root.transaction(storeSome);
  }

  #inWords(error: unknown): unknown {
    return error instanceof MongoError || !this.#isDiskFull(error) ? error : this.#fullDisk();
  }

  #fullDisk(): MongoError {
    return new MongoError(
      'OutOfDiskSpace',
      `The disk of the data directory ${this.dataDir} is full: the write was not stored.`,
    );
  }

  /** LMDB reports a write that was cut short by a full disk as an input/output error. */
  #isDiskFull(error: unknown): boolean {
    const text = error instanceof Error ? error.message : '';
    if (/No space left|ENOSPC|quota|MDB_MAP_FULL/i.test(text)) return true;
    if (!/Input\/output error|EIO/.test(text)) return false;
    const { bavail, bsize } = statfsSync(this.dataDir);
    return bavail * bsize < FULL_BELOW_BYTES;
  }

  #assertOwner(): void {
    this.#root.resetReadTxn();
    assertOwner(this.dataDir, this.#stored.catalog, this.#name);
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    await this.#checkpoint?.catch(() => undefined);
    try {
      await this.#startCheckpoint();
    } catch {
      // Not ours any more, or the disk is full: the next owner reads the log.
    }
    this.#ended = new MongoError('ShutdownInProgress', 'The database is closed.');
    try {
      // Before the name is taken away: the next owner may be waiting for that.
      this.#log.close();
      this.#root.transactionSync(() => {
        assertOwner(this.dataDir, this.#stored.catalog, this.#name);
        this.#stored.catalog.removeSync(OWNER_KEY);
      });
    } catch {
      // The next owner finds us gone from the reader table.
    } finally {
      await this.#root.close();
    }
  }
}

/** LMDB's writer says of a failed commit in a promise of its own why it failed. */
async function causeOf(error: unknown): Promise<unknown> {
  if (!(error instanceof Error) || !('commitError' in error)) return error;
  try {
    await error.commitError;
    return error;
  } catch (cause) {
    return cause;
  }
}
