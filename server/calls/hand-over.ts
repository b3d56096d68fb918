import type { CallParty, CallReason } from '../../shared/contract/calls.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import { isOver, wakeAt } from '../../shared/model/call/call.ts';
import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import type { Clock } from '../clock.ts';
import { SealBroken } from '../numbers/keyring.ts';
import type { PhoneNumber } from '../numbers/phone-number.ts';
import type { Vault } from '../numbers/vault.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import { type CallBridge, CallFailed, type CallToPlace, type Placed } from './bridges/call-bridge.ts';
import type { CallChanges } from './call-changes.ts';
import { byOfParty, type CallNumbers, type Leg } from './call-numbers.ts';
import type { CallChange, CallDoc, CallStore } from './call-store.ts';

export interface HandOverParts {
  readonly store: CallStore;
  readonly changes: CallChanges;
  readonly numbers: CallNumbers;
  readonly rooms: Pick<RoomStore, 'get'>;
  readonly vault: Vault;
  /** The service's time. */
  readonly clock: Clock;
  /** The real time, which carriers have. */
  readonly wall: Pick<Clock, 'now'>;
  readonly onError: (error: unknown, about: { call: string }) => void;
}

/** Gives calls to a bridge. Both numbers are taken out of the vault for that instant, and held by nobody. */
export class HandOver {
  readonly #parts: HandOverParts;

  constructor(parts: HandOverParts) {
    this.#parts = parts;
  }

  /** Gives a call to a bridge: only whoever has stored its `placedAt` may, and once. @returns the call as it then stands */
  async give(doc: CallDoc, bridge: CallBridge, cause: string): Promise<CallDoc> {
    const { store, onError } = this.#parts;
    const { _id } = doc;
    // Whoever was told of it may have ended it by now: then nobody is rung.
    const now = await store.get(_id);
    if (now === undefined || isOver(now.call)) return this.#notPlaced(now ?? doc, 'number_gone', cause);
    let call: CallToPlace;
    try {
      call = await this.#withNumbers(doc, cause);
    } catch (error) {
      // Nothing was asked of the bridge, so that no phone can ring.
      const ended = await this.#notPlaced(doc, 'number_gone', cause);
      // Of one that was ended meanwhile the number has gone with it.
      if (!isGone(error) || ended.call.reason === 'number_gone') onError(error, { call: _id });
      return ended;
    }
    let placed: Placed;
    try {
      placed = await bridge.place(call);
    } catch (error) {
      if (error instanceof CallFailed && error.certain) return this.#notPlaced(doc, error.reason, cause);
      // A phone may ring all the same: what is heard of it tells, or its bound.
      onError(error, { call: _id });
      return (await store.get(_id)) ?? doc;
    }
    try {
      return await this.#placed(doc, placed, cause);
    } catch (error) {
      onError(error, { call: _id });
      return this.#takeBack(doc, placed, bridge, cause);
    }
  }

  async #withNumbers({ call, fromNumberId }: CallDoc, cause: string): Promise<CallToPlace> {
    const { rooms, numbers, vault } = this.#parts;
    const room = await rooms.get(call.roomId);
    if (room === undefined) throw new Error('a call is placed in a room that is there');
    const numberOf = async (party: CallParty, leg: Leg): Promise<PhoneNumber> => {
      const given = leg === 'caller' ? fromNumberId : undefined;
      const numberId = given ?? (await numbers.of(room, party, leg)) ?? '';
      return vault.use(numberId, { by: byOfParty(call.from), purpose: 'call', roomId: call.roomId, cause });
    };
    return {
      callId: call.id,
      caller: await numberOf(call.from, 'caller'),
      callee: await numberOf(call.to, 'callee'),
      maxSeconds: Math.round(call.bounds.talkMs / 1000),
    };
  }

  /** Keeps what the bridge calls it, and what the caller is to ring. */
  async #placed({ _id, call, fromNumberId }: CallDoc, { carrierId, dial }: Placed, cause: string): Promise<CallDoc> {
    const { store, changes, vault, clock, wall, onError } = this.#parts;
    let kept: CallDoc['dial'];
    if (dial !== undefined) {
      // The number is of no use once the call has not begun in time, which it may have less of than its carrier holds the number.
      const until = Math.min(clock.now() + dial.until - wall.now(), wakeAt(call) ?? Number.POSITIVE_INFINITY);
      const keep = { number: dial.number, owner: { kind: 'call', id: _id }, keepUntil: until } as const;
      kept = { numberId: await vault.keep(keep, byOfParty(call.from)), until: new Date(until) };
    }
    const change = (now: CallDoc): CallChange => {
      // One that was ended while the bridge took it, is left to be ended there.
      const { set, unset } = changes.named(now, carrierId);
      return { set: { ...set, ...(kept === undefined ? {} : { dial: kept }) }, unset: [...unset, 'fromNumberId'] };
    };
    const changed = await store.change(_id, change, cause);
    if (changed === undefined) throw new Error('a call that was placed is not there');
    changes.follow(changed.doc, cause);
    // It is wiped when its time is over, if it is not now.
    await vault.drop(fromNumberId).catch((error: unknown) => onError(error, { call: _id }));
    return changed.doc;
  }

  /** Ends a call that its bridge has not taken. @returns it as it then stands */
  async #notPlaced(doc: CallDoc, reason: CallReason, cause: string): Promise<CallDoc> {
    const ended = await this.#parts.changes.happen(doc._id, { type: 'not_placed', reason }, SYSTEM_ACTOR, cause);
    return ended?.doc ?? doc;
  }

  /** Ends a call that the bridge has taken, and of which what it needs could not be kept: there too. @returns it as it then stands */
  async #takeBack(doc: CallDoc, { carrierId }: Placed, bridge: CallBridge, cause: string): Promise<CallDoc> {
    const { store, changes, onError } = this.#parts;
    const { _id } = doc;
    try {
      const ended = await this.#notPlaced(doc, 'number_gone', cause);
      const named = await store.change(_id, (now) => changes.named(now, carrierId), cause);
      if (named === undefined) return ended;
      changes.follow(named.doc, cause);
      return named.doc;
    } catch (error) {
      // Nothing can be stored: no phone is to go on ringing for that.
      await bridge.cancel(_id, carrierId).catch((fault: unknown) => onError(fault, { call: _id }));
      throw error;
    }
  }
}

/** Says whether a number could not be had. */
export const isGone = (error: unknown): boolean =>
  error instanceof SealBroken || (error instanceof RoomError && error.code === 'not_found');
