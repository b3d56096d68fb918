/** The trees on the disk, and what a checkpoint writes into them. */
import type { Database } from 'lmdb';
import type { Change, TreeName } from './memtable.ts';

export type StoredTree = Database<Buffer, Buffer>;
export type StoredTrees = Readonly<Record<TreeName, StoredTree>>;

/** The number of the last record of the log that the trees hold. */
const LOGGED_KEY = Buffer.from('log');

/** Writes changes into the trees, until there are so many of them or so many bytes; returns whether that were all. */
export function storeChanges(
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

/** Notes that the trees hold the log up to this record. */
export function noteLogged({ catalog }: StoredTrees, record: number): void {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(BigInt(record));
  catalog.putSync(LOGGED_KEY, bytes);
}

/** The number of the last record that the trees hold; 0 before there was any. */
export function lastLogged({ catalog }: StoredTrees): number {
  return Number(catalog.get(LOGGED_KEY)?.readBigUInt64LE() ?? 0n);
}
