import type { CallParty } from '../../../shared/contract/calls.ts';
import type {
  Call,
  CallBounds,
  CallEntry,
  CallRefusal,
  CallStepped,
  CarrierWord,
} from '../../../shared/model/call/call.ts';
import { type CallRequest, type CallRules, requestCall } from '../../../shared/model/call/request.ts';
import { type CallEvent, step } from '../../../shared/model/call/step.ts';
import { type FlowActor, SYSTEM_ACTOR } from '../../../shared/model/flow/flow.ts';

export const ZONE = 'Asia/Shanghai';
/** 10:00 of a working day in the office's zone. */
export const START = Date.UTC(2026, 10, 20, 2);
export const BOUNDS: CallBounds = { approvalMs: 300_000, beginMs: 120_000, ringMs: 60_000, talkMs: 3_600_000 };
export const RULES: CallRules = { dailyLimit: 3, quiet: null, approval: 'none' };

export const bea: FlowActor = { id: 'bea', name: 'Bea', side: 'buyer', org: 'shop', roles: [] };
export const dan: FlowActor = { id: 'dan', name: 'Dan', side: 'provider', org: 'studio', roles: ['designer'] };
export const eve: FlowActor = { id: 'eve', name: 'Eve', side: 'provider', org: 'studio', roles: [] };
export const ops: FlowActor = { id: 'ops', name: 'Ops', side: 'operator', roles: [] };

export const partyOf = ({ id, name, side, org }: FlowActor): CallParty => ({
  userId: id,
  name,
  side,
  ...(org === undefined ? {} : { org }),
});

export const aRequest = (more: Partial<CallRequest> = {}): CallRequest => ({
  id: 'call1',
  roomId: 'room-1',
  stream: 'public',
  to: partyOf(dan),
  bounds: BOUNDS,
  callerDials: false,
  ...more,
});

/** Asks for a call as Bea, at the start unless told otherwise. */
export function ask(
  more: { request?: Partial<CallRequest>; rules?: Partial<CallRules>; now?: number; actor?: FlowActor } & Partial<
    Pick<Parameters<typeof requestCall>[1], 'running' | 'askedToday'>
  > = {},
): CallStepped | CallRefusal {
  const { request, rules, now = START, actor = bea, running, askedToday = 0 } = more;
  const context = { now, actor, timeZone: ZONE, rules: { ...RULES, ...rules }, running, askedToday };
  return requestCall(aRequest(request), context);
}

/** One call from its request on, with the entries that it made. */
export class CallBench {
  now = START;
  call: Call;
  readonly entries: CallEntry[] = [];

  constructor(more: Parameters<typeof ask>[0] = {}) {
    const begun = ask(more);
    if (!begun.ok) throw new Error(begun.message);
    this.call = begun.call;
    this.entries.push(...begun.entries);
  }

  try(event: CallEvent, actor: FlowActor = SYSTEM_ACTOR): CallStepped | CallRefusal {
    const result = step(this.call, event, { now: this.now, actor });
    if (result.ok) {
      this.call = result.call;
      this.entries.push(...result.entries);
    }
    return result;
  }

  /** What somebody is answered: `ok` or the code of the refusal. */
  codeOf(event: CallEvent, actor: FlowActor): string {
    const result = this.try(event, actor);
    return result.ok ? 'ok' : result.code;
  }

  hear(...words: readonly CarrierWord[]): this {
    for (const word of words) this.try({ type: 'carrier', word });
    return this;
  }

  later(ms: number): this {
    this.now += ms;
    return this;
  }

  /** The events of its entries, in their order. */
  get told(): string[] {
    return this.entries.map(({ body }) => body.event);
  }
}

export const RINGING_CALLER: CarrierWord = { type: 'ringing', leg: 'caller' };
export const RINGING_CALLEE: CarrierWord = { type: 'ringing', leg: 'callee' };
export const CONNECTED: CarrierWord = { type: 'connected' };
export const OVER: CarrierWord = { type: 'over' };
export const COMPLETED: CarrierWord = { type: 'ended', state: 'completed', durationMs: 42_000 };
