import type { Role, Side } from '../../shared/contract/primitives.ts';
import type { Member, OpportunityRoom, ProjectRoom } from './room-doc.ts';
import { presentOrgs } from './standing.ts';

/** What the seats of a room follow from. */
export type Seated =
  | Pick<ProjectRoom, 'kind' | 'buyer' | 'members' | 'providerOrg' | 'vendorOrg' | 'workers'>
  | Pick<OpportunityRoom, 'kind' | 'buyer' | 'members' | 'opportunity'>;

const seatOfMember = ({ side, org, userId }: Member): string => `${side}:${org ?? ''}:${userId}`;

/** The keys under which a room is found in its people's lists, each with one index and one order. */
export function seatsOf(room: Seated): string[] {
  const { buyer, members } = room;
  return [
    ...new Set([
      `buyer:${buyer.org}:${buyer.id}`,
      'operator',
      ...members.filter(({ side }) => side === 'buyer').map(seatOfMember),
      ...(room.kind === 'project' ? seatsOfProject(room) : seatsOfEngaged(room)),
    ]),
  ];
}

/** The seats of one company that is engaged in an opportunity. */
export function seatsOfProvider(org: string, members: readonly Member[]): string[] {
  return [
    `provider:${org}`,
    ...members.filter((member) => member.side === 'provider' && member.org === org).map(seatOfMember),
  ];
}

function seatsOfProject({ vendorOrg, providerOrg, workers, members }: Extract<Seated, { kind: 'project' }>): string[] {
  return [
    `vendor:${vendorOrg}`,
    ...(providerOrg === null
      ? []
      : [
          ...seatsOfProvider(providerOrg, members),
          ...workers.map(({ userId }) => `provider:${providerOrg}:${userId}`),
        ]),
  ];
}

function seatsOfEngaged({ opportunity, members }: Extract<Seated, { kind: 'opportunity' }>): string[] {
  return presentOrgs(opportunity).flatMap((org) => seatsOfProvider(org, members));
}

/** The seat that a caller's list is found under: an admin sits for the company, others for themselves. */
export function seatOf(caller: {
  side: Side;
  org?: string;
  userId: string;
  roles: readonly Role[];
}): string | undefined {
  const org = caller.org ?? '';
  switch (caller.side) {
    case 'operator':
    case 'service':
      return 'operator';
    case 'vendor':
      return caller.roles.includes('vendor_admin') || caller.roles.includes('project_manager')
        ? `vendor:${org}`
        : undefined;
    case 'provider':
      return caller.roles.includes('provider_admin') ? `provider:${org}` : `provider:${org}:${caller.userId}`;
    case 'buyer':
      return `buyer:${org}:${caller.userId}`;
  }
}
