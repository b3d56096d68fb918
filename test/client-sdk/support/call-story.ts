import type { Call as ShownCall, CallApproval } from '../../../shared/contract/calls.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import { PAGE_DEFAULT } from '../../../shared/contract/limits.ts';
import type { Person } from '../../../shared/contract/primitives.ts';
import {
  type Call,
  type CarrierWord,
  type CallEntry,
  type CallRefusal,
  isOver,
} from '../../../shared/model/call/call.ts';
import { callView } from '../../../shared/model/call/call-view.ts';
import { pairOf, requestCall } from '../../../shared/model/call/request.ts';
import { type CallEvent, step } from '../../../shared/model/call/step.ts';
import { type FlowActor, SYSTEM_ACTOR } from '../../../shared/model/flow/flow.ts';
import { ANN, BOB, type FakeServer, ROOM } from './fake-server.ts';

const BOUNDS = { approvalMs: 300_000, beginMs: 600_000, ringMs: 60_000, talkMs: 3_600_000 };

export const actorOf = ({ userId: id, roles = [], ...person }: Person): FlowActor => ({ ...person, id, roles });

export interface StoryOptions {
  /** Whose client asks; Ann's unless given. */
  readonly reader?: Person;
  readonly approval?: CallApproval;
  readonly callerDials?: boolean;
}

/** The calls of a fake server's room, decided by the rules that the service decides them by. */
export class CallStory {
  readonly calls = new Map<string, Call>();
  /** The file of what was spoken, by the call; operators alone are told of it. */
  readonly recordings = new Map<string, string>();
  /** The number that a caller is to ring, once the carrier has given one. */
  dial: ShownCall['dial'];
  readonly #server: FakeServer;
  readonly #options: Required<StoryOptions>;
  #now = Date.UTC(2026, 10, 2, 2);

  constructor(server: FakeServer, { reader = ANN, approval = 'none', callerDials = false }: StoryOptions = {}) {
    this.#server = server;
    this.#options = { reader, approval, callerDials };
    const all = [ANN, BOB];
    server.obeys.set('call.place', ({ to, stream = 'public' }) => {
      const callee = all.find(({ userId }) => userId === to);
      if (callee === undefined) throw new RoomError('not_found', 'There is nobody by that id.');
      return { call: this.shown(this.place(reader, callee, String(stream))) };
    });
    server.obeys.set('call.approve', ({ callId }) => this.#does(callId, 'approve'));
    server.obeys.set('call.cancel', ({ callId }) => this.#does(callId, 'cancel'));
    server.obeys.set('call.list', () => ({
      items: [...this.calls.values()]
        .toReversed()
        .slice(0, PAGE_DEFAULT)
        .map((call) => this.shown(call)),
    }));
  }

  /** Somebody asks for a call. @throws {RoomError} where the rules refuse it */
  place(from: Person, to: Person, stream = 'public'): Call {
    const pair = pairOf(from, to);
    const running = [...this.calls.values()].find((call) => !isOver(call) && pairOf(call.from, call.to) === pair);
    const { approval, callerDials } = this.#options;
    const { userId, name, side, org } = to;
    const party = { userId, name, side, ...(org === undefined ? {} : { org }) };
    const id = `call${this.calls.size + 1}`;
    return this.#take(
      requestCall(
        { id, roomId: ROOM, stream, to: party, bounds: BOUNDS, callerDials },
        {
          now: (this.#now += 1000),
          actor: actorOf(from),
          timeZone: 'Asia/Shanghai',
          rules: { dailyLimit: 1000, quiet: null, approval },
          running,
          askedToday: 0,
        },
      ),
    );
  }

  /** The carrier says what happens. */
  hear(callId: string, ...words: readonly CarrierWord[]): Call {
    for (const word of words) this.happen(callId, { type: 'carrier', word });
    return this.#call(callId);
  }

  /** @throws {RoomError} where the rules refuse it */
  happen(callId: string, event: CallEvent, actor: FlowActor = SYSTEM_ACTOR): Call {
    return this.#take(step(this.#call(callId), event, { now: (this.#now += 1000), actor }));
  }

  /** As the reader is shown it. */
  shown(call: Call): ShownCall {
    const canWrite = this.#server.canWrite?.includes(call.stream) ?? true;
    const dial = this.dial === undefined || call.awaits !== undefined ? {} : { dial: this.dial };
    const shown = callView(call, actorOf(this.#options.reader), { canWrite, ...dial });
    const recording = this.#options.reader.side === 'operator' ? this.recordings.get(call.id) : undefined;
    return recording === undefined ? shown : { ...shown, recording };
  }

  #does(callId: unknown, type: 'approve' | 'cancel'): { call: ShownCall } {
    return { call: this.shown(this.happen(String(callId), { type }, actorOf(this.#options.reader))) };
  }

  #call(callId: string): Call {
    const call = this.calls.get(callId);
    if (call === undefined) throw new RoomError('not_found', 'There is no such call.');
    return call;
  }

  #take(result: { ok: true; call: Call; entries: readonly CallEntry[] } | CallRefusal): Call {
    if (!result.ok) throw new RoomError(result.code, result.message, { details: result.details });
    this.calls.set(result.call.id, result.call);
    for (const { kind, stream, actor, body } of result.entries) {
      const { id: userId, ...person } = actor;
      this.#server.tellFact({ kind, body }, stream, { userId, ...person });
    }
    return result.call;
  }
}

export const RINGING_CALLER: CarrierWord = { type: 'ringing', leg: 'caller' };
export const RINGING_CALLEE: CarrierWord = { type: 'ringing', leg: 'callee' };
export const CONNECTED: CarrierWord = { type: 'connected' };
export const COMPLETED: CarrierWord = { type: 'ended', state: 'completed', durationMs: 42_000 };
export const NOT_ANSWERED: CarrierWord = { type: 'ended', state: 'no_answer', reason: 'callee_no_answer' };
