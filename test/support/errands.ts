import { setTimeout as pause } from 'node:timers/promises';
import type { Connection, mongo } from 'mongoose';
import type { Clock } from '../../server/clock.ts';
import type { Sweeps } from '../../server/delivery/sweeps.ts';

/** Something that time does by itself: so many effects, each due a while after the one before; or one that waits in a queue until its place is free. */
export interface Errand {
  _id: string;
  dueAt: Date | null;
  /** Effects that are still to come, and the milliseconds between two. */
  left: number;
  every: number;
  queue: 'provider' | 'staff' | null;
  freeAt: Date;
  /** What was done, each with the service's time. */
  done: { at: Date }[];
}

const ERRANDS = 'errands';
const AT_A_TIME = 100;

export const errandsOf = (connection: Connection): mongo.Collection<Errand> => connection.collection<Errand>(ERRANDS);

export function errand(_id: string, more: Partial<Errand>): Errand {
  return { _id, dueAt: null, left: 0, every: 0, queue: null, freeAt: new Date(0), done: [], ...more };
}

/** Real sweeps over errands, as those over projects: each effect is a compare-and-set. `slowMs` lets an effect take its time, so that it can be interrupted. */
export function errandSweeps(connection: Connection, clock: Clock, slowMs = 0): Sweeps {
  const errands = errandsOf(connection);
  const note = () => ({ done: { at: new Date(clock.now()) } });

  async function queue(name: 'provider' | 'staff'): Promise<number> {
    const free = await errands.find({ queue: name, freeAt: { $lte: new Date(clock.now()) } }).toArray();
    let changed = 0;
    for (const { _id } of free) {
      const update = { $set: { queue: null }, $push: note() };
      changed += (await errands.updateOne({ _id, queue: name }, update)).modifiedCount;
    }
    return changed;
  }

  return {
    async timeouts() {
      const due = await errands
        .find({ dueAt: { $lte: new Date(clock.now()) } })
        .sort({ dueAt: 1 })
        .limit(AT_A_TIME)
        .toArray();
      let changed = 0;
      for (const { _id, dueAt, left, every } of due) {
        if (slowMs > 0) await pause(slowMs);
        const next = left > 1 && dueAt !== null ? new Date(dueAt.getTime() + every) : null;
        const update = { $set: { dueAt: next, left: left - 1 }, $push: note() };
        changed += (await errands.updateOne({ _id, dueAt, left }, update)).modifiedCount;
      }
      return changed;
    },
    providerQueue: () => queue('provider'),
    staffQueue: () => queue('staff'),
    provisional: () => Promise.resolve(0),
    calls: () => Promise.resolve(0),
    callEnds: () => Promise.resolve(0),
    nextCallAt: () => Promise.resolve(null),
    numbers: () => Promise.resolve(0),
    recordings: () => Promise.resolve(0),
    plaza: () => Promise.resolve(0),
    async nextDueAt() {
      const first = await errands.findOne({ dueAt: { $gt: new Date(0) } }, { sort: { dueAt: 1 } });
      return first?.dueAt?.getTime() ?? null;
    },
  };
}
