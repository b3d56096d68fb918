import { backoffMs } from '../core/backoff.ts';
import { asRoomError } from '../core/failure.ts';
import type { Session } from './session.ts';
import type { Timers } from './timers.ts';

/** What the marks need of the room. */
export interface Marked {
  /** False while the room is not open, or does not have the stream. */
  has(stream: string): boolean;
  marked(stream: string, seq: number, unread: number): void;
}

/**
 * Tells the server how far the caller has read: the furthest mark only, one at a time for a stream, again after a failure.
 *
 * A mark that goes backwards changes nothing and is answered with where the mark stands, which is how that is learned.
 */
export class ReadMarks {
  readonly #wanted = new Map<string, number>();
  readonly #told = new Map<string, number>();
  readonly #telling = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #roomId: string;
  readonly #session: Session;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #room: Marked;

  constructor(roomId: string, session: Session, timers: Timers, random: () => number, room: Marked) {
    this.#roomId = roomId;
    this.#session = session;
    this.#timers = timers;
    this.#random = random;
    this.#room = room;
  }

  mark(stream: string, seq: number): void {
    if (seq <= (this.#wanted.get(stream) ?? -1)) return;
    this.#wanted.set(stream, seq);
    if (!this.#timers.has(timerOf(stream))) void this.#tell(stream);
  }

  /** Learns where the mark stands now, and brings the server up to what is wanted. For a stream that was just joined. */
  synchronize(stream: string): void {
    this.#told.delete(stream);
    this.#timers.cancel(timerOf(stream));
    this.#wanted.set(stream, this.#wanted.get(stream) ?? 0);
    void this.#tell(stream);
  }

  clear(): void {
    for (const stream of this.#wanted.keys()) this.#timers.cancel(timerOf(stream));
    this.#wanted.clear();
    this.#told.clear();
    this.#failures.clear();
  }

  async #tell(stream: string): Promise<void> {
    const seq = this.#wanted.get(stream);
    if (seq === undefined || this.#telling.has(stream) || !this.#room.has(stream)) return;
    if (seq <= (this.#told.get(stream) ?? -1)) return;
    this.#telling.add(stream);
    try {
      const answer = await this.#session.request('read.mark', { roomId: this.#roomId, stream, seq });
      this.#failures.delete(stream);
      this.#told.set(stream, seq);
      this.#room.marked(stream, answer.seq, answer.unread);
    } catch (fault) {
      const error = asRoomError(fault, 'internal');
      // What cannot be told is not told: a mark is no reason to trouble anybody, and the next join asks anew.
      if (!error.retryable) this.#told.set(stream, seq);
      else if (this.#session.online) this.#putOff(stream, error.retryAfterMs);
    } finally {
      this.#telling.delete(stream);
    }
    if (!this.#timers.has(timerOf(stream))) void this.#tell(stream);
  }

  #putOff(stream: string, retryAfterMs?: number): void {
    const failures = this.#failures.get(stream) ?? 0;
    this.#failures.set(stream, failures + 1);
    const wait = Math.max(100, backoffMs(failures, this.#random(), retryAfterMs));
    this.#timers.set(timerOf(stream), wait, () => void this.#tell(stream));
  }
}

const timerOf = (stream: string) => `mark ${stream}`;
