import type { Appender } from '../timeline/appender.ts';
import type { Floor } from '../timeline/read-marks.ts';
import type { Notifications } from './notifications.ts';
import type { OutboxItem, RoomDoc, RoomStore } from './room-store.ts';

/**
 * Moves what a room has decided into its timeline. The decision and its entries are stored together; this carries the entries over, in their order,
 * and a server that dies in between leaves them to whoever looks next: the key makes a second carrying harmless.
 */
export class Outbox {
  readonly #rooms: RoomStore;
  readonly #appender: Appender;
  readonly #notifications: Notifications;
  readonly #onError: (error: unknown) => void;
  readonly #carrying = new Map<string, Promise<void>>();

  /** @param onError told of a room whose entries could not be carried by a sweep */
  constructor(parts: {
    rooms: RoomStore;
    appender: Appender;
    notifications: Notifications;
    onError: (error: unknown) => void;
  }) {
    this.#rooms = parts.rooms;
    this.#appender = parts.appender;
    this.#notifications = parts.notifications;
    this.#onError = parts.onError;
  }

  /** Resolves when everything that the room had decided up to now is in its timeline. */
  carry(room: Pick<RoomDoc, '_id' | 'outbox'>): Promise<void> {
    if (room.outbox.length === 0) return Promise.resolve();
    // One at a time for a room, so that what was decided first stands first.
    const before = this.#carrying.get(room._id) ?? Promise.resolve();
    const work = before.catch(() => undefined).then(() => this.#carryNow(room));
    this.#carrying.set(room._id, work);
    const forget = () => {
      if (this.#carrying.get(room._id) === work) this.#carrying.delete(room._id);
    };
    work.then(forget, forget);
    return work;
  }

  /** Carries what servers that ended left behind. A room that fails is told of and left to the next sweep; the others are carried. */
  async sweep(): Promise<void> {
    const left = await this.#rooms.model
      .find({ 'outbox.key': { $gt: '' } }, { outbox: 1 })
      .limit(500)
      .lean<Pick<RoomDoc, '_id' | 'outbox'>[]>();
    await Promise.all(left.map((room) => this.carry(room).catch(this.#onError)));
  }

  /** From where on the company reads the notes is known once the hand-over stands among them: this one, and not an earlier one to the same company. */
  async #handOver(roomId: string, org: string, run: number | undefined, floor: Floor): Promise<void> {
    await this.#rooms.change(roomId, ({ notes }) =>
      notes?.org === org && notes.run === run && notes.floor === null
        ? { set: { notes: { ...notes, floor } }, entries: [] }
        : undefined,
    );
  }

  async #carryNow(room: Pick<RoomDoc, '_id' | 'outbox'>): Promise<void> {
    const { outbox, _id: roomId } = room;
    await this.#notifications.keep(
      outbox.flatMap(({ key, notification, cause }) =>
        notification === undefined
          ? []
          : [{ _id: key, roomId, ...notification, ...(cause === undefined ? {} : { cause }) }],
      ),
    );
    // Asked for in one turn: what goes into one stream is one ordered batch, so that nothing is stored without what was decided before it.
    await Promise.all(outbox.map((item) => this.#put(roomId, item)));
    await this.#rooms.model.updateOne(
      { _id: room._id },
      { $pull: { outbox: { key: { $in: room.outbox.map(({ key }) => key) } } } },
    );
  }

  async #put(roomId: string, { key, stream, kind, actor, body, run, holder, cause }: OutboxItem): Promise<void> {
    const { doc } = await this.#appender.append({
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
    if (holder !== undefined) await this.#handOver(roomId, holder, run, { seq: doc.seq - 1, tally: doc.tally - 1 });
  }
}
