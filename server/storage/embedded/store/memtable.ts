/**
 * The latest writes, in memory and in order: what the redo log holds and the trees on the disk do not hold yet.
 *
 * Keys are kept as texts of one character a byte, whose order is memcmp's, LMDB's own: a text is compared and hashed faster than a buffer.
 */
import { createRequire } from 'node:module';
import type sorted from 'sorted-btree';

export const TREES = ['documents', 'index', 'catalog'] as const;
export type TreeName = (typeof TREES)[number];

/** What a key was last given; null stands for its removal, which hides what is on the disk. */
export type Written = Buffer | null;

export interface Change {
  readonly tree: TreeName;
  readonly key: Buffer;
  readonly value: Written;
}

/** A part of a tree: from `low` on, up to `high` (exclusive), in the order of the keys or against it. */
export interface Span {
  readonly low: Buffer;
  /** Undefined: to the end of the tree. */
  readonly high: Buffer | undefined;
  readonly lowExclusive?: boolean;
  readonly backwards?: boolean;
  /** At most so many pairs. */
  readonly limit?: number;
}

type SortedMap = sorted.default<string, Written>;

export const textOf = (key: Buffer): string => key.toString('latin1');
export const keyOf = (text: string): Buffer => Buffer.from(text, 'latin1');

// A CommonJS module whose class is its default: loaders differ in where an import finds it.
const { default: BTree, simpleComparator } = createRequire(import.meta.url)('sorted-btree') as typeof sorted;

/** What the memory of a change takes beside its key and its value. */
const BYTES_AROUND = 100;

const newMap = (): SortedMap => new BTree<string, Written>(undefined, simpleComparator);

/** Bytes that a change takes in memory, roughly. */
export const bytesOf = ({ key, value }: { key: { length: number }; value: Written }): number =>
  BYTES_AROUND + key.length + (value?.length ?? 0);

export class Memtable {
  readonly #maps: Readonly<Record<TreeName, SortedMap>> = {
    documents: newMap(),
    index: newMap(),
    catalog: newMap(),
  };

  #bytes = 0;

  /** Bytes that it takes, roughly: what was set twice counts twice. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Undefined when nothing was written at the key. */
  get(tree: TreeName, key: string): Written | undefined {
    return this.#maps[tree].get(key);
  }

  set(tree: TreeName, key: string, value: Written): void {
    this.#maps[tree].set(key, value);
    this.#bytes += bytesOf({ key, value });
  }

  /** Takes a write back: the key has again what `get` gave before it. */
  restore(tree: TreeName, key: string, before: Written | undefined): void {
    if (before === undefined) this.#maps[tree].delete(key);
    else this.#maps[tree].set(key, before);
  }

  /** The keys of a span with what they were last given, in the span's order, without its limit. */
  *within(tree: TreeName, { low, high, lowExclusive, backwards }: Span): Generator<[string, Written]> {
    const map = this.#maps[tree];
    const [from, to] = [textOf(low), high && textOf(high)];
    const isIn = (key: string): boolean => (lowExclusive ? key > from : key >= from);
    if (backwards) {
      for (const [key, value] of map.entriesReversed(to, undefined, true)) {
        if (!isIn(key)) return;
        yield [key, value];
      }
      return;
    }
    for (const [key, value] of map.entries(from)) {
      if (to !== undefined && key >= to) return;
      if (isIn(key)) yield [key, value];
    }
  }

  /** What was removed, or what was given a value; tree by tree in the order of the keys. */
  *changes(areRemovals: boolean): Generator<Change> {
    for (const tree of TREES)
      for (const [key, value] of this.#maps[tree].entries())
        if ((value === null) === areRemovals) yield { tree, key: keyOf(key), value };
  }

  /** Adds what was written later. */
  cover(later: Memtable): void {
    for (const tree of TREES) for (const [key, value] of later.#maps[tree].entries()) this.set(tree, key, value);
  }
}
