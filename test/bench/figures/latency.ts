import { type Goal, figureOf } from '../figure.ts';
import type { OpenLoopReport } from '../load/open-loop.ts';
import { measurePairs, Saturated } from '../pairs.ts';
import { type Measure, TEXT } from '../plan.ts';
import { median } from '../statistics.ts';
import { checkWhole, withBoth } from './both.ts';
import { saturationOf } from './saturation.ts';

const goal: Goal = {
  what: 'send to delivery, p99, at 30 % of saturation',
  unit: 'x (1.5 bare p99 + p99 of a raw insert)',
  better: 'lower',
  reach: 1,
};

/** The stretch is of our p99 alone, in milliseconds. */
const STRETCH_MS = 96;
const SHARE = 0.3;
const ROOM_SIZE = 10;
/** The generator's own lateness is part of what it measures. */
const LATE_MS = 25;

/** P3: how long from a send to its delivery, in rooms of ten, when nearly a third of what the server can do is asked of it. */
export const latency: Measure = (bench) => {
  const { scale, load } = bench;
  const size = Math.min(ROOM_SIZE, scale.people);
  const rooms = Math.max(1, Math.floor(scale.people / 2 / size));
  return withBoth(bench, { rooms, size }, async ({ database, ours }) => {
    const run = async (group: 'ours' | 'bare', rate: number, durationMs: number): Promise<OpenLoopReport> => {
      const report = await load.call('openLoop', { group, rate, durationMs, text: TEXT });
      checkWhole(report);
      return report;
    };

    const saturation = await saturationOf(bench, (rate, durationMs) => run('ours', rate, durationMs));
    const rate = Math.round(saturation * SHARE);

    const measured = async (group: 'ours' | 'bare') => {
      const take = () => run(group, rate, scale.runMs);
      const report = await (group === 'ours' ? ours.profiled(take) : take());
      if (report.lateness.sendP99 > LATE_MS)
        throw new Saturated(`the generator was ${report.lateness.sendP99} ms late`);
      bench.say(
        `  ${group.padEnd(4)} p50 ${report.latency.p50.toFixed(2)} ms, p99 ${report.latency.p99.toFixed(2)} ms`,
      );
      return report.latency;
    };
    const { pairs, thrownAway } = await measurePairs(
      scale.pairs,
      () => measured('ours'),
      async () => {
        const insert = await load.call('insertClosedLoop', {
          uri: database.uri,
          concurrency: 1,
          durationMs: scale.runMs / 4,
          text: TEXT,
          indexed: true,
        });
        return { ...(await measured('bare')), insertP99: insert.p99 };
      },
    );
    const oursP99 = median(pairs.map(({ ours }) => ours.p99));
    return figureOf(
      goal,
      pairs.map(({ ours, theirs }) => ours.p99 / (1.5 * theirs.p99 + theirs.insertP99)),
      {
        sendsPerSecond: rate,
        saturationSendsPerSecond: saturation,
        roomSize: size,
        oursP99Ms: oursP99,
        oursP50Ms: median(pairs.map(({ ours }) => ours.p50)),
        bareP99Ms: median(pairs.map(({ theirs }) => theirs.p99)),
        rawInsertP99Ms: median(pairs.map(({ theirs }) => theirs.insertP99)),
        stretchMs: STRETCH_MS,
        stretchReached: oursP99 <= STRETCH_MS,
      },
      { thrownAway },
    );
  });
};
