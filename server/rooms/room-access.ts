import { RoomError } from '../../shared/contract/errors.ts';
import type { Caller } from '../registry/call.ts';
import { readableStreams, wouldWrite, writableStreams } from './access.ts';
import type { RoomDoc, RoomStore } from './room-store.ts';

/** What everybody is told who may not know whether a room exists. */
export const unknownRoom = (): RoomError => new RoomError('not_found', 'There is no such room.');

/**
 * The room, for somebody who reads at least one of its streams.
 * @param mayKnow who else may know of it
 * @throws {RoomError} `not_found` for everyone else
 */
export async function requireRoom(
  rooms: RoomStore,
  caller: Caller,
  roomId: string,
  mayKnow: (caller: Caller, room: RoomDoc) => boolean = () => false,
): Promise<RoomDoc> {
  const isKnown = (room: RoomDoc | undefined): room is RoomDoc =>
    room !== undefined && (readableStreams(caller, room).length > 0 || mayKnow(caller, room));
  const room = await rooms.get(roomId);
  if (isKnown(room)) return room;
  // The right may have been given a moment ago, by another server.
  const now = room === undefined ? undefined : await rooms.fresh(roomId);
  if (isKnown(now)) return now;
  throw unknownRoom();
}

/** The room, for somebody who reads that stream of it. */
export async function requireReadable(
  rooms: RoomStore,
  caller: Caller,
  roomId: string,
  stream: string,
): Promise<RoomDoc> {
  const room = await requireRoom(rooms, caller, roomId);
  requireStream(caller, room, stream);
  return room;
}

function requireStream(caller: Caller, room: RoomDoc, stream: string): void {
  if (!readableStreams(caller, room).includes(stream))
    throw new RoomError('not_found', 'There is no such stream in this room.');
}

/** The room, for somebody who may write into that stream now. @throws {RoomError} `not_found`, `forbidden` or `read_only` */
export async function requireWritable(
  rooms: RoomStore,
  caller: Caller,
  roomId: string,
  stream: string,
): Promise<RoomDoc> {
  const room = await requireReadable(rooms, caller, roomId, stream);
  if (writableStreams(caller, room).includes(stream)) return room;
  if (wouldWrite(caller, room, stream))
    throw new RoomError('read_only', 'This room is closed: nobody writes here any more.');
  throw new RoomError('forbidden', 'You may read this stream but not write into it.');
}
