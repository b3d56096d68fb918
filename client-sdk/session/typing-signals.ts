import { TYPING_TTL_MS } from '../../shared/contract/limits.ts';
import type { Clock } from '../core/clock.ts';
import type { Session } from './session.ts';

/** Tells the room that the caller is typing: at the first key, then only as often as the mark needs renewing. */
export class TypingSignals {
  readonly #shownSince = new Map<string, number>();
  readonly #roomId: string;
  readonly #session: Session;
  readonly #clock: Clock;

  constructor(roomId: string, session: Session, clock: Clock) {
    this.#roomId = roomId;
    this.#session = session;
    this.#clock = clock;
  }

  set(stream: string, on: boolean): void {
    const now = this.#clock.now();
    const shown = this.#shownSince.get(stream);
    const age = shown === undefined ? Number.POSITIVE_INFINITY : now - shown;
    if (on ? age < TYPING_TTL_MS / 2 : age >= TYPING_TTL_MS) return;
    if (on) this.#shownSince.set(stream, now);
    else this.#shownSince.delete(stream);
    if (!this.#session.online) return;
    // A mark that does not arrive is not missed; it would have ended by itself.
    this.#session.request('typing.set', { roomId: this.#roomId, stream, typing: on }).catch(() => {});
  }

  clear(): void {
    this.#shownSince.clear();
  }
}
