import type { StreamHeads, StreamRef, Told } from './stream-heads.ts';

/** How long an entry waits for those before it to arrive, in milliseconds: they are on their way, unless a notice was lost. */
const GAP_MS = 100;
/** Entries that wait in one stream, and streams in which some wait. What is more is read from the database. */
const WAITING_MAX = 500;
const STREAMS_MAX = 1_000;

interface Gap {
  /** What hands an entry on, by its number. */
  readonly waiting: Map<number, () => void>;
  timer: NodeJS.Timeout;
}

export interface ArrivalsParts {
  heads: StreamHeads;
  /** Says whether this server writes to a stream just now: what it writes may be what is missing. */
  isWriting(key: string): boolean;
  /** Reads and hands on what stands in a stream beyond what was handed on. */
  catchUp(ref: StreamRef): Promise<void>;
  onError(error: unknown): void;
}

/**
 * Puts in order what other servers tell of their entries at once. Readers here see each number once and after the one before: an entry that comes too early
 * waits a moment for those that are missing, and when they do not come they are read.
 */
export class Arrivals {
  readonly #parts: ArrivalsParts;
  readonly #gaps = new Map<string, Gap>();

  constructor(parts: ArrivalsParts) {
    this.#parts = parts;
  }

  /** @param handOn called at once, later, or never where the entry is known already or nobody here listens */
  arrive(key: string, ref: StreamRef, told: Told, handOn: () => void): void {
    const { heads } = this.#parts;
    const published = heads.published(key);
    if (published === undefined || told.seq <= published) return;
    heads.learn(key, told);
    if (told.seq === published + 1) {
      heads.publish(key, told.seq);
      this.#handOn(handOn);
      this.published(key);
    } else this.#wait(key, ref, told.seq, handOn);
  }

  /** Something was handed on: what waited for it follows. */
  published(key: string): void {
    const gap = this.#gaps.get(key);
    if (gap === undefined) return;
    const { heads } = this.#parts;
    for (;;) {
      const next = (heads.published(key) ?? 0) + 1;
      const handOn = gap.waiting.get(next);
      if (handOn === undefined) break;
      heads.publish(key, next);
      this.#handOn(handOn);
    }
    const head = heads.published(key) ?? Number.POSITIVE_INFINITY;
    for (const seq of gap.waiting.keys()) if (seq <= head) gap.waiting.delete(seq);
    if (gap.waiting.size === 0) this.#forget(key, gap);
  }

  close(): void {
    for (const { timer } of this.#gaps.values()) clearTimeout(timer);
    this.#gaps.clear();
  }

  #wait(key: string, ref: StreamRef, seq: number, handOn: () => void): void {
    let gap = this.#gaps.get(key);
    if (gap === undefined) {
      if (this.#gaps.size >= STREAMS_MAX) return;
      gap = { waiting: new Map(), timer: this.#later(key, ref) };
      this.#gaps.set(key, gap);
    }
    if (gap.waiting.size < WAITING_MAX) gap.waiting.set(seq, handOn);
  }

  #later(key: string, ref: StreamRef): NodeJS.Timeout {
    return setTimeout(() => {
      const gap = this.#gaps.get(key);
      if (gap === undefined) return;
      if (this.#parts.isWriting(key)) {
        gap.timer = this.#later(key, ref);
        return;
      }
      this.#forget(key, gap);
      this.#parts.catchUp(ref).catch(this.#parts.onError);
    }, GAP_MS).unref();
  }

  /** Whatever one of them meets must not stop its stream. */
  #handOn(handOn: () => void): void {
    try {
      handOn();
    } catch (error) {
      this.#parts.onError(error);
    }
  }

  #forget(key: string, gap: Gap): void {
    clearTimeout(gap.timer);
    this.#gaps.delete(key);
  }
}
