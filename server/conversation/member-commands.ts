import { RoomError } from '../../shared/contract/errors.ts';
import { MEMBERS_MAX } from '../../shared/contract/limits.ts';
import type { DirectoryModels, StaffDoc } from '../directory/directory-store.ts';
import type { Call, Handlers } from '../registry/call.ts';
import type { Outbox } from '../rooms/outbox.ts';
import { requireRoom } from '../rooms/room-access.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import type { RoomChange, RoomStore } from '../rooms/room-store.ts';
import { newMember, requireMayChange, toldOf } from './member-rules.ts';
import { addedTo, membersOf } from './room-view.ts';

export interface MemberParts {
  rooms: RoomStore;
  directory: DirectoryModels;
  outbox: Outbox;
}

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
        // Counted by company: how many another one has added is nobody's business.
        const colleagues = now.members.filter(({ side, org }) => side === member.side && org === member.org);
        if (colleagues.some((one) => one.userId === userId) || (member.side === 'buyer' && userId === now.buyer.id))
          return undefined;
        if (colleagues.length >= MEMBERS_MAX) {
          throw new RoomError('conflict', `A company adds at most ${MEMBERS_MAX} people: remove somebody first.`, {
            details: { members: MEMBERS_MAX },
          });
        }
        return { set: { members: [...now.members, member] }, entries: toldOf(caller, now, 'member.added', member) };
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
          if (addedTo(now, caller).some((one) => one.userId === userId))
            throw new RoomError('not_found', 'Nobody of your own company was added by that id.');
          // Whoever did not learn that somebody was removed may ask again.
          return undefined;
        }
        return {
          set: { members: now.members.filter((one) => one !== gone) },
          entries: toldOf(caller, now, 'member.removed', gone),
        };
      });
      return {};
    },

    async 'member.list'({ roomId }, { caller }) {
      const room = await requireRoom(rooms, caller, roomId);
      return { items: await membersOf(room, directory, caller) };
    },
  };
}
