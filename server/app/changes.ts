import type { Model } from 'mongoose';
import type { RevocationDoc, Revocations } from '../auth/revocations.ts';
import type { OfficeTime } from '../calendar/office-time.ts';
import type { StaffDoc } from '../directory/directory-store.ts';
import type { InactivePeople } from '../directory/inactive-people.ts';
import type { DeskDoc } from '../opportunities/desks.ts';
import type { Outbox } from '../rooms/outbox.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { ServiceClock } from '../time/service-clock.ts';

const EVERY_MS = 500;
/**
 * Where no other process writes to the database. What was stored and could not be acknowledged is still to be learnt, and each look costs a millisecond
 * or more: ten of them a second were an eighth of what a busy server does.
 */
const ALONE_EVERY_MS = 5_000;
/** However often this is woken, two looks begin at least so far apart. */
const APART_MS = 50;
/** What no right depends on is looked at in every n-th round: the desks and the calendar, and still more seldom the outboxes. */
const SOMETIMES = 4;
const SELDOM = 12;
/** Rooms that are read by one query. */
const ROOMS_AT_ONCE = 100;
/** Looked at again for so long: a change with an earlier time may become visible after one with a later. */
const OVERLAP_MS = 5_000;
const PAGE = 1_000;
/** Pages in one look; what is left is for the next one. */
const PAGES = 20;

/** Where a look goes on: after this document, in the order of time and id. */
interface Position {
  at: Date;
  id: string;
}

/**
 * The documents of a collection that changed since the last look, by the database's own time of the change. What changed is read again until it is
 * older than the overlap, and then not any more, whether or not something newer comes.
 */
export class ChangeFeed<
  Doc extends { _id: string; changedAt: Date },
  Read extends Pick<Doc, '_id' | 'changedAt'> = Doc,
> {
  readonly #model: Model<Doc>;
  readonly #elapsed: () => number;
  readonly #fields: Readonly<Record<string, 1>>;
  /** The latest change that is known, and when it was seen: the database's clock shows at least what went by since. */
  #latest: { at: number; seen: number } | undefined;
  #from: Position | undefined;
  /** Up to when everything was read, by `elapsed`: a look that failed, or came late, moves nothing out of sight. */
  #complete: number | undefined;

  /**
   * @param elapsed milliseconds of a clock that is never set
   * @param fields what is read of a document; the whole of it where nothing is named
   */
  constructor(model: Model<Doc>, elapsed: () => number, fields: Readonly<Record<string, 1>> = {}) {
    this.#model = model;
    this.#elapsed = elapsed;
    this.#fields = fields;
  }

  /** Reads what changed, page by page. */
  async *next(): AsyncGenerator<Read[]> {
    this.#latest ??= { at: await this.#newest(), seen: this.#elapsed() };
    const begun = this.#elapsed();
    let from = this.#from ?? this.#overlap();
    for (let page = 0; page < PAGES; page++) {
      const changed = await this.#after(from);
      const last = changed.at(-1);
      if (last !== undefined) {
        from = { at: last.changedAt, id: last._id };
        const at = last.changedAt.getTime();
        if (at > this.#latest.at) this.#latest = { at, seen: this.#elapsed() };
        yield changed;
      }
      if (changed.length < PAGE) {
        this.#from = undefined;
        this.#complete = begun;
        return;
      }
    }
    this.#from = from;
  }

  /** Asks the driver itself: mongoose's query costs a look, of which there are some every second, a third more. */
  #after({ at, id }: Position): Promise<Read[]> {
    return this.#model.db
      .collection<{ _id: string; changedAt: Date }>(this.#model.collection.name)
      .find({ changedAt: { $gte: at }, $or: [{ changedAt: { $gt: at } }, { _id: { $gt: id } }] })
      .project<Read>(this.#fields)
      .sort({ changedAt: 1, _id: 1 })
      .limit(PAGE)
      .toArray();
  }

  #overlap(): Position {
    const now = this.#elapsed();
    const { at, seen } = this.#latest ?? { at: 0, seen: now };
    const since = this.#complete ?? now;
    return { at: new Date(at + since - seen - OVERLAP_MS), id: '' };
  }

  async #newest(): Promise<number> {
    // A range without bounds: not every database takes an index for a sort alone.
    const doc = await this.#model
      .findOne({ changedAt: { $gt: new Date(0) } }, { changedAt: 1 })
      .sort({ changedAt: -1 })
      .lean<Pick<Doc, 'changedAt'>>();
    return doc?.changedAt.getTime() ?? OVERLAP_MS;
  }
}

