import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import type { Clock } from '../clock.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import type { RoomDoc, RoomModel } from '../rooms/room-store.ts';
import type { Deliveries } from './deliveries.ts';
import type { Dispatcher } from './dispatcher.ts';

/**
 * What becomes due by itself. Each sweep may run at any time, twice, and on several servers at once: what it does is a compare-and-set.
 * `cause` is the correlation id of the run of a job, or of the call, that it belongs to.
 */
export interface Sweeps {
  /** Moves every flow whose clock has something to change by now. @returns how many were changed */
  timeouts(cause?: string): Promise<number>;
  /** Serves everybody who waits for a provider. @returns how many got one */
  providerQueue(cause?: string): Promise<number>;
  /** Serves everybody who waits for staff. @returns how many got somebody */
  staffQueue(cause?: string): Promise<number>;
  /** Computes anew what was due in a year whose calendar was not known. @returns how many were changed */
  provisional(cause?: string): Promise<number>;
  /** The earliest instant at which `timeouts` has something to do, in milliseconds since the epoch. */
  nextDueAt(): Promise<number | null>;
}

/** A project that was seen to, as the log has it. */
export interface Seen {
  room: string;
  /** Of what saw to it. */
  correlationId: string | undefined;
  /** The correlation id of what had left it to be seen to. */
  cause: string | undefined;
  /** How late, in milliseconds, where it was due. */
  lateMs?: number;
}

const PAGE = 200;
const AT_A_TIME = 8;

const DUE = { wakeAt: 1, version: 1, cause: 1 } as const;
type Due = Pick<RoomDoc, '_id' | 'wakeAt' | 'version' | 'cause'>;

export function createSweeps(parts: {
  rooms: RoomModel;
  deliveries: Deliveries;
  dispatcher: Pick<Dispatcher, 'serve'>;
  clock: Clock;
  /** True from when on nothing more is begun: what is left is for others. */
  stopping: () => boolean;
  /** Told of each project that was seen to. */
  onSeen?: ((seen: Seen) => void) | undefined;
  onError: (error: unknown, about: Seen) => void;
}): Sweeps {
  const { rooms, deliveries, dispatcher, clock, stopping, onSeen, onError } = parts;

  async function tick({ _id, version, wakeAt, cause: setBy }: Due, cause: string | undefined): Promise<number> {
    const late = wakeAt === null ? -1 : clock.now() - wakeAt.getTime();
    const seen: Seen = {
      room: _id,
      correlationId: cause,
      cause: setBy,
      ...(late < 0 ? {} : { lateMs: late }),
    };
    try {
      const { room, needs } = await deliveries.apply(_id, { type: 'tick' }, SYSTEM_ACTOR, { cause });
      if (room.version > version) onSeen?.(seen);
      await dispatcher.serve(needs, cause);
      return room.version > version ? 1 : 0;
    } catch (error) {
      // One project must not hold up the others; without a database there is nothing to go on with.
      if (isUnreachable(error)) throw error;
      onError(error, seen);
      return 0;
    }
  }

  async function tickAll(due: readonly Due[], cause: string | undefined): Promise<number> {
    let changed = 0;
    const left = due.values();
    const worker = async (): Promise<void> => {
      for (const room of left) {
        if (stopping()) return;
        const one = await tick(room, cause);
        changed += one;
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    return changed;
  }

  return {
    async timeouts(cause) {
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
            DUE,
          )
          .sort({ wakeAt: 1, _id: 1 })
          .limit(PAGE)
          .lean<Due[]>();
        changed += await tickAll(page, cause);
        behind = page.at(-1);
        if (page.length < PAGE || stopping()) return changed;
      }
    },
    providerQueue: (cause) => dispatcher.serve([{ for: 'all providers' }], cause),
    staffQueue: (cause) => dispatcher.serve([{ for: 'all staff' }], cause),
    async provisional(cause) {
      let changed = 0;
      let behind = '';
      for (;;) {
        const page = await rooms
          .find({ provisional: true, _id: { $gt: behind } }, DUE)
          .sort({ _id: 1 })
          .limit(PAGE)
          .lean<Due[]>();
        changed += await tickAll(page, cause);
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
