/**
 * Who writes in a data directory: exactly one engine.
 *
 * It needs no lock file of ours. LMDB's reader table names the process of every open environment and holds a lock of the operating
 * system for each, which ends with the process however it ends; so a dead owner is told from a live one without trusting a number in a
 * file. The owner's name is written in a write transaction, of which LMDB lets only one run at a time. Even an owner that was wrongly
 * taken for dead (two containers that share a volume and count their processes from 1) can never write over its successor, nor promise
 * what the successor does not know: every transaction of a checkpoint looks first whether the name still stands, and every write looks
 * behind its record, because a successor puts its name there before it reads the log.
 */
import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { RootDatabase } from 'lmdb';
import { MongoError } from '../errors.ts';
import { StartRefused } from './data-directory.ts';
import type { StoredTree } from './stored-trees.ts';

export const OWNER_KEY = Buffer.from('owner');

const ASK_AGAIN_MS = 50;

interface Owner {
  readonly pid: number;
  readonly name: string;
}

export class Ownership {
  /** Ours, of this start: another engine of the same process has another. */
  readonly name: string;
  readonly #dataDir: string;
  readonly #root: RootDatabase<Buffer, Buffer>;
  readonly #catalog: StoredTree;

  private constructor(dataDir: string, root: RootDatabase<Buffer, Buffer>, catalog: StoredTree) {
    this.name = randomUUID();
    this.#dataDir = dataDir;
    this.#root = root;
    this.#catalog = catalog;
  }

  /**
   * Takes the directory over when its owner is gone, for which it waits so long.
   * @throws {StartRefused} when the owner lives on
   */
  static async take(
    dataDir: string,
    root: RootDatabase<Buffer, Buffer>,
    catalog: StoredTree,
    waitForOwnerMs: number,
  ): Promise<Ownership> {
    const ownership = new Ownership(dataDir, root, catalog);
    const deadline = performance.now() + waitForOwnerMs;
    for (;;) {
      const other = ownership.#takeFrom();
      if (!other) return ownership;
      if (performance.now() >= deadline)
        throw new StartRefused(
          `The data directory ${dataDir} is in use by another process (pid ${other.pid}); stop it or choose another directory.`,
        );
      await delay(ASK_AGAIN_MS);
    }
  }

  /** Writes our name as the owner's, unless the owner lives: then it is returned. */
  #takeFrom(): Owner | undefined {
    const [root, catalog] = [this.#root, this.#catalog];
    // A read takes our own place in the reader table before the question is asked, so of two that start at once one sees the other.
    catalog.get(OWNER_KEY);
    return root.transactionSync(() => {
      root.readerCheck();
      const stored = catalog.get(OWNER_KEY);
      const owner = stored ? readOwner(stored) : undefined;
      if (owner && owner.pid !== process.pid && livePids(root.readerList()).has(owner.pid)) return owner;
      catalog.putSync(OWNER_KEY, Buffer.from(JSON.stringify({ pid: process.pid, name: this.name })));
      return undefined;
    });
  }

  /**
   * Inside a write transaction, where the answer holds to its end.
   * @throws {MongoError} ShutdownInProgress, when the directory is another's
   */
  assert(): void {
    const stored = this.#catalog.get(OWNER_KEY);
    if (stored && readOwner(stored)?.name === this.name) return;
    throw new MongoError(
      'ShutdownInProgress',
      `Another process has taken over the data directory ${this.#dataDir}; this one no longer writes.`,
    );
  }

  /** The same outside of one: as of now, not as of when this thread read last. */
  assertNow(): void {
    this.#root.resetReadTxn();
    this.assert();
  }

  giveUp(): void {
    this.#root.transactionSync(() => {
      this.assert();
      this.#catalog.removeSync(OWNER_KEY);
    });
  }
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
