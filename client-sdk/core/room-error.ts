import { type ErrorCode, isRetryable, type WireError } from '../../shared/contract/errors.ts';

/** A command's failure, or the SDK's own: the contract's error fields, and whether the same call may succeed later. */
export class RoomError extends Error {
  override readonly name = 'RoomError';
  readonly code: ErrorCode;
  readonly details?: unknown;
  /** Milliseconds after which the same call may succeed, where the server said so. */
  readonly retryAfterMs?: number;

  constructor({ code, message, details, retryAfterMs }: WireError) {
    super(message);
    this.code = code;
    if (details !== undefined) this.details = details;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }

  get retryable(): boolean {
    return isRetryable(this.code);
  }
}
