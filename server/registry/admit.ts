import type { CommandSpec } from '../../shared/contract/command.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Caller } from './call.ts';
import type { Rates } from './rates.ts';

/** Why somebody whose token is valid has no access all the same; undefined for everybody else. */
export type Barred = (caller: Caller) => string | undefined;

export interface AdmitParts {
  rates: Rates;
  barred: Barred;
  /** True while there has been no database for a while. */
  isDatabaseLost(): boolean;
  /** Milliseconds of the real clock, by which tokens are issued. */
  now(): number;
}

/**
 * Lets a caller through to what they ask for by name, or not: rate, token, account, side.
 * @throws {RoomError} `rate_limited`, `unauthenticated`, `forbidden` or `unavailable`
 */
export type Admit = (name: string, what: Pick<CommandSpec, 'rate' | 'callers'>, caller: Caller) => void;

export function createAdmit({ rates, barred, isDatabaseLost, now }: AdmitParts): Admit {
  return (name, { rate, callers }, caller) => {
    rates.take(rate, `${caller.side}:${caller.userId}`);
    if (caller.expiresAt <= now()) throw new RoomError('unauthenticated', 'The token is over: get a new one.');
    const reason = barred(caller);
    if (reason !== undefined) throw new RoomError('unauthenticated', reason);
    if (!callers.includes(caller.side))
      throw new RoomError('forbidden', `${name} is not for the side "${caller.side}".`);
    // Each call would wait for it in vain, and those behind it.
    if (isDatabaseLost())
      throw new RoomError('unavailable', 'The database does not answer: try again.', { retryAfterMs: 500 });
  };
}
