import type { EntryDoc } from '../timeline/entry-store.ts';
import { isCountable } from '../timeline/entry-store.ts';
import type { Pages } from '../timeline/pages.ts';
import type { ReadMarks } from '../timeline/read-marks.ts';
import { floorOf } from '../rooms/access.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import { emitTo, type Hub } from './hub.ts';

/** Entries of one stream that arrive within this time are told together. */
const GATHER_MS = 100;

/** Tells a room's people who have not opened it that something happened there, with what is now unread for each of them. */
export class Inbox {
  readonly #parts: { hub: Hub; rooms: RoomStore; pages: Pages; marks: ReadMarks; onError: (error: unknown) => void };
  readonly #gathering = new Map<string, { doc: EntryDoc; recalls: boolean; timer: NodeJS.Timeout }>();
  readonly #telling = new Map<string, Promise<void>>();
  #closed = false;

  constructor(parts: {
    hub: Hub;
    rooms: RoomStore;
    pages: Pages;
    marks: ReadMarks;
    onError: (error: unknown) => void;
  }) {
    this.#parts = parts;
  }

  note(doc: EntryDoc): void {
    const room = this.#parts.rooms.cached(doc.roomId);
    if (room !== undefined && !this.#parts.hub.hasOutside(room)) return;
    const key = `${doc.roomId}/${doc.stream}`;
    const waiting = this.#gathering.get(key);
    if (waiting !== undefined) {
      waiting.doc = doc;
      waiting.recalls ||= doc.kind === 'recall';
      return;
    }
    this.#gathering.set(key, { doc, recalls: doc.kind === 'recall', timer: this.#later(key) });
  }

  /** Begins nothing more and resolves when what was begun is told. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { timer } of this.#gathering.values()) clearTimeout(timer);
    this.#gathering.clear();
    await Promise.all(this.#telling.values());
  }

  #later(key: string): NodeJS.Timeout {
    return setTimeout(() => {
      if (this.#closed) return;
      // One at a time for a stream, so that a later head is never overtaken by an earlier one.
      if (this.#telling.has(key)) {
        const waiting = this.#gathering.get(key);
        if (waiting !== undefined) waiting.timer = this.#later(key);
        return;
      }
      const gathered = this.#gathering.get(key);
      this.#gathering.delete(key);
      if (gathered === undefined) return;
      const telling = this.#tell(gathered.doc)
        .catch(this.#parts.onError)
        .finally(() => this.#telling.delete(key));
      this.#telling.set(key, telling);
    }, GATHER_MS).unref();
  }

  async #tell(doc: EntryDoc): Promise<void> {
    const { hub, rooms, pages, marks } = this.#parts;
    const { roomId, stream } = doc;
    const room = await rooms.get(roomId);
    if (room === undefined) return;
    const outside = [...hub.outside(room, stream)];
    if (outside.length === 0) return;
    const last = isCountable(doc.kind) ? (await pages.present([doc]))[0] : await pages.last(roomId, stream);
    if (last === undefined) return;
    const unreadOf = new Map<string, Promise<Record<string, number>>>();
    await Promise.all(
      outside.map(async (socket) => {
        const { caller } = socket.data;
        const { userId } = caller;
        const floor = floorOf(caller, room, stream);
        const counting = unreadOf.get(`${caller.side}:${userId}`) ?? marks.unread(roomId, [{ stream, floor }], userId);
        unreadOf.set(`${caller.side}:${userId}`, counting);
        const unread = (await counting)[stream] ?? 0;
        // Asked again: the right to read may have been withdrawn while it was counted.
        if (!hub.isOutside(socket, rooms.cached(roomId) ?? room, stream)) return;
        // Something was recalled since `last` was read: its wording is not shown any more, and the next telling is on its way.
        if (this.#gathering.get(`${roomId}/${stream}`)?.recalls === true) return;
        emitTo(socket, 'inbox', { roomId, stream, head: doc.seq, unread, last });
      }),
    );
  }
}
