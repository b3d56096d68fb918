import type { Model } from 'mongoose';
import type { StaffDoc } from '../directory/directory-store.ts';
import type { InactivePeople } from '../directory/inactive-people.ts';
import type { Outbox } from '../rooms/outbox.ts';
import type { RoomDoc, RoomStore } from '../rooms/room-store.ts';

const EVERY_MS = 500;
/** The outboxes are looked at in every n-th round. */
const OUTBOX_EVERY = 10;
/** Looked at again each time: a change with an earlier time may become visible after one with a later. */
const OVERLAP_MS = 5_000;
const PAGE = 1_000;

/** The documents of a collection that changed since the last look, by the database's own time of the change. */
class ChangeFeed<Doc extends { changedAt: Date }> {
  readonly #model: Model<Doc>;
  #since: Date | undefined;

  constructor(model: Model<Doc>) {
    this.#model = model;
  }

  async next(): Promise<Doc[]> {
    const since = this.#since ?? before(await this.#latest());
    const changed = await this.#model
      .find({ changedAt: { $gt: since } })
      .sort({ changedAt: 1 })
      .limit(PAGE)
      .lean<Doc[]>();
    const last = changed.at(-1)?.changedAt;
    // A full page may hold less than the overlap: going back by it could then stand still.
    this.#since = last === undefined ? since : changed.length === PAGE ? last : later(since, before(last));
    return changed;
  }

  async #latest(): Promise<Date> {
    // A range without bounds: not every database takes an index for a sort alone.
    const doc = await this.#model
      .findOne({ changedAt: { $gt: new Date(0) } }, { changedAt: 1 })
      .sort({ changedAt: -1 })
      .lean<Pick<Doc, 'changedAt'>>();
    return doc?.changedAt ?? new Date(OVERLAP_MS);
  }
}

const before = (at: Date): Date => new Date(at.getTime() - OVERLAP_MS);
const later = (a: Date, b: Date): Date => (a > b ? a : b);

export interface ChangesParts {
  rooms: RoomStore;
  staff: Model<StaffDoc>;
  inactive: InactivePeople;
  outbox: Outbox;
  onError(error: unknown): void;
}

/**
 * Learns what other servers on the same database have changed: rooms (who is in them) and people (who is inactive). Two indexed queries twice
 * a second, whatever the number of rooms, so that a right that was withdrawn anywhere is withdrawn here within a second.
 */
export class Changes {
  readonly #parts: ChangesParts;
  readonly #rooms: ChangeFeed<RoomDoc>;
  readonly #staff: ChangeFeed<StaffDoc>;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #round = 0;
  #stopped = false;

  constructor(parts: ChangesParts) {
    this.#parts = parts;
    this.#rooms = new ChangeFeed(parts.rooms.model);
    this.#staff = new ChangeFeed(parts.staff);
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.#look()
        .catch(this.#parts.onError)
        .then(() => {
          if (!this.#stopped) this.start();
        });
    }, EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const { rooms, inactive, outbox } = this.#parts;
    for (const room of await this.#rooms.next()) rooms.learn(room);
    for (const person of await this.#staff.next()) inactive.learn(person);
    if (this.#round++ % OUTBOX_EVERY === 0) await outbox.sweep();
  }
}
