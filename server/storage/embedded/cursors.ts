/** Results that are fetched in batches: what getMore continues and killCursors ends. */
import { MongoError } from './errors.ts';

/** A result, one document after another, each as the bytes that the client gets. */
export interface Results {
  next(): Buffer | undefined;
  /** Gives up what must not outlive the present moment; called between batches. */
  rest(): void;
}

interface Cursor {
  readonly id: bigint;
  readonly namespace: string;
  readonly results: Results;
  readonly session: string | undefined;
  readonly immortal: boolean;
  /** A document that did not fit into the last batch. */
  pending: Buffer | undefined;
  lastUsedMs: number;
}

/** MongoDB's defaults: documents of a first batch, bytes of any batch, and the time after which an unused cursor ends. */
const FIRST_BATCH = 101;
const MAX_BATCH_BYTES = 16 * 1024 * 1024;
const IDLE_MS = 10 * 60 * 1000;

export interface Batch {
  readonly documents: Buffer[];
  /** 0 when the result is at its end. */
  readonly id: bigint;
}

export interface CursorOptions {
  readonly namespace: string;
  readonly session: string | undefined;
  readonly batchSize: number | undefined;
  readonly singleBatch?: boolean;
  readonly immortal?: boolean;
}

export class Cursors {
  readonly #open = new Map<bigint, Cursor>();
  readonly #nowMs: () => number;
  readonly #randomId: () => bigint;

  constructor(nowMs: () => number, randomId: () => bigint) {
    this.#nowMs = nowMs;
    this.#randomId = randomId;
  }

  get size(): number {
    return this.#open.size;
  }

  /** The first batch of a result; a cursor stays open when there is more. */
  first(results: Results, options: CursorOptions): Batch {
    const size = options.batchSize ?? FIRST_BATCH;
    const { documents, pending, ended } = fill(results, undefined, size);
    if (ended || options.singleBatch) return { documents, id: 0n };
    results.rest();
    const cursor: Cursor = {
      id: this.#newId(),
      namespace: options.namespace,
      results,
      session: options.session,
      immortal: options.immortal ?? false,
      pending,
      lastUsedMs: this.#nowMs(),
    };
    this.#open.set(cursor.id, cursor);
    return { documents, id: cursor.id };
  }

  more(id: bigint, namespace: string, batchSize: number | undefined): Batch {
    const cursor = this.#open.get(id);
    if (!cursor) throw new MongoError('CursorNotFound', `cursor id ${id} not found`);
    if (cursor.namespace !== namespace)
      throw new MongoError(
        'Unauthorized',
        `Requested getMore on namespace '${namespace}', but cursor belongs to a different namespace ${cursor.namespace}`,
      );
    try {
      const { documents, pending, ended } = fill(
        cursor.results,
        cursor.pending,
        batchSize && batchSize > 0 ? batchSize : Number.POSITIVE_INFINITY,
      );
      if (ended) {
        this.#open.delete(id);
        return { documents, id: 0n };
      }
      cursor.results.rest();
      cursor.pending = pending;
      cursor.lastUsedMs = this.#nowMs();
      return { documents, id };
    } catch (error) {
      this.#open.delete(id);
      throw error;
    }
  }

  /** Ends a cursor; false when there is none of this id. */
  kill(id: bigint): boolean {
    return this.#open.delete(id);
  }

  endSession(session: string): void {
    for (const cursor of this.#open.values()) if (cursor.session === session) this.#open.delete(cursor.id);
  }

  /** Ends the cursors of a collection or, with a namespace that ends in a dot, of a database that is gone. */
  endNamespace(namespace: string): void {
    for (const cursor of this.#open.values())
      if (cursor.namespace === namespace || (namespace.endsWith('.') && cursor.namespace.startsWith(namespace)))
        this.#open.delete(cursor.id);
  }

  /** Ends what nobody has asked for in ten minutes. */
  endIdle(): void {
    const before = this.#nowMs() - IDLE_MS;
    for (const cursor of this.#open.values())
      if (!cursor.immortal && cursor.lastUsedMs < before) this.#open.delete(cursor.id);
  }

  #newId(): bigint {
    for (;;) {
      const id = this.#randomId();
      if (id > 0n && !this.#open.has(id)) return id;
    }
  }
}

function fill(
  results: Results,
  pending: Buffer | undefined,
  size: number,
): { documents: Buffer[]; pending: Buffer | undefined; ended: boolean } {
  const documents: Buffer[] = [];
  let bytes = 0;
  let next = pending;
  while (documents.length < size) {
    next ??= results.next();
    if (!next) return { documents, pending: undefined, ended: true };
    if (documents.length > 0 && bytes + next.length > MAX_BATCH_BYTES)
      return { documents, pending: next, ended: false };
    documents.push(next);
    bytes += next.length;
    next = undefined;
  }
  // One look ahead tells an exhausted result at once, and saves the client a question. An empty first batch asks for nothing.
  const ahead = next ?? (size > 0 ? results.next() : undefined);
  return { documents, pending: ahead, ended: size > 0 && ahead === undefined };
}
