import type { Call } from './call.ts';
import type { CallFact } from './call-fact.ts';

/**
 * The call after one more fact: the only place where a call changes.
 * @throws {Error} for a fact of another call, or one before the call was requested
 */
export function applyCallFact(call: Call | undefined, fact: CallFact): Call {
  if (fact.event === 'call.requested') {
    const { event: _event, callId: id, ...begun } = fact;
    return { id, state: 'requested', since: fact.at, ...begun };
  }
  if (call?.id !== fact.callId) throw new Error(`a call begins with call.requested, not with ${fact.event}`);
  const { at } = fact;
  const { awaits: _awaits, ...agreed } = call;
  switch (fact.event) {
    case 'call.approved': {
      const { beginMs = call.bounds.beginMs } = fact;
      return { ...agreed, since: at, bounds: { ...call.bounds, beginMs } };
    }
    case 'call.ringing': {
      const state = fact.leg === 'caller' ? 'ringing_caller' : 'ringing_callee';
      return { ...agreed, state, since: at, ringingAt: call.ringingAt ?? at };
    }
    case 'call.connected':
      return { ...agreed, state: 'connected', since: at, connectedAt: at };
    case 'call.ended': {
      const { state, reason, durationMs } = fact;
      return {
        ...agreed,
        state,
        since: at,
        endedAt: at,
        ...connection(call, fact),
        ...(reason === undefined ? {} : { reason }),
        ...(durationMs === undefined ? {} : { durationMs }),
      };
    }
  }
}

/** When the two were joined, of a call of which nothing was heard before its end. */
function connection(
  { connectedAt }: Call,
  { at, state, durationMs }: Extract<CallFact, { event: 'call.ended' }>,
): Pick<Call, 'connectedAt'> {
  if (connectedAt !== undefined || state !== 'completed' || durationMs === undefined) return {};
  return { connectedAt: new Date(Date.parse(at) - durationMs).toISOString() };
}

/**
 * The calls that a timeline's facts tell, by their ids, in the order in which they were requested.
 * @param onto those that earlier facts have told; one that nothing more is told of stays the same object
 */
export function foldCalls(
  facts: readonly CallFact[],
  onto: ReadonlyMap<string, Call> = new Map(),
): ReadonlyMap<string, Call> {
  const calls = new Map(onto);
  for (const fact of facts) calls.set(fact.callId, applyCallFact(calls.get(fact.callId), fact));
  return calls;
}
