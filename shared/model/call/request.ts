import type { CallApproval, CallParty } from '../../contract/calls.ts';
import type { FlowActor } from '../flow/flow.ts';
import { applyCallFact } from './fold-call.ts';
import type { Call, CallBounds, CallRefusal, CallStepped } from './call.ts';
import type { CallFact } from './call-fact.ts';
import { nextMidnight, quietFrom, type QuietHours, quietUntil } from './quiet-hours.ts';

/** What a deployment decides about calls. */
export interface CallRules {
  /** Calls of one caller on one calendar day of the office. */
  readonly dailyLimit: number;
  readonly quiet: QuietHours | null;
  readonly approval: CallApproval;
}

export interface CallRequest {
  readonly id: string;
  readonly roomId: string;
  readonly stream: string;
  readonly to: CallParty;
  readonly bounds: CallBounds;
  readonly callerDials: boolean;
}

export interface RequestContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly actor: FlowActor;
  /** The office's time zone. */
  readonly timeZone: string;
  readonly rules: CallRules;
  /** A call between the two, whoever asked for it, that is not over. */
  readonly running: Pick<Call, 'id' | 'state'> | undefined;
  /** Calls that the caller has asked for on this day of the office. */
  readonly askedToday: number;
}

/** Two people, whoever of them calls: equal for both directions, and for no other two. */
export const pairOf = (one: Pick<CallParty, 'userId' | 'side'>, other: Pick<CallParty, 'userId' | 'side'>): string =>
  JSON.stringify([one, other].map(({ side, userId }) => `${side}/${userId}`).toSorted());

/** Begins a call, or refuses it. Who may call whom in the room was decided before. */
export function requestCall(request: CallRequest, context: RequestContext): CallStepped | CallRefusal {
  const { actor, now, rules } = context;
  const { id: callId, roomId, stream, to, callerDials } = request;
  const refusal = refusalOf(request, context);
  if (refusal !== undefined) return refusal;
  // Who has to be agreed with first, is given their time when that is done.
  const beginMs = rules.approval === 'none' ? timeToBegin(request, context) : request.bounds.beginMs;
  const org = actor.org === undefined ? {} : { org: actor.org };
  const fact: CallFact = {
    event: 'call.requested',
    callId,
    at: new Date(now).toISOString(),
    roomId,
    stream,
    from: { userId: actor.id, name: actor.name, side: actor.side, ...org },
    to,
    bounds: { ...request.bounds, beginMs },
    callerDials,
    ...(rules.approval === 'none' ? {} : { awaits: rules.approval }),
  };
  const by = { id: actor.id, name: actor.name, side: actor.side, ...org };
  return { ok: true, call: applyCallFact(undefined, fact), entries: [{ stream, kind: 'call', actor: by, body: fact }] };
}

/** How long a call has to begin from now on, in milliseconds: who is to ring the carrier themselves, may not do it in the quiet hours. */
export function timeToBegin(
  { bounds: { beginMs }, callerDials }: Pick<Call, 'bounds' | 'callerDials'>,
  { now, rules: { quiet }, timeZone }: Pick<RequestContext, 'now' | 'timeZone'> & { rules: Pick<CallRules, 'quiet'> },
): number {
  const quietAt = callerDials ? quietFrom(now, quiet, timeZone) : null;
  return quietAt === null ? beginMs : Math.min(beginMs, quietAt - now);
}

/** Refuses what would ring a phone in the quiet hours. */
export function quietRefusal(
  now: number,
  { quiet }: Pick<CallRules, 'quiet'>,
  timeZone: string,
): CallRefusal | undefined {
  const until = quietUntil(now, quiet, timeZone);
  if (until === null) return undefined;
  return {
    ok: false,
    code: 'conflict',
    message: 'Nobody is rung in the quiet hours.',
    details: { quietUntil: new Date(until).toISOString() },
  };
}

function refusalOf(
  { to }: CallRequest,
  { actor, now, timeZone, rules, running, askedToday }: RequestContext,
): CallRefusal | undefined {
  if (to.userId === actor.id && to.side === actor.side)
    return {
      ok: false,
      code: 'invalid',
      message: 'Nobody can be called by themselves.',
      details: [{ path: 'to', reason: 'must be somebody else' }],
    };
  if (running !== undefined)
    return {
      ok: false,
      code: 'conflict',
      message: 'There is a call between you two already.',
      details: { callId: running.id, state: running.state },
    };
  const quiet = quietRefusal(now, rules, timeZone);
  if (quiet !== undefined) return quiet;
  if (askedToday >= rules.dailyLimit)
    return {
      ok: false,
      code: 'rate_limited',
      message: `You have placed as many calls today as one person may: ${rules.dailyLimit}.`,
      retryAfterMs: nextMidnight(now, timeZone) - now,
    };
  return undefined;
}
