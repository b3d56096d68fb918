import type { Call } from '../../shared/contract/calls.ts';
import type { Entry } from '../../shared/contract/entries.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { CallFact } from '../../shared/model/call/call-fact.ts';
import { backoffMs } from '../core/backoff.ts';
import type { LiveCalls, NewCall } from '../core/call-api.ts';
import { asRoomError } from '../core/failure.ts';
import { callFactOf, isAsLate, reachedBy } from '../core/room-calls.ts';
import type { Session } from './session.ts';
import type { Timers } from './timers.ts';

/** What is needed of the room in which people call each other. */
export interface Switchboard {
  isOpen(): boolean;
  calls(): readonly Call[];
  /** Says whether the caller of one of these is to ring the carrier themselves. */
  callerDials(callId: string): boolean;
  /** How a call stands, as a command answered. */
  came(call: Call): void;
}

/** Refusals that mean that a call does not stand as the caller saw it. */
const STALE: readonly string[] = ['conflict', 'forbidden', 'read_only', 'not_found'];
/** What is looked up and not there yet is looked up again after this long and more, so many times. */
const LOOK_AGAIN_MS = 1_000;
const LOOKS_MAX = 8;

/**
 * Commands on a room's calls. They go out at once or not at all: whoever asks for a call is at the phone now. What the room's entries do not tell, because
 * they are not held or because it is for the caller alone, is looked up.
 */
export class CallActs implements LiveCalls {
  readonly #roomId: string;
  readonly #session: Session;
  readonly #timers: Timers;
  readonly #random: () => number;
  readonly #room: Switchboard;
  #looks = 0;
  #looking = false;
  #lookWanted = false;

  constructor(roomId: string, session: Session, timers: Timers, random: () => number, room: Switchboard) {
    this.#roomId = roomId;
    this.#session = session;
    this.#timers = timers;
    this.#random = random;
    this.#room = room;
  }

  place(call: NewCall): Promise<Call> {
    return this.#do(() => this.#session.request('call.place', { ...call, roomId: this.#roomId }));
  }

  approve(callId: string): Promise<Call> {
    return this.#do(() => this.#session.request('call.approve', { roomId: this.#roomId, callId }));
  }

  cancel(callId: string): Promise<Call> {
    return this.#do(() => this.#session.request('call.cancel', { roomId: this.#roomId, callId }));
  }

  async callBack(callId: string, { fromNumber }: Pick<NewCall, 'fromNumber'> = {}): Promise<Call> {
    const call = this.#room.calls().find(({ id }) => id === callId);
    const me = this.#session.me;
    const others = [call?.from, call?.to].filter((one) => one?.userId !== me?.userId || one?.side !== me?.side);
    const [other] = others;
    if (call === undefined || other === undefined || others.length !== 1)
      throw new RoomError('not_found', 'The room shows no such call of yours');
    return this.place({
      to: other.userId,
      stream: call.stream,
      ...(fromNumber === undefined ? {} : { fromNumber }),
    });
  }

  /** The room was joined. @param whole what is held of its streams begins where they do; else it may lack all that a call has told */
  joined(whole: boolean): void {
    if (!whole || this.#lookWanted || this.#lacksDial) this.#want();
  }

  /** Entries came that may tell of calls. */
  heard(entries: readonly Entry[]): void {
    const facts = entries.map(callFactOf).filter((fact) => fact !== undefined);
    if (facts.length === 0) return;
    const shown = new Map(this.#room.calls().map((call) => [call.id, call]));
    const isBehind = facts.some((fact) => isUntold(fact, shown.get(fact.callId)));
    if (isBehind || this.#lacksDial) this.#want();
  }

  /** True while the caller is to ring the carrier and was not told where. */
  get #lacksDial(): boolean {
    const me = this.#session.me;
    return this.#room
      .calls()
      .some(
        ({ id, state, awaits, dial, from }) =>
          state === 'requested' &&
          awaits === undefined &&
          dial === undefined &&
          from.userId === me?.userId &&
          from.side === me.side &&
          this.#room.callerDials(id),
      );
  }

  async #do(send: () => Promise<{ call: Call }>): Promise<Call> {
    if (!this.#session.online) throw new RoomError('unavailable', 'There is no connection; nothing was done');
    try {
      const { call } = await send();
      this.#room.came(call);
      return call;
    } catch (fault) {
      const error = asRoomError(fault, 'internal');
      if (STALE.includes(error.code)) await this.#look();
      else if (error.retryable && error.code !== 'rate_limited') this.#want();
      throw error;
    }
  }

  #want(): void {
    this.#lookWanted = true;
    this.#looks = 0;
    this.#timers.cancel(TIMER);
    void this.#lookUp();
  }

  async #lookUp(): Promise<void> {
    if (this.#looking || !this.#session.online || !this.#room.isOpen()) return;
    this.#looking = true;
    this.#lookWanted = false;
    const done = await this.#look();
    this.#looking = false;
    this.#lookWanted ||= !done || this.#lacksDial;
    if (!this.#lookWanted || !this.#session.online || !this.#room.isOpen() || ++this.#looks === LOOKS_MAX) return;
    const wait = LOOK_AGAIN_MS + backoffMs(this.#looks, this.#random());
    this.#timers.set(TIMER, wait, () => void this.#lookUp());
  }

  /** Asks how the newest calls stand; answers false where that may be told later. */
  async #look(): Promise<boolean> {
    try {
      const { items } = await this.#session.request('call.list', { roomId: this.#roomId });
      for (const call of items) this.#room.came(call);
      return true;
    } catch (fault) {
      return !asRoomError(fault, 'internal').retryable;
    }
  }
}

const TIMER = 'calls';

/** True for what a fact tells of a call whose request is not held, unless it was looked up already. */
const isUntold = (fact: CallFact, shown: Call | undefined): boolean =>
  shown === undefined || !isAsLate(shown, reachedBy(fact));
