import type { Person } from '../../shared/contract/primitives.ts';
import type { Room, RoomItem } from '../../shared/contract/rooms.ts';
import { statusFor } from '../../shared/model/opportunity/status-for.ts';
import { projectView } from '../delivery/project-view.ts';
import type { DirectoryModels, StaffDoc } from '../directory/directory-store.ts';
import { opportunityView } from '../opportunities/opportunity-view.ts';
import type { Caller } from '../registry/call.ts';
import { flowActorOf, knowsBuyer, readableStreams } from '../rooms/access.ts';
import type { Member, OpportunityRoom, ProjectRoom, RoomDoc } from '../rooms/room-doc.ts';
import { presentOrgs } from '../rooms/standing.ts';

/** The companies whose people somebody is shown in a room. */
interface Companies {
  buyer: boolean;
  providers: readonly string[];
  vendors: readonly string[];
}

/** Those of a room's people who were added, as far as somebody may know of them: competing providers know nothing of each other. */
export function addedTo(room: RoomDoc, viewer: Caller): Member[] {
  const { buyer, providers } = companiesOf(room, viewer);
  return room.members.filter(({ side, org = '' }) => (side === 'buyer' ? buyer : providers.includes(org)));
}

/** The people of a room by name that somebody may know of: the buyer, who was added, and the admins of its companies whom the directory knows. */
export async function membersOf(room: RoomDoc, directory: DirectoryModels, viewer: Caller): Promise<Person[]> {
  const companies = companiesOf(room, viewer);
  const { id: userId, org, name } = room.buyer;
  const people: Person[] = [
    ...(companies.buyer ? [{ userId, name, side: 'buyer' as const, org }] : []),
    ...addedTo(room, viewer),
    ...(room.kind === 'project' ? workersOf(room) : []),
    ...(await adminsOf(companies, directory)),
  ];
  return [...new Map(people.map((person) => [`${person.side}:${person.userId}`, person])).values()];
}

function companiesOf(room: RoomDoc, viewer: Caller): Companies {
  if (room.kind === 'project') {
    const { providerOrg, vendorOrg } = room;
    return { buyer: true, providers: providerOrg === null ? [] : [providerOrg], vendors: [vendorOrg] };
  }
  const reads = readableStreams(viewer, room);
  return {
    buyer: knowsBuyer(viewer, (stream) => reads.includes(stream)),
    providers: presentOrgs(room.opportunity).filter((org) => viewer.side !== 'provider' || org === viewer.org),
    vendors: [],
  };
}

function workersOf({ providerOrg, workers }: ProjectRoom): Person[] {
  return providerOrg === null
    ? []
    : workers.map(({ userId, name, role }) => ({ userId, name, side: 'provider', org: providerOrg, roles: [role] }));
}

async function adminsOf({ providers, vendors }: Companies, { staff }: DirectoryModels): Promise<Person[]> {
  const orgs = [...providers, ...vendors];
  if (orgs.length === 0) return [];
  const admins = await staff
    .find({ org: { $in: orgs }, roles: { $in: ['provider_admin', 'vendor_admin', 'project_manager'] } })
    .lean<StaffDoc[]>();
  return admins
    .filter(({ active }) => active)
    .flatMap(({ _id: userId, name, org, roles }): Person[] => [
      ...(providers.includes(org) && roles.includes('provider_admin')
        ? [{ userId, name, side: 'provider' as const, org, roles }]
        : []),
      ...(vendors.includes(org) && (roles.includes('vendor_admin') || roles.includes('project_manager'))
        ? [{ userId, name, side: 'vendor' as const, org, roles }]
        : []),
    ]);
}

/** The room as somebody sees it who reads these streams of it. */
export function roomView(
  room: RoomDoc,
  members: Person[],
  streams: { stream: string; head: number }[],
  { viewer, now }: { viewer: Caller; now: number },
): Room {
  return { ...summaryOf(room, viewer), streams, members, ...aboutOf(room, viewer, now) };
}

/** What is told of a room wherever it is listed. */
export function summaryOf(room: RoomDoc, viewer: Caller): Pick<RoomItem, 'id' | 'kind' | 'title' | 'status'> {
  const { _id: id, kind, title } = room;
  const status = room.kind === 'project' ? room.status : statusFor(room.opportunity, flowActorOf(viewer));
  return { id, kind, title, status };
}

function aboutOf(room: RoomDoc, viewer: Caller, now: number): Pick<Room, 'project' | 'opportunity'> {
  return room.kind === 'project' ? { project: projectView(room, viewer, now) } : demandOf(room, viewer, now);
}

function demandOf(room: OpportunityRoom, viewer: Caller, now: number): Pick<Room, 'opportunity'> {
  const opportunity = opportunityView(room, viewer, now);
  return opportunity === undefined ? {} : { opportunity };
}
