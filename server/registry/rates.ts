import { RoomError } from '../../shared/contract/errors.ts';
import { RATES, type RateClass } from '../../shared/contract/limits.ts';

/** Counts calls by class and key, and refuses what is above the class's rate. */
export interface Rates {
  /** @throws {RoomError} `rate_limited` with the time after which a call passes again */
  take(rate: RateClass, key: string): void;
}

/**
 * Lets `points` through at once and then one each `windowMs / points` (GCRA). A key costs one number: the instant at which it will have paid for everything
 * it took. A key that has been quiet for a window is forgotten by turning over two maps, so no key needs a timer. (rate-limiter-flexible takes a timer a key
 * and a promise a call, on the road of every message.)
 */
export class RateLimit {
  readonly #windowMs: number;
  readonly #stepMs: number;
  #paidAt = new Map<string, number>();
  #before = new Map<string, number>();
  #turnAt = 0;
  #latest = 0;
  #steppedBack = 0;

  constructor(points: number, windowMs: number) {
    this.#windowMs = windowMs;
    this.#stepMs = windowMs / points;
  }

  /**
   * Takes one and answers 0, or the milliseconds after which one is free again.
   * @param at milliseconds of a clock that may be set back: nobody waits longer for that
   */
  take(key: string, at: number): number {
    const now = this.#forward(at);
    if (now >= this.#turnAt) this.#turn(now);
    const paidAt = Math.max(this.#paidAt.get(key) ?? this.#before.get(key) ?? 0, now) + this.#stepMs;
    const early = paidAt - now - this.#windowMs;
    if (early > 1e-6) return Math.ceil(early);
    this.#paidAt.set(key, paidAt);
    return 0;
  }

  /** Keys that are remembered. */
  get size(): number {
    return this.#paidAt.size + this.#before.size;
  }

  /** The time of a clock that goes on from where it was when the other one is set back. */
  #forward(at: number): number {
    const now = at + this.#steppedBack;
    if (now < this.#latest) this.#steppedBack += this.#latest - now;
    this.#latest = Math.max(this.#latest, now);
    return this.#latest;
  }

  #turn(now: number): void {
    // An entry is paid at most a window after it was written, so nothing that still counts is dropped.
    this.#before = now >= this.#turnAt + this.#windowMs ? new Map<string, number>() : this.#paidAt;
    this.#paidAt = new Map();
    this.#turnAt = now + this.#windowMs;
  }
}

/**
 * Makes the limits of the contract.
 * @param factor multiplies every rate; 0 switches the limits off
 * @param now milliseconds of the real clock
 */
export function createRates(factor: number, now: () => number): Rates {
  if (factor === 0) return { take: () => undefined };
  const limits = new Map(
    Object.entries(RATES).map(([name, { points, seconds }]) => [
      name,
      new RateLimit(Math.max(1, Math.round(points * factor)), seconds * 1000),
    ]),
  );
  return {
    take(rate, key) {
      const retryAfterMs = limits.get(rate)?.take(key, now()) ?? 0;
      if (retryAfterMs === 0) return;
      throw new RoomError('rate_limited', 'Too many calls of this kind: slow down and try again.', { retryAfterMs });
    },
  };
}
