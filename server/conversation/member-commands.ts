import { RoomError } from '../../shared/contract/errors.ts';
import { MEMBERS_MAX } from '../../shared/contract/limits.ts';
import type { Role } from '../../shared/contract/primitives.ts';
import type { DirectoryModels, StaffDoc } from '../directory/directory-store.ts';
import type { Call, Caller, Handlers } from '../registry/call.ts';
import type { Outbox } from '../rooms/outbox.ts';
import { requireRoom } from '../rooms/room-access.ts';
import type { Member, RoomChange, RoomDoc, RoomStore } from '../rooms/room-store.ts';
import { membersOf } from './room-view.ts';

export interface MemberParts {
  rooms: RoomStore;
  directory: DirectoryModels;
  outbox: Outbox;
}

/** Members are told to everyone in the room: who is there is no secret among them. */
const STREAM = 'public';

export function memberCommands({
  rooms,
  directory,
  outbox,
}: MemberParts): Pick<Handlers, 'member.add' | 'member.remove' | 'member.list'> {
  async function change(
    { correlationId: cause }: Call,
    roomId: string,
    decide: (room: RoomDoc) => RoomChange | undefined,
  ): Promise<RoomDoc> {
    const room = await rooms.change(roomId, decide, cause);
    if (room === undefined) throw new RoomError('not_found', 'There is no such room.');
    await outbox.carry(room);
    return room;
  }

  return {
    async 'member.add'({ roomId, userId, name }, call) {
      const { caller } = call;
      const room = await requireRoom(rooms, caller, roomId);
      const listed = await directory.staff.findById(userId).lean<StaffDoc>();
      requireMayChange(caller, room);
      const member = newMember(caller, room, { userId, name }, listed ?? undefined);
      await change(call, roomId, (now) => {
        requireMayChange(caller, now);
        const same = (one: Member) => one.userId === userId && one.side === member.side && one.org === member.org;
        if (now.members.some(same) || (member.side === 'buyer' && userId === now.buyer.id)) return undefined;
        if (now.members.length >= MEMBERS_MAX) {
          throw new RoomError('conflict', `At most ${MEMBERS_MAX} people are added to a room: remove somebody first.`, {
            details: { members: MEMBERS_MAX },
          });
        }
        return { set: { members: [...now.members, member] }, entries: [told(caller, 'member.added', member)] };
      });
      return { member };
    },

    async 'member.remove'({ roomId, userId }, call) {
      const { caller } = call;
      await requireRoom(rooms, caller, roomId);
      await change(call, roomId, (now) => {
        const gone = now.members.find(
          (one) =>
            one.userId === userId &&
            (caller.side === 'operator' || (one.side === caller.side && one.org === caller.org)),
        );
        if (gone === undefined || userId !== caller.userId) requireMayChange(caller, now);
        if (gone === undefined) {
          if (now.members.some((one) => one.userId === userId))
            throw new RoomError('not_found', 'Nobody of your own company was added by that id.');
          // Whoever did not learn that somebody was removed may ask again.
          return undefined;
        }
        return {
          set: { members: now.members.filter((one) => one !== gone) },
          entries: [told(caller, 'member.removed', gone)],
        };
      });
      return {};
    },

    async 'member.list'({ roomId }, { caller }) {
      const room = await requireRoom(rooms, caller, roomId);
      return { items: await membersOf(room, directory) };
    },
  };
}

/** The buyer of the order, the provider's admin, and operators say who is added. */
function requireMayChange(caller: Caller, room: RoomDoc): void {
  const may =
    caller.side === 'operator' ||
    (caller.side === 'buyer' && caller.userId === room.buyer.id && caller.org === room.buyer.org) ||
    (caller.side === 'provider' && caller.org === room.providerOrg && caller.roles.includes('provider_admin'));
  if (!may)
    throw new RoomError(
      'forbidden',
      "The buyer of the order, the provider's admin or an operator adds and removes people.",
    );
  if (room.status === 'cancelled' && caller.side !== 'operator')
    throw new RoomError('read_only', 'This room is closed: nobody is added any more.');
}

function newMember(
  caller: Caller,
  room: RoomDoc,
  person: { userId: string; name: string },
  listed: StaffDoc | undefined,
): Member {
  requireOfCompany(caller, room, listed);
  if (listed?.active === false)
    throw new RoomError('conflict', 'The directory calls this person inactive.', { details: { active: false } });
  const roles: { roles?: Role[] } = listed === undefined ? {} : { roles: listed.roles };
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
    if (listed !== undefined && listed.org === room.providerOrg) return;
    throw new RoomError(
      'not_found',
      "An operator adds staff of the room's provider, and the directory knows nobody by that id there.",
    );
  }
  if (listed !== undefined && listed.org !== caller.org)
    throw new RoomError('forbidden', 'Only people of your own company can be added.');
}

function told(caller: Caller, event: 'member.added' | 'member.removed', member: Member): RoomChange['entries'][number] {
  const { userId, name, side, org } = member;
  return {
    stream: STREAM,
    kind: 'notice',
    actor: {
      id: caller.userId,
      name: caller.name,
      side: caller.side,
      ...(caller.org === undefined ? {} : { org: caller.org }),
    },
    body: { event, member: { userId, name, side, ...(org === undefined ? {} : { org }) } },
  };
}
