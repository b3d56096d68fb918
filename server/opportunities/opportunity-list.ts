import { z } from 'zod';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Side } from '../../shared/contract/primitives.ts';
import type { CommandArgs, CommandOutput } from '../../shared/contract/registry.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from '../registry/call.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { readableStreams } from '../rooms/access.ts';
import type { Activity } from '../rooms/activity.ts';
import type { LaneDoc, LaneStore } from '../rooms/lane-store.ts';
import type { ActivityOf, OpportunityRoom } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import { seatOf } from '../rooms/seats.ts';
import { opportunityView } from './opportunity-view.ts';

export interface ListParts {
  rooms: RoomStore;
  activity: Activity;
  lanes: LaneStore;
  clock: Clock;
}

type Query = CommandArgs<'opportunity.list'>;
/** A page of demands with the instants that they are sorted by, and whether there are more. */
interface Page {
  found: { at: Date; room: OpportunityRoom }[];
  more: boolean;
}

const cursorShape = z.tuple([cursorInstant, z.string()]);
type Position = z.output<typeof cursorShape> | undefined;

/** A caller's demands, newest activity first: activity that they can read, and no other. Those that need another provider, the longest first. */
export async function listOpportunities(
  parts: ListParts,
  caller: Caller,
  query: Query,
): Promise<CommandOutput<'opportunity.list'>> {
  const { seeking, cursor } = query;
  if (seeking !== undefined && caller.side !== 'operator' && caller.side !== 'service')
    throw new RoomError('forbidden', 'Which demands need another provider is for operators and portals.');
  const seat = seatOf(caller);
  if (seat === undefined) return { items: [] };
  const behind = cursor === undefined ? undefined : decodeCursor(cursor, cursorShape);
  // A room that is not remembered may be one of theirs.
  await parts.activity.flush((roomId) => parts.rooms.cached(roomId)?.seats.includes(seat) !== false);
  const { found, more } =
    caller.side === 'provider'
      ? await ofProvider(parts, seat, query, behind)
      : await ofOthers(parts, seat, caller.side, query, behind);
  const now = parts.clock.now();
  const end = found.at(-1);
  return {
    items: found.flatMap(({ room }) =>
      readableStreams(caller, room).length === 0 ? [] : (opportunityView(room, caller, now) ?? []),
    ),
    ...(more && end !== undefined ? { nextCursor: encodeCursor([end.at.getTime(), end.room._id]) } : {}),
  };
}

const ORDER_OF: Readonly<Record<Side, ActivityOf>> = {
  buyer: 'buyer',
  provider: 'provider',
  vendor: 'provider',
  service: 'provider',
  operator: 'operator',
};

async function ofOthers(
  { rooms }: ListParts,
  seat: string,
  side: Side,
  { status, seeking, limit }: Query,
  behind: Position,
): Promise<Page> {
  const [field, direction] =
    seeking === true ? ['seeking.since', 1 as const] : [`activity.${ORDER_OF[side]}`, -1 as const];
  const filter: Record<string, unknown> = {
    ...(seeking === true ? { 'seeking.since': { $gte: new Date(0) } } : { seats: seat, kind: 'opportunity' }),
    ...(seeking === false ? { seeking: null } : {}),
    ...(status === undefined ? {} : { status }),
    ...(behind === undefined ? {} : after(field, '_id', direction, behind)),
  };
  const docs = await rooms.model
    .find(filter)
    .sort({ [field]: direction, _id: direction })
    .limit(limit + 1)
    .lean<OpportunityRoom[]>();
  const found = docs.slice(0, limit).map((room) => ({
    room,
    at: seeking === true ? (room.seeking?.since ?? room.createdAt) : room.activity[ORDER_OF[side]],
  }));
  return { found, more: docs.length > limit };
}

async function ofProvider(
  { rooms, lanes }: ListParts,
  seat: string,
  { status, limit }: Query,
  behind: Position,
): Promise<Page> {
  const docs = await lanes.model
    .find({
      seats: seat,
      ...(status === undefined ? {} : { status }),
      ...(behind === undefined ? {} : after('at', 'roomId', -1, behind)),
    })
    .sort({ at: -1, roomId: -1 })
    .limit(limit + 1)
    .lean<LaneDoc[]>();
  const page = docs.slice(0, limit);
  const stored = await rooms.model
    .find({ kind: 'opportunity', _id: { $in: page.map(({ roomId }) => roomId) } })
    .lean<OpportunityRoom[]>();
  const found = page.flatMap(({ roomId, at }) => {
    const room = stored.find(({ _id }) => _id === roomId);
    return room === undefined ? [] : [{ room, at }];
  });
  return { found, more: docs.length > limit };
}

/** What comes behind a position in an order by an instant and an id. */
function after(field: string, id: string, direction: 1 | -1, [at, last]: z.output<typeof cursorShape>) {
  const beyond = direction === 1 ? '$gt' : '$lt';
  return {
    [field]: { [`${beyond}e`]: new Date(at) },
    $or: [{ [field]: { [beyond]: new Date(at) } }, { [id]: { [beyond]: last } }],
  };
}
