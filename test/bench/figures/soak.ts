import { type Goal, figureOf } from '../figure.ts';
import { type Measure, TEXT } from '../plan.ts';
import { Portal } from '../portal.ts';
import { createApartDatabase, startOurs } from '../processes/server-under-test.ts';
import { median } from '../statistics.ts';
import { checkWhole, furnish } from './both.ts';
import { saturationOf } from './saturation.ts';

const goal: Goal = {
  what: 'send to delivery, p99, at half of saturation, in the last third of a long run',
  unit: 'x the first third',
  better: 'lower',
  reach: 1.2,
};

/** The heap after collection may be so much larger in the last third than in the first. */
const HEAP_REACH = 1.1;
const SHARE = 0.5;
const ROOM_SIZE = 10;

interface Stretch {
  p50: number;
  p99: number;
  heap: number;
  rss: number;
}

/**
 * A soak: half of what the server can do, for half an hour, in stretches between which its memory is read after forced collections. Latency and memory are to be
 * flat. The database is a process of its own, as MongoDB is, and grows.
 */
export const soak: Measure = async (bench) => {
  const { scale, load, say } = bench;
  const database = await createApartDatabase();
  try {
    const server = await startOurs(database, bench.server);
    try {
      const size = Math.min(ROOM_SIZE, scale.people);
      const { seats } = await furnish(new Portal(server.url), Math.max(1, Math.floor(scale.people / 2 / size)), size);
      await load.call('open', { group: 'ours', url: server.url, seats });
      const run = async (rate: number, durationMs: number) => {
        const report = await load.call('openLoop', {
          group: 'ours',
          rate,
          durationMs,
          text: TEXT,
        });
        checkWhole(report);
        return report;
      };
      const saturation = await saturationOf(bench, run);
      const rate = Math.round(saturation * SHARE);
      // Caches fill and code is compiled before the first stretch.
      await run(rate, scale.warmUpMs);
      const stretches: Stretch[] = [];
      let sent = 0;
      for (let i = 0; i < scale.soakStretches; i++) {
        const report = await run(rate, scale.soakMs);
        const { heapUsed: heap, rss } = await server.memory();
        const { p50, p99 } = report.latency;
        sent += report.sent;
        stretches.push({ p50, p99, heap, rss });
        say(
          `  ${i + 1} of ${scale.soakStretches}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms, heap ${mb(heap)} MB, rss ${mb(rss)} MB`,
        );
      }
      const third = Math.max(1, Math.floor(stretches.length / 3));
      const [first, last] = [stretches.slice(0, third), stretches.slice(-third)];
      const of = (part: readonly Stretch[], pick: keyof Stretch) => median(part.map((one) => one[pick]));
      const heapRatio = of(last, 'heap') / of(first, 'heap');
      return figureOf(
        goal,
        last.map(({ p99 }) => p99 / of(first, 'p99')),
        {
          sendsPerSecond: rate,
          saturationSendsPerSecond: saturation,
          minutes: (scale.soakStretches * scale.soakMs) / 60_000,
          sent,
          heapRatio,
          heapReach: HEAP_REACH,
          rssRatio: of(last, 'rss') / of(first, 'rss'),
          firstP50Ms: of(first, 'p50'),
          lastP50Ms: of(last, 'p50'),
          firstP99Ms: of(first, 'p99'),
          lastP99Ms: of(last, 'p99'),
          firstHeapMb: of(first, 'heap') / 1e6,
          lastHeapMb: of(last, 'heap') / 1e6,
        },
        { sound: heapRatio <= HEAP_REACH },
      );
    } finally {
      await load.call('close', { group: 'ours' });
      await server.stop();
    }
  } finally {
    await database.drop();
  }
};

const mb = (bytes: number): string => (bytes / 1e6).toFixed(1);
