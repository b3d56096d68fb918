import type { z } from 'zod';
import { type ErrorCode, RoomError, type WireError } from '../../shared/contract/errors.ts';
import { type CommandName, commands } from '../../shared/contract/registry.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import type { Answer, Call, Handler, Handlers } from './call.ts';
import { checkBounds } from './input-bounds.ts';
import type { Rates } from './rates.ts';

export type Execute = (name: CommandName, input: unknown, call: Call) => Promise<Answer>;

export interface ExecuteParts {
  handlers: Handlers;
  rates: Rates;
  /** True for a person whom the directory calls inactive. */
  isInactive(userId: string): boolean;
  /** Milliseconds of the real clock, by which tokens are issued. */
  now(): number;
}

/** Of each fault at most this much is repeated: a path can be made of what was sent. */
const FAULT_MAX = 200;

/** Makes the one road that every call of every transport takes: rate, side, input, handler, output. */
export function createExecute({ handlers, rates, isInactive, now }: ExecuteParts): Execute {
  return async function execute(name, input, call) {
    const { caller, log } = call;
    try {
      const command = commands[name];
      rates.take(command.rate, `${caller.side}:${caller.userId}`);
      if (caller.expiresAt <= now()) throw new RoomError('unauthenticated', 'The token is over: get a new one.');
      if (isInactive(caller.userId)) throw new RoomError('unauthenticated', 'This account is not active any more.');
      if (!command.callers.includes(caller.side))
        throw new RoomError('forbidden', `${name} is not for the side "${caller.side}".`);
      const args = parseInput(command.input, input);
      // The registry ties a name to its input and output; indexing by a union of names loses that tie for the compiler.
      const handler = handlers[name] as Handler<CommandName>;
      const output = await handler(args as Parameters<typeof handler>[0], call);
      return { ok: true, data: parseOutput(name, command.output, output) } as Answer;
    } catch (error) {
      return { ok: false, error: toWireError(error, name, call, log) };
    }
  };
}

function parseInput(schema: z.ZodType, input: unknown): unknown {
  checkBounds(input);
  const result = schema.safeParse(input ?? {});
  if (result.success) return result.data;
  throw invalid(result.error);
}

/** Says each fault's path and reason; the value itself is not repeated. */
export function invalid(error: z.ZodError): RoomError {
  const details = error.issues
    .slice(0, 20)
    .map(({ path, message }) => ({ path: clip(path.map(String).join('.')), reason: clip(message) }));
  const first = details[0];
  const where = first === undefined || first.path === '' ? 'The input' : first.path;
  return new RoomError('invalid', `${where}: ${first?.reason ?? 'does not fit'}`, { details });
}

const clip = (text: string): string => (text.length > FAULT_MAX ? `${text.slice(0, FAULT_MAX)}...` : text);

/** Lets through only what the contract names: a field that a handler added by mistake does not leave the house. */
function parseOutput(name: string, schema: z.ZodType, output: unknown): unknown {
  const result = schema.safeParse(output);
  if (result.success) return result.data;
  throw new Error(`${name} answered with something that is not its output: ${invalid(result.error).message}`);
}

function toWireError(error: unknown, name: CommandName, call: Call, log: Call['log']): WireError {
  const { correlationId } = call;
  if (error instanceof RoomError) {
    log.debug({ command: name, code: error.code, correlationId, user: call.caller.userId }, 'refused');
    return error.toWire();
  }
  if (isUnreachable(error)) {
    log.warn({ command: name, correlationId, err: error }, 'the database did not answer');
    return {
      code: 'unavailable',
      message: 'The database does not answer. Nothing is known to be stored: try again.',
      retryAfterMs: 500,
    };
  }
  log.error({ command: name, correlationId, err: error }, 'a fault of ours');
  return internal(correlationId);
}

export function internal(correlationId: string): WireError {
  const code: ErrorCode = 'internal';
  return {
    code,
    message: `Something went wrong on our side. Quote ${correlationId} when you ask about it.`,
    details: { id: correlationId },
  };
}
