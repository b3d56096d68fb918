import { RoomError } from '../../shared/contract/errors.ts';
import { iso } from '../clock.ts';
import type { Handlers } from '../registry/call.ts';
import type { Tokens } from './tokens.ts';

export function authCommands({ tokens }: { tokens: Tokens }): Pick<Handlers, 'auth.refresh'> {
  return {
    async 'auth.refresh'({ token }, { caller, connection }) {
      const next = await tokens.verify(token);
      if (next.userId !== caller.userId || next.side !== caller.side || next.org !== caller.org) {
        throw new RoomError(
          'forbidden',
          'A connection is renewed with a token of the same sub, side and org: open another connection for somebody else.',
        );
      }
      await connection?.renew(next);
      return { expiresAt: iso(next.expiresAt) };
    },
  };
}
