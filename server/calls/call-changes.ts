import { RoomError } from '../../shared/contract/errors.ts';
import { type CallRefusal, isOver } from '../../shared/model/call/call.ts';
import { type CallEvent, step } from '../../shared/model/call/step.ts';
import type { FlowActor } from '../../shared/model/flow/flow.ts';
import { InTurn } from '../rooms/in-turn.ts';
import { appendItem } from '../rooms/outbox.ts';
import type { Appender } from '../timeline/appender.ts';
import { UnderWay } from '../under-way.ts';
import type { BridgeEvent } from './bridges/call-bridge.ts';
import { Aftermath, type AftermathParts, leftAt } from './aftermath.ts';
import type { CallChange, CallDoc, Changed } from './call-store.ts';

export interface CallChangesParts extends AftermathParts {
  readonly appender: Pick<Appender, 'append'>;
}

/**
 * The one road for every change of a call: its rules decide on the call as it stands, the decision is stored by compare-and-set with the entries that tell it, and
 * those are carried into the timeline. What else it leaves is done behind the answer, and by a sweep where that fails.
 */
export class CallChanges {
  readonly #parts: CallChangesParts;
  readonly #aftermath: Aftermath;
  readonly #carrying = new InTurn();
  readonly #working = new UnderWay();

  constructor(parts: CallChangesParts) {
    this.#parts = parts;
    this.#aftermath = new Aftermath(parts);
  }

  /**
   * Lets something happen to a call, tells it, and does what follows from it.
   * @returns undefined where there is no such call
   * @throws {RoomError} what the rules refuse it with; nothing is changed then
   */
  async happen(
    callId: string,
    event: CallEvent,
    actor: FlowActor,
    cause: string | undefined,
  ): Promise<Changed | undefined> {
    const happened = await this.decide(callId, event, actor, cause);
    if (happened !== undefined) {
      // A phone that rings does not wait for the timeline.
      if (happened.changed) this.follow(happened.doc, cause);
      await this.carry(happened.doc);
    }
    return happened;
  }

  /** Lets something happen to a call, and tells nobody yet. */
  decide(callId: string, event: CallEvent, actor: FlowActor, cause: string | undefined): Promise<Changed | undefined> {
    const { clock, store } = this.#parts;
    const decide = (doc: CallDoc): CallChange | undefined => {
      const { call } = doc;
      const now = clock.now();
      const result = step(call, event, { now, actor });
      if (!result.ok) throw errorOf(result);
      const known = knownBy(event, doc);
      if (result.entries.length === 0) return known === undefined ? undefined : { set: known };
      const after = result.call;
      const begins = call.awaits !== undefined && after.awaits === undefined && !isOver(after);
      const connects = call.connectedAt === undefined && after.connectedAt !== undefined;
      return {
        call: after,
        entries: result.entries,
        set: {
          ...known,
          ...(begins ? { placedAt: new Date(now) } : {}),
          ...(connects || isOver(after) ? { left: leftAt(now) } : {}),
        },
      };
    };
    return store.change(callId, decide, cause);
  }

  /** Keeps what its carrier calls a call, where that was never learnt: one that is over can then be ended there. */
  async learn(event: BridgeEvent, cause: string | undefined): Promise<void> {
    const { callId, carrierId } = event;
    if (carrierId === undefined) return;
    const change = (doc: CallDoc): CallChange | undefined => {
      if (doc.carrierId !== undefined) return undefined;
      const { set, unset } = this.named(doc, carrierId);
      const known = 'word' in event ? knownBy({ type: 'carrier', word: event.word }, doc) : undefined;
      return { set: { ...set, ...known }, unset };
    };
    const learnt = await this.#parts.store.change(callId, change, cause);
    if (learnt?.changed === true) this.follow(learnt.doc, cause);
  }

  /** What changes with the name that its carrier gave a call: it has it, and can be told to end it. */
  named({ call }: CallDoc, carrierId: string): Required<Pick<CallChange, 'set' | 'unset'>> {
    const left = isOver(call) ? { left: leftAt(this.#parts.clock.now()) } : {};
    return { set: { carrierId, ...left }, unset: ['freed'] };
  }

  /** Does what a change has left, behind the answer. */
  follow({ _id, left }: CallDoc, cause: string | undefined): void {
    if (left !== undefined) this.background(_id, () => this.finish(_id, cause));
  }

  /** Does what a call's connection or end has left. What fails is left to be tried again. */
  finish(callId: string, cause: string | undefined): Promise<void> {
    return this.#aftermath.finish(callId, cause);
  }

  /** Carries what was decided of a call as far as that can be done now; the rest is for a sweep. */
  async tell(doc: CallDoc): Promise<void> {
    await this.carry(doc).catch((error: unknown) => this.#parts.onError(error, { call: doc._id }));
  }

  /** Resolves when everything that was decided of a call up to now is in its timeline. */
  carry({ _id, roomId, outbox }: CallDoc): Promise<void> {
    if (outbox.length === 0) return Promise.resolve();
    const { appender, store } = this.#parts;
    return this.#carrying.run(_id, async () => {
      // Asked for in one turn, as one ordered batch: nothing is stored without what was decided before it.
      await Promise.all(outbox.map((item) => appendItem(appender, roomId, item)));
      await store.delivered(_id, outbox);
    });
  }

  /** Works on something that nobody waits for. */
  background(callId: string, work: () => Promise<void>): void {
    this.#working.add(work().catch((error: unknown) => this.#parts.onError(error, { call: callId })));
  }

  /** Resolves when nothing is worked on behind an answer. */
  idle(): Promise<void> {
    return this.#working.idle();
  }
}

/** What an event lets know of a call at its carrier, beside what its machine makes of it. */
function knownBy(event: CallEvent, { told, freed }: CallDoc): CallChange['set'] {
  if (event.type === 'not_placed' && freed !== true) return { freed: true };
  if (event.type === 'carrier' && event.word.type === 'ended' && told !== true) return { told: true };
  return undefined;
}

export const errorOf = ({ code, message, details, retryAfterMs }: CallRefusal): RoomError =>
  new RoomError(code, message, { details, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
