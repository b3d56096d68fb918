import type { z } from 'zod';
import type { ErrorCode } from './errors.ts';
import type { CommandRate } from './limits.ts';
import type { Side } from './primitives.ts';

/** One command of the contract: everything that both transports, the documents and the SDK's types are made from. */
export interface CommandSpec<Input extends z.ZodType = z.ZodType, Output extends z.ZodType = z.ZodType> {
  summary: string;
  input: Input;
  output: Output;
  /** Sides that may call it at all; what they may do it to is decided by the access table. */
  callers: readonly Side[];
  /** Errors beside those that every command can answer (`COMMON_ERRORS`). */
  errors: readonly ErrorCode[];
  rate: CommandRate;
  /** True where an `ok` means that something was stored. */
  writes: boolean;
  /** Belongs to a connection: served over Socket.IO only. */
  connectionBound?: true;
}

/** What every command can answer, whatever it does. */
export const COMMON_ERRORS = [
  'invalid',
  'unauthenticated',
  'forbidden',
  'too_large',
  'rate_limited',
  'unavailable',
  'internal',
] as const satisfies readonly ErrorCode[];

export const PEOPLE = ['buyer', 'provider', 'vendor', 'operator'] as const satisfies readonly Side[];
export const EVERYONE = ['buyer', 'provider', 'vendor', 'operator', 'service'] as const satisfies readonly Side[];

/** Keeps the precise types of a specification. */
export function defineCommand<Input extends z.ZodType, Output extends z.ZodType>(
  spec: CommandSpec<Input, Output>,
): CommandSpec<Input, Output> {
  return spec;
}
