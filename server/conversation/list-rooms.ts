import { z } from 'zod';
import type { Side } from '../../shared/contract/primitives.ts';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import { type RoomKind, roomKind } from '../../shared/contract/rooms.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import type { Caller } from '../registry/call.ts';
import type { Pages } from '../timeline/pages.ts';
import type { ReadMark, ReadMarks } from '../timeline/read-marks.ts';
import { floorOf, readableStreams } from '../rooms/access.ts';
import type { Activity } from '../rooms/activity.ts';
import type { LaneDoc, LaneStore } from '../rooms/lane-store.ts';
import type { ActivityOf, RoomDoc } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import { seatOf } from '../rooms/seats.ts';
import { summaryOf } from './room-view.ts';

/** The order that a side's list is in: what happens in a stream that it cannot read must not move anything in it. */
const ORDER_OF: Readonly<Record<Side, ActivityOf>> = {
  buyer: 'buyer',
  provider: 'provider',
  vendor: 'provider',
  service: 'provider',
  operator: 'operator',
};

const cursorShape = z.tuple([cursorInstant, z.string()]);

type Position = z.output<typeof cursorShape>;

export interface ListParts {
  rooms: RoomStore;
  lanes: LaneStore;
  activity: Activity;
  pages: Pages;
  marks: ReadMarks;
}

/** A room in a list, with the instant that it is sorted by. */
interface Listed {
  room: RoomDoc;
  at: Date;
}

/** Reads a caller's list of rooms, newest activity first: activity in the streams that they can read, and no other. */
export async function listRooms(
  parts: ListParts,
  caller: Caller,
  query: { kind?: RoomKind | undefined; cursor?: string | undefined; limit: number },
): Promise<CommandOutput<'room.list'>> {
  const seat = seatOf(caller);
  if (seat === undefined) return { items: [] };
  // A room that is not remembered may be one of theirs.
  await parts.activity.flush((roomId) => parts.rooms.cached(roomId)?.seats.includes(seat) !== false);
  const behind = query.cursor === undefined ? undefined : decodeCursor(query.cursor, cursorShape);
  const limit = query.limit + 1;
  const kinds = query.kind === undefined ? roomKind.options : [query.kind];
  const found = await Promise.all(
    kinds.map((kind) =>
      kind === 'opportunity' && caller.side === 'provider'
        ? lanesOf(parts, seat, behind, limit)
        : roomsOf(parts, { seats: seat, kind }, ORDER_OF[caller.side], behind, limit),
    ),
  );
  const listed = found.flat().toSorted(newestFirst);
  const page = listed.slice(0, query.limit);
  const stored =
    caller.side === 'service'
      ? undefined
      : await parts.marks.of(
          page.map(({ room }) => room._id),
          caller.userId,
        );
  const items = await Promise.all(page.map((one) => itemOf(parts, caller, one, stored)));
  const end = page.at(-1);
  return {
    items: items.flatMap((item) => (item === undefined ? [] : [item])),
    ...(listed.length > query.limit && end !== undefined
      ? { nextCursor: encodeCursor([end.at.getTime(), end.room._id]) }
      : {}),
  };
}

const newestFirst = (a: Listed, b: Listed): number =>
  b.at.getTime() - a.at.getTime() || (a.room._id < b.room._id ? 1 : -1);

/** What stands behind a place in a list, by the fields that it is sorted by. */
function behindIn(at: string, id: string, behind: Position | undefined): Record<string, unknown> {
  if (behind === undefined) return {};
  const [instant, roomId] = behind;
  const before = new Date(instant);
  return { [at]: { $lte: before }, $or: [{ [at]: { $lt: before } }, { [id]: { $lt: roomId } }] };
}

async function roomsOf(
  { rooms }: Pick<ListParts, 'rooms'>,
  filter: { seats: string; kind: RoomKind },
  order: ActivityOf,
  behind: Position | undefined,
  limit: number,
): Promise<Listed[]> {
  const field = `activity.${order}`;
  const found = await rooms.model
    .find({ ...filter, ...behindIn(field, '_id', behind) })
    .sort({ [field]: -1, _id: -1 })
    .limit(limit)
    .lean<RoomDoc[]>();
  return found.map((room) => ({ room, at: room.activity[order] }));
}

/** A provider's opportunities, in the order of what it reads of each. */
async function lanesOf(
  { rooms, lanes }: Pick<ListParts, 'rooms' | 'lanes'>,
  seat: string,
  behind: Position | undefined,
  limit: number,
): Promise<Listed[]> {
  const found = await lanes.model
    .find({ seats: seat, ...behindIn('at', 'roomId', behind) })
    .sort({ at: -1, roomId: -1 })
    .limit(limit)
    .lean<LaneDoc[]>();
  if (found.length === 0) return [];
  const docs = await rooms.model.find({ _id: { $in: found.map(({ roomId }) => roomId) } }).lean<RoomDoc[]>();
  const byId = new Map(docs.map((room) => [room._id, room]));
  return found.flatMap(({ roomId, at }) => {
    const room = byId.get(roomId);
    return room === undefined ? [] : [{ room, at }];
  });
}

async function itemOf(
  { pages, marks }: Pick<ListParts, 'pages' | 'marks'>,
  caller: Caller,
  { room, at }: Listed,
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
  return {
    ...summaryOf(room, caller),
    unread: Object.fromEntries(unread),
    ...(last === undefined ? {} : { last }),
    updatedAt: at.toISOString(),
  };
}
