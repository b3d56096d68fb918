import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type { Caller } from '../registry/call.ts';
import type { Execute } from '../registry/execute.ts';
import type { Log } from '../telemetry/log.ts';
import type { DemoPerson } from './people.ts';

/** Runs a command as somebody of the demonstration, or throws what it was refused with. */
export type RunAs = <Name extends CommandName>(
  caller: Caller,
  name: Name,
  input: CommandInput<Name>,
) => Promise<CommandOutput<Name>>;

/** @throws {RoomError} in the running: what a command answered, when one was refused */
export function runWith(execute: Execute, log: Log): RunAs {
  return async (caller, name, input) => {
    const answer = await execute(name, input, { caller, log, correlationId: `demo ${name}` });
    if (!answer.ok) throw new RoomError(answer.error.code, `${name}: ${answer.error.message}`, answer.error);
    // The answer of a command that was called by its name.
    return answer.data as CommandOutput<typeof name>;
  };
}

/** The portal's backend. */
export const PORTAL: Caller = {
  userId: 'demo-portal',
  name: 'Demo portal',
  side: 'service',
  roles: [],
  expiresAt: Number.POSITIVE_INFINITY,
};

export function callerFor({ userId, name, side, org, roles }: Omit<DemoPerson, 'who'>): Caller {
  return { userId, name, side, roles, ...(org === undefined ? {} : { org }), expiresAt: Number.POSITIVE_INFINITY };
}
