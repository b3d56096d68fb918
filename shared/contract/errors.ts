/** The catalogue of errors: every code, its HTTP status, and what a client may do about it. */
export const ERROR_CODES = {
  invalid: { status: 400, retry: false, title: 'The input does not fit the command' },
  unsupported_version: { status: 400, retry: false, title: 'This contract version is not served' },
  unauthenticated: { status: 401, retry: false, title: 'No valid token' },
  forbidden: { status: 403, retry: false, title: 'You may see this but not do it' },
  not_found: { status: 404, retry: false, title: 'There is no such thing, or it is not yours to know of' },
  conflict: { status: 409, retry: false, title: 'Somebody else was first' },
  read_only: { status: 409, retry: false, title: 'Nobody may write here any more' },
  too_large: { status: 413, retry: false, title: 'Larger than the limit' },
  unsupported_type: { status: 415, retry: false, title: 'This content type is not accepted' },
  rate_limited: { status: 429, retry: true, title: 'Too many requests' },
  internal: { status: 500, retry: true, title: 'A fault of ours' },
  unavailable: { status: 503, retry: true, title: 'Cannot be served right now' },
} as const satisfies Record<string, { status: number; retry: boolean; title: string }>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** An error as it travels: in an ack's `error`, in `connect_error.data`, and as the fields of a problem document. */
export interface WireError {
  code: ErrorCode;
  message: string;
  details?: unknown;
  /** Milliseconds after which the same call may succeed. */
  retryAfterMs?: number;
}

/** Says whether the same call may succeed later without being changed. */
export function isRetryable(code: ErrorCode): boolean {
  return ERROR_CODES[code].retry;
}

/** An error of the contract: thrown by a rule or a handler, and what a client's call rejects with. */
export class RoomError extends Error implements WireError {
  override readonly name = 'RoomError';
  readonly code: ErrorCode;
  readonly details?: unknown;
  readonly retryAfterMs?: number;

  constructor(code: ErrorCode, message: string, more: { details?: unknown; retryAfterMs?: number } = {}) {
    super(message);
    this.code = code;
    if (more.details !== undefined) this.details = more.details;
    if (more.retryAfterMs !== undefined) this.retryAfterMs = more.retryAfterMs;
  }

  get retryable(): boolean {
    return isRetryable(this.code);
  }

  /** The fields that travel. */
  toWire(): WireError {
    const { code, message, details, retryAfterMs } = this;
    return {
      code,
      message,
      ...(details === undefined ? {} : { details }),
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    };
  }
}
