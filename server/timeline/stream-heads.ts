import { LRUCache } from 'lru-cache';
import type { EntryDoc, EntryModel } from './entry-store.ts';

/** Names a stream. */
export interface StreamRef {
  roomId: string;
  stream: string;
}

/** An entry that another server has told of. */
export interface Told {
  seq: number;
  tally: number;
  /** The id of its actor, and how many of the stream's entries are theirs up to this one. */
  author: string;
  ownTally: number;
  /** See `EntryDoc.holder`. */
  holder: string | undefined;
}

/** Where a stream ends, as far as this server knows: its last number, its tally, and the tallies of the authors met so far. */
export interface StreamHead {
  seq: number;
  tally: number;
  own: Map<string, number>;
  /** See `EntryDoc.holder`. */
  holder: string | undefined;
}

/** Streams whose heads are remembered; a forgotten one costs one indexed read. */
const REMEMBERED = 20_000;
/** More than streams with listeners on one server: of a stream that is not remembered, readers learn by the next jump only. */
const PUBLISHED_REMEMBERED = 200_000;
const AUTHORS_REMEMBERED = 2_000;
const MISSED_MAX = 1_000;

/** What this server believes about the ends of streams. A belief may be wrong: the unique index on (room, stream, seq) decides. */
export class StreamHeads {
  readonly #entries: EntryModel;
  readonly #heads = new LRUCache<string, StreamHead>({ max: REMEMBERED });
  /** The last number that was handed on from here, kept apart because it stays true when a head is forgotten. */
  readonly #published = new LRUCache<string, number>({ max: PUBLISHED_REMEMBERED });

  /** How many are about to listen to a stream, by its key. */
  readonly #arriving = new Map<string, number>();

  constructor(entries: EntryModel) {
    this.#entries = entries;
  }

  /** Until the returned function is called, `unwatch` leaves these streams alone: somebody is on the way to listen to them. */
  hold(keys: readonly string[]): () => void {
    for (const key of keys) this.#arriving.set(key, (this.#arriving.get(key) ?? 0) + 1);
    return () => {
      for (const key of keys) {
        const left = (this.#arriving.get(key) ?? 0) - 1;
        if (left > 0) this.#arriving.set(key, left);
        else this.#arriving.delete(key);
      }
    };
  }

  /** The last number that was handed on from here; undefined for a stream that nobody here has watched or written to. */
  published(key: string): number | undefined {
    return this.#published.get(key);
  }

  /** Begins to hand on: what stands in the stream by now is taken as known. */
  async watch(key: string, roomId: string, stream: string): Promise<void> {
    if (this.#published.has(key)) return;
    const last = await this.#entries
      .findOne({ roomId, stream }, { seq: 1 })
      .sort({ seq: -1 })
      .lean<Pick<EntryDoc, 'seq'>>();
    // Another reader may have begun meanwhile. Theirs stands: each reader's first read comes after this and holds what lies before.
    if (!this.#published.has(key)) this.#published.set(key, last?.seq ?? 0);
  }

  unwatch(key: string): void {
    if (!this.#arriving.has(key)) this.#published.delete(key);
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
      head = { seq: last?.seq ?? 0, tally: last?.tally ?? 0, own: new Map(), holder: last?.holder };
      const published = this.#published.get(key);
      if (published === undefined) this.#published.set(key, head.seq);
      else if (published < head.seq) {
        missed = await this.#entries
          .find({ roomId, stream, seq: { $gt: published, $lte: head.seq } })
          .sort({ seq: 1 })
          .limit(MISSED_MAX)
          .lean<EntryDoc[]>();
        // Too far behind to hand everything on: readers see the jump and fetch.
        if (missed.length === MISSED_MAX) {
          missed = [];
          this.#published.set(key, head.seq);
        }
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
    head.holder = doc.holder;
    head.own.set(doc.actor.id, doc.ownTally);
  }

  /** Takes over an entry that another server has written: the next number is known then without asking the database. */
  learn(key: string, { seq, tally, holder, author, ownTally }: Told): void {
    const head = this.#heads.get(key);
    if (head === undefined || head.seq >= seq) return;
    if (head.seq < seq - 1) {
      this.#heads.delete(key);
      return;
    }
    head.seq = seq;
    head.tally = tally;
    head.holder = holder;
    head.own.set(author, ownTally);
  }

  /** Says whether an entry of that number is the next to be handed on, and notes that it is. */
  publish(key: string, seq: number): boolean {
    if (seq <= (this.#published.get(key) ?? 0)) return false;
    this.#published.set(key, seq);
    return true;
  }

  forget(key: string): void {
    this.#heads.delete(key);
  }
}
