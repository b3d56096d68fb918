import { RoomError } from '../../shared/contract/errors.ts';
import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import { laneOf, OPERATOR, PUBLIC } from '../../shared/model/opportunity/streams.ts';
import type { StaffDoc } from '../directory/directory-store.ts';
import type { Caller } from '../registry/call.ts';
import type { Member, RoomDoc } from '../rooms/room-doc.ts';
import type { RoomChange } from '../rooms/room-store.ts';
import { presentOrgs, standingOf } from '../rooms/standing.ts';
import { actorOf } from './message-commands.ts';

type MemberEvent = 'member.added' | 'member.removed';
type Items = RoomChange['entries'];

/** The buyer, an admin of a company that delivers or follows, and operators say who is added. @throws {RoomError} */
export function requireMayChange(caller: Caller, room: RoomDoc): void {
  const isOwner = caller.side === 'buyer' && caller.userId === room.buyer.id && caller.org === room.buyer.org;
  const isAdmin =
    caller.side === 'provider' &&
    caller.org !== undefined &&
    providersOf(room).includes(caller.org) &&
    caller.roles.includes('provider_admin');
  if (caller.side !== 'operator' && !isOwner && !isAdmin)
    throw new RoomError(
      'forbidden',
      "The buyer of the order, the provider's admin or an operator adds and removes people.",
    );
  if (isClosed(room) && caller.side !== 'operator')
    throw new RoomError('read_only', 'This room is closed: nobody is added any more.');
  // What is told of it stands in the company's lane.
  if (isAdmin && room.kind === 'opportunity' && standingOf(room.opportunity, caller.org) === 'offered')
    throw new RoomError('conflict', 'Accept the demand first: people of your company are added when it follows.', {
      details: { engagement: 'offered' },
    });
}

/** The companies that work in a room on the provider's side. */
function providersOf(room: RoomDoc): readonly string[] {
  if (room.kind === 'opportunity') return presentOrgs(room.opportunity);
  return room.providerOrg === null ? [] : [room.providerOrg];
}

function isClosed(room: RoomDoc): boolean {
  return room.status === 'cancelled' || room.status === 'revoked' || room.status === 'closed';
}

/** A person as a member of a room, if the caller may add them. @throws {RoomError} */
export function newMember(
  caller: Caller,
  room: RoomDoc,
  person: { userId: string; name: string },
  listed: StaffDoc | undefined,
): Member {
  requireOfCompany(caller, room, listed);
  if (listed?.active === false)
    throw new RoomError('conflict', 'The directory calls this person inactive.', { details: { active: false } });
  const roles: Pick<Member, 'roles'> = listed === undefined ? {} : { roles: listed.roles };
  // An operator's own company is the platform, whose people are in every room already.
  if (caller.side === 'operator')
    return { ...person, side: 'provider', ...(listed === undefined ? {} : { org: listed.org }), ...roles };
  return {
    ...person,
    side: caller.side,
    ...(caller.org === undefined ? {} : { org: caller.org }),
    ...(caller.side === 'provider' ? roles : {}),
  };
}

/** One answer for everybody of another company, whatever else the directory knows of them: it must not be learnt by trying. */
function requireOfCompany(caller: Caller, room: RoomDoc, listed: StaffDoc | undefined): void {
  if (caller.side === 'operator') {
    if (listed !== undefined && providersOf(room).includes(listed.org)) return;
    throw new RoomError(
      'not_found',
      "An operator adds staff of the room's provider, and the directory knows nobody by that id there.",
    );
  }
  if (listed !== undefined && listed.org !== caller.org)
    throw new RoomError('forbidden', 'Only people of your own company can be added.');
}

/** The entries that tell who was added or removed: everybody in the room, as far as they may know of the company. */
export function toldOf(caller: Caller, room: RoomDoc, event: MemberEvent, member: Member): Items {
  const { userId, name, side, org } = member;
  const item = (stream: string): Items[number] => ({
    stream,
    kind: 'notice',
    actor: actorOf(caller),
    body: { event, member: { userId, name, side, ...(org === undefined ? {} : { org }) } },
  });
  if (room.kind === 'project') return [item(PUBLIC)];
  return side === 'provider' ? [item(laneOf(org ?? ''))] : [unnamed(side), item(OPERATOR)];
}

/** A provider that has not accepted yet reads what all of the room read, and does not know the buyer. */
function unnamed(side: Member['side']): Items[number] {
  const { id, name, side: of } = SYSTEM_ACTOR;
  return {
    stream: PUBLIC,
    kind: 'notice',
    actor: { id, name, side: of },
    body: { event: 'member.changed', member: { side } },
  };
}
