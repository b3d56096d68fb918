import { z } from 'zod';
import type { CommandArgs } from '../../shared/contract/registry.ts';
import type { Caller } from '../registry/call.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { readableStreams } from '../rooms/access.ts';
import type { ProjectRoom } from '../rooms/room-doc.ts';
import type { RoomModel } from '../rooms/room-model.ts';
import { seatOf } from '../rooms/seats.ts';
import { mayClaim } from './project-view.ts';

const cursorShape = z.tuple([cursorInstant, z.string()]);

type Filters = CommandArgs<'project.export'>;

/** A page of a caller's projects, newest first, with where the next one goes on. */
export async function listProjects(
  rooms: RoomModel,
  caller: Caller,
  { status, overdue, orderId, operator, buyer, productId, from, to }: Filters,
  { cursor, limit }: { cursor?: string | undefined; limit: number },
): Promise<{ rooms: ProjectRoom[]; nextCursor?: string }> {
  const seat = seatOf(caller);
  if (seat === undefined) return { rooms: [] };
  const created: Record<string, Date> = {};
  if (from !== undefined) created['$gte'] = new Date(from);
  if (to !== undefined) created['$lt'] = new Date(to);
  const filter: Record<string, unknown> = {
    seats: seat,
    kind: 'project',
    ...(status === undefined ? {} : { status }),
    ...(overdue === undefined ? {} : { 'project.flow.overdue': overdue }),
    ...(orderId === undefined ? {} : { 'project.orderId': orderId }),
    ...(operator === undefined
      ? {}
      : { 'project.flow.nodes': { $elemMatch: { status: 'active', 'operator.userId': operator } } }),
    ...(buyer === undefined ? {} : { 'buyer.id': buyer }),
    ...(productId === undefined ? {} : { 'project.product.id': productId }),
  };
  if (cursor !== undefined) {
    const [at, id] = decodeCursor(cursor, cursorShape);
    if (created['$lt'] === undefined || created['$lt'].getTime() > at) created['$lte'] = new Date(at);
    filter['$or'] = [{ createdAt: { $lt: new Date(at) } }, { _id: { $lt: id } }];
  }
  if (Object.keys(created).length > 0) filter['createdAt'] = created;
  const found = await rooms
    .find(filter)
    .sort({ createdAt: -1, _id: -1 })
    .limit(limit + 1)
    .lean<ProjectRoom[]>();
  const page = found.slice(0, limit).filter((room) => readableStreams(caller, room).length > 0);
  const end = found[limit - 1];
  if (found.length > limit && end !== undefined)
    return { rooms: page, nextCursor: encodeCursor([end.createdAt.getTime(), end._id]) };
  return {
    rooms: orderId === undefined || cursor !== undefined ? page : await withClaimable(rooms, caller, orderId, page),
  };
}

/** Staff find by its order id what they may claim (domain.md, section 4). */
async function withClaimable(
  rooms: RoomModel,
  caller: Caller,
  orderId: string,
  page: ProjectRoom[],
): Promise<ProjectRoom[]> {
  if (caller.side !== 'provider' || page.length > 0) return page;
  const room = await rooms.findOne({ 'project.orderId': orderId }).lean<ProjectRoom>();
  return room !== null && mayClaim(caller, room) ? [room] : page;
}
