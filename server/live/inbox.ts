import type { EntryDoc } from '../timeline/entry-store.ts';
import { isCountable } from '../timeline/entry-store.ts';
import type { Pages } from '../timeline/pages.ts';
import type { ReadMarks } from '../timeline/read-marks.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import { emitTo, type Hub } from './hub.ts';

/** Entries of one stream that arrive within this time are told together. */
const GATHER_MS = 100;

/** Tells a room's people who have not opened it that something happened there, with what is now unread for each of them. */
export class Inbox {
  readonly #parts: { hub: Hub; rooms: RoomStore; pages: Pages; marks: ReadMarks; onError: (error: unknown) => void };
  readonly #gathering = new Map<string, { doc: EntryDoc; timer: NodeJS.Timeout }>();

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
      return;
    }
    const timer = setTimeout(() => {
      const gathered = this.#gathering.get(key);
      this.#gathering.delete(key);
      if (gathered !== undefined) this.#tell(gathered.doc).catch(this.#parts.onError);
    }, GATHER_MS).unref();
    this.#gathering.set(key, { doc, timer });
  }

  close(): void {
    for (const { timer } of this.#gathering.values()) clearTimeout(timer);
    this.#gathering.clear();
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
        const { userId } = socket.data.caller;
        const counting = unreadOf.get(userId) ?? marks.unread(roomId, [stream], userId);
        unreadOf.set(userId, counting);
        const unread = (await counting)[stream] ?? 0;
        emitTo(socket, 'inbox', { roomId, stream, head: doc.seq, unread, last });
      }),
    );
  }
}
