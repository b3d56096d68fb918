import type { Call as ShownCall } from '../../shared/contract/calls.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Call } from '../../shared/model/call/call.ts';
import { callView } from '../../shared/model/call/call-view.ts';
import { legOf } from '../../shared/model/call/permissions.ts';
import { quietRefusal, timeToBegin } from '../../shared/model/call/request.ts';
import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import { iso } from '../clock.ts';
import { SealBroken } from '../numbers/keyring.ts';
import type { Caller } from '../registry/call.ts';
import { flowActorOf } from '../rooms/access.ts';
import { InTurn } from '../rooms/in-turn.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import type { BridgeEvent, CallBridge } from './bridges/call-bridge.ts';
import { CallChanges, type CallChangesParts, errorOf } from './call-changes.ts';
import { byOfParty } from './call-numbers.ts';
import { type Asked, CallRequests, type CallRequestsParts } from './call-requests.ts';
import type { CallDoc, CallStore, Due } from './call-store.ts';
import { HandOver, type HandOverParts, isGone } from './hand-over.ts';

export interface CallsParts
  extends CallChangesParts,
    Omit<CallRequestsParts, 'changes'>,
    Omit<HandOverParts, 'changes'> {
  /** Told where the recording of a call can be fetched; resolves when it is stored. */
  readonly onRecording: (call: Call, reference: string, cause: string | undefined) => Promise<void>;
  /** True from when on nothing more is begun: what is left is for others. */
  readonly stopping: () => boolean;
}

const AT_A_TIME = 8;
const NO_BRIDGE = 'This deployment joins no phones: its operator must set CALL_BRIDGE.';

/** Masked calls: asked for, agreed to, handed to what joins phones, heard of, and settled where nothing is heard. */
export class Calls {
  readonly store: CallStore;
  readonly bridge: CallBridge | undefined;
  readonly #parts: CallsParts;
  readonly #changes: CallChanges;
  readonly #requests: CallRequests;
  readonly #handOver: HandOver;
  readonly #hearing = new InTurn();

  constructor(parts: CallsParts) {
    const changes = new CallChanges(parts);
    this.store = parts.store;
    this.bridge = parts.bridge;
    this.#parts = parts;
    this.#changes = changes;
    this.#requests = new CallRequests({ ...parts, changes });
    this.#handOver = new HandOver({ ...parts, changes });
  }

  /**
   * Stores a call and has it placed, unless somebody has to agree first. Who may call whom was decided before.
   * @returns the call as it then stands
   * @throws {RoomError} `unavailable` where nothing joins phones; `conflict` and `rate_limited` as the rules have it, and `conflict` where a number is missing
   */
  async place(asked: Asked, cause: string): Promise<CallDoc> {
    const bridge = this.#requireBridge();
    const doc = await this.#requests.begin(asked, bridge, cause);
    // Whether it can be told yet or not: nobody else ever hands it over.
    await this.#changes.tell(doc);
    return doc.placedAt === undefined ? doc : this.#handOver.give(doc, bridge, cause);
  }

  /**
   * Agrees to a call, and has it placed. Once more changes nothing. Whether the two may be joined still was decided before.
   * @throws {RoomError} what the rules refuse it with, `unavailable` where nothing joins phones
   */
  async approve(callId: string, caller: Caller, cause: string): Promise<CallDoc> {
    const { settings, clock, timeZone } = this.#parts;
    const bridge = this.#requireBridge();
    const asked = (await this.store.get(callId))?.call;
    if (asked === undefined) throw unknownCall();
    const context = { now: clock.now(), rules: settings.rules, timeZone };
    const quiet = asked.awaits === undefined ? undefined : quietRefusal(context.now, context.rules, timeZone);
    if (quiet !== undefined) throw errorOf(quiet);
    const event = { type: 'approve', beginMs: timeToBegin(asked, context) } as const;
    const agreed = await this.#changes.decide(callId, event, flowActorOf(caller), cause);
    if (agreed === undefined) throw unknownCall();
    const { doc, changed } = agreed;
    // Who hears that it is agreed to, finds the number that they are to ring.
    if (!changed || !doc.call.callerDials) await this.#changes.tell(doc);
    if (!changed) return doc;
    const placed = await this.#handOver.give(doc, bridge, cause);
    await this.#changes.tell(placed);
    return placed;
  }

  /** Ends a call before the two talk. @throws {RoomError} what the rules refuse it with */
  async cancel(callId: string, caller: Caller, cause: string): Promise<CallDoc> {
    const ended = await this.#changes.happen(callId, { type: 'cancel' }, flowActorOf(caller), cause);
    if (ended === undefined) throw unknownCall();
    return ended.doc;
  }

