import type { RoomKind } from '../../shared/contract/rooms.ts';
import { ordersOf } from './access.ts';
import type { LaneStore } from './lane-store.ts';
import type { ActivityOf } from './room-doc.ts';
import type { RoomModel } from './room-model.ts';

/**
 * A room's activity is stored so long after it was noted first, in milliseconds, give or take a fifth: a write moves dozens of index entries, and meanwhile
 * the embedded database does nothing else. Rooms that became busy together must not go on being written together.
 */
const WRITE_AFTER_MS = 5_000;
const TICK_MS = 250;
/** Rooms of one command: entries go in between. */
const ROOMS_AT_ONCE = 4;

interface Waiting {
  /** When something last happened, by stream. */
  latest: Map<string, Date>;
  /** Milliseconds of a clock that is never set. */
  dueAt: number;
}

export interface ActivityParts {
  rooms: RoomModel;
  lanes: LaneStore;
  /** What a room is about, where that is known without asking the database. */
  kindOf: (roomId: string) => RoomKind | undefined;
  dice: () => number;
  onError: (error: unknown) => void;
}

/**
 * Keeps, for each room, when something happened that a party can read: what the lists are sorted by. Written soon after the entry and
 * not with it: a crash can leave the order of a list some seconds old, until the room's next entry, and never loses anything else. A list read on
 * this server is exact all the same: it has what waits stored first.
 */
export class Activity {
  readonly #parts: ActivityParts;
  readonly #waiting = new Map<string, Waiting>();
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();

  constructor(parts: ActivityParts) {
    this.#parts = parts;
  }

  note(roomId: string, stream: string, at: Date): void {
    let waiting = this.#waiting.get(roomId);
    if (waiting === undefined) {
      waiting = { latest: new Map(), dueAt: performance.now() + WRITE_AFTER_MS * (0.8 + 0.4 * this.#parts.dice()) };
      this.#waiting.set(roomId, waiting);
    }
    waiting.latest.set(stream, at);
    this.#timer ??= this.#tickLater();
  }

  /** Resolves when everything noted is stored, of the rooms that are asked for. */
  flush(isAskedFor: (roomId: string) => boolean = () => true): Promise<void> {
    const { rooms, lanes, kindOf } = this.#parts;
    const updates: Parameters<RoomModel['bulkWrite']>[0] = [];
    const ofLanes: ReturnType<LaneStore['noted']>[] = [];
    for (const [_id, { latest }] of this.#waiting) {
      if (!isAskedFor(_id)) continue;
      this.#waiting.delete(_id);
      updates.push({ updateOne: { filter: { _id }, update: { $max: ofParties(latest) } } });
      // Most rooms are projects, which have none.
      if (kindOf(_id) !== 'project') for (const [stream, at] of latest) ofLanes.push(lanes.noted(_id, stream, at));
    }
    if (updates.length === 0) return this.#writing;
    const write = async () => {
      for (let i = 0; i < updates.length; i += ROOMS_AT_ONCE)
        await rooms.bulkWrite(updates.slice(i, i + ROOMS_AT_ONCE), { ordered: false });
      for (let i = 0; i < ofLanes.length; i += ROOMS_AT_ONCE)
        await lanes.model.bulkWrite(ofLanes.slice(i, i + ROOMS_AT_ONCE), { ordered: false });
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
      this.flush((roomId) => (this.#waiting.get(roomId)?.dueAt ?? 0) <= now).catch(this.#parts.onError);
      this.#timer = this.#waiting.size === 0 ? undefined : this.#tickLater();
    }, TICK_MS).unref();
  }
}

/** When something last happened that a party reads, as the fields of the room that its list is sorted by. */
function ofParties(latest: ReadonlyMap<string, Date>): Record<string, Date> {
  const fields: Record<string, Date> = {};
  for (const [stream, at] of latest) {
    for (const order of ordersOf(stream)) {
      const field = `activity.${order satisfies ActivityOf}`;
      const before = fields[field];
      if (before === undefined || before < at) fields[field] = at;
    }
  }
  return fields;
}
