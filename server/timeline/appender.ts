import { mongo } from 'mongoose';
import type { Actor, Entry, EntryKind } from '../../shared/contract/entries.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Clock } from '../clock.ts';
import type { Log } from '../telemetry/log.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import { CLIENT_ID_INDEX, type EntryDoc, type EntryModel, isCountable, toWire } from './entry-store.ts';
import { type StreamHead, StreamHeads } from './stream-heads.ts';

/** What is to be appended; the stream gives it its number. */
export interface Draft {
  roomId: string;
  stream: string;
  kind: EntryKind;
  actor: Actor;
  body: Record<string, unknown>;
  clientId?: string;
  target?: number;
}

export interface Appended {
  doc: EntryDoc;
  entry: Entry;
  /** True when the same author's same `clientId` was stored before; `doc` is then the first one. */
  duplicate: boolean;
}

/** Called once for each entry that this server learns of, in the order of its stream, after it is on disk. */
export type OnEntry = (doc: EntryDoc, entry: Entry) => void;

interface Pending {
  draft: Draft;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

const BATCH_MAX = 500;
/** How often in a row another server may be faster before we say that the stream is too busy. */
const CONFLICTS_MAX = 50;

/**
 * The one way in for a fact. Entries of a stream that wait at the same moment are written by one command (group commit) under the stream's next
 * numbers; the unique index on (room, stream, seq) is the compare-and-set, so two servers on one database can neither make a hole nor a duplicate:
 * whoever finds a number taken reads the head again and renumbers. A batch is ordered: number n + 1 is only written when n is there.
 */
export class Appender {
  readonly #entries: EntryModel;
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #onEntry: OnEntry;
  readonly #heads: StreamHeads;
  readonly #queues = new Map<string, Pending[]>();
  readonly #working = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: { entries: EntryModel; clock: Clock; log: Log; onEntry: OnEntry }) {
    this.#entries = parts.entries;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#onEntry = parts.onEntry;
    this.#heads = new StreamHeads(parts.entries);
  }

