/** Walks the road that a plan chose. A walk can rest between two batches of a cursor: it keeps its place, not a transaction. */
import type { Collection, StoredDocument } from '../store/collection.ts';
import type { Environment } from '../store/environment.ts';
import type { IndexDefinition } from '../store/index-definition.ts';
import { concat, idPrefix, recordOf, successor, uniqueEntryKey } from '../store/layout.ts';
import type { Bounds, Interval } from './bounds.ts';
import type { Access, IndexScanPlan } from './planner.ts';

/** What a walk cost, for `explain`. */
export interface Cost {
  keysExamined: number;
  docsExamined: number;
}

export interface Walk {
  /** The next candidate, or undefined at the end. */
  next(): StoredDocument | undefined;
  /** Forgets what was read ahead; to be called when time may pass before the next `next`. */
  rest(): void;
}

const FIRST_CHUNK = 32;
const MAX_CHUNK = 1024;

/** Starts a walk. `expected` is how many documents are wanted, so that no more is read ahead. */
export function walk(env: Environment, collection: Collection, access: Access, cost: Cost, expected?: number): Walk {
  switch (access.kind) {
    case 'collection':
      return new CollectionWalk(collection, access.backwards, cost, expected);
    case 'index':
      return new IndexWalk(env, collection, access, cost, expected);
    case 'union':
      return new UnionWalk(access.branches.map((branch) => walk(env, collection, branch, cost)));
  }
}

function firstChunk(expected: number | undefined): number {
  return expected === undefined || expected <= 0 ? FIRST_CHUNK : Math.min(expected, MAX_CHUNK);
}

class CollectionWalk implements Walk {
  readonly #collection: Collection;
  readonly #backwards: boolean;
  readonly #cost: Cost;
  #chunk: StoredDocument[] = [];
  #at = 0;
  #after: number | undefined;
  #size: number;
  #ended = false;

  constructor(collection: Collection, backwards: boolean, cost: Cost, expected: number | undefined) {
    this.#collection = collection;
    this.#backwards = backwards;
    this.#cost = cost;
    this.#size = firstChunk(expected);
  }

  next(): StoredDocument | undefined {
    if (this.#at >= this.#chunk.length) {
      if (this.#ended) return undefined;
      this.#chunk = this.#collection.scan(this.#after, this.#backwards, this.#size);
      this.#at = 0;
      this.#ended = this.#chunk.length < this.#size;
      this.#size = Math.min(this.#size * 4, MAX_CHUNK);
    }
    const found = this.#chunk[this.#at];
    if (!found) return undefined;
    this.#at += 1;
    this.#after = found.record;
    this.#cost.docsExamined += 1;
    return found;
  }

  rest(): void {
    if (this.#at < this.#chunk.length) this.#ended = false;
    this.#chunk = [];
    this.#at = 0;
  }
}

interface Entry {
  readonly key: Buffer;
  readonly record: number;
}

class IndexWalk implements Walk {
  readonly #env: Environment;
  readonly #collection: Collection;
  readonly #index: IndexDefinition;
  readonly #bounds: Bounds;
  readonly #intervals: readonly Interval[];
  readonly #backwards: boolean;
  readonly #cost: Cost;
  /** The records met, where one can be met at several keys. */
  #seen: Set<number> | undefined;
  #interval = 0;
  #chunk: Entry[] = [];
  #at = 0;
  #last: Buffer | undefined;
  #size: number;
  #intervalEnded = false;

  constructor(env: Environment, collection: Collection, plan: IndexScanPlan, cost: Cost, expected: number | undefined) {
    this.#env = env;
    this.#collection = collection;
    this.#index = plan.index;
    this.#backwards = plan.backwards;
    this.#intervals = plan.backwards ? [...plan.bounds.intervals].reverse() : plan.bounds.intervals;
    this.#cost = cost;
    this.#bounds = plan.bounds;
    this.#size = firstChunk(expected);
  }

  next(): StoredDocument | undefined {
    for (;;) {
      const entry = this.#nextEntry();
      if (!entry) return undefined;
      this.#cost.keysExamined += 1;
      if (this.#seen) {
        if (this.#seen.has(entry.record)) continue;
        this.#seen.add(entry.record);
      }
      const raw = this.#collection.get(entry.record);
      if (!raw) continue;
      this.#cost.docsExamined += 1;
      return { record: entry.record, raw };
    }
  }

  #nextEntry(): Entry | undefined {
    while (this.#at >= this.#chunk.length) {
      if (this.#intervalEnded || this.#interval >= this.#intervals.length) {
        this.#interval += 1;
        this.#last = undefined;
        this.#intervalEnded = false;
      }
      const interval = this.#intervals[this.#interval];
      if (!interval) return undefined;
      this.#read(interval);
    }
    const entry = this.#chunk[this.#at];
    this.#at += 1;
    this.#last = entry?.key;
    return entry;
  }

  #read(interval: Interval): void {
    this.#at = 0;
    // Asked anew each time: a write between two batches may have brought the first array.
    if (!this.#seen && meetsTwice(this.#index, this.#bounds)) this.#seen = new Set();
    if (interval.point && this.#index.unique) {
      const holder = this.#last ? undefined : this.#env.index.get(uniqueEntryKey(this.#index.id, interval.point));
      this.#chunk = holder ? [{ key: interval.point, record: recordOf(holder) }] : [];
      this.#intervalEnded = true;
      return;
    }
    const prefix = idPrefix(this.#index.id);
    const low = concat(prefix, interval.low);
    const high = interval.high ? concat(prefix, interval.high) : (successor(prefix) ?? prefix);
    const limit = this.#size;
    const span = this.#backwards
      ? { low, high: this.#last ?? high, backwards: true, limit }
      : { low: this.#last ?? low, high, lowExclusive: this.#last !== undefined, limit };
    this.#chunk = this.#index.unique
      ? this.#env.index.range(span).map(({ key, value }) => ({ key, record: recordOf(value) }))
      : this.#env.index.keys(span).map((key) => ({ key, record: recordOf(key) }));
    this.#intervalEnded = this.#chunk.length < limit;
    this.#size = Math.min(this.#size * 4, MAX_CHUNK);
  }

  rest(): void {
    if (this.#at < this.#chunk.length) this.#intervalEnded = false;
    this.#chunk = [];
    this.#at = 0;
  }
}

/** A document's keys differ in multikey fields only, so it is met once where each of them is bound to one value. */
function meetsTwice(index: IndexDefinition, bounds: Bounds): boolean {
  if (!index.multikey) return false;
  if (!bounds.exact) return true;
  for (const field of index.multikeyFields) if (!bounds.constantFields.has(field)) return true;
  return false;
}

class UnionWalk implements Walk {
  readonly #walks: readonly Walk[];
  readonly #seen = new Set<number>();
  #current = 0;

  constructor(walks: readonly Walk[]) {
    this.#walks = walks;
  }

  next(): StoredDocument | undefined {
    for (;;) {
      const current = this.#walks[this.#current];
      if (!current) return undefined;
      const found = current.next();
      if (!found) this.#current += 1;
      else if (!this.#seen.has(found.record)) {
        this.#seen.add(found.record);
        return found;
      }
    }
  }

  rest(): void {
    for (const one of this.#walks) one.rest();
  }
}
