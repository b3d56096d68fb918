import type { CallApproval, CallEnd, CallParty, CallReason, CallState } from '../../contract/calls.ts';
import type { Actor } from '../../contract/entries.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import { CALL_REPORT_MS } from '../../contract/limits.ts';
import type { Fault, FlowActor } from '../flow/flow.ts';
import type { CallFact } from './call-fact.ts';

/** How long each state of a call lasts at most, in milliseconds. A call keeps those of the instant at which it was asked for. */
export interface CallBounds {
  /** To be agreed to. */
  readonly approvalMs: number;
  /** For the bridge to ring the first phone, or for a caller who rings the carrier to do so. */
  readonly beginMs: number;
  /** For a phone to be answered. */
  readonly ringMs: number;
  /** For two people to talk. */
  readonly talkMs: number;
}

/** A masked call (domain.md, section 8). It is folded from the facts that `step` makes, and holds people, never numbers. */
export interface Call {
  readonly id: string;
  readonly roomId: string;
  readonly stream: string;
  readonly state: CallState;
  readonly from: CallParty;
  readonly to: CallParty;
  readonly bounds: CallBounds;
  /** The caller rings a number of the carrier's: nobody's phone rings before they do. */
  readonly callerDials: boolean;
  /** When it was asked for. */
  readonly at: string;
  /** Who has to agree before a phone rings; while it is requested. */
  readonly awaits?: Exclude<CallApproval, 'none'>;
  /** Since when it is in its state, or, while requested, since when its bridge has it. */
  readonly since: string;
  readonly ringingAt?: string;
  readonly connectedAt?: string;
  readonly endedAt?: string;
  readonly reason?: CallReason;
  readonly durationMs?: number;
}

/** How a call ended, as its bridge or a rule tells it. */
export interface CallOutcome {
  readonly state: CallEnd;
  readonly reason?: CallReason;
  /** How long the two talked; only of what is completed. */
  readonly durationMs?: number;
}

/** What a carrier says of a call. It may say it late, twice, or in another order. */
export type CarrierWord =
  | { readonly type: 'ringing'; readonly leg: 'caller' | 'callee' }
  | { readonly type: 'connected' }
  /** Everybody has hung up; how it came to that, another word tells, or none does. */
  | { readonly type: 'over' }
  | ({ readonly type: 'ended' } & CallOutcome);

export interface CallContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly actor: FlowActor;
}

/** An entry for the timeline; its body is a fact. */
export interface CallEntry {
  readonly stream: string;
  readonly kind: 'call';
  readonly actor: Actor;
  readonly body: CallFact;
}

export interface CallRefusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly message: string;
  readonly retryAfterMs?: number;
  /** Of `invalid` each fault, of `conflict` the present state. */
  readonly details?: readonly Fault[] | Readonly<Record<string, string>>;
}

export interface CallStepped {
  readonly ok: true;
  readonly call: Call;
  readonly entries: readonly CallEntry[];
}

const ORDER = {
  requested: 0,
  ringing_caller: 1,
  ringing_callee: 2,
  connected: 3,
  completed: 4,
  busy: 4,
  no_answer: 4,
  failed: 4,
  cancelled: 4,
} as const satisfies Record<CallState, number>;

/** How far a call has come: it only ever goes on from there. */
export const progressOf = (state: CallState): number => ORDER[state];

export const isOver = ({ state }: Pick<Call, 'state'>): boolean => ORDER[state] === ORDER.completed;

/** Says whether somebody has hung up, or given up, before the two talked: then either may want to call back. */
export const isMissed = (call: Pick<Call, 'state'>): boolean => isOver(call) && call.state !== 'completed';

/** For so long a carrier has a call at most, from when it was handed over, in milliseconds: no state lasts longer than its bound, and each phone rings. */
export const carriedMs = ({ beginMs, ringMs, talkMs }: CallBounds): number =>
  beginMs + 2 * ringMs + talkMs + CALL_REPORT_MS;

/** The instant at which a call that nothing more is heard of is settled, in milliseconds since the epoch; null of one that is over. */
export function wakeAt({ state, since, awaits, bounds }: Call): number | null {
  const from = Date.parse(since);
  switch (state) {
    case 'requested':
      return from + (awaits === undefined ? bounds.beginMs : bounds.approvalMs);
    case 'ringing_caller':
    case 'ringing_callee':
      return from + bounds.ringMs;
    case 'connected':
      return from + bounds.talkMs + CALL_REPORT_MS;
    default:
      return null;
  }
}
