import { setTimeout as sleep } from 'node:timers/promises';
import { type Figure, figureOf, type Goal } from '../figure.ts';
import type { OpenLoopReport } from '../load/open-loop.ts';
import { measurePairs, Saturated } from '../pairs.ts';
import { type Bench, type Measure, TEXT } from '../plan.ts';
import { createApartDatabase } from '../processes/server-under-test.ts';
import { median } from '../statistics.ts';
import { checkWhole, type Sides, withBoth } from './both.ts';
import { withTwoServers } from './several.ts';

interface FanOut {
  goal: Goal;
  roomSize: number;
  /** Sends a second over all rooms. */
  rate: number;
}

/** Later than this the generator no longer sends when it should: a burst of a thousand deliveries holds it for some milliseconds, and that is well. */
const LATE_MS = 200;
/** What a server does a moment later belongs to the run that caused it. */
const AFTERWARDS_MS = 300;

const goalOf = (roomSize: number, reach: number, stretch: number): Goal => ({
  what: `deliveries per server CPU-second, rooms of ${roomSize}`,
  unit: 'x bare',
  better: 'higher',
  reach,
  stretch,
});

const SEVERAL: Goal = {
  what: "two servers' deliveries per CPU-second of both",
  unit: 'x bare Redis adapter',
  better: 'higher',
  reach: 0.9,
  stretch: 0.95,
};

const LARGE: FanOut = { goal: goalOf(1000, 0.9, 0.95), roomSize: 1000, rate: 15 };
const MEDIUM: FanOut = { goal: goalOf(100, 0.75, 0.85), roomSize: 100, rate: 150 };
const SMALL: FanOut = { goal: goalOf(10, 0.35, 0.5), roomSize: 10, rate: 1000 };

/** P1: one room of a thousand. */
export const largeRoom: Measure = (bench) => fanOut(bench, LARGE);
/** P2: rooms of a hundred. */
export const mediumRooms: Measure = (bench) => fanOut(bench, MEDIUM);
/** P2: rooms of ten. */
export const smallRooms: Measure = (bench) => fanOut(bench, SMALL);

/** The same figures of a server whose database is a process of its own, as MongoDB is: what the database costs is not in them. */
export const largeRoomApart: Measure = (bench) => fanOut(apart(bench), LARGE);
export const mediumRoomsApart: Measure = (bench) => fanOut(apart(bench), MEDIUM);
export const smallRoomsApart: Measure = (bench) => fanOut(apart(bench), SMALL);

/** P11: one room of a thousand, half of it at each of two servers, against two bare ones with the same version of Socket.IO's sharded Redis adapter. */
export const twoServers: Measure = (bench) => fanOut(bench, { ...LARGE, goal: SEVERAL }, withTwoServers);
/** The same in rooms of a hundred. */
export const twoServersMedium: Measure = (bench) => fanOut(bench, { ...MEDIUM, goal: SEVERAL }, withTwoServers);

const apart = (bench: Bench): Bench => ({ ...bench, newDatabase: createApartDatabase });

/** Sends that warm a server up: before so many, its code on the road of a message is not compiled to what it will be for the rest of its life. */
const WARM_UP_SENDS = 4_000;
/** How often the rate is halved. */
const SLOWER_MAX = 4;
/** A queue of deliveries longer than this does not go away. */
const EASY_P50_MS = 250;

async function isEasy(running: Promise<Run>): Promise<boolean> {
  try {
    return (await running).report.latency.p50 < EASY_P50_MS;
  } catch (error) {
    if (error instanceof Saturated) return false;
    throw error;
  }
}

interface Run {
  report: OpenLoopReport;
  deliveriesPerCpuSecond: number;
  usPerMessage: number;
  mainShare: number;
}

type WithSides = (
  bench: Bench,
  room: { rooms: number; size: number },
  work: (sides: Sides) => Promise<Figure>,
) => Promise<Figure>;

async function fanOut(
  bench: Bench,
  { goal, roomSize, rate }: FanOut,
  withSides: WithSides = withBoth,
): Promise<Figure> {
  const { scale, load } = bench;
  const size = Math.min(roomSize, scale.people);
  const rooms = Math.max(1, Math.floor(scale.people / size));
  return withSides(bench, { rooms, size }, async ({ ours, bare, bareHasNoOrder, database, settle }) => {
    let sendsPerSecond = rate;
    const run = async (group: 'ours' | 'bare', durationMs = scale.runMs): Promise<Run> => {
      const server = group === 'ours' ? ours : bare;
      const before = await server.cpu();
      const report = await server.profiled(() =>
        load.call('openLoop', { group, rate: sendsPerSecond, durationMs, text: TEXT }),
      );
      // What is stored some seconds later belongs to the run as well.
      if (group === 'ours') await settle();
      await sleep(AFTERWARDS_MS);
      const after = await server.cpu();
      checkWhole(group === 'bare' && bareHasNoOrder === true ? { ...report, disorder: 0 } : report);
      if (report.lateness.sendP99 > LATE_MS)
        throw new Saturated(`the generator was ${report.lateness.sendP99} ms late`);
      const cpuUs = after.totalUs - before.totalUs;
      const mainUs = after.mainUs === null || before.mainUs === null ? cpuUs : after.mainUs - before.mainUs;
      bench.say(
        `  ${group.padEnd(4)} ${(cpuUs / report.sent).toFixed(0)} us a message, ${(cpuUs / report.delivered).toFixed(2)} us a delivery, p99 ${report.latency.p99.toFixed(1)} ms`,
      );
      return {
        report,
        deliveriesPerCpuSecond: (report.delivered * 1e6) / cpuUs,
        usPerMessage: cpuUs / report.sent,
        mainShare: mainUs / cpuUs,
      };
    };
    // Warms both up, at a rate that this machine, with whatever else it does now, has room for.
    for (const group of ['bare', 'ours'] as const) {
      const warmUpMs = (): number => Math.min(scale.warmUpMs, (WARM_UP_SENDS / sendsPerSecond) * 1_000);
      for (let slower = 0; !(await isEasy(run(group, warmUpMs()))); slower++) {
        if (slower === SLOWER_MAX) throw new Saturated(`the generator is late at ${sendsPerSecond} sends/s`);
        sendsPerSecond = Math.max(1, Math.round(sendsPerSecond / 2));
        bench.say(`  too much for this machine now: ${sendsPerSecond} sends/s`);
      }
    }
    const { pairs, thrownAway } = await measurePairs(
      scale.pairs,
      () => run('ours'),
      () => run('bare'),
    );
    const of = (pick: (run: Run) => number, side: 'ours' | 'theirs') => median(pairs.map((pair) => pick(pair[side])));
    return figureOf(
      goal,
      pairs.map((pair) => pair.ours.deliveriesPerCpuSecond / pair.theirs.deliveriesPerCpuSecond),
      {
        roomSize: size,
        rooms,
        database: database.kind,
        sendsPerSecond,
        deliveries: pairs.reduce((sum, pair) => sum + pair.ours.report.delivered, 0),
        oursDeliveriesPerCpuSecond: of((one) => one.deliveriesPerCpuSecond, 'ours'),
        bareDeliveriesPerCpuSecond: of((one) => one.deliveriesPerCpuSecond, 'theirs'),
        oursUsPerMessage: of((one) => one.usPerMessage, 'ours'),
        bareUsPerMessage: of((one) => one.usPerMessage, 'theirs'),
        // The rest is the embedded engine's thread, the garbage collector's helpers and the disk.
        oursMainThreadShare: of((one) => one.mainShare, 'ours'),
      },
      { thrownAway },
    );
  });
}
