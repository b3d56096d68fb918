import type { CommandName } from '../../shared/contract/registry.ts';
import type { Handler, Handlers } from '../registry/call.ts';

/** The same handlers; those that change what every server follows (people, revoked tokens, the calendar, the clock) wake the others when they are done. */
export function waking(handlers: Handlers, wake: () => void): Handlers {
  const then =
    <Name extends CommandName>(handler: Handler<Name>): Handler<Name> =>
    (args, call) =>
      handler(args, call).finally(wake);
  return {
    ...handlers,
    'staff.put': then(handlers['staff.put']),
    'auth.revoke': then(handlers['auth.revoke']),
    'calendar.extend': then(handlers['calendar.extend']),
    'clock.advance': then(handlers['clock.advance']),
  };
}
