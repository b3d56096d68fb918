import type { EngagementStatus } from '../../shared/contract/opportunities.ts';
import type { Side } from '../../shared/contract/primitives.ts';
import type { FlowActor } from '../../shared/model/flow/flow.ts';
import { mayPost } from '../../shared/model/flow/permissions.ts';
import type { Opportunity } from '../../shared/model/opportunity/opportunity.ts';
import { deskOf, laneOf } from '../../shared/model/opportunity/streams.ts';
import type { Caller } from '../registry/call.ts';
import type { Floor } from '../timeline/read-marks.ts';
import type { ActivityOf, Member, OpportunityRoom, ProjectRoom } from './room-doc.ts';
import { orgsOf, standingOf } from './standing.ts';

type ProjectParties = Pick<
  ProjectRoom,
  'kind' | 'status' | 'buyer' | 'providerOrg' | 'vendorOrg' | 'members' | 'workers' | 'project' | 'notes'
>;
type OpportunityParties = Pick<OpportunityRoom, 'kind' | 'buyer' | 'members' | 'opportunity'>;

/** What access is decided from. */
export type RoomParties = ProjectParties | OpportunityParties;

/** Who reads, as far as access asks: somebody who calls, or somebody whom the room or the directory knows. */
export type Reader = Pick<Caller, 'userId' | 'side' | 'roles'> & { readonly org?: string | undefined };

/** Who acts likewise. */
type Writer = Reader & Pick<Caller, 'name'> & { readonly dept?: string | undefined };

type Use = 'read' | 'write';
type Rule = Readonly<Record<Use, readonly Side[]>>;

/** What everybody who is in a room reads, whatever else they read. */
export const PUBLIC_STREAM = 'public';

/**
 * Who reads and who writes each stream of a project room (domain.md, section 2). A portal's own backend (`service`) reads what the parties of
 * its project read, and never the platform's remarks.
 */
const PROJECT_STREAMS: Readonly<Record<string, Rule>> = {
  [PUBLIC_STREAM]: {
    read: ['buyer', 'provider', 'vendor', 'operator', 'service'],
    write: ['buyer', 'provider', 'operator'],
  },
  provider: { read: ['provider', 'vendor', 'operator', 'service'], write: ['provider', 'operator'] },
  operator: { read: ['operator'], write: ['operator'] },
};

/** The same of an opportunity: its streams that concern everybody, */
const SHARED_STREAMS: Readonly<Record<string, Rule>> = {
  [PUBLIC_STREAM]: { read: ['buyer', 'provider', 'operator', 'service'], write: ['operator'] },
  operator: { read: ['operator'], write: ['operator'] },
};

/** and those that there are for each company that engages, called `<family>:<org>`, with how far that company has come that uses them. */
const COMPANY_STREAMS: Readonly<Record<'lane' | 'notes' | 'desk', Rule & { when: readonly EngagementStatus[] }>> = {
  lane: {
    read: ['buyer', 'provider', 'operator'],
    write: ['buyer', 'provider', 'operator'],
    when: ['following', 'won'],
  },
  notes: { read: ['provider', 'operator'], write: ['provider', 'operator'], when: ['following', 'won'] },
  desk: { read: ['provider', 'operator'], write: ['provider', 'operator'], when: ['offered', 'following', 'won'] },
};

type Family = keyof typeof COMPANY_STREAMS;
const FAMILIES: readonly Family[] = ['lane', 'notes', 'desk'];

/** Who is in a project room, by side. */
const OF_PROJECT: Readonly<Record<Side, (caller: Reader, room: ProjectParties) => boolean>> = {
  buyer: isOfBuyer,
  provider: (caller, room) =>
    room.providerOrg !== null &&
    caller.org === room.providerOrg &&
    (caller.roles.includes('provider_admin') ||
      room.workers.some(({ userId }) => userId === caller.userId) ||
      isMember(caller, room.members)),
  vendor: (caller, room) =>
    caller.org === room.vendorOrg &&
    (caller.roles.includes('vendor_admin') || caller.roles.includes('project_manager')),
  operator: () => true,
  service: () => true,
};

/** Who is in an opportunity's. A company whose engagement has ended is not; a vendor has nothing to do with it. */
const OF_OPPORTUNITY: Readonly<Record<Side, (caller: Reader, room: OpportunityParties) => boolean>> = {
  buyer: isOfBuyer,
  provider: (caller, room) =>
    standingOf(room.opportunity, caller.org) !== undefined &&
    (caller.roles.includes('provider_admin') || isMember(caller, room.members)),
  vendor: () => false,
  operator: () => true,
  service: () => true,
};

