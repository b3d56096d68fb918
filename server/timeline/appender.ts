import { mongo } from 'mongoose';
import type { Actor, Entry, EntryKind } from '../../shared/contract/entries.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import { type Clock, iso } from '../clock.ts';
import { Figures } from '../telemetry/figures.ts';
import type { Log } from '../telemetry/log.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import { UnderWay } from '../under-way.ts';
import { newEntryId } from './entry-id.ts';
import { type EntryDoc, type EntryModel, isCountable, toWire } from './entry-store.ts';
import { type Clash, GroupCommit } from './group-commit.ts';
import { admitRevisions, type Revision, revisionsOf } from './revisions.ts';
import { Arrivals } from './arrivals.ts';
import { type StreamHead, StreamHeads, type StreamRef, type Told } from './stream-heads.ts';

/** What is to be appended; the stream gives it its number. */
export interface Draft {
  roomId: string;
  stream: string;
  kind: EntryKind;
  actor: Actor;
  body: Record<string, unknown>;
  clientId?: string;
  target?: number;
  /** Of what happened in a flow: the run that it belongs to. */
  run?: number;
  /** Hands the stream over to another provider: see `EntryDoc.holder`. */
  holder?: string;
  /** See `EntryDoc.cause`. */
  cause?: string;
}

export interface Appended {
  doc: EntryDoc;
  entry: Entry;
  /** True when it was stored by an earlier call: the same author's same `clientId`, or an earlier recall of the same message. */
  duplicate: boolean;
}

/** Called once for each entry that this server writes or reads, in the order of its stream, after it is on disk. */
export type OnEntry = (doc: EntryDoc, entry: Entry, writtenHere: boolean) => void;

interface Pending {
  /** Given once and kept through every attempt: an attempt whose outcome was not learnt is recognised by it. */
  id: mongo.ObjectId;
  draft: Draft;
  /** The draft as it will travel, checked already: only its number and its instant are not known yet. */
  wire: Entry;
  /** When it was asked for, in milliseconds of `performance.now`. */
  begun: number;
  resolve(appended: Appended): void;
  reject(error: unknown): void;
}

interface Queue {
  readonly pending: Pending[];
  isDraining: boolean;
  /** Adds what is pending to the batch that waits for its command, where all of it may stand there; undefined while none waits. */
  join: (() => void) | undefined;
  isJoining: boolean;
}

const NOT_NUMBERED = { seq: 1, at: new Date(0), tally: 0, ownTally: 0 };
const BATCH_MAX = 500;
/** How often in a row another server may be faster before we say that the stream is too busy. */
const CONFLICTS_MAX = 50;
/** Streams that are asked after by one query, entries that are handed on at a time, and how many such pages before readers are left to fetch. */
const FOLLOW_STREAMS = 100;
const FOLLOW_PAGE = 500;
const FOLLOW_PAGES = 4;

/** Streams that are written to of which a queue is kept while nothing waits in it. */
const QUEUES_KEPT = 1_000;

