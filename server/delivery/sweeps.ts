import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import type { Clock } from '../clock.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import type { RoomDoc, RoomModel } from '../rooms/room-store.ts';
import type { Deliveries } from './deliveries.ts';
import type { Dispatcher } from './dispatcher.ts';

/** What becomes due by itself. Each sweep may run at any time, twice, and on several servers at once: what it does is a compare-and-set. */
export interface Sweeps {
  /** Moves every flow whose clock has something to change by now. @returns how many were changed */
  timeouts(): Promise<number>;
  /** Serves everybody who waits for a provider. @returns how many got one */
  providerQueue(): Promise<number>;
  /** Serves everybody who waits for staff. @returns how many got somebody */
  staffQueue(): Promise<number>;
  /** Computes anew what was due in a year whose calendar was not known. @returns how many were changed */
  provisional(): Promise<number>;
  /** The earliest instant at which `timeouts` has something to do, in milliseconds since the epoch. */
  nextDueAt(): Promise<number | null>;
}

const PAGE = 200;
const AT_A_TIME = 8;

type Due = Pick<RoomDoc, '_id' | 'wakeAt' | 'version'>;

export function createSweeps(parts: {
  rooms: RoomModel;
  deliveries: Deliveries;
  dispatcher: Pick<Dispatcher, 'serve'>;
  clock: Clock;
  /** True from when on nothing more is begun: what is left is for others. */
  stopping: () => boolean;
  /** Told how many milliseconds late each was that is seen to because it is due. */
  onLate?: (ms: number) => void;
  onError: (error: unknown) => void;
}): Sweeps {
  const { rooms, deliveries, dispatcher, clock, stopping, onLate, onError } = parts;

  async function tick({ _id, version, wakeAt }: Due): Promise<number> {
    try {
      const { room, needs } = await deliveries.apply(_id, { type: 'tick' }, SYSTEM_ACTOR);
      const late = wakeAt === null ? -1 : clock.now() - wakeAt.getTime();
      if (room.version > version && late >= 0) onLate?.(late);
      await dispatcher.serve(needs);
      return room.version > version ? 1 : 0;
    } catch (error) {
      // One project must not hold up the others; without a database there is nothing to go on with.
      if (isUnreachable(error)) throw error;
      onError(error);
      return 0;
    }
  }

  async function tickAll(due: readonly Due[]): Promise<number> {
    let changed = 0;
    const left = due.values();
    const worker = async (): Promise<void> => {
      for (const room of left) {
        if (stopping()) return;
        const one = await tick(room);
        changed += one;
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    return changed;
  }

  return {
    async timeouts() {
      let changed = 0;
      let behind: Due | undefined;
      for (;;) {
        const page = await rooms
          .find(
            {
              wakeAt: { $gte: behind?.wakeAt ?? new Date(0), $lte: new Date(clock.now()) },
              ...(behind === undefined
                ? {}
                : { $or: [{ wakeAt: { $gt: behind.wakeAt } }, { _id: { $gt: behind._id } }] }),
            },
            { wakeAt: 1, version: 1 },
          )
          .sort({ wakeAt: 1, _id: 1 })
          .limit(PAGE)
          .lean<Due[]>();
        changed += await tickAll(page);
        behind = page.at(-1);
        if (page.length < PAGE || stopping()) return changed;
      }
    },
    providerQueue: () => dispatcher.serve([{ for: 'all providers' }]),
    staffQueue: () => dispatcher.serve([{ for: 'all staff' }]),
    async provisional() {
      let changed = 0;
      let behind = '';
      for (;;) {
        const page = await rooms
          .find({ provisional: true, _id: { $gt: behind } }, { wakeAt: 1, version: 1 })
          .sort({ _id: 1 })
          .limit(PAGE)
          .lean<Due[]>();
        changed += await tickAll(page);
        behind = page.at(-1)?._id ?? '';
        if (page.length < PAGE || stopping()) return changed;
      }
    },
    async nextDueAt() {
      const next = await rooms
        .findOne({ wakeAt: { $gte: new Date(0) } }, { wakeAt: 1 })
        .sort({ wakeAt: 1, _id: 1 })
        .lean<Due>();
      return next?.wakeAt?.getTime() ?? null;
    },
  };
}
