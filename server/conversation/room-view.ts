import type { Person } from '../../shared/contract/primitives.ts';
import type { Room } from '../../shared/contract/rooms.ts';
import { projectView } from '../delivery/project-view.ts';
import type { DirectoryModels, StaffDoc } from '../directory/directory-store.ts';
import type { Caller } from '../registry/call.ts';
import type { RoomDoc } from '../rooms/room-store.ts';

/** The people of a room by name: the buyer, who was added, and the admins of its companies whom the directory knows. */
export async function membersOf(room: RoomDoc, directory: DirectoryModels): Promise<Person[]> {
  const { buyer, providerOrg, vendorOrg, members, workers } = room;
  const people: Person[] = [
    { userId: buyer.id, name: buyer.name, side: 'buyer', org: buyer.org },
    ...members.filter((member) => member.side === 'buyer' || member.org === providerOrg),
    ...(providerOrg === null
      ? []
      : workers.map(
          ({ userId, name, role }): Person => ({ userId, name, side: 'provider', org: providerOrg, roles: [role] }),
        )),
  ];
  const admins = await directory.staff
    .find({
      org: { $in: providerOrg === null ? [vendorOrg] : [providerOrg, vendorOrg] },
      roles: { $in: ['provider_admin', 'vendor_admin', 'project_manager'] },
    })
    .lean<StaffDoc[]>();
  for (const { _id, name, org, roles, active } of admins) {
    if (!active) continue;
    if (org === providerOrg && roles.includes('provider_admin'))
      people.push({ userId: _id, name, side: 'provider', org, roles });
    if (org === vendorOrg && (roles.includes('vendor_admin') || roles.includes('project_manager'))) {
      people.push({ userId: _id, name, side: 'vendor', org, roles });
    }
  }
  return [...new Map(people.map((person) => [`${person.side}:${person.userId}`, person])).values()];
}

/** The room as somebody sees it who reads these streams of it. */
export function roomView(
  room: RoomDoc,
  members: Person[],
  streams: { stream: string; head: number }[],
  { viewer, now }: { viewer: Caller; now: number },
): Room {
  return {
    id: room._id,
    kind: room.kind,
    title: room.title,
    status: room.status,
    streams,
    members,
    project: projectView(room, viewer, now),
  };
}