  /**
   * Takes over what is heard of a call. Resolves when it is stored; told twice, late or in another order, and of a call that is not known, nothing changes.
   * @param cause the correlation id of what brought it
   */
  hear(event: BridgeEvent, cause?: string): Promise<void> {
    // In the order in which it was told, as far as one server was told it.
    return this.#hearing.run(event.callId, async () => {
      const { callId } = event;
      await this.#changes.learn(event, cause);
      if ('word' in event)
        await this.#changes.happen(callId, { type: 'carrier', word: event.word }, SYSTEM_ACTOR, cause);
      else if ('recording' in event) {
        const doc = await this.store.get(callId);
        if (doc !== undefined) await this.#parts.onRecording(doc.call, event.recording, cause);
      }
    });
  }

  /** Hears what a bridge in this process tells without a callback. */
  readonly told = (event: BridgeEvent): void => {
    this.#changes.background(event.callId, () => this.hear(event));
  };

  /** Ends calls of which nothing more is heard, and tells what servers that died have not told. Waits for no carrier. @returns how many were ended */
  async settle(cause?: string): Promise<number> {
    const now = this.#parts.clock.now();
    let ended = 0;
    await this.#each('wakeAt', now, async ({ _id }) => {
      const happened = await this.#changes.happen(_id, { type: 'tick' }, SYSTEM_ACTOR, cause);
      if (happened?.changed === true) ended += 1;
    });
    await this.sweep();
    return ended;
  }

  /** Does what calls have left, where whoever left it has not done it. @returns how many were looked at */
  async finish(cause?: string): Promise<number> {
    let finished = 0;
    await this.#each('left.at', this.#parts.clock.now(), async ({ _id }) => {
      await this.#changes.finish(_id, cause);
      finished += 1;
    });
    return finished;
  }

  /** Tells what servers that died have not told. No carrier is asked for anything. */
  async sweep(): Promise<void> {
    const { store, stopping, onError } = this.#parts;
    for await (const page of store.untold())
      for (const doc of page) {
        if (stopping()) return;
        await this.#changes.carry(doc).catch((error: unknown) => {
          // One that cannot be told keeps no other from being told.
          if (isUnreachable(error)) throw error;
          onError(error, { call: doc._id });
        });
      }
  }

  /** The earliest instant at which `settle` ends a call, in milliseconds since the epoch. */
  nextDueAt(): Promise<number | null> {
    return this.store.nextDueAt();
  }

  /** A call as somebody who reads its stream is shown it. @param canWrite whether they may write into it */
  async shown({ call, dial, _id }: CallDoc, caller: Caller, canWrite: boolean, cause: string): Promise<ShownCall> {
    const { vault, clock } = this.#parts;
    const viewer = flowActorOf(caller);
    const rings = dial !== undefined && call.state === 'requested' && dial.until.getTime() > clock.now();
    if (!rings || legOf(call, viewer) !== 'caller') return callView(call, viewer, { canWrite });
    try {
      const use = { by: byOfParty(call.from), purpose: 'dial', roomId: call.roomId, cause } as const;
      const number = await vault.use(dial.numberId, use);
      const shown = { number: number.reveal(), until: iso(dial.until.getTime()) };
      return callView(call, viewer, { canWrite, dial: shown });
    } catch (error) {
      if (!isGone(error)) throw error;
      // It goes with the end of the call, which may have come meanwhile.
      if (error instanceof SealBroken) this.#parts.onError(error, { call: _id });
      return callView(call, viewer, { canWrite });
    }
  }

  /** Resolves when nothing is worked on behind an answer. */
  idle(): Promise<void> {
    return this.#changes.idle();
  }

  /** Lets go of the bridge, and resolves when nothing is worked on any more. Calls go on at their carrier. */
  async close(): Promise<void> {
    this.bridge?.stop();
    await this.idle();
  }

  /** @throws {RoomError} `unavailable` where nothing joins phones, or no numbers are kept */
  #requireBridge(): CallBridge {
    if (this.bridge === undefined) throw new RoomError('unavailable', NO_BRIDGE);
    this.#parts.vault.requireKeys();
    return this.bridge;
  }

  async #each(field: 'wakeAt' | 'left.at', now: number, work: (due: Due) => Promise<unknown>): Promise<void> {
    const { stopping, onError } = this.#parts;
    for await (const page of this.store.dueBy(field, now)) {
      const left = page.values();
      const worker = async (): Promise<void> => {
        for (const due of left) {
          if (stopping()) return;
          try {
            await work(due);
          } catch (error) {
            // One call must not hold up the others; without a database there is nothing to go on with.
            if (isUnreachable(error)) throw error;
            onError(error, { call: due._id });
          }
        }
      };
      await Promise.all(Array.from({ length: AT_A_TIME }, worker));
      if (stopping()) return;
    }
  }
}

/** What everybody is told who may not know whether a call exists. */
export const unknownCall = (): RoomError => new RoomError('not_found', 'There is no such call in this room.');
