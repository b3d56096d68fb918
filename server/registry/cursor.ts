import { z } from 'zod';
import { RoomError } from '../../shared/contract/errors.ts';

/** As far as a `Date` reaches from the epoch in either direction, in milliseconds (ECMA-262, Time Values). */
const TIME_MAX = 8.64e15;

/** An instant in a cursor, in milliseconds: always one that a `Date` can hold. */
export const cursorInstant = z.int().min(-TIME_MAX).max(TIME_MAX);

/** Where a list goes on. Opaque to clients; whatever comes back is checked like any input. */
export function encodeCursor(position: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** @throws {RoomError} `invalid` for anything that this service did not hand out */
export function decodeCursor<Shape extends z.ZodType>(cursor: string, shape: Shape): z.output<Shape> {
  try {
    return shape.parse(JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8')));
  } catch {
    const reason = 'is not a cursor of this list: use nextCursor as it was answered';
    throw new RoomError('invalid', `cursor ${reason}`, { details: [{ path: 'cursor', reason }] });
  }
}
