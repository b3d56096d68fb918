import type { CallParty } from '../../shared/contract/calls.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import type { DirectoryModels, StaffDoc } from '../directory/directory-store.ts';
import type { Caller } from '../registry/call.ts';
import { companyOf, mayBeCalled, writableStreams } from '../rooms/access.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import type { CallDoc } from './call-store.ts';

/**
 * The person of a room whom somebody who talks in a stream may have called: of the other side, active, and reading that stream. Undefined for everybody else,
 * whether they exist or not.
 */
export async function calleeIn(
  room: RoomDoc,
  { stream, caller, to }: { stream: string; caller: Pick<Caller, 'side'>; to: string },
  { staff }: Pick<DirectoryModels, 'staff'>,
): Promise<CallParty | undefined> {
  const listed = await staff.findById(to).lean<StaffDoc>();
  if (listed?.active === false) return undefined;
  const person = caller.side === 'provider' ? ofBuyer(room, to) : ofProvider(room, stream, to, listed ?? undefined);
  if (person === undefined || !mayBeCalled({ ...person, roles: person.roles ?? [] }, caller, room, stream))
    return undefined;
  const { userId, name, side, org } = person;
  return { userId, name, side, ...(org === undefined ? {} : { org }) };
}

/** Says whether the two of a call that waits to be agreed to may be joined still: the one may write in its stream, and have the other called there. */
export async function areStillIn(
  room: RoomDoc,
  { stream, call: { from, to }, askedAs: roles = [] }: Pick<CallDoc, 'stream' | 'call' | 'askedAs'>,
  directory: Pick<DirectoryModels, 'staff'>,
): Promise<boolean> {
  const callee = await calleeIn(room, { stream, caller: from, to: to.userId }, directory);
  if (callee === undefined || callee.org !== to.org) return false;
  const listed = await directory.staff.findById(from.userId).lean<StaffDoc>();
  return listed?.active !== false && writableStreams({ ...from, roles }, room).includes(stream);
}

function ofBuyer({ buyer, members }: RoomDoc, userId: string): Person | undefined {
  return userId === buyer.id
    ? { userId, name: buyer.name, side: 'buyer', org: buyer.org }
    : members.find((member) => member.side === 'buyer' && member.userId === userId);
}

/** Somebody of the company that holds the stream: the directory knows what they are, else the room does. */
function ofProvider(room: RoomDoc, stream: string, userId: string, listed: StaffDoc | undefined): Person | undefined {
  const org = room.kind === 'project' ? (room.providerOrg ?? undefined) : companyOf(stream);
  if (org === undefined || (listed !== undefined && listed.org !== org)) return undefined;
  if (listed !== undefined) return { userId, name: listed.name, side: 'provider', org, roles: listed.roles };
  const worker = room.kind === 'project' ? room.workers.find((one) => one.userId === userId) : undefined;
  if (worker !== undefined) return { userId, name: worker.name, side: 'provider', org, roles: [worker.role] };
  return room.members.find((member) => member.side === 'provider' && member.org === org && member.userId === userId);
}
