import { readersOf } from './access.ts';
import type { ActivityOf, RoomModel } from './room-store.ts';

/**
 * A room's activity is stored so long after it was noted first, in milliseconds, give or take a fifth: a write moves dozens of index entries, and meanwhile
 * the embedded database does nothing else. Rooms that became busy together must not go on being written together.
 */
const WRITE_AFTER_MS = 5_000;
const TICK_MS = 250;
/** Rooms of one command: entries go in between. */
const ROOMS_AT_ONCE = 4;

interface Waiting {
  marks: Partial<Record<ActivityOf, Date>>;
  /** Milliseconds of a clock that is never set. */
  dueAt: number;
}

/**
 * Keeps, for each room, when something happened that a party can read: what the lists are sorted by. Written soon after the entry and
 * not with it: a crash can leave the order of a list some seconds old, until the room's next entry, and never loses anything else. A list read on
 * this server is exact all the same: it has what waits stored first.
 */
export class Activity {
  readonly #rooms: RoomModel;
  readonly #dice: () => number;
  readonly #onError: (error: unknown) => void;
  readonly #waiting = new Map<string, Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: { rooms: RoomModel; dice: () => number; onError: (error: unknown) => void }) {
    this.#rooms = parts.rooms;
    this.#dice = parts.dice;
    this.#onError = parts.onError;
  }

  note(roomId: string, stream: string, at: Date): void {
    let waiting = this.#waiting.get(roomId);
    if (waiting === undefined) {
      waiting = { marks: {}, dueAt: performance.now() + WRITE_AFTER_MS * (0.8 + 0.4 * this.#dice()) };
      this.#waiting.set(roomId, waiting);
    }
    const { marks } = waiting;
    const sides = readersOf(stream);
    if (sides.includes('buyer')) marks.buyer = at;
    if (sides.includes('provider')) marks.provider = at;
    marks.operator = at;
    this.#timer ??= this.#tickLater();
  }

  /** Resolves when everything noted is stored, of the rooms that are asked for. */
  flush(isAskedFor: (roomId: string) => boolean = () => true): Promise<void> {
    const updates: Parameters<RoomModel['bulkWrite']>[0] = [];
    for (const [_id, { marks }] of this.#waiting) {
      if (!isAskedFor(_id)) continue;
      this.#waiting.delete(_id);
      const latest = Object.fromEntries(Object.entries(marks).map(([side, at]) => [`activity.${side}`, at]));
      updates.push({ updateOne: { filter: { _id }, update: { $max: latest } } });
    }
    if (updates.length === 0) return this.#writing;
    const write = async () => {
      for (let i = 0; i < updates.length; i += ROOMS_AT_ONCE) {
        await this.#rooms.bulkWrite(updates.slice(i, i + ROOMS_AT_ONCE), { ordered: false });
      }
    };
    const writing = this.#writing.then(write);
    // A failed write is told to whoever asked for it, and not to those who ask later.
    this.#writing = writing.catch(() => undefined);
    return writing;
  }

  /** Stores everything noted; for the end. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await this.flush();
  }

  #tickLater(): NodeJS.Timeout {
    return setTimeout(() => {
      const now = performance.now();
      this.flush((roomId) => (this.#waiting.get(roomId)?.dueAt ?? 0) <= now).catch(this.#onError);
      this.#timer = this.#waiting.size === 0 ? undefined : this.#tickLater();
    }, TICK_MS).unref();
  }
}
