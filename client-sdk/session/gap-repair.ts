import type { Entry } from '../../shared/contract/entries.ts';
import type { RoomError } from '../../shared/contract/errors.ts';
import { PAGE_MAX } from '../../shared/contract/limits.ts';
import { backoffMs } from '../core/backoff.ts';
import { asRoomError } from '../core/failure.ts';
import type { Session } from './session.ts';
import type { Timers } from './timers.ts';

/** What the repair needs of the room whose gaps it closes. */
export interface Gapped {
  /** The gap of a stream now; nothing while the room is not open. */
  gap(stream: string): { after: number; upTo: number } | undefined;
  page(stream: string, entries: readonly Entry[], head: number): void;
  /** A page was refused for good: what the room may read has to be asked anew. */
  refused(error: RoomError): void;
}

/** Fetches what is missing in a stream, page by page and in order, with one fetch at a time for each stream. */
export class GapRepair {
  readonly #fetching = new Set<string>();
  readonly #failures = new Map<string, number>();
  readonly #roomId: string;
  readonly #session: Session;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #room: Gapped;

  constructor(roomId: string, session: Session, timers: Timers, random: () => number, room: Gapped) {
    this.#roomId = roomId;
    this.#session = session;
    this.#timers = timers;
    this.#random = random;
    this.#room = room;
  }

  /** Looks whether a stream has a gap, and closes it. Does nothing when that is under way, or put off after a failure. */
  check(stream: string): void {
    const gap = this.#room.gap(stream);
    if (!gap || this.#fetching.has(stream) || this.#timers.has(timerOf(stream))) return;
    void this.#fetch(stream, gap);
  }

  /** A new connection: what had been put off is tried at once. */
  restart(): void {
    for (const stream of this.#failures.keys()) this.#timers.cancel(timerOf(stream));
    this.#failures.clear();
  }

  async #fetch(stream: string, { after, upTo }: { after: number; upTo: number }): Promise<void> {
    this.#fetching.add(stream);
    const number = this.#session.number;
    try {
      const limit = Math.min(PAGE_MAX, upTo - after);
      const page = await this.#session.request('entry.fetch', { roomId: this.#roomId, stream, after, limit });
      this.#room.page(stream, page.entries, page.head);
      // A page that brings nothing new would be asked for at once again, and again.
      if (this.#room.gap(stream)?.after === after) this.#putOff(stream);
      else this.#failures.delete(stream);
    } catch (fault) {
      const error = asRoomError(fault, 'internal');
      if (this.#session.number === number) {
        this.#putOff(stream, error.retryAfterMs);
        if (error.code === 'not_found' || error.code === 'forbidden') this.#room.refused(error);
      }
    } finally {
      this.#fetching.delete(stream);
    }
    this.check(stream);
  }

  #putOff(stream: string, retryAfterMs?: number): void {
    const failures = this.#failures.get(stream) ?? 0;
    this.#failures.set(stream, failures + 1);
    // Never at once, whatever the dice say: the server has just shown that it has nothing.
    const wait = Math.max(100, backoffMs(failures, this.#random(), retryAfterMs));
    this.#timers.set(timerOf(stream), wait, () => this.check(stream));
  }
}

const timerOf = (stream: string) => `repair ${stream}`;
