import type { Side } from '../../shared/contract/primitives.ts';
import type { Caller } from '../registry/call.ts';
import { mayPost } from '../../shared/model/flow/permissions.ts';
import type { FlowActor } from '../../shared/model/flow/flow.ts';
import type { Floor } from '../timeline/read-marks.ts';
import type { RoomDoc } from './room-store.ts';

/** What access is decided from. */
export type RoomParties = Pick<
  RoomDoc,
  'kind' | 'status' | 'buyer' | 'providerOrg' | 'vendorOrg' | 'members' | 'workers' | 'project' | 'notes'
>;

/**
 * Who reads and who writes each stream of a project room (domain.md, section 2). A portal's own backend (`service`) reads what the parties of
 * its project read, and never the platform's remarks.
 */
const PROJECT_STREAMS: Readonly<Record<string, { read: readonly Side[]; write: readonly Side[] }>> = {
  public: { read: ['buyer', 'provider', 'vendor', 'operator', 'service'], write: ['buyer', 'provider', 'operator'] },
  provider: { read: ['provider', 'vendor', 'operator', 'service'], write: ['provider', 'operator'] },
  operator: { read: ['operator'], write: ['operator'] },
};

/** Who is in a room, by side. */
const BELONGS: Readonly<Record<Side, (caller: Caller, room: RoomParties) => boolean>> = {
  buyer: (caller, room) => caller.org === room.buyer.org && (caller.userId === room.buyer.id || isMember(caller, room)),
  provider: (caller, room) =>
    room.providerOrg !== null &&
    caller.org === room.providerOrg &&
    (caller.roles.includes('provider_admin') ||
      room.workers.some(({ userId }) => userId === caller.userId) ||
      isMember(caller, room)),
  vendor: (caller, room) =>
    caller.org === room.vendorOrg &&
    (caller.roles.includes('vendor_admin') || caller.roles.includes('project_manager')),
  operator: () => true,
  service: () => true,
};

function isMember(caller: Caller, room: RoomParties): boolean {
  return room.members.some(
    (member) => member.userId === caller.userId && member.side === caller.side && member.org === caller.org,
  );
}

// One array a combination, shared by all connections: a connection then costs no list of its own.
const interned = new Map<string, readonly string[]>();
const NONE: readonly string[] = [];
for (const use of ['read', 'write'] as const) {
  for (const side of ['buyer', 'provider', 'vendor', 'operator', 'service'] as const) {
    const streams = Object.entries(PROJECT_STREAMS).filter(([, rule]) => rule[use].includes(side));
    interned.set(
      `${use}:${side}`,
      streams.map(([stream]) => stream),
    );
  }
}

/** A caller as the rules of a flow know them. */
export function flowActorOf({ userId, name, side, org, roles, dept }: Caller): FlowActor {
  return { id: userId, name, side, org, roles, dept };
}

/** The streams that a caller reads: none for somebody who may not know of the room. */
export function readableStreams(caller: Caller, room: RoomParties): readonly string[] {
  if (!BELONGS[caller.side](caller, room)) return NONE;
  return (isHandingOver(caller, room) ? interned.get('read:buyer') : interned.get(`read:${caller.side}`)) ?? NONE;
}

/** Until a hand-over stands in the notes, it is not known which of them are the new provider's to read. */
const isHandingOver = ({ side }: Caller, { notes }: RoomParties): boolean =>
  side === 'provider' && notes !== null && notes.floor === null;

/** Where a stream begins for a reader: a provider that took the project over does not read the earlier one's notes. */
export function floorOf({ side }: Caller, { notes }: Pick<RoomDoc, 'notes'>, stream: string): Floor | undefined {
  return side === 'provider' && stream === 'provider' ? (notes?.floor ?? undefined) : undefined;
}

/** The streams that a caller writes now; in a closed flow only operators write. */
export function writableStreams(caller: Caller, room: RoomParties): readonly string[] {
  if (!BELONGS[caller.side](caller, room) || caller.side === 'service') return NONE;
  if (room.status === 'cancelled' && caller.side !== 'operator') return NONE;
  // A template can leave writing on the provider's side to who works the current step.
  if (!mayPost(room.project.flow, flowActorOf(caller))) return NONE;
  if (isHandingOver(caller, room)) return interned.get('write:buyer') ?? NONE;
  return interned.get(`write:${caller.side}`) ?? NONE;
}

/** True where a stream was written by this caller's side before the flow was closed. */
export function wouldWrite(caller: Caller, room: RoomParties, stream: string): boolean {
  if (room.status !== 'cancelled' || !BELONGS[caller.side](caller, room)) return false;
  return interned.get(`write:${caller.side}`)?.includes(stream) === true;
}

/** The sides that ever read a stream: whose list of rooms moves when something happens in it. */
export function readersOf(stream: string): readonly Side[] {
  return PROJECT_STREAMS[stream]?.read ?? [];
}

export const STREAMS_OF_PROJECT: readonly string[] = Object.keys(PROJECT_STREAMS);
