import { RoomError } from '../../shared/contract/errors.ts';
import { RATES, type RateClass } from '../../shared/contract/limits.ts';

/** Counts calls by class and key, and refuses what is above the class's rate. */
export interface Rates {
  /** @throws {RoomError} `rate_limited` with the time after which a call passes again */
  take(rate: RateClass, key: string): void;
}

/** One class of calls, as it is shared: so many points in a window. */
export interface SharedLimit {
  rate: RateClass;
  points: number;
  windowMs: number;
}

/** Takes over for how long all servers together have let a key through ahead of its time. */
export type Learn = (rate: RateClass, key: string, aheadMs: number) => void;

/** Holds the limits over several servers. It never waits: what other servers let through is learnt a little later. */
export interface Sharing {
  /** Called once, before anything is taken. */
  begin(limits: readonly SharedLimit[], learn: Learn): void;
  took(rate: RateClass, key: string): void;
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

  /** Takes over that a key has been let through this far ahead of its time, by whatever server. */
  owe(key: string, aheadMs: number, at: number): void {
    const now = this.#forward(at);
    if (now >= this.#turnAt) this.#turn(now);
    const known = this.#paidAt.get(key) ?? this.#before.get(key) ?? 0;
    if (known < now + aheadMs) this.#paidAt.set(key, now + aheadMs);
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

const rateClasses = Object.keys(RATES) as RateClass[];

/**
 * Makes the limits of the contract.
 * @param factor multiplies every rate; 0 switches the limits off
 * @param now milliseconds of the real clock
 * @param sharing with other servers, where there are any
 */
export function createRates(factor: number, now: () => number, sharing?: Sharing): Rates {
  if (factor === 0) return { take: () => undefined };
  const shared = rateClasses.map((rate) => {
    const { points, seconds } = RATES[rate];
    return { rate, points: Math.max(1, Math.round(points * factor)), windowMs: seconds * 1000 };
  });
  const limits = new Map(shared.map(({ rate, points, windowMs }) => [rate, new RateLimit(points, windowMs)]));
  sharing?.begin(shared, (rate, key, aheadMs) => limits.get(rate)?.owe(key, aheadMs, now()));
  return {
    take(rate, key) {
      const retryAfterMs = limits.get(rate)?.take(key, now()) ?? 0;
      if (retryAfterMs === 0) {
        sharing?.took(rate, key);
        return;
      }
      throw new RoomError('rate_limited', 'Too many calls of this kind: slow down and try again.', { retryAfterMs });
    },
  };
}
