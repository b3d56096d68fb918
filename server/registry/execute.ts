import type { z } from 'zod';
import { type ErrorCode, RoomError, type WireError } from '../../shared/contract/errors.ts';
import { type CommandName, commands } from '../../shared/contract/registry.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import type { Log } from '../telemetry/log.ts';
import { type AdmitParts, createAdmit } from './admit.ts';
import { furtherReads } from './answer-size.ts';
import type { Answer, Call, Caller, Handler, Handlers } from './call.ts';
import { checkBounds } from './input-bounds.ts';
import type { Rates } from './rates.ts';

export type Execute = (name: CommandName, input: unknown, call: Call) => Promise<Answer>;

export interface ExecuteParts extends AdmitParts {
  handlers: Handlers;
}

/** Of each fault at most this much is repeated: a path can be made of what was sent. */
const FAULT_MAX = 200;

/** Makes the one road that every call of every transport takes: rate, side, input, handler, output. */
export function createExecute({ handlers, ...parts }: ExecuteParts): Execute {
  const admit = createAdmit(parts);
  return async function execute(name, input, call) {
    const { caller, log, correlationId } = call;
    try {
      const command = commands[name];
      admit(name, command, caller);
      const args = parseInput(command.input, input);
      // The registry ties a name to its input and output; indexing by a union of names loses that tie for the compiler.
      const handler = handlers[name] as Handler<CommandName>;
      const output = await handler(args, call);
      if (command.rate === 'read') takeFurther(parts.rates, caller, furtherReads(output));
      const data = parseOutput(name, command.output, output);
      if (log.isLevelEnabled('debug')) log.debug({ command: name, correlationId, user: caller.userId }, 'answered');
      return { ok: true, data } as Answer;
    } catch (error) {
      return { ok: false, error: toWireError(error, { command: name, user: caller.userId, correlationId }, log) };
    }
  };
}

/** Counts what was answered already: the next call is the one that is refused. */
function takeFurther(rates: Rates, { side, userId }: Caller, reads: number): void {
  try {
    for (let n = 0; n < reads; n++) rates.take('read', `${side}:${userId}`);
  } catch (error) {
    if (!(error instanceof RoomError)) throw error;
  }
}

/** @throws {RoomError} `invalid` or `too_large` */
export function parseInput<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
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

/** What a caller is told of an error: one of the contract as it is, any other by an id, under which the log has it. */
export function toWireError(
  error: unknown,
  { command, user, correlationId }: { command: string; user: string | undefined; correlationId: string },
  log: Log,
): WireError {
  if (error instanceof RoomError) {
    log.debug({ command, code: error.code, correlationId, user }, 'refused');
    return error.toWire();
  }
  if (isUnreachable(error)) {
    log.warn({ command, correlationId, err: error }, 'the database did not answer');
    return {
      code: 'unavailable',
      message: 'The database does not answer. Nothing is known to be stored: try again.',
      retryAfterMs: 500,
    };
  }
  log.error({ command, correlationId, err: error }, 'a fault of ours');
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
