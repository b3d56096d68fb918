import { z } from 'zod';
import type { Side } from '../../shared/contract/primitives.ts';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import type { RoomKind } from '../../shared/contract/rooms.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import type { Caller } from '../registry/call.ts';
import type { Pages } from '../timeline/pages.ts';
import type { ReadMark, ReadMarks } from '../timeline/read-marks.ts';
import { floorOf, readableStreams } from '../rooms/access.ts';
import type { Activity } from '../rooms/activity.ts';
import { type ActivityOf, type RoomDoc, type RoomStore, seatOf } from '../rooms/room-store.ts';

/** The order that a side's list is in: what happens in a stream that it cannot read must not move anything in it. */
const ORDER_OF: Readonly<Record<Side, ActivityOf>> = {
  buyer: 'buyer',
  provider: 'provider',
  vendor: 'provider',
  service: 'provider',
  operator: 'operator',
};

const cursorShape = z.tuple([cursorInstant, z.string()]);

/** Reads a caller's list of rooms, newest activity first: activity in the streams that they can read, and no other. */
export async function listRooms(
  parts: { rooms: RoomStore; activity: Activity; pages: Pages; marks: ReadMarks },
  caller: Caller,
  query: { kind?: RoomKind | undefined; cursor?: string | undefined; limit: number },
): Promise<CommandOutput<'room.list'>> {
  const seat = seatOf(caller);
  if (seat === undefined) return { items: [] };
  // A room that is not remembered may be one of theirs.
  await parts.activity.flush((roomId) => parts.rooms.cached(roomId)?.seats.includes(seat) !== false);
  const order = ORDER_OF[caller.side];
  const field = `activity.${order}`;
  const filter: Record<string, unknown> = { seats: seat };
  if (query.kind !== undefined) filter['kind'] = query.kind;
  if (query.cursor !== undefined) {
    const [at, id] = decodeCursor(query.cursor, cursorShape);
    filter[field] = { $lte: new Date(at) };
    filter['$or'] = [{ [field]: { $lt: new Date(at) } }, { _id: { $lt: id } }];
  }
  const found = await parts.rooms.model
    .find(filter)
    .sort({ [field]: -1, _id: -1 })
    .limit(query.limit + 1)
    .lean<RoomDoc[]>();
  const rooms = found.slice(0, query.limit);
  const stored =
    caller.side === 'service'
      ? undefined
      : await parts.marks.of(
          rooms.map(({ _id }) => _id),
          caller.userId,
        );
  const items = await Promise.all(rooms.map((room) => itemOf(parts, caller, room, room.activity[order], stored)));
  const end = rooms.at(-1);
  return {
    items: items.flatMap((item) => (item === undefined ? [] : [item])),
    ...(found.length > query.limit && end !== undefined
      ? { nextCursor: encodeCursor([end.activity[order].getTime(), end._id]) }
      : {}),
  };
}

async function itemOf(
  { pages, marks }: { pages: Pages; marks: ReadMarks },
  caller: Caller,
  room: RoomDoc,
  updatedAt: Date,
  stored: readonly ReadMark[] | undefined,
): Promise<CommandOutput<'room.list'>['items'][number] | undefined> {
  const streams = readableStreams(caller, room);
  if (streams.length === 0) return undefined;
  const heads = await pages.heads(room._id, streams);
  const unreadOf = async (stream: string): Promise<[string, number]> => {
    const head = heads.find((candidate) => candidate.stream === stream);
    const mark = stored?.find((candidate) => candidate.roomId === room._id && candidate.stream === stream);
    return [
      stream,
      head === undefined ? 0 : await marks.unreadUpTo(head, mark, caller.userId, floorOf(caller, room, stream)),
    ];
  };
  const [unread, last] = await Promise.all([
    stored === undefined ? [] : Promise.all(streams.map(unreadOf)),
    pages.newest(heads),
  ]);
  const { _id: id, kind, title, status } = room;
  return {
    id,
    kind,
    title,
    status,
    unread: Object.fromEntries(unread),
    ...(last === undefined ? {} : { last }),
    updatedAt: updatedAt.toISOString(),
  };
}
