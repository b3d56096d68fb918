import { type Call, carriedMs, isOver } from '../../shared/model/call/call.ts';
import type { Clock } from '../clock.ts';
import type { Vault } from '../numbers/vault.ts';
import { InTurn } from '../rooms/in-turn.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import type { CallBridge } from './bridges/call-bridge.ts';
import type { CallChange, CallDoc, CallStore } from './call-store.ts';

export interface AftermathParts {
  readonly store: CallStore;
  /** What joins phones; undefined where nothing does. */
  readonly bridge: CallBridge | undefined;
  readonly vault: Vault;
  /** The service's time. */
  readonly clock: Clock;
  /** Keeps of a call that connected what its room keeps of such; the second time changes nothing. */
  readonly keepRecord: (call: Call, cause: string | undefined) => Promise<void>;
  readonly onError: (error: unknown, about: { call: string }) => void;
  /** Told why something that a call has left is tried no more. */
  readonly onGivenUp: (error: unknown, about: { call: string }) => void;
}

/** What is left is tried again after so long, longer each time, and what has no bound of its own is given up after so many tries. In milliseconds. */
const AGAIN_MS = 10_000;
const AGAIN_MAX_MS = 3_600_000;
const TRIES_MAX = 30;

/** Something is left from an instant on. Whoever leaves it does it at once: it is due when they have had the time to. */
export const leftAt = (now: number): NonNullable<CallDoc['left']> => ({ at: new Date(now + AGAIN_MS), tries: 0 });

/** One thing that a call leaves. */
interface Part {
  /** May be done twice. */
  work(): Promise<void>;
  /** What is stored once it is done. */
  readonly done: CallChange;
  /** Until when it is of use, in milliseconds since the epoch, where that is known. */
  readonly until?: number;
}

/** Its carrier has a call, or may have it, under a name that nobody has learnt. */
class Nameless extends Error {
  override readonly name = 'Nameless';

  constructor() {
    super('a call may be at its carrier, which has not told what it calls it');
  }
}

/** Does what a call's connection and its end leave to be done beside the timeline. */
export class Aftermath {
  readonly #parts: AftermathParts;
  readonly #turns = new InTurn();

  constructor(parts: AftermathParts) {
    this.#parts = parts;
  }

  /** Does what a call has left: each part for itself, so that none waits for one that fails. What fails is left to be tried again. */
  finish(callId: string, cause: string | undefined): Promise<void> {
    return this.#turns.run(callId, () => this.#finish(callId, cause));
  }

  async #finish(callId: string, cause: string | undefined): Promise<void> {
    const { store, onError, onGivenUp } = this.#parts;
    const doc = await store.get(callId);
    if (doc?.left === undefined) return;
    const tries = doc.left.tries + 1;
    const parts = this.#partsOf(doc, cause);
    const results = await Promise.allSettled(parts.map((part) => part.work()));
    const faults = results.map((result): unknown => (result.status === 'rejected' ? result.reason : undefined));
    const unreachable = faults.find(isUnreachable);
    // Without a database nothing can be told of it, and all of it is left as it is.
    if (unreachable !== undefined) throw unreachable;
    let set: CallChange['set'] = {};
    const unset: NonNullable<CallChange['unset']>[number][] = [];
    const again: number[] = [];
    const tell: (() => void)[] = [];
    for (const [index, part] of parts.entries()) {
      const error = faults[index];
      const isDone = results[index]?.status === 'fulfilled';
      const next = isDone ? undefined : this.#nextTry(part, tries, error);
      if (next !== undefined) {
        again.push(next);
        // That a name is waited for is no fault.
        if (!(error instanceof Nameless)) tell.push(() => onError(error, { call: callId }));
        continue;
      }
      if (!isDone) tell.push(() => onGivenUp(error, { call: callId }));
      // What is of no use any more is as good as done.
      if (!isDone && part.until === undefined) continue;
      set = { ...set, ...part.done.set };
      unset.push(...(part.done.unset ?? []));
    }
    if (again.length === 0) unset.push('left');
    else set = { ...set, left: { at: new Date(Math.min(...again)), tries } };
    const { freed } = set;
    const stored = await store.change(callId, (now) => {
      if (now.version === doc.version) return { set, unset };
      // Whatever has changed meanwhile has left something itself; but what was ended at the carrier under this name is so.
      return freed === true && now.carrierId === doc.carrierId ? { set: { freed } } : undefined;
    });
    // What has failed because another one was faster, is no fault.
    if (stored?.changed === true && stored.doc.version === doc.version + 1) for (const one of tell) one();
  }

  #partsOf(doc: CallDoc, cause: string | undefined): Part[] {
    const { bridge, vault, keepRecord } = this.#parts;
    const { call, placedAt, freed, fromNumberId, dial, recorded } = doc;
    const parts: Part[] = [];
    if (isOver(call)) {
      // Before all others: somebody's phone may ring.
      if (bridge !== undefined && placedAt !== undefined && freed !== true)
        parts.push({
          work: () => free(bridge, doc),
          done: { set: { freed: true } },
          until: placedAt.getTime() + carriedMs(call.bounds),
        });
      parts.push({
        work: () => vault.drop(fromNumberId, dial?.numberId),
        done: { unset: ['fromNumberId', 'dial'] },
      });
    }
    if (call.connectedAt !== undefined && recorded !== true)
      parts.push({ work: () => keepRecord(call, cause), done: { set: { recorded: true } } });
    return parts;
  }

  /** When a part that has failed is tried again; undefined where it is given up. */
  #nextTry({ until = Number.POSITIVE_INFINITY }: Part, tries: number, error: unknown): number | undefined {
    const now = this.#parts.clock.now();
    if (now >= until || (until === Number.POSITIVE_INFINITY && tries > TRIES_MAX)) return undefined;
    // Whoever hears the name leaves it to be done at once.
    if (error instanceof Nameless) return until;
    return Math.min(until, now + Math.min(AGAIN_MAX_MS, AGAIN_MS * 2 ** (tries - 1)));
  }
}

/** Ends a call at its carrier. @throws {Nameless} where that cannot be told which one */
async function free(bridge: CallBridge, { _id, carrierId, told }: CallDoc): Promise<void> {
  if (carrierId === undefined && bridge.endsByName) throw new Nameless();
  await bridge.cancel(_id, carrierId, told);
}
