import type { CallReason } from '../../contract/calls.ts';
import { type FlowActor, SYSTEM_ACTOR } from '../flow/flow.ts';
import {
  type Call,
  type CallContext,
  type CallEntry,
  type CallOutcome,
  type CallRefusal,
  type CallStepped,
  type CarrierWord,
  isOver,
  progressOf,
  wakeAt,
} from './call.ts';
import type { CallFact } from './call-fact.ts';
import { applyCallFact } from './fold-call.ts';
import { isAsked, legOf, mayCancel } from './permissions.ts';

/** Everything that can happen to a call once it is requested. */
export type CallEvent =
  | {
      readonly type: 'approve';
      /** How long it has to begin from then on, in milliseconds; else as long as it was given when it was asked for. */
      readonly beginMs?: number;
    }
  | { readonly type: 'cancel' }
  /** The bridge would not take it. */
  | { readonly type: 'not_placed'; readonly reason: CallReason }
  | { readonly type: 'carrier'; readonly word: CarrierWord }
  | { readonly type: 'tick' };

type Act = CallEvent & { readonly type: 'approve' | 'cancel' };
type WithoutCall<Fact> = Fact extends unknown ? Omit<Fact, 'callId' | 'at'> : never;

/**
 * Decides what an event makes of a call: the new one and the entries that tell it, or a refusal that changes nothing. Pure: the clock and the actor
 * are in the context. A carrier's word counts once and only forwards: what comes late, twice or in another order changes nothing, and a call that is
 * over stays as it ended. A call that nothing is heard of is settled by a tick, and before anybody acts on it, from `wakeAt` on.
 */
export function step(call: Call, event: CallEvent, context: CallContext): CallStepped | CallRefusal {
  switch (event.type) {
    case 'approve':
    case 'cancel':
      return actOn(call, event, context);
    case 'not_placed':
      return isOver(call) ? unchanged(call) : ended(call, { state: 'failed', reason: event.reason }, context);
    case 'carrier':
      return hear(call, event.word, context);
    case 'tick':
      return settle(call, context);
  }
}

const unchanged = (call: Call): CallStepped => ({ ok: true, call, entries: [] });

function told(call: Call, fact: WithoutCall<CallFact>, { now }: CallContext, actor: FlowActor): CallStepped {
  const { id, name, side, org } = actor;
  const body: CallFact = { ...fact, callId: call.id, at: new Date(now).toISOString() };
  const entry: CallEntry = {
    stream: call.stream,
    kind: 'call',
    actor: { id, name, side, ...(org === undefined ? {} : { org }) },
    body,
  };
  return { ok: true, call: applyCallFact(call, body), entries: [entry] };
}

const ended = (call: Call, outcome: CallOutcome, context: CallContext, actor = SYSTEM_ACTOR): CallStepped =>
  told(call, { event: 'call.ended', ...outcome }, context, actor);

function hear(call: Call, word: CarrierWord, context: CallContext): CallStepped {
  // Before it is agreed to no carrier has it.
  if (isOver(call) || call.awaits !== undefined) return unchanged(call);
  switch (word.type) {
    case 'ringing': {
      const next = word.leg === 'caller' ? 'ringing_caller' : 'ringing_callee';
      if (progressOf(next) <= progressOf(call.state)) return unchanged(call);
      return told(call, { event: 'call.ringing', leg: word.leg }, context, SYSTEM_ACTOR);
    }
    case 'connected':
      if (call.state === 'connected') return unchanged(call);
      return told(call, { event: 'call.connected' }, context, SYSTEM_ACTOR);
    case 'over': {
      // Whether they talked is not known before that is told; where it never is, the bound of the state settles it.
      if (call.connectedAt === undefined) return unchanged(call);
      const durationMs = Math.max(0, context.now - Date.parse(call.connectedAt));
      return ended(call, { state: 'completed', durationMs }, context);
    }
    case 'ended': {
      const { type: _type, ...outcome } = word;
      return ended(call, outcome, context);
    }
  }
}

/** Ends what nothing more is heard of. */
function settle(call: Call, context: CallContext): CallStepped {
  const due = wakeAt(call);
  if (due === null || context.now < due) return unchanged(call);
  return ended(call, silence(call), context);
}

function silence({ state, awaits, callerDials }: Call): CallOutcome {
  if (awaits !== undefined) return { state: 'no_answer', reason: 'not_agreed' };
  if (state === 'connected') return { state: 'completed', reason: 'unreported' };
  return state === 'requested' && callerDials
    ? { state: 'no_answer', reason: 'caller_no_answer' }
    : { state: 'failed', reason: 'unreported' };
}

function actOn(before: Call, act: Act, context: CallContext): CallStepped | CallRefusal {
  const { actor } = context;
  // A refusal changes nothing: what was due by now is told by the next tick.
  const { call } = settle(before, context);
  if (!mayCancel(call, actor)) return forbid('This call is not yours.');
  if (act.type === 'cancel' && call.state === 'cancelled') return unchanged(call);
  if (isOver(call)) return conflict(call, 'This call is over.');
  if (act.type === 'approve') {
    // What was agreed to already is answered again.
    if (call.awaits === undefined) return unchanged(call);
    if (!isAsked(call, actor)) return forbid('Somebody else has to agree to this call.');
    const { beginMs = call.bounds.beginMs } = act;
    return told(
      call,
      { event: 'call.approved', ...(beginMs === call.bounds.beginMs ? {} : { beginMs }) },
      context,
      actor,
    );
  }
  if (call.state === 'connected') return conflict(call, 'The two are talking: it ends when one of them hangs up.');
  return ended(call, { state: 'cancelled', reason: whoCancels(call, actor) }, context, actor);
}

function whoCancels(call: Call, actor: FlowActor): CallReason {
  if (isAsked(call, actor)) return 'declined';
  const leg = legOf(call, actor);
  if (leg === null) return 'by_operator';
  return leg === 'caller' ? 'by_caller' : 'by_callee';
}

const forbid = (message: string): CallRefusal => ({ ok: false, code: 'forbidden', message });

const conflict = ({ id, state }: Call, message: string): CallRefusal => ({
  ok: false,
  code: 'conflict',
  message,
  details: { callId: id, state },
});