  /**
   * Appends an entry and resolves when it is on disk and handed on.
   * @throws {RoomError} `unavailable` when it is not known to be stored; the same `clientId` may then be sent again without harm
   */
  append(draft: Draft): Promise<Appended> {
    if (this.#closed)
      return Promise.reject(
        new RoomError('unavailable', 'This server is stopping: send it again to another.', { retryAfterMs: 200 }),
      );
    return new Promise((resolve, reject) => {
      const key = `${draft.roomId}/${draft.stream}`;
      const pending: Pending = { draft, resolve, reject };
      const queue = this.#queues.get(key);
      if (queue !== undefined) {
        queue.push(pending);
        return;
      }
      const fresh = [pending];
      this.#queues.set(key, fresh);
      const work = this.#drain(key, fresh).finally(() => this.#working.delete(work));
      this.#working.add(work);
    });
  }

  /** Learns of entries that other servers wrote to a stream, and hands them on; does nothing while this server itself is writing to it. */
  async follow(roomId: string, stream: string): Promise<void> {
    const key = `${roomId}/${stream}`;
    if (this.#queues.has(key) || !this.#heads.knows(key)) return;
    const before = this.#heads.published(key);
    const fresh = await this.#entries
      .find({ roomId, stream, seq: { $gt: before } })
      .sort({ seq: 1 })
      .limit(BATCH_MAX)
      .lean<EntryDoc[]>();
    if (fresh.length === 0 || this.#queues.has(key)) return;
    for (const doc of fresh) this.#publish(key, doc);
    this.#heads.forget(key);
  }

  /** Takes nothing more and resolves when everything that was taken is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    while (this.#working.size > 0) await Promise.all(this.#working);
  }

  async #drain(key: string, queue: Pending[]): Promise<void> {
    // Everything that arrives in this turn of the event loop goes into the first batch.
    await Promise.resolve();
    while (queue.length > 0) {
      const batch = queue.splice(0, BATCH_MAX);
      try {
        await this.#commit(key, batch);
      } catch (error) {
        this.#heads.forget(key);
        if (!isUnreachable(error) && !(error instanceof RoomError))
          this.#log.error({ err: error, stream: key }, 'append failed');
        for (const pending of batch) pending.reject(error);
      }
    }
    this.#queues.delete(key);
  }

  async #commit(key: string, batch: Pending[]): Promise<void> {
    let conflicts = 0;
    while (batch.length > 0) {
      const [first] = batch;
      if (first === undefined) return;
      const { roomId, stream } = first.draft;
      const authors = batch.map(({ draft }) => draft.actor.id);
      const { head, missed } = await this.#heads.load(key, roomId, stream, authors);
      for (const doc of missed) this.#publish(key, doc);
      const docs = this.#number(head, batch);
      const result = await this.#insert(docs);
      for (let i = 0; i < result.stored; i++) this.#settle(key, batch[i], docs[i]);
      batch.splice(0, result.stored);
      if (result.clash === undefined) continue;
      const [clashed] = batch;
      const known =
        result.clash === 'client_id' && clashed !== undefined ? await this.#known(clashed.draft) : undefined;
      if (known !== undefined) {
        batch.shift()?.resolve({ doc: known, entry: toWire(known), duplicate: true });
        continue;
      }
      // Another server was faster: its entries come first, ours are numbered anew.
      this.#heads.forget(key);
      if (++conflicts > CONFLICTS_MAX)
        throw new RoomError('unavailable', 'This stream is too busy: try again.', { retryAfterMs: 200 });
    }
  }

  #number(head: StreamHead, batch: readonly Pending[]): EntryDoc[] {
    const at = new Date(this.#clock.now());
    let { seq, tally } = head;
    const own = new Map<string, number>();
    return batch.map(({ draft }) => {
      const countable = isCountable(draft.kind) ? 1 : 0;
      const ownTally = (own.get(draft.actor.id) ?? head.own.get(draft.actor.id) ?? 0) + countable;
      own.set(draft.actor.id, ownTally);
      seq += 1;
      tally += countable;
      return { _id: new mongo.ObjectId(), ...draft, seq, at, tally, ownTally };
    });
  }

  /** Writes documents in order; says how many are stored and, when one was refused, which unique index refused it. */
  async #insert(docs: EntryDoc[]): Promise<{ stored: number; clash?: 'client_id' | 'seq' }> {
    try {
      await this.#entries.collection.insertMany(docs, { ordered: true });
      return { stored: docs.length };
    } catch (error) {
      if (!(error instanceof mongo.MongoBulkWriteError) || error.code !== 11_000) throw error;
      const [fault] = Array.isArray(error.writeErrors) ? error.writeErrors : [error.writeErrors];
      if (fault === undefined) throw error;
      return { stored: fault.index, clash: (fault.errmsg ?? '').includes(CLIENT_ID_INDEX) ? 'client_id' : 'seq' };
    }
  }

  async #known({ roomId, stream, actor, clientId }: Draft): Promise<EntryDoc | undefined> {
    if (clientId === undefined) return undefined;
    const doc = await this.#entries.findOne({ roomId, stream, 'actor.id': actor.id, clientId }).lean<EntryDoc>();
    return doc ?? undefined;
  }

  #settle(key: string, pending: Pending | undefined, doc: EntryDoc | undefined): void {
    if (pending === undefined || doc === undefined) return;
    this.#heads.advance(key, doc);
    const entry = this.#publish(key, doc);
    pending.resolve({ doc, entry: entry ?? toWire(doc), duplicate: false });
  }

  #publish(key: string, doc: EntryDoc): Entry | undefined {
    if (!this.#heads.publish(key, doc.seq)) return undefined;
    const entry = toWire(doc);
    this.#onEntry(doc, entry);
    return entry;
  }
}
