import type { z } from 'zod';
import { RoomError } from '../../shared/contract/errors.ts';

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
