import type { CallFromNumber, CallParty } from '../../shared/contract/calls.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import { CALL_APPROVAL_MS, CALL_BEGIN_MS, CALL_DIAL_MS, CALL_RING_MS } from '../../shared/contract/limits.ts';
import type { Call, CallBounds, CallStepped } from '../../shared/model/call/call.ts';
import { type CallRequest, type CallRules, pairOf, requestCall } from '../../shared/model/call/request.ts';
import { type FlowActor, SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import type { Clock } from '../clock.ts';
import type { PhoneNumber, ReadNumber } from '../numbers/phone-number.ts';
import type { Vault } from '../numbers/vault.ts';
import type { Caller } from '../registry/call.ts';
import { flowActorOf } from '../rooms/access.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import type { CallBridge } from './bridges/call-bridge.ts';
import { type CallChanges, errorOf } from './call-changes.ts';
import type { CallDays } from './call-days.ts';
import { newCallId } from './call-id.ts';
import { byOfParty, type CallNumbers } from './call-numbers.ts';
import type { CallDoc, CallStore } from './call-store.ts';

/** What a deployment decides about calls. */
export interface CallsSettings {
  readonly rules: CallRules;
  /** For so long two people talk at most. */
  readonly maxMinutes: number;
  /** On which phones callers are rung. */
  readonly fromNumber: CallFromNumber;
}

export interface CallRequestsParts {
  readonly store: CallStore;
  readonly changes: CallChanges;
  readonly days: CallDays;
  readonly numbers: CallNumbers;
  readonly settings: CallsSettings;
  readonly vault: Vault;
  readonly readNumber: ReadNumber;
  /** The service's time. */
  readonly clock: Clock;
  /** The office's. */
  readonly timeZone: string;
}

/** Somebody has asked for a call in a room that they may write in. */
export interface Asked {
  readonly room: RoomDoc;
  readonly stream: string;
  readonly caller: Caller;
  readonly to: CallParty;
  /** Where the caller is rung this time, as they typed it. */
  readonly fromNumber?: string | undefined;
}

/** Begins calls: decided by their rules, counted, and stored with the number that came along. */
export class CallRequests {
  readonly #parts: CallRequestsParts;

  constructor(parts: CallRequestsParts) {
    this.#parts = parts;
  }

  /**
   * Stores a call that somebody asks for; where nobody has to agree to it, whoever has asked is to hand it over.
   * @throws {RoomError} `conflict` and `rate_limited` as the rules have it, `conflict` where a number is missing, and `invalid` for one that must not be given;
   * nothing is stored or counted then
   */
  async begin({ room, stream, caller, to, fromNumber }: Asked, bridge: CallBridge, cause: string): Promise<CallDoc> {
    const given = this.#given(fromNumber);
    const request: CallRequest = {
      id: newCallId(),
      roomId: room._id,
      stream,
      to,
      bounds: this.#bounds(bridge),
      callerDials: bridge.callerDials,
    };
    const actor = flowActorOf(caller);
    // What is refused whatever is counted, and what no number is known for, costs none of the day's calls.
    const { call } = await this.#foresee(request, actor);
    await this.#requireNumbers(room, call, given);
    return this.#counted(request, actor, () =>
      given === undefined
        ? this.#store(request, actor, cause)
        : this.#keeping(call, given, (fromNumberId) => this.#store(request, actor, cause, fromNumberId)),
    );
  }

  #given(fromNumber: string | undefined): PhoneNumber | undefined {
    const { settings, readNumber } = this.#parts;
    if (fromNumber === undefined) return undefined;
    if (settings.fromNumber === 'any') return readNumber(fromNumber, 'fromNumber');
    const reason = 'must be left out: callers are rung at kept numbers only';
    throw new RoomError('invalid', `fromNumber: ${reason}`, { details: [{ path: 'fromNumber', reason }] });
  }

  #bounds({ callerDials }: CallBridge): CallBounds {
    return {
      approvalMs: CALL_APPROVAL_MS,
      beginMs: callerDials ? CALL_DIAL_MS : CALL_BEGIN_MS,
      ringMs: CALL_RING_MS,
      talkMs: this.#parts.settings.maxMinutes * 60_000,
    };
  }

  /**
   * What the rules make of a request now.
   * @param counted how many of the day's calls are this one
   * @throws {RoomError} what they refuse it with
   */
  async #foresee(request: CallRequest, actor: FlowActor, counted = 0): Promise<CallStepped> {
    const { clock, timeZone, settings, days, store, changes } = this.#parts;
    const pair = pairOf({ userId: actor.id, side: actor.side }, request.to);
    let running = await store.running(pair);
    // A due instant holds whether a sweep has come by already or not.
    if (running?.wakeAt !== undefined && running.wakeAt.getTime() <= clock.now()) {
      await changes.happen(running._id, { type: 'tick' }, SYSTEM_ACTOR, undefined);
      running = await store.running(pair);
    }
    const askedToday = (await days.asked(actor)) - counted;
    const context = { now: clock.now(), actor, timeZone, rules: settings.rules, running: running?.call, askedToday };
    const result = requestCall(request, context);
    if (!result.ok) throw errorOf(result);
    return result;
  }

  async #requireNumbers(room: RoomDoc, { from, to }: Call, given: PhoneNumber | undefined): Promise<void> {
    const { numbers, settings } = this.#parts;
    if ((await numbers.of(room, to, 'callee')) === undefined)
      throw new RoomError('conflict', 'No number is known at which this person could be called.', {
        details: { missing: 'to' },
      });
    if (given !== undefined || (await numbers.of(room, from, 'caller')) !== undefined) return;
    if (settings.fromNumber === 'any')
      throw new RoomError('conflict', 'No number of yours is known: say with fromNumber where you are to be rung.', {
        details: { missing: 'from' },
      });
    throw new RoomError('conflict', 'No number of yours is kept, and callers are rung at kept numbers only.', {
      details: { missing: 'from', fromNumber: settings.fromNumber },
    });
  }

  /** Counts a call while `store` stores it. */
  async #counted(request: CallRequest, actor: FlowActor, store: () => Promise<CallDoc>): Promise<CallDoc> {
    const giveBack = await this.#parts.days.claim(actor);
    if (giveBack === undefined) {
      await this.#foresee(request, actor);
      throw new RoomError('unavailable', 'Too many calls at once: try again.', { retryAfterMs: 500 });
    }
    try {
      return await store();
    } catch (error) {
      // Only what is known to be refused is given back: of anything else the answer may have been lost.
      if (error instanceof RoomError && error.code !== 'unavailable') await giveBack();
      throw error;
    }
  }

  /** Keeps the number that came with a request until the call is handed over. */
  #keeping(
    { id, bounds, awaits, from }: Call,
    number: PhoneNumber,
    store: (numberId: string) => Promise<CallDoc>,
  ): Promise<CallDoc> {
    const { vault, clock } = this.#parts;
    const keepUntil = clock.now() + bounds.beginMs + (awaits === undefined ? 0 : bounds.approvalMs);
    return vault.keepFor({ number, owner: { kind: 'call', id }, keepUntil }, byOfParty(from), store);
  }

  async #store(request: CallRequest, actor: FlowActor, cause: string, fromNumberId?: string): Promise<CallDoc> {
    const { store, clock } = this.#parts;
    for (;;) {
      const { call, entries } = await this.#foresee(request, actor, 1);
      const set = {
        ...(fromNumberId === undefined ? {} : { fromNumberId }),
        ...(call.awaits === undefined ? { placedAt: new Date(clock.now()) } : { askedAs: actor.roles }),
      };
      try {
        return await store.create(call, entries, { set, cause });
      } catch (error) {
        // Another call between the two was faster: it is told of, unless it is over by now.
        if (!isDuplicateKey(error)) throw error;
      }
    }
  }
}
