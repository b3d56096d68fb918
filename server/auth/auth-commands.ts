import { RoomError } from '../../shared/contract/errors.ts';
import { iso } from '../clock.ts';
import type { Barred } from '../registry/admit.ts';
import type { Handlers } from '../registry/call.ts';
import type { Revocations } from './revocations.ts';
import { ISSUED_AHEAD_MS, type Tokens } from './tokens.ts';

const SECOND_MS = 1_000;

export interface AuthCommandParts {
  tokens: Tokens;
  revocations: Pick<Revocations, 'revoke'>;
  barred: Barred;
  /** Milliseconds of the real clock, by which tokens are issued. */
  now(): number;
}

export function authCommands({
  tokens,
  revocations,
  barred,
  now,
}: AuthCommandParts): Pick<Handlers, 'auth.refresh' | 'auth.revoke'> {
  return {
    async 'auth.refresh'({ token }, { caller, connection }) {
      const next = await tokens.verify(token);
      if (next.userId !== caller.userId || next.side !== caller.side || next.org !== caller.org) {
        throw new RoomError(
          'forbidden',
          'A connection is renewed with a token of the same sub, side and org: open another connection for somebody else.',
        );
      }
      const reason = barred(next);
      if (reason !== undefined) throw new RoomError('unauthenticated', reason);
      await connection?.renew(next);
      return { expiresAt: iso(next.expiresAt) };
    },

    async 'auth.revoke'({ userId, issuedBefore }, { caller, log, correlationId }) {
      const at = issuedBefore === undefined ? nextSecond(now()) : Date.parse(issuedBefore);
      if (at > now() + ISSUED_AHEAD_MS) {
        const reason = `must be at most ${ISSUED_AHEAD_MS / 60_000} minutes ahead of now`;
        throw new RoomError('invalid', `issuedBefore: ${reason}`, { details: [{ path: 'issuedBefore', reason }] });
      }
      const holds = iso(await revocations.revoke(userId, at, caller.userId));
      log.info({ user: userId, by: caller.userId, issuedBefore: holds, correlationId }, 'tokens were revoked');
      return { userId, issuedBefore: holds };
    },
  };
}

/** Tokens say the second in which they were issued: one of this very second is covered too. */
const nextSecond = (now: number): number => (Math.floor(now / SECOND_MS) + 1) * SECOND_MS;
