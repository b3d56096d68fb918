import { readersOf } from './access.ts';
import type { ActivityOf, RoomModel } from './room-store.ts';

/** A list read on this server is exact all the same: it has what waits stored first. Each write moves a dozen index entries. */
const WRITE_AFTER_MS = 1_000;
/** Rooms of one command. While it runs the embedded database does nothing else, and a room takes it half a millisecond: entries go in between. */
const ROOMS_AT_ONCE = 8;

/**
 * Keeps, for each room, when something happened that a party can read: what the lists are sorted by. Written soon after the entry and
 * not with it: a crash can leave the order of a list a moment old, until the room's next entry, and never loses anything else.
 */
export class Activity {
  readonly #rooms: RoomModel;
  readonly #onError: (error: unknown) => void;
  #waiting = new Map<string, Partial<Record<ActivityOf, Date>>>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(rooms: RoomModel, onError: (error: unknown) => void) {
    this.#rooms = rooms;
    this.#onError = onError;
  }

  note(roomId: string, stream: string, at: Date): void {
    const sides = readersOf(stream);
    const marks = this.#waiting.get(roomId) ?? {};
    if (sides.includes('buyer')) marks.buyer = at;
    if (sides.includes('provider')) marks.provider = at;
    marks.operator = at;
    this.#waiting.set(roomId, marks);
    this.#timer ??= setTimeout(() => {
      this.flush().catch(this.#onError);
    }, WRITE_AFTER_MS).unref();
  }

  /** Resolves when everything noted is stored. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const waiting = this.#waiting;
    if (waiting.size === 0) return this.#writing;
    this.#waiting = new Map();
    const write = async () => {
      const updates = [...waiting].map(([_id, marks]) => ({
        updateOne: {
          filter: { _id },
          update: { $max: Object.fromEntries(Object.entries(marks).map(([side, at]) => [`activity.${side}`, at])) },
        },
      }));
      for (let i = 0; i < updates.length; i += ROOMS_AT_ONCE) {
        await this.#rooms.bulkWrite(updates.slice(i, i + ROOMS_AT_ONCE), { ordered: false });
      }
    };
    const writing = this.#writing.then(write);
    // A failed write is told to whoever asked for it, and not to those who ask later.
    this.#writing = writing.catch(() => undefined);
    return writing;
  }
}
