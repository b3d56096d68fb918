import { RoomError } from '../../shared/contract/errors.ts';
import type { RoomKind } from '../../shared/contract/rooms.ts';
import type { Caller } from '../registry/call.ts';
import { readableStreams, wouldWrite, writableStreams } from './access.ts';
import type { RoomDoc, RoomOf } from './room-doc.ts';
import type { RoomStore } from './room-store.ts';

/** What everybody is told who may not know whether a room exists. */
export const unknownRoom = (): RoomError => new RoomError('not_found', 'There is no such room.');

/**
 * The room, for somebody who reads at least one of its streams.
 * @throws {RoomError} `not_found` for everyone else
 */
export function requireRoom(rooms: RoomStore, caller: Caller, roomId: string): Promise<RoomDoc> {
  return required(rooms, roomId, (room): room is RoomDoc => readableStreams(caller, room).length > 0);
}

/**
 * The room of a project, or of an opportunity, for somebody who reads at least one of its streams.
 * @param mayKnow who else may know of it
 * @throws {RoomError} `not_found` for everyone else, and where it is a room of another kind
 */
export function requireRoomOf<Kind extends RoomKind>(
  kind: Kind,
  rooms: RoomStore,
  caller: Caller,
  roomId: string,
  mayKnow: (caller: Caller, room: RoomOf[Kind]) => boolean = () => false,
): Promise<RoomOf[Kind]> {
  const isOne = (room: RoomDoc): room is RoomOf[Kind] => room.kind === kind;
  return required(
    rooms,
    roomId,
    (room): room is RoomOf[Kind] => isOne(room) && (readableStreams(caller, room).length > 0 || mayKnow(caller, room)),
  );
}

async function required<Room extends RoomDoc>(
  rooms: RoomStore,
  roomId: string,
  isKnown: (room: RoomDoc) => room is Room,
): Promise<Room> {
  const room = await rooms.get(roomId);
  if (room !== undefined && isKnown(room)) return room;
  // The right may have been given a moment ago, by another server.
  const now = room === undefined ? undefined : await rooms.fresh(roomId);
  if (now !== undefined && isKnown(now)) return now;
  throw unknownRoom();
}

/** The room, for somebody who reads that stream of it. */
export async function requireReadable(
  rooms: RoomStore,
  caller: Caller,
  roomId: string,
  stream: string,
): Promise<RoomDoc> {
  const isReadable = (room: RoomDoc): boolean => readableStreams(caller, room).includes(stream);
  const room = await requireRoom(rooms, caller, roomId);
  if (isReadable(room)) return room;
  const now = await rooms.fresh(roomId);
  if (now !== undefined && isReadable(now)) return now;
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
    throw new RoomError('read_only', 'This is closed: nobody writes here any more.');
  throw new RoomError('forbidden', 'You may read this stream but not write into it.');
}
