import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { RoomError } from '../../shared/contract/errors.ts';
import { RATES, type RateClass } from '../../shared/contract/limits.ts';

/** Counts calls by class and key, and refuses what is above the class's rate. */
export interface Rates {
  /** @throws {RoomError} `rate_limited` with the time after which a call passes again */
  take(rate: RateClass, key: string): Promise<void>;
}

/** @param factor multiplies every rate; 0 switches the limits off */
export function createRates(factor: number): Rates {
  if (factor === 0) return { take: () => Promise.resolve() };
  const limiters = new Map(
    Object.entries(RATES).map(([name, { points, seconds }]) => [
      name,
      new RateLimiterMemory({ points: Math.max(1, Math.round(points * factor)), duration: seconds }),
    ]),
  );
  return {
    async take(rate, key) {
      try {
        await limiters.get(rate)?.consume(key);
      } catch (refusal) {
        if (!(refusal instanceof RateLimiterRes)) throw refusal;
        throw new RoomError('rate_limited', 'Too many calls of this kind: slow down and try again.', {
          retryAfterMs: Math.max(1, refusal.msBeforeNext),
        });
      }
    },
  };
}