const keyOf = ({ roomId, stream }: StreamRef): string => `${roomId}/${stream}`;

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
  readonly #figures: Pick<Figures, 'appends' | 'fanOuts'>;
  readonly #heads: StreamHeads;
  readonly #commits: GroupCommit;
  readonly #arrivals: Arrivals;
  /** By the stream's key. Those that are idle stay for a while: see `UnderWay` for what a map costs of which things come and go. */
  readonly #queues = new Map<string, Queue>();
  /** With so many queues, those that are idle are dropped. */
  #pruneAt = QUEUES_KEPT;
  readonly #working = new UnderWay();
  #closed = false;

  constructor(parts: {
    entries: EntryModel;
    clock: Clock;
    log: Log;
    onEntry: OnEntry;
    /** Counts how long entries take. */
    figures?: Pick<Figures, 'appends' | 'fanOuts'>;
    /** By which commands are kept apart. */
    steady?: Clock;
  }) {
    this.#entries = parts.entries;
    this.#clock = parts.clock;
    this.#log = parts.log;
    this.#onEntry = parts.onEntry;
    this.#figures = parts.figures ?? new Figures();
    this.#heads = new StreamHeads(parts.entries);
    this.#commits = new GroupCommit(parts.entries, parts.steady);
    this.#arrivals = new Arrivals({
      heads: this.#heads,
      isWriting: (key) => this.#isWriting(key),
      catchUp: (ref) => this.#catchUp(ref),
      onError: (error) => parts.log.warn({ err: error }, 'entries of another server could not be handed on yet'),
    });
  }

  /**
   * Appends an entry and resolves when it is on disk and handed on.
   * What the contract does not know is refused before it is stored: one such entry would make every page that holds it unreadable.
   * @throws {RoomError} `conflict` for an edit of a recalled message; `unavailable` when it is not known to be stored: the same `clientId` may
   *   then be sent again without harm
   * @throws {z.ZodError} for a draft that is not of the contract
   */
  append(draft: Draft): Promise<Appended> {
    if (this.#closed)
      return Promise.reject(
        new RoomError('unavailable', 'This server is stopping: send it again to another.', { retryAfterMs: 200 }),
      );
    return new Promise((resolve, reject) => {
      const key = keyOf(draft);
      const id = newEntryId();
      const wire = toWire({ _id: id, ...draft, ...NOT_NUMBERED });
      const pending: Pending = { id, draft, wire, begun: performance.now(), resolve, reject };
      const queue = this.#queueOf(key);
      queue.pending.push(pending);
      if (!queue.isDraining) {
        queue.isDraining = true;
        this.#working.add(this.#drain(key, queue));
      } else if (queue.join !== undefined && !queue.isJoining) {
        queue.isJoining = true;
        // What is asked for in one turn goes together.
        queueMicrotask(() => {
          queue.isJoining = false;
          queue.join?.();
        });
      }
    });
  }

  /**
   * From now on every entry of these streams is handed on, whoever writes it; `follow` looks for those that other servers write. Call it before
   * a reader's first read: what that read does not contain is then handed on later. The reader must be listening by the end of the turn in which
   * this resolves: until then the last listener's leaving does not end it.
   */
  async watch(roomId: string, streams: readonly string[]): Promise<void> {
    const release = this.#heads.hold(streams.map((stream) => keyOf({ roomId, stream })));
    try {
      await Promise.all(streams.map((stream) => this.#heads.watch(keyOf({ roomId, stream }), roomId, stream)));
    } finally {
      setImmediate(release);
    }
  }

  /** Nobody here listens to this stream any more. */
  unwatch(roomId: string, stream: string): void {
    this.#heads.unwatch(keyOf({ roomId, stream }));
  }

  /**
   * Takes an entry that another server has written and tells of.
   * @param handOn called in the entry's turn; never where it is known already, or nobody here watches the stream
   */
  arrive(ref: StreamRef, told: Told, handOn: () => void): void {
    this.#arrivals.arrive(keyOf(ref), ref, told, handOn);
  }

  /** Hands on what other servers wrote to these streams. One query for a hundred streams that are quiet, and one for each that is not. */
  async follow(streams: Iterable<StreamRef>): Promise<void> {
    const quiet = [...streams].filter((ref) => !this.#isWriting(keyOf(ref)));
    for (let i = 0; i < quiet.length; i += FOLLOW_STREAMS) {
      const behind = await this.#behind(quiet.slice(i, i + FOLLOW_STREAMS));
      for (const ref of behind) await this.#catchUp(ref);
    }
  }

  /** Entries that wait until those before them in their stream are stored. */
  get waiting(): number {
    let waiting = 0;
    for (const { pending } of this.#queues.values()) waiting += pending.length;
    return waiting;
  }

  /** Takes nothing more and resolves when everything that was taken is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#arrivals.close();
    await this.#working.idle();
  }

  /** Those of some streams in which there is more than was handed on; one that was never watched is watched from here on. */
  async #behind(streams: readonly StreamRef[]): Promise<StreamRef[]> {
    const unknown = streams.filter((ref) => this.#heads.published(keyOf(ref)) === undefined);
    await Promise.all(unknown.map(({ roomId, stream }) => this.watch(roomId, [stream])));
    const clauses = streams.map(({ roomId, stream }) => ({
      roomId,
      stream,
      seq: { $gt: this.#heads.published(keyOf({ roomId, stream })) ?? 0 },
    }));
    const news = await this.#entries
      .find({ $or: clauses }, { _id: 0, roomId: 1, stream: 1 })
      .limit(FOLLOW_PAGE)
      .lean<StreamRef[]>();
    return [...new Map(news.map(({ roomId, stream }) => [keyOf({ roomId, stream }), { roomId, stream }])).values()];
  }

  async #catchUp({ roomId, stream }: StreamRef): Promise<void> {
    const key = keyOf({ roomId, stream });
    for (let page = 0; page < FOLLOW_PAGES; page++) {
      const after = this.#heads.published(key);
      // While this server writes to the stream, the writing itself learns of what others wrote.
      if (after === undefined || this.#isWriting(key)) return;
      const fresh = await this.#entries
        .find({ roomId, stream, seq: { $gt: after } })
        .sort({ seq: 1 })
        .limit(FOLLOW_PAGE)
        .lean<EntryDoc[]>();
      if (this.#isWriting(key)) return;
      this.#heads.forget(key);
      for (const doc of fresh) this.#publish(key, doc);
      if (fresh.length < FOLLOW_PAGE) return;
    }
    // Too far behind to hand everything on: readers see the jump to the last entry and fetch what lies between.
    const last = await this.#entries.findOne({ roomId, stream }).sort({ seq: -1 }).lean<EntryDoc>();
    if (last !== null && !this.#isWriting(key)) this.#publish(key, last);
  }

  #isWriting(key: string): boolean {
    return this.#queues.get(key)?.isDraining === true;
  }

  #queueOf(key: string): Queue {
    let queue = this.#queues.get(key);
    if (queue !== undefined) return queue;
    if (this.#queues.size >= this.#pruneAt) {
      for (const [idle, { isDraining }] of this.#queues) if (!isDraining) this.#queues.delete(idle);
      this.#pruneAt = Math.max(QUEUES_KEPT, 2 * this.#queues.size);
    }
    queue = { pending: [], isDraining: false, join: undefined, isJoining: false };
    this.#queues.set(key, queue);
    return queue;
  }

  async #drain(key: string, queue: Queue): Promise<void> {
    // Everything that arrives in this turn of the event loop goes into the first batch.
    await Promise.resolve();
    try {
      while (queue.pending.length > 0) {
        const batch = queue.pending.splice(0, BATCH_MAX);
        try {
          await this.#commit(key, queue, batch);
        } catch (error) {
          this.#heads.forget(key);
          if (!isUnreachable(error) && !(error instanceof RoomError))
            this.#log.error({ err: error, stream: key }, 'append failed');
          for (const pending of batch) pending.reject(notKnown(error));
        }
      }
    } finally {
      queue.isDraining = false;
    }
  }

  /** Leaves in `batch` what is not answered yet, so that a failure is told to those and no others. */
  async #commit(key: string, queue: Queue, batch: Pending[]): Promise<void> {
    let conflicts = 0;
    while (batch.length > 0) {
      const [first] = batch;
      if (first === undefined) return;
      const { roomId, stream } = first.draft;
      const authors = batch.map(({ draft }) => draft.actor.id);
      const { head, missed } = await this.#heads.load(key, roomId, stream, authors);
      for (const doc of missed) this.#publish(key, doc);
      turnAway(batch, head.holder);
      const ready = await this.#admit(batch);
      if (ready === 0) continue;
      const numbers = new Numbers(head, this.#clock);
      const docs = batch.slice(0, ready).map((pending) => numbers.next(pending));
      const writing = this.#commits.write(docs, conflicts > 0);
      if (ready === batch.length) this.#openTo(queue, batch, docs, numbers);
      const result = await writing.finally(() => {
        queue.join = undefined;
      });
      const stored = performance.now();
      for (const doc of docs.slice(0, result.stored)) this.#settle(key, batch.shift(), doc, stored);
      if (result.stored > 0) conflicts = 0;
      if (result.clash === undefined) continue;
      if (result.clash !== 'seq' && (await this.#settleStored(result.clash, batch)) > 0) continue;
      // Another server was faster: its entries come first, ours are numbered anew.
      this.#heads.forget(key);
      if (++conflicts > CONFLICTS_MAX)
        throw new RoomError('unavailable', 'This stream is too busy: try again.', { retryAfterMs: 200 });
    }
  }

  /**
   * Lets into a batch that waits for its command what waits behind it already, and what comes from now on: all of it or nothing, so that nothing overtakes, and of
   * what was asked for in one turn nothing is stored without what was asked for before it.
   */
  #openTo(queue: Queue, batch: Pending[], docs: EntryDoc[], numbers: Numbers): void {
    const { pending } = queue;
    queue.join = () => {
      if (pending.length === 0 || batch.length + pending.length > BATCH_MAX) return;
      if (!pending.every(({ draft }) => numbers.takes(draft))) return;
      if (this.#commits.join(docs, () => pending.map((one) => numbers.next(one)))) batch.push(...pending.splice(0));
    };
    queue.join();
  }

  /**
   * Answers edits and recalls of what is recalled already, and says how many drafts may be numbered now.
   *
   * It is asked after the head was read and before the numbers are taken: a recall that another server appends in between takes one of those
   * numbers, so the insert is refused and this is asked again. That is why no edit ever stands behind its message's recall.
   */
  async #admit(batch: Pending[]): Promise<number> {
    const targets = batch.flatMap(({ draft }) => (draft.target === undefined ? [] : [draft.target]));
    const [first] = batch;
    if (targets.length === 0 || first === undefined) return batch.length;
    const stored = await revisionsOf(this.#entries, first.draft, targets);
    const { refused, ready } = admitRevisions(
      batch.map(({ draft }) => draft),
      stored,
    );
    const recalls = await this.#whole([...refused.values()]);
    const waiting: Pending[] = [];
    batch.forEach((pending, index) => {
      const refusal = refused.get(index);
      if (refusal === undefined) waiting.push(pending);
      else if (refusal instanceof RoomError) pending.reject(refusal);
      else {
        const doc = recalls.get(refusal._id.toHexString());
        if (doc === undefined) pending.reject(new Error('a stored recall is not there'));
        else pending.resolve({ doc, entry: toWire(doc), duplicate: true });
      }
    });
    batch.splice(0, batch.length, ...waiting);
    return ready;
  }

  /** The stored recalls that repeated ones are answered with. */
  async #whole(refusals: readonly (RoomError | Revision)[]): Promise<ReadonlyMap<string, EntryDoc>> {
    const ids = refusals.flatMap((refusal) => (refusal instanceof RoomError ? [] : [refusal._id]));
    const docs = ids.length === 0 ? [] : await this.#entries.find({ _id: { $in: ids } }).lean<EntryDoc[]>();
    return new Map(docs.map((doc) => [doc._id.toHexString(), doc]));
  }

  /** Answers those of a batch that are stored already, by an earlier call or by an attempt of which we did not learn; says how many. */
  async #settleStored(clash: Exclude<Clash, 'seq'>, batch: Pending[]): Promise<number> {
    const [first] = batch;
    if (first === undefined) return 0;
    const { roomId, stream } = first.draft;
    const filter =
      clash === 'entry'
        ? { _id: { $in: batch.map(({ id }) => id) } }
        : {
            roomId,
            stream,
            'actor.id': { $in: [...new Set(batch.map(({ draft }) => draft.actor.id))] },
            clientId: { $in: batch.flatMap(({ draft }) => draft.clientId ?? []) },
          };
    const stored = new Map<string, EntryDoc>();
    for (const doc of await this.#entries.find(filter).lean<EntryDoc[]>())
      stored.set(identity(clash, doc._id, doc), doc);
    const waiting: Pending[] = [];
    for (const pending of batch) {
      const doc = stored.get(identity(clash, pending.id, pending.draft));
      if (doc === undefined) waiting.push(pending);
      else pending.resolve({ doc, entry: toWire(doc), duplicate: !doc._id.equals(pending.id) });
    }
    const settled = batch.length - waiting.length;
    batch.splice(0, batch.length, ...waiting);
    return settled;
  }

  /** @param stored when it was known to be on disk, in milliseconds of `performance.now` */
  #settle(key: string, pending: Pending | undefined, doc: EntryDoc, stored: number): void {
    this.#heads.advance(key, doc);
    if (pending === undefined) throw new Error('an entry was stored that nobody waits for');
    const entry: Entry = { ...pending.wire, seq: doc.seq, at: iso(doc.at.getTime()) };
    this.#publish(key, doc, entry);
    this.#figures.appends.add(stored - pending.begun);
    this.#figures.fanOuts.add(performance.now() - stored);
    pending.resolve({ doc, entry, duplicate: false });
  }

  /** @param known the entry as it travels, where it was written here */
  #publish(key: string, doc: EntryDoc, known?: Entry): void {
    if (!this.#heads.publish(key, doc.seq)) return;
    try {
      this.#onEntry(doc, known ?? toWire(doc), known !== undefined);
    } catch (error) {
      // One entry that cannot be handed on (of a newer version of the service, say) must not stop its stream.
      this.#log.error({ err: error, stream: key, seq: doc.seq }, 'an entry could not be handed on');
    }
    this.#arrivals.published(key);
  }
}

/** Gives drafts the numbers behind what is believed to be the end of their stream. */
class Numbers {
  readonly #head: StreamHead;
  readonly #clock: Clock;
  /** The tallies of those who are among them, where the head's are older. */
  readonly #own = new Map<string, number>();
  #seq: number;
  #tally: number;
  #holder: string | undefined;

  constructor(head: StreamHead, clock: Clock) {
    this.#head = head;
    this.#clock = clock;
    this.#seq = head.seq;
    this.#tally = head.tally;
    this.#holder = head.holder;
  }

  /** Says whether a draft may be one of the next without another look at the database: see `turnAway`, `#admit` and `StreamHeads.load`. */
  takes({ actor, target, holder }: Draft): boolean {
    if (target !== undefined || holder !== undefined) return false;
    return this.#ownTally(actor.id) !== undefined && mayWrite(actor, this.#holder);
  }

  next({ id, draft }: Pick<Pending, 'id' | 'draft'>): EntryDoc {
    const countable = isCountable(draft.kind) ? 1 : 0;
    const ownTally = (this.#ownTally(draft.actor.id) ?? 0) + countable;
    this.#own.set(draft.actor.id, ownTally);
    this.#seq += 1;
    this.#tally += countable;
    this.#holder = draft.holder ?? this.#holder;
    const more = {
      ...(draft.kind === 'recall' ? { erased: false } : {}),
      ...(this.#holder === undefined ? {} : { holder: this.#holder }),
    };
    const at = new Date(this.#clock.now());
    return { _id: id, ...draft, ...more, seq: this.#seq, at, tally: this.#tally, ownTally };
  }

  #ownTally(author: string): number | undefined {
    return this.#own.get(author) ?? this.#head.own.get(author);
  }
}

/**
 * Refuses what a provider writes into a stream that was handed over to another one meanwhile. It is asked of the head under whose next number the
 * entry would stand, so that nothing slips in behind a hand-over, by whatever server.
 */
function turnAway(batch: Pending[], holderNow: string | undefined): void {
  let holder = holderNow;
  const staying: Pending[] = [];
  for (const pending of batch) {
    const { actor, holder: next } = pending.draft;
    holder = next ?? holder;
    if (mayWrite(actor, holder)) staying.push(pending);
    else pending.reject(new RoomError('not_found', 'There is no such stream in this room.'));
  }
  batch.splice(0, batch.length, ...staying);
}

/** @param holder the provider to whom the stream was handed over last */
const mayWrite = ({ side, org }: Actor, holder: string | undefined): boolean =>
  holder === undefined || side !== 'provider' || org === holder;

const identity = (clash: Exclude<Clash, 'seq'>, id: mongo.ObjectId, of: Pick<Draft, 'actor' | 'clientId'>): string =>
  clash === 'entry' ? id.toHexString() : JSON.stringify([of.actor.id, of.clientId ?? null]);

/** A write concern that was not met in time: the entry is on a disk, but not yet on enough of them. */
function notKnown(error: unknown): unknown {
  if (!(error instanceof mongo.MongoBulkWriteError) || error.result.getWriteConcernError() === undefined) return error;
  return new RoomError('unavailable', 'The database has not confirmed it on enough disks yet: send it again.', {
    retryAfterMs: 500,
  });
}