function belongs(caller: Reader, room: RoomParties): boolean {
  return room.kind === 'project' ? OF_PROJECT[caller.side](caller, room) : OF_OPPORTUNITY[caller.side](caller, room);
}

function isOfBuyer(caller: Reader, { buyer, members }: Pick<RoomParties, 'buyer' | 'members'>): boolean {
  return caller.org === buyer.org && (caller.userId === buyer.id || isMember(caller, members));
}

function isMember(caller: Reader, members: readonly Member[]): boolean {
  return members.some(
    (member) => member.userId === caller.userId && member.side === caller.side && member.org === caller.org,
  );
}

// One array a combination, shared by all connections: a connection then costs no list of its own.
const interned = new Map<string, readonly string[]>();
const NONE: readonly string[] = [];
for (const use of ['read', 'write'] as const) {
  for (const side of ['buyer', 'provider', 'vendor', 'operator', 'service'] as const) {
    interned.set(`${use}:${side}`, allowed(PROJECT_STREAMS, use, side));
  }
}
/** Of an opportunity one array a combination too, for as long as its state is remembered. */
const internedOf = new WeakMap<Opportunity, Map<string, readonly string[]>>();

function allowed(streams: Readonly<Record<string, Rule>>, use: Use, side: Side): string[] {
  return Object.keys(streams).filter((stream) => streams[stream]?.[use].includes(side));
}

/** A caller as the rules of a flow know them. */
export function flowActorOf({ userId, name, side, org, roles, dept }: Writer): FlowActor {
  return { id: userId, name, side, org, roles, dept };
}

/** The streams that a caller reads: none for somebody who may not know of the room. */
export function readableStreams(caller: Reader, room: RoomParties): readonly string[] {
  if (!belongs(caller, room)) return NONE;
  if (room.kind === 'opportunity') return streamsOf(room.opportunity, 'read', caller);
  return (isHandingOver(caller, room) ? interned.get('read:buyer') : interned.get(`read:${caller.side}`)) ?? NONE;
}

/** Until a hand-over stands in the notes, it is not known which of them are the new provider's to read. */
const isHandingOver = ({ side }: Pick<Caller, 'side'>, { notes }: ProjectParties): boolean =>
  side === 'provider' && notes !== null && notes.floor === null;

/** Where a stream begins for a reader: a provider that took the project over does not read the earlier one's notes. */
export function floorOf({ side }: Caller, room: RoomParties, stream: string): Floor | undefined {
  return room.kind === 'project' && side === 'provider' && stream === 'provider'
    ? (room.notes?.floor ?? undefined)
    : undefined;
}

/** The streams that a caller writes now; in a closed room, and in what a provider that has gone leaves behind, only operators write. */
export function writableStreams(caller: Writer, room: RoomParties): readonly string[] {
  if (!belongs(caller, room) || caller.side === 'service') return NONE;
  if (room.kind === 'opportunity') return streamsOf(room.opportunity, 'write', caller);
  if (room.status === 'cancelled' && caller.side !== 'operator') return NONE;
  // A template can leave writing on the provider's side to who works the current step.
  if (!mayPost(room.project.flow, flowActorOf(caller))) return NONE;
  if (isHandingOver(caller, room)) return interned.get('write:buyer') ?? NONE;
  return interned.get(`write:${caller.side}`) ?? NONE;
}

/** Says whether a buyer and a provider talk in a stream: their calls belong there too, and in no other. */
export const isTalk = (stream: string, { kind }: Pick<RoomParties, 'kind'>): boolean =>
  kind === 'project' ? stream === PUBLIC_STREAM : familyOf(stream) === 'lane';

/** Says whether somebody who talks in a stream may have another one called there: one of the other side, who reads it. */
export function mayBeCalled(other: Reader, { side }: Pick<Caller, 'side'>, room: RoomParties, stream: string): boolean {
  const across = side === 'buyer' ? 'provider' : side === 'provider' ? 'buyer' : undefined;
  return other.side === across && isTalk(stream, room) && readableStreams(other, room).includes(stream);
}

/** Where somebody writes who does not say where. */
export function ownStream({ side, org = '' }: Caller, { kind }: RoomParties): string {
  return kind === 'opportunity' && side === 'provider' ? laneOf(org) : PUBLIC_STREAM;
}

/** True where a stream was written by this caller's side before it was closed. */
export function wouldWrite(caller: Caller, room: RoomParties, stream: string): boolean {
  if (room.kind === 'opportunity') {
    const family = familyOf(stream);
    return (
      family !== undefined &&
      COMPANY_STREAMS[family].write.includes(caller.side) &&
      readableStreams(caller, room).includes(stream)
    );
  }
  if (room.status !== 'cancelled' || !belongs(caller, room)) return false;
  return interned.get(`write:${caller.side}`)?.includes(stream) === true;
}