export interface ChangesParts {
  rooms: RoomStore;
  staff: Model<StaffDoc>;
  inactive: InactivePeople;
  /** Absent where nobody is connected. */
  revocations?: Revocations;
  /** Likewise. */
  desks?: { model: Model<DeskDoc>; learn(desk: DeskDoc): void };
  outbox: Outbox;
  officeTime: OfficeTime;
  clock: Pick<ServiceClock, 'learn'>;
  /** Says whether somebody here has a room open, also one that is not remembered. */
  hasListeners(roomId: string): boolean;
  /** Milliseconds of a clock that is never set. */
  elapsed(): number;
  /** No other process writes to this database. */
  alone?: boolean;
  /** Milliseconds between two looks, when nothing wakes it. */
  everyMs?: number | undefined;
  onError(error: unknown): void;
}

/**
 * Learns what other servers on the same database have changed: tokens that were revoked, rooms (who is in them), people (who is inactive) and the service's time; a
 * little later, or at once when it is woken, desks and the calendar. A few indexed queries twice a second, whatever the number of rooms, so that a right that was
 * withdrawn anywhere is withdrawn here within a second.
 */
export class Changes {
  readonly #parts: ChangesParts;
  readonly #everyMs: number;
  readonly #rooms: ChangeFeed<RoomDoc, Pick<RoomDoc, '_id' | 'changedAt'>>;
  readonly #staff: ChangeFeed<StaffDoc>;
  readonly #revocations: ChangeFeed<RevocationDoc> | undefined;
  readonly #desks: ChangeFeed<DeskDoc> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #round = 0;
  #stopped = false;
  #begun = Number.NEGATIVE_INFINITY;
  #underWay = false;
  #woken = false;
  /** The next look includes desks and calendar. */
  #isWhole = true;

  constructor(parts: ChangesParts) {
    this.#parts = parts;
    this.#everyMs = parts.everyMs ?? (parts.alone === true ? ALONE_EVERY_MS : EVERY_MS);
    // The index alone answers this: a room is read only where its change matters here, however many have changed.
    this.#rooms = new ChangeFeed(parts.rooms.model, parts.elapsed, {
      _id: 1,
      changedAt: 1,
    });
    this.#staff = new ChangeFeed(parts.staff, parts.elapsed);
    const { revocations, desks } = parts;
    if (revocations !== undefined) this.#revocations = new ChangeFeed(revocations.model, parts.elapsed);
    if (desks !== undefined) this.#desks = new ChangeFeed(desks.model, parts.elapsed);
  }

  start(): void {
    this.#lookIn(this.#everyMs);
  }

  /** Another server says that it has changed something: looks now, and not only when it is time. */
  wake(): void {
    // What has changed is not said.
    this.#isWhole = true;
    // What a look under way has read already may be older than what woke this.
    if (this.#underWay) this.#woken = true;
    else if (this.#timer !== undefined) this.#lookIn(this.#soon());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    await this.#looking;
  }

  #lookIn(ms: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#underWay = true;
      this.#begun = performance.now();
      this.#looking = this.#look()
        .catch(this.#parts.onError)
        .then(() => {
          this.#underWay = false;
          if (this.#stopped) return;
          this.#lookIn(this.#woken ? this.#soon() : this.#everyMs);
          this.#woken = false;
        });
    }, ms).unref();
  }

  #soon(): number {
    return Math.max(0, this.#begun + APART_MS - performance.now());
  }

  async #look(): Promise<void> {
    const { inactive, outbox, officeTime, clock } = this.#parts;
    const isWhole = this.#isWhole || this.#parts.alone === true || this.#round % SOMETIMES === 0;
    this.#isWhole = false;
    try {
      await clock.learn();
      await this.#learnRevocations();
      for await (const page of this.#rooms.next()) await this.#learnRooms(page.map(({ _id }) => _id));
      for await (const page of this.#staff.next()) for (const person of page) inactive.learn(person);
      if (isWhole) {
        for await (const page of this.#desks?.next() ?? []) for (const desk of page) this.#parts.desks?.learn(desk);
        await officeTime.follow();
      }
      if (this.#parts.alone === true || this.#round % SELDOM === 0) await outbox.sweep();
      this.#round += 1;
    } catch (error) {
      // What was left out is made up for by the next look.
      this.#isWhole ||= isWhole;
      throw error;
    }
  }

  async #learnRooms(changed: readonly string[]): Promise<void> {
    const { rooms, hasListeners } = this.#parts;
    const mattering = changed.filter((roomId) => rooms.cached(roomId) !== undefined || hasListeners(roomId));
    for (let i = 0; i < mattering.length; i += ROOMS_AT_ONCE) {
      const _id = { $in: mattering.slice(i, i + ROOMS_AT_ONCE) };
      for (const room of await rooms.model.find({ _id }).lean<RoomDoc[]>()) rooms.learn(room);
    }
  }

  async #learnRevocations(): Promise<void> {
    for await (const page of this.#revocations?.next() ?? [])
      for (const doc of page) this.#parts.revocations?.learn(doc);
  }
}
