/**
 * The store of one data directory: LMDB's trees, the redo log before them, and between the two what was written of late, in memory. It is
 * opened, owned by exactly one engine, and closed.
 *
 * A write is answered when the redo log has it on the disk. The trees take it over in a checkpoint, which is done in the background when
 * the log has grown, and at the end; until then its readers find it in memory. What the log holds and the trees do not is read at the next
 * start.
 */
import { statfsSync } from 'node:fs';
import type { RootDatabase } from 'lmdb';
import { MongoError } from '../errors.ts';
import { LayeredTree } from './layered-tree.ts';
import { MAX_KEY_BYTES } from './layout.ts';
import { type Change, Memtable, type TreeName, type Written, bytesOf, textOf } from './memtable.ts';
import type { Ownership } from './ownership.ts';
import type { RedoLog } from './redo-log.ts';
import { type StoredTrees, noteLogged, storeChanges } from './stored-trees.ts';

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

/** A group of commands writes too much to be kept in memory until the next checkpoint, as the build of an index over millions of documents. */
export class GroupTooLarge extends Error {
  constructor() {
    super('a group of commands writes more than is kept in memory');
    this.name = 'GroupTooLarge';
  }
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
  readonly ownership: Ownership;
  readonly checkpointBytes: number;
}

export class OwnedEnvironment implements Environment {
  readonly dataDir: string;
  readonly documents: LayeredTree;
  readonly index: LayeredTree;
  readonly catalog: LayeredTree;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #stored: StoredTrees;
  readonly #log: RedoLog;
  readonly #ownership: Ownership;
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

  constructor({ dataDir, root, stored, log, ownership, checkpointBytes }: Owned) {
    this.dataDir = dataDir;
    this.#root = root;
    this.#stored = stored;
    this.#log = log;
    this.#ownership = ownership;
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
    this.#ownership.assertNow();
    this.#log.append(changes);
    try {
      this.#ownership.assertNow();
    } catch (error) {
      // The record stands, and may be read by the next owner; nothing may follow it that does not know of it.
      this.#ended = error;
      throw error;
    }
  }

  #note(change: Change): void {
    if (this.#isThrough) {
      storeChanges(this.#stored, [change].values());
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
        this.#ownership.assert();
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
      this.#ownership.assert();
      const isAll = storeChanges(this.#stored, changes, this.#isClosing ? AT_ONCE_AT_THE_END : AT_ONCE);
      if (isAll && upTo !== undefined) noteLogged(this.#stored, upTo);
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
      this.#ownership.giveUp();
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
