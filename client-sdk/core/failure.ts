import { ERROR_CODES, type ErrorCode, RoomError } from '../../shared/contract/errors.ts';

const isObject = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null;

export const isErrorCode = (code: unknown): code is ErrorCode =>
  typeof code === 'string' && Object.hasOwn(ERROR_CODES, code);

/** Reads an error that came over the wire. A code that this version does not know counts as `internal`. */
export function readError(wire: unknown): RoomError {
  if (!isObject(wire))
    return new RoomError('internal', 'The server answered with something that is not an error object');
  const { code, message, details, retryAfterMs } = wire;
  return new RoomError(isErrorCode(code) ? code : 'internal', typeof message === 'string' ? message : String(code), {
    details,
    ...(typeof retryAfterMs === 'number' && Number.isFinite(retryAfterMs) ? { retryAfterMs } : {}),
  });
}

/** What a command's ack says: its data, or the error to reject with. */
export function readAnswer(answer: unknown): { ok: true; data: unknown } | { ok: false; error: RoomError } {
  if (isObject(answer) && answer['ok'] === true) return { ok: true, data: answer['data'] };
  return { ok: false, error: readError(isObject(answer) ? answer['error'] : answer) };
}

/** Any fault as a RoomError; one that is none already becomes `code`. */
export function asRoomError(fault: unknown, code: ErrorCode): RoomError {
  if (fault instanceof RoomError) return fault;
  return new RoomError(code, fault instanceof Error ? fault.message : String(fault));
}