/** What somebody of an opportunity's room reads or writes in it. */
function streamsOf(
  opportunity: Opportunity,
  use: Use,
  { side, org = '' }: Pick<Reader, 'side' | 'org'>,
): readonly string[] {
  // A company may be called as a side is.
  const key = side === 'provider' ? `${use}:provider:${org}` : `${use}:${side}`;
  let known = internedOf.get(opportunity);
  if (known === undefined) internedOf.set(opportunity, (known = new Map()));
  let streams = known.get(key);
  if (streams === undefined) {
    const companies = side === 'provider' ? [org] : orgsOf(opportunity);
    streams = [
      ...allowed(SHARED_STREAMS, use, side),
      ...companies.flatMap((company) =>
        FAMILIES.filter((family) => isOpen(opportunity, use, side, company, family)).map(
          (family) => `${family}:${company}`,
        ),
      ),
    ];
    known.set(key, streams);
  }
  return streams;
}

function isOpen(opportunity: Opportunity, use: Use, side: Side, company: string, family: Family): boolean {
  const { [use]: sides, when } = COMPANY_STREAMS[family];
  if (!sides.includes(side)) return false;
  if (side === 'operator') return true;
  const now = standingOf(opportunity, company);
  if (side === 'provider' && (now === undefined || !when.includes(now))) return false;
  // The buyer reads what stands in a lane for good, and writes there while the company is there, or may come.
  return use === 'read' || (now !== undefined && !isOver(opportunity));
}

const isOver = ({ status }: Opportunity): boolean => status === 'revoked' || status === 'closed';

/** The family that a stream of one company belongs to; undefined for a stream that there is once in a room. */
function familyOf(stream: string): Family | undefined {
  return FAMILIES.find((family) => stream.startsWith(`${family}:`));
}

/** Says whether somebody reads a stream. */
type Reads = (stream: string) => boolean;

/** A provider in an opportunity has its desk there, from its offer on. */
const isEngaged = ({ side, org = '' }: Pick<Caller, 'side' | 'org'>, reads: Reads): boolean =>
  side === 'provider' && reads(deskOf(org));

/**
 * The stream whose readers are told that somebody is there, and how far they have read what everybody reads. Competing providers are told nothing of each other:
 * for them it is their lane.
 */
export function seenIn(caller: Pick<Caller, 'side' | 'org'>, reads: Reads): string {
  return isEngaged(caller, reads) ? laneOf(caller.org ?? '') : PUBLIC_STREAM;
}

/** Says whether who is there is told in a stream. */
export const showsPresence = (stream: string): boolean => stream === PUBLIC_STREAM || familyOf(stream) === 'lane';

/** A provider that has not accepted an opportunity is not told whose it is. */
export function knowsBuyer(caller: Pick<Caller, 'side' | 'org'>, reads: Reads): boolean {
  return !isEngaged(caller, reads) || reads(laneOf(caller.org ?? ''));
}

/** What a company reads of an opportunity; nothing before it is engaged and after. */
export function readByCompany(opportunity: Opportunity, org: string): readonly string[] {
  return standingOf(opportunity, org) === undefined ? NONE : streamsOf(opportunity, 'read', { side: 'provider', org });
}

/** The company whose own a stream is; undefined for one that there is once in a room. */
export function companyOf(stream: string): string | undefined {
  return familyOf(stream) === undefined ? undefined : stream.slice(stream.indexOf(':') + 1);
}

/** The orders of lists that change when something happens in a stream. */
export function ordersOf(stream: string): readonly ActivityOf[] {
  return ORDERS.get(stream) ?? ORDERS.get(familyOf(stream) ?? '') ?? [];
}

const ORDERS: ReadonlyMap<string, readonly ActivityOf[]> = new Map([
  ...Object.entries(PROJECT_STREAMS).map(([stream, { read }]): [string, ActivityOf[]] => [stream, ordersFor(read)]),
  // What one company reads moves its own list alone, and not that which companies share.
  ...FAMILIES.map((family): [string, ActivityOf[]] => [
    family,
    ordersFor(COMPANY_STREAMS[family].read.filter((side) => side !== 'provider')),
  ]),
]);

function ordersFor(readers: readonly Side[]): ActivityOf[] {
  return (['buyer', 'provider', 'operator'] as const).filter((order) => readers.includes(order));
}
