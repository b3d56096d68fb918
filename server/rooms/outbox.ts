import type { Appended, Appender } from '../timeline/appender.ts';
import type { Floor } from '../timeline/read-marks.ts';
import { InTurn } from './in-turn.ts';
import type { LaneStore } from './lane-store.ts';
import type { Notifications } from './notifications.ts';
import type { OutboxItem, RoomDoc } from './room-doc.ts';
import type { RoomStore } from './room-store.ts';

/** A room that has decided something. */
type Deciding = Pick<RoomDoc, '_id' | 'kind' | 'outbox'>;

/**
 * Moves what a room has decided into its timeline. The decision and its entries are stored together; this carries the entries over, in their order,
 * and a server that dies in between leaves them to whoever looks next: the key makes a second carrying harmless.
 */
export class Outbox {
  readonly #rooms: RoomStore;
  readonly #appender: Appender;
  readonly #notifications: Notifications;
  readonly #lanes: LaneStore;
  readonly #onError: (error: unknown) => void;
  readonly #carrying = new InTurn();

  /** @param onError told of a room whose entries could not be carried by a sweep */
  constructor(parts: {
    rooms: RoomStore;
    appender: Appender;
    notifications: Notifications;
    lanes: LaneStore;
    onError: (error: unknown) => void;
  }) {
    this.#rooms = parts.rooms;
    this.#appender = parts.appender;
    this.#notifications = parts.notifications;
    this.#lanes = parts.lanes;
    this.#onError = parts.onError;
  }

  /** Resolves when everything that the room had decided up to now is in its timeline, and in the lists of those whom it concerns. */
  carry(room: Deciding): Promise<void> {
    if (room.outbox.length === 0) return Promise.resolve();
    // One at a time for a room, so that what was decided first stands first.
    return this.#carrying.run(room._id, () => this.#carryNow(room));
  }

  /** Carries what servers that ended left behind. A room that fails is told of and left to the next sweep; the others are carried. */
  async sweep(): Promise<void> {
    const left = await this.#rooms.model
      .find({ 'outbox.key': { $gt: '' } }, { kind: 1, outbox: 1 })
      .limit(500)
      .lean<Deciding[]>();
    await Promise.all(left.map((room) => this.carry(room).catch(this.#onError)));
  }

  /** From where on the company reads the notes is known once the hand-over stands among them: this one, and not an earlier one to the same company. */
  async #handOver(roomId: string, org: string, run: number | undefined, floor: Floor): Promise<void> {
    await this.#rooms.changeOf('project', roomId, ({ notes }) =>
      notes?.org === org && notes.run === run && notes.floor === null
        ? { set: { notes: { ...notes, floor } }, entries: [] }
        : undefined,
    );
  }

  async #carryNow(room: Deciding): Promise<void> {
    const { outbox, kind, _id: roomId } = room;
    await this.#notifications.keep(
      outbox.flatMap(({ key, notification, cause }) =>
        notification === undefined
          ? []
          : [{ _id: key, roomId, ...notification, ...(cause === undefined ? {} : { cause }) }],
      ),
    );
    // Before anybody is told: whoever then looks at their list finds it there.
    if (kind === 'opportunity') await this.#keepLanes(roomId);
    // Asked for in one turn: what goes into one stream is one ordered batch, so that nothing is stored without what was decided before it.
    await Promise.all(outbox.map((item) => this.#put(roomId, item)));
    await this.#rooms.model.updateOne(
      { _id: room._id },
      { $pull: { outbox: { key: { $in: room.outbox.map(({ key }) => key) } } } },
    );
  }

  async #keepLanes(roomId: string): Promise<void> {
    const now = await this.#rooms.fresh(roomId);
    if (now?.kind === 'opportunity') await this.#lanes.keep(now);
  }

  async #put(roomId: string, item: OutboxItem): Promise<void> {
    const { doc } = await appendItem(this.#appender, roomId, item);
    if (item.holder !== undefined)
      await this.#handOver(roomId, item.holder, item.run, { seq: doc.seq - 1, tally: doc.tally - 1 });
  }
}

/** Puts what was decided into a room's timeline; the second time changes nothing. */
export function appendItem(
  appender: Pick<Appender, 'append'>,
  roomId: string,
  { key, stream, kind, actor, body, run, holder, cause }: OutboxItem,
): Promise<Appended> {
  return appender.append({
    roomId,
    stream,
    kind,
    actor,
    body,
    clientId: key,
    ...(run === undefined ? {} : { run }),
    ...(holder === undefined ? {} : { holder }),
    ...(cause === undefined ? {} : { cause }),
  });
}
