/** One tree as its readers and writers see it: what is on the disk, under what was written of late. */
import { type Memtable, type Span, type TreeName, type Written, keyOf, textOf } from './memtable.ts';
import type { StoredTree } from './stored-trees.ts';

export interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

/** What lies above a tree on the disk, and where a write goes. */
export interface Layers {
  /** The newest first. */
  memtables(): readonly Memtable[];
  write(key: Buffer, value: Written): void;
}

export class LayeredTree {
  readonly #name: TreeName;
  readonly #stored: StoredTree;
  readonly #layers: Layers;

  constructor(name: TreeName, stored: StoredTree, layers: Layers) {
    this.#name = name;
    this.#stored = stored;
    this.#layers = layers;
  }

  get(key: Buffer): Buffer | undefined {
    const written = this.#written(key);
    if (written !== undefined) return written ?? undefined;
    const shared = this.#stored.getBinaryFast(key);
    return shared && copyOf(shared);
  }

  has(key: Buffer): boolean {
    const written = this.#written(key);
    return written === undefined ? this.#isStored(key) : written !== null;
  }

  /** The keys of a span with their values. */
  range(span: Span): Pair[] {
    const found: Pair[] = [];
    this.#walk(
      span,
      (range) => this.#stored.getRange(range),
      (key, value) => found.push({ key, value }),
    );
    return found;
  }

  keys(span: Span): Buffer[] {
    const found: Buffer[] = [];
    this.#walk(
      span,
      (range) => this.#stored.getKeys(range).map((key) => ({ key, value: key })),
      (key) => found.push(key),
    );
    return found;
  }

  /** How many keys there are in a span. */
  count(span: Span): number {
    const { low, high } = span;
    let count = this.#stored.getCount(high ? { start: low, end: high } : { start: low });
    const seen = new Set<string>();
    for (const memtable of this.#layers.memtables())
      for (const [key, value] of memtable.within(this.#name, span)) {
        if (seen.has(key)) continue;
        seen.add(key);
        count += (value === null ? 0 : 1) - (this.#isStored(keyOf(key)) ? 1 : 0);
      }
    return count;
  }

  /** Only inside `Environment.write` or `writeThrough`. The buffers are kept: nobody may change them afterwards. */
  put(key: Buffer, value: Buffer): void {
    this.#layers.write(key, value);
  }

  /** As `put`. */
  remove(key: Buffer): void {
    this.#layers.write(key, null);
  }

  #written(key: Buffer): Written | undefined {
    let text: string | undefined;
    for (const memtable of this.#layers.memtables()) {
      const written = memtable.get(this.#name, (text ??= textOf(key)));
      if (written !== undefined) return written;
    }
    return undefined;
  }

  #isStored(key: Buffer): boolean {
    return this.#stored.getBinaryFast(key) !== undefined;
  }

  /** Tells the pairs of a span in its order: of each key what it was given last, and none that was removed. */
  #walk(span: Span, read: (range: Range) => Iterable<Pair>, tell: (key: Buffer, value: Buffer) => void): void {
    const { backwards = false, limit = Number.POSITIVE_INFINITY } = span;
    const heads = this.#layers.memtables().map((memtable) => new Head(memtable.within(this.#name, span)));
    const isAlone = heads.every(({ key }) => key === undefined);
    const stored = read(rangeOf(span, isAlone))[Symbol.iterator]();
    try {
      let next = stored.next();
      let text = next.done || isAlone ? undefined : textOf(next.value.key);
      let told = 0;
      while (told < limit) {
        const top = isAlone ? undefined : firstOf(heads, backwards);
        if (
          top?.key === undefined ||
          (text !== undefined && text !== top.key && (backwards ? text > top.key : text < top.key))
        ) {
          if (next.done) return;
          tell(next.value.key, next.value.value);
          told += 1;
        } else {
          const { key, value } = top;
          for (const head of heads) if (head.key === key) head.advance();
          if (value) {
            tell(keyOf(key), value);
            told += 1;
          }
          // What is on the disk under it is hidden.
          if (text !== key) continue;
        }
        next = stored.next();
        text = next.done || isAlone ? undefined : textOf(next.value.key);
      }
    } finally {
      stored.return?.();
    }
  }
}

/** Where the walk stands in one layer. */
class Head {
  readonly #rest: Iterator<[string, Written]>;
  /** Undefined at the end. */
  key: string | undefined;
  value: Written = null;

  constructor(rest: Iterator<[string, Written]>) {
    this.#rest = rest;
    this.advance();
  }

  advance(): void {
    const { done, value } = this.#rest.next();
    [this.key, this.value] = done ? [undefined, null] : value;
  }
}

/** The head that comes first; of those at one key the newest layer's. */
function firstOf(heads: readonly Head[], backwards: boolean): Head | undefined {
  let first: Head | undefined;
  for (const head of heads) {
    if (head.key === undefined) continue;
    if (first?.key === undefined || (backwards ? head.key > first.key : head.key < first.key)) first = head;
  }
  return first;
}

interface Range {
  start?: Buffer;
  end?: Buffer;
  exclusiveStart?: boolean;
  inclusiveEnd?: boolean;
  reverse?: boolean;
  limit?: number;
}

/** A span as LMDB's reader takes it; with the limit only when no layer can hide or add something. */
function rangeOf({ low, high, lowExclusive = false, backwards, limit }: Span, isAlone: boolean): Range {
  const most = isAlone && limit !== undefined ? { limit } : {};
  return backwards
    ? {
        ...(high ? { start: high } : {}),
        end: low,
        reverse: true,
        exclusiveStart: true,
        inclusiveEnd: !lowExclusive,
        ...most,
      }
    : { start: low, ...(high ? { end: high } : {}), exclusiveStart: lowExclusive, ...most };
}

/**
 * LMDB's reader hands out one buffer again and again, whose `length` is that of the present value and whose memory is longer. Copying it
 * into Node's pool costs a fraction of the memory block of its own that the reader's safe variant makes for each value.
 */
function copyOf(shared: Buffer): Buffer {
  const { length } = shared;
  const copy = Buffer.allocUnsafe(length);
  copy.set(new Uint8Array(shared.buffer, shared.byteOffset, length));
  return copy;
}
