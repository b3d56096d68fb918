import { LRUCache } from 'lru-cache';
import type { EntryDoc } from '../timeline/entry-store.ts';
import { isCountable } from '../timeline/entry-store.ts';
import type { Pages } from '../timeline/pages.ts';
import type { ReadMarks } from '../timeline/read-marks.ts';
import { floorOf } from '../rooms/access.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { Hub } from './hub.ts';
import { emitTo } from './rooms-socket.ts';

/** Entries of one stream that arrive within this time are told together. */
const GATHER_MS = 100;
/** Streams of which it is remembered how far they were told; of a forgotten one something may be told twice. */
const TOLD_REMEMBERED = 10_000;

/** An entry, as far as it is known: whole where this server has read it, else by its number. */
export interface News {
  roomId: string;
  stream: string;
  seq: number;
  recalls: boolean;
  doc?: EntryDoc;
}

export const newsOf = (doc: EntryDoc): News => ({
  roomId: doc.roomId,
  stream: doc.stream,
  seq: doc.seq,
  recalls: doc.kind === 'recall',
  doc,
});

/** Tells a room's people who have not opened it that something happened there, with what is now unread for each of them. */
export class Inbox {
  readonly #parts: { hub: Hub; rooms: RoomStore; pages: Pages; marks: ReadMarks; onError: (error: unknown) => void };
  /** What waits to be told, by the stream's key. `news` is taken out before an entry is deleted: see `UnderWay` for what a map keeps alive. */
  readonly #gathering = new Map<string, { news: News | undefined; timer: NodeJS.Timeout }>();
  /** The last number of each stream that was noted: what comes by two ways is told once. */
  readonly #noted = new LRUCache<string, number>({ max: TOLD_REMEMBERED });
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

  note(news: News): void {
    const room = this.#parts.rooms.cached(news.roomId);
    if (room !== undefined && !this.#parts.hub.hasOutside(room)) return;
    const key = `${news.roomId}/${news.stream}`;
    if (news.seq <= (this.#noted.get(key) ?? 0)) return;
    this.#noted.set(key, news.seq);
    const waiting = this.#gathering.get(key);
    if (waiting === undefined) this.#gathering.set(key, { news, timer: this.#later(key) });
    else waiting.news = { ...news, recalls: news.recalls || waiting.news?.recalls === true };
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
      const news = gathered?.news;
      if (gathered === undefined || news === undefined) return;
      gathered.news = undefined;
      const telling = this.#tell(news)
        .catch(this.#parts.onError)
        .finally(() => this.#telling.delete(key));
      this.#telling.set(key, telling);
    }, GATHER_MS).unref();
  }

  async #tell({ roomId, stream, seq, doc }: News): Promise<void> {
    const { hub, rooms, pages, marks } = this.#parts;
    const room = await rooms.get(roomId);
    if (room === undefined) return;
    const outside = [...hub.outside(room, stream)];
    if (outside.length === 0) return;
    const isLast = doc !== undefined && isCountable(doc.kind);
    const last = isLast ? (await pages.present([doc]))[0] : await pages.last(roomId, stream);
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
        if (this.#gathering.get(`${roomId}/${stream}`)?.news?.recalls === true) return;
        emitTo(socket, 'inbox', { roomId, stream, head: seq, unread, last });
      }),
    );
  }
}
