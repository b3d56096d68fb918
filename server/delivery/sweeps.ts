import { type RoomKind, roomKind } from '../../shared/contract/rooms.ts';
import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import type { Clock } from '../clock.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import type { OpportunityRoom, RoomDoc } from '../rooms/room-doc.ts';
import type { RoomModel } from '../rooms/room-model.ts';
import type { Deliveries } from './deliveries.ts';
import type { Dispatcher } from './dispatcher.ts';

/**
 * What becomes due by itself. Each sweep may run at any time, twice, and on several servers at once: what it does is a compare-and-set.
 * `cause` is the correlation id of the run of a job, or of the call, that it belongs to.
 */
export interface Sweeps {
  /** Moves every room whose clock has something to change by now. @returns how many were changed */
  timeouts(cause?: string): Promise<number>;
  /** Serves everybody who waits for a provider. @returns how many got one */
  providerQueue(cause?: string): Promise<number>;
  /** Serves everybody who waits for staff. @returns how many got somebody */
  staffQueue(cause?: string): Promise<number>;
  /** Computes anew what was due in a year whose calendar was not known. @returns how many were changed */
  provisional(cause?: string): Promise<number>;
  /** Wipes numbers that are needed no more, and puts what is kept under the vault's present key. @returns how many were wiped or moved */
  numbers(cause?: string): Promise<number>;
  /** Ends calls of which nothing more is heard. @returns how many were ended */
  calls(cause?: string): Promise<number>;
  /** Does what calls have left: at their carrier, in the vault and in their rooms. @returns how many were looked at */
  callEnds(cause?: string): Promise<number>;
  /** The earliest instant at which `calls` has one to end, in milliseconds since the epoch. */
  nextCallAt(): Promise<number | null>;
  /** Shows in the plaza what waits for its hour. @returns how many were changed */
  plaza(cause?: string): Promise<number>;
  /** Copies recordings of calls that are due, and removes those that were kept for long enough. @returns how many were copied */
  recordings(cause?: string): Promise<number>;
  /** The earliest instant at which `timeouts` has something to do, in milliseconds since the epoch. */
  nextDueAt(): Promise<number | null>;
}

/** A room that was seen to, as the log has it. */
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

const DUE = { kind: 1, wakeAt: 1, version: 1, cause: 1 } as const;
type Due = Pick<RoomDoc, '_id' | 'kind' | 'wakeAt' | 'version' | 'cause'>;

/** Lets happen what is due in a room by now. @returns the room as it then stands */
export type Tick = (roomId: string, cause: string | undefined) => Promise<Pick<RoomDoc, 'version'>>;

/** What is due in a delivery project, and the dispatch that follows from it. */
export function projectTick(deliveries: Deliveries, dispatcher: Pick<Dispatcher, 'serve'>): Tick {
  return async (roomId, cause) => {
    const { room, needs } = await deliveries.apply(roomId, { type: 'tick' }, SYSTEM_ACTOR, { cause });
    await dispatcher.serve(needs, cause);
    return room;
  };
}

export function createSweeps(parts: {
  rooms: RoomModel;
  /** Rooms of a kind that is not named here are left alone. */
  ticks: Readonly<Partial<Record<RoomKind, Tick>>>;
  dispatcher: Pick<Dispatcher, 'serve'>;
  clock: Clock;
  /** True from when on nothing more is begun: what is left is for others. */
  stopping: () => boolean;
  /** Told of each room that was seen to. */
  onSeen?: ((seen: Seen) => void) | undefined;
  onError: (error: unknown, about: Seen) => void;
}): Omit<Sweeps, 'numbers' | 'calls' | 'callEnds' | 'nextCallAt' | 'recordings'> {
  const { rooms, ticks, dispatcher, clock, stopping, onSeen, onError } = parts;
  const ofKind = { kind: { $in: roomKind.options.filter((kind) => ticks[kind] !== undefined) } };

  async function tick({ _id, kind, version, wakeAt, cause: setBy }: Due, cause: string | undefined): Promise<number> {
    const late = wakeAt === null ? -1 : clock.now() - wakeAt.getTime();
    const seen: Seen = {
      room: _id,
      correlationId: cause,
      cause: setBy,
      ...(late < 0 ? {} : { lateMs: late }),
    };
    try {
      const room = await ticks[kind]?.(_id, cause);
      if (room === undefined || room.version <= version) return 0;
      onSeen?.(seen);
      return 1;
    } catch (error) {
      // One room must not hold up the others; without a database there is nothing to go on with.
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
              ...ofKind,
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
    async plaza(cause) {
      let changed = 0;
      let behind: (Due & Pick<OpportunityRoom, 'plaza'>) | undefined;
      for (;;) {
        const page = await rooms
          .find(
            {
              'plaza.dueAt': { $gte: behind?.plaza?.dueAt ?? new Date(0), $lte: new Date(clock.now()) },
              ...(behind === undefined
                ? {}
                : { $or: [{ 'plaza.dueAt': { $gt: behind.plaza?.dueAt } }, { _id: { $gt: behind._id } }] }),
            },
            { ...DUE, plaza: 1 },
          )
          .sort({ 'plaza.dueAt': 1, _id: 1 })
          .limit(PAGE)
          .lean<(Due & Pick<OpportunityRoom, 'plaza'>)[]>();
        changed += await tickAll(page, cause);
        behind = page.at(-1);
        if (page.length < PAGE || stopping()) return changed;
      }
    },
    async nextDueAt() {
      const next = await rooms
        .findOne({ ...ofKind, wakeAt: { $gte: new Date(0) } }, { wakeAt: 1 })
        .sort({ wakeAt: 1, _id: 1 })
        .lean<Due>();
      return next?.wakeAt?.getTime() ?? null;
    },
  };
}
