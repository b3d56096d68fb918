import { LRUCache } from 'lru-cache';
import type { RoomStore } from '../rooms/room-store.ts';
import type { EntryDoc } from '../timeline/entry-store.ts';
import type { Frames, NewsFrame } from './frames.ts';
import type { Names } from './names.ts';
import type { RedisLink } from './redis-link.ts';

/** Entries that are written within this time are told of together, those of one stream by the last, in milliseconds. */
const GATHER_MS = 100;
/** Streams whose news waits for a Redis that is away. */
const KEPT_MAX = 10_000;

type News = Omit<NewsFrame, 'kind' | 'version'>;

export interface SeatNewsParts {
  link: RedisLink;
  names: Names;
  frames: Frames;
  rooms: Pick<RoomStore, 'get'>;
  onError(error: unknown): void;
}

/**
 * Tells the servers at which a room's people are connected that something was written there: for those who have not opened it. The servers hear it by the seats of
 * their connections, so that one without any of a room's people hears nothing. What could not be told is told when Redis is back.
 */
export class SeatNews {
  readonly #parts: SeatNewsParts;
  #gathering = new Map<string, News>();
  readonly #kept = new LRUCache<string, News>({ max: KEPT_MAX });
  #timer: NodeJS.Timeout | undefined;

  constructor(parts: SeatNewsParts) {
    this.#parts = parts;
  }

  /** An entry was written here. */
  note({ roomId, stream, seq, kind }: Pick<EntryDoc, 'roomId' | 'stream' | 'seq' | 'kind'>): void {
    const key = `${roomId}/${stream}`;
    const recalls = kind === 'recall' || this.#gathering.get(key)?.recalls === true;
    this.#gathering.set(key, { roomId, stream, seq, recalls });
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      const gathered = this.#gathering;
      // A new one: one that is cleared goes on keeping what was in it, see `UnderWay`.
      this.#gathering = new Map();
      for (const news of gathered.values()) void this.#tell(news);
    }, GATHER_MS).unref();
  }

  /** Redis is back. */
  tellKept(): void {
    const kept = [...this.#kept.values()];
    this.#kept.clear();
    for (const news of kept) void this.#tell(news);
  }

  /** Tells what is left. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    await Promise.all([...this.#gathering.values()].map((news) => this.#tell(news)));
  }

  async #tell(news: News): Promise<void> {
    const { link, names, frames, rooms, onError } = this.#parts;
    try {
      const room = await rooms.get(news.roomId);
      if (room === undefined) return;
      const message = frames.news({ ...news, version: room.version });
      const told = room.seats.every((seat) => link.publish(names.seat(seat), message));
      if (!told) this.#kept.set(`${news.roomId}/${news.stream}`, news);
    } catch (error) {
      onError(error);
    }
  }
}
