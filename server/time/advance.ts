import { randomUUID } from 'node:crypto';
import { RoomError } from '../../shared/contract/errors.ts';
import { CLOCK_JUMP_MAX_MS } from '../../shared/contract/limits.ts';
import { type Clock, iso } from '../clock.ts';
import type { Sweeps } from '../delivery/sweeps.ts';
import type { ServiceClock } from './service-clock.ts';
import { halfDaysBetween } from './stops.ts';

/** How long a jump waits for another one, and how often it looks, in milliseconds. */
const WAIT_MS = 60_000;
const LOOK_MS = 20;
/** Stops on the way, and sweeps at one: what is due after so many is done at the end of the jump. */
const STOPS_MAX = 5_000;
const SWEEPS_MAX = 1_000;

export interface AdvanceParts {
  clock: ServiceClock;
  /** The real time. */
  wall: Clock;
  sweeps: Sweeps;
  timeZone: string;
}

/** Moves the service's clock ahead, one jump at a time over all servers. */
export class Advance {
  readonly #parts: AdvanceParts;

  constructor(parts: AdvanceParts) {
    this.#parts = parts;
  }

  /**
   * Jumps to the instant that `targetFrom` gives for the present one, stopping wherever something is due on the way, so that it happens at its own time.
   * When this resolves, all of it is done.
   * @param cause the correlation id of the call that asks for it
   * @throws {RoomError} `invalid` for a jump back or too far
   */
  async jump(targetFrom: (now: number) => number, cause?: string): Promise<number> {
    const { clock } = this.#parts;
    const mover = randomUUID();
    await this.#claim(mover);
    try {
      const from = clock.now();
      const to = targetFrom(from);
      if (to < from) throw new RoomError('invalid', `The service's clock shows ${iso(from)}: it only goes ahead.`);
      if (to - from > CLOCK_JUMP_MAX_MS) throw new RoomError('invalid', 'A jump is 10 years at most.');
      await this.#travel(from, to, mover, cause);
      return clock.now();
    } finally {
      await clock.release(mover);
    }
  }

  async #claim(mover: string): Promise<void> {
    const { clock, wall } = this.#parts;
    for (let waited = 0; !(await clock.claim(mover)); waited += LOOK_MS) {
      if (waited >= WAIT_MS) throw busy();
      await new Promise<void>((resolve) => wall.after(LOOK_MS, resolve));
    }
  }

  async #travel(from: number, to: number, mover: string, cause: string | undefined): Promise<void> {
    const { clock, sweeps, timeZone } = this.#parts;
    const halfDays = halfDaysBetween(from, to, timeZone);
    await this.#sweep(cause);
    for (let stops = 0; clock.now() < to; stops++) {
      const now = clock.now();
      while ((halfDays[0] ?? to) <= now && halfDays.length > 1) halfDays.shift();
      const due = await this.#nextDueAt();
      // What stays due after a sweep is looked at again at the next stop; it must not hold the clock.
      const next = Math.min(halfDays[0] ?? to, due === null || due <= now ? to : due);
      if (!(await clock.moveTo(stops < STOPS_MAX ? next : to, mover))) throw busy();
      await this.#sweep(cause);
    }
    await sweeps.callEnds(cause);
    await sweeps.numbers(cause);
    await sweeps.recordings(cause);
    const left = await this.#nextDueAt();
    if (left !== null && left <= to) throw new Error(`what is due at ${iso(left)} stays due at ${iso(clock.now())}`);
  }

  async #nextDueAt(): Promise<number | null> {
    const { sweeps } = this.#parts;
    const due = [await sweeps.nextDueAt(), await sweeps.nextCallAt()].filter((at) => at !== null);
    return due.length === 0 ? null : Math.min(...due);
  }

  /** Sweeps until nothing changes: what one project frees, another one may wait for. */
  async #sweep(cause: string | undefined): Promise<void> {
    const { sweeps } = this.#parts;
    for (let round = 0; round < SWEEPS_MAX; round++) {
      const changed =
        (await sweeps.timeouts(cause)) +
        (await sweeps.calls(cause)) +
        (await sweeps.providerQueue(cause)) +
        (await sweeps.staffQueue(cause));
      if (changed === 0) return;
    }
  }
}

const busy = (): RoomError =>
  new RoomError('unavailable', "The service's clock is being moved by somebody else.", { retryAfterMs: 1_000 });
