import { LRUCache } from 'lru-cache';
import type { EntryDoc, EntryModel } from './entry-store.ts';

/** Where a stream ends, as far as this server knows: its last number, its tally, and the tallies of the authors met so far. */
export interface StreamHead {
  seq: number;
  tally: number;
  own: Map<string, number>;
}

/** Streams whose heads are remembered; a forgotten one costs one indexed read. */
const REMEMBERED = 20_000;
const AUTHORS_REMEMBERED = 2_000;
const MISSED_MAX = 1_000;

/** What this server believes about the ends of streams. A belief may be wrong: the unique index on (room, stream, seq) decides. */
export class StreamHeads {
  readonly #entries: EntryModel;
  readonly #heads = new LRUCache<string, StreamHead>({ max: REMEMBERED });
  /** The last number that was handed on from here, kept apart because it stays true when a head is forgotten. */
  readonly #published = new LRUCache<string, number>({ max: REMEMBERED });

  constructor(entries: EntryModel) {
    this.#entries = entries;
  }

  knows(key: string): boolean {
    return this.#published.has(key);
  }

  published(key: string): number {
    return this.#published.get(key) ?? 0;
  }

  /** The head with the tallies of these authors, and what others wrote since this server last handed an entry on. */
  async load(
    key: string,
    roomId: string,
    stream: string,
    authors: readonly string[],
  ): Promise<{ head: StreamHead; missed: EntryDoc[] }> {
    let head = this.#heads.get(key);
    let missed: EntryDoc[] = [];
    if (head === undefined) {
      const last = await this.#entries.findOne({ roomId, stream }).sort({ seq: -1 }).lean<EntryDoc>();
      head = { seq: last?.seq ?? 0, tally: last?.tally ?? 0, own: new Map() };
      const published = this.#published.get(key);
      if (published === undefined) this.#published.set(key, head.seq);
      else if (published < head.seq) {
        missed = await this.#entries
          .find({ roomId, stream, seq: { $gt: published, $lte: head.seq } })
          .sort({ seq: 1 })
          .limit(MISSED_MAX)
          .lean<EntryDoc[]>();
        // Too far behind to hand everything on: readers see the jump and fetch.
        if (missed.length === MISSED_MAX) this.#published.set(key, head.seq);
      }
      this.#heads.set(key, head);
    }
    const { own } = head;
    if (own.size > AUTHORS_REMEMBERED) own.clear();
    const unknown = [...new Set(authors)].filter((author) => !own.has(author));
    await Promise.all(
      unknown.map(async (author) => {
        const last = await this.#entries
          .findOne({ roomId, stream, 'actor.id': author }, { ownTally: 1 })
          .sort({ seq: -1 })
          .lean<Pick<EntryDoc, 'ownTally'>>();
        own.set(author, last?.ownTally ?? 0);
      }),
    );
    return { head, missed };
  }

  /** Notes an entry that this server has written. */
  advance(key: string, doc: EntryDoc): void {
    const head = this.#heads.get(key);
    if (head === undefined) return;
    head.seq = doc.seq;
    head.tally = doc.tally;
    head.own.set(doc.actor.id, doc.ownTally);
  }

  /** Says whether an entry of that number is the next to be handed on, and notes that it is. */
  publish(key: string, seq: number): boolean {
    if (seq <= this.published(key)) return false;
    this.#published.set(key, seq);
    return true;
  }

  forget(key: string): void {
    this.#heads.delete(key);
  }
}
