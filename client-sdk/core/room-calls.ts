import type { Call as ShownCall } from '../../shared/contract/calls.ts';
import type { Entry } from '../../shared/contract/entries.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import { type Call, progressOf } from '../../shared/model/call/call.ts';
import { type CallFact, isCallFact } from '../../shared/model/call/call-fact.ts';
import { foldCalls } from '../../shared/model/call/fold-call.ts';
import { isLane, laneOf, PUBLIC } from '../../shared/model/opportunity/streams.ts';
import type { RoomState } from './room-state.ts';

export type FoldedCalls = ReadonlyMap<string, Call>;
export const NO_CALLS: FoldedCalls = new Map();

/** The fact of a call that an entry tells; undefined for any other entry. */
export const callFactOf = ({ kind, body }: Entry): CallFact | undefined =>
  kind === 'call' && 'event' in body && isCallFact(body) ? body : undefined;

/** The calls that more entries of a stream tell. Facts of one whose request is not held are passed over: what became of it, the service says when asked. */
export function foldEntries(entries: readonly Entry[], onto: FoldedCalls = NO_CALLS): FoldedCalls {
  const begun = new Set(onto.keys());
  const facts = entries.flatMap((entry) => {
    const fact = callFactOf(entry);
    if (fact?.event === 'call.requested') begun.add(fact.callId);
    return fact !== undefined && begun.has(fact.callId) ? fact : [];
  });
  return facts.length === 0 ? onto : foldCalls(facts, onto);
}

type Progress = Pick<ShownCall, 'state'> & { readonly awaits?: ShownCall['awaits'] | undefined };

/** A call only ever goes on, so that of two of its states one is the later; being agreed to is a step as well. */
const rankOf = ({ state, awaits }: Progress): number => 2 * progressOf(state) + (awaits === undefined ? 1 : 0);

/** True for a state of a call that is not older than another of it. */
export const isAsLate = (one: Progress, other: Progress): boolean => rankOf(one) >= rankOf(other);

/** How far a call has come by a fact at least. */
export function reachedBy(fact: CallFact): Progress {
  switch (fact.event) {
    case 'call.requested':
      return { state: 'requested', ...(fact.awaits === undefined ? {} : { awaits: fact.awaits }) };
    case 'call.approved':
      return { state: 'requested' };
    case 'call.ringing':
      return { state: fact.leg === 'caller' ? 'ringing_caller' : 'ringing_callee' };
    case 'call.connected':
      return { state: 'connected' };
    case 'call.ended':
      return { state: fact.state };
  }
}

/** A call as a command answered it, which may be before its entries are here, or without them. An older state than what was answered before changes nothing. */
export function callCame(state: RoomState, call: ShownCall): RoomState {
  const held = state.told.get(call.id);
  if (held !== undefined && !isAsLate(call, held)) return state;
  return { ...state, told: new Map(state.told).set(call.id, call) };
}

type Caller = { readonly me: RoomState['me']; readonly room: RoomState['room'] };

/**
 * The stream in which somebody in a room can be called: those of the other side can, buyer and provider, where the caller may write. Undefined where
 * they cannot, as far as is seen here; the service decides.
 */
export function streamToCall({ me, room }: Caller, { side, org }: Pick<Person, 'side' | 'org'>): string | undefined {
  const buys = me?.side === 'buyer' && side === 'provider';
  if (me === undefined || !(buys || (me.side === 'provider' && side === 'buyer'))) return undefined;
  if (room?.kind !== 'opportunity') return me.canWrite.find((stream) => stream === PUBLIC);
  return me.canWrite.find((stream) => (buys ? org !== undefined && stream === laneOf(org) : isLane(stream)));
}
