import { type Goal, figureOf } from '../figure.ts';
import type { LoadApi } from '../load/load-generator.ts';
import { measurePairs, Saturated } from '../pairs.ts';
import type { Measure } from '../plan.ts';
import { Portal, seatsOf } from '../portal.ts';
import { Calls } from '../processes/calls.ts';
import { endChild, moduleUrl, startChild } from '../processes/child.ts';
import { startOurs } from '../processes/server-under-test.ts';
import { median } from '../statistics.ts';
import { checkWhole } from './both.ts';

const goal: Goal = {
  what: 'one client that calls 2,000 times a second: the p99 of the others',
  unit: 'x the same without it',
  better: 'lower',
  reach: 1.2,
};

/** Everybody comes from one address here: its limits must let them in. */
const FACTOR = '3';
const PEOPLE = 50;
/** By five talkers, below what a user may write: of 600 sends a run, a p99 is not one or two of them. */
const RATE = 100;
const CALLS_PER_SECOND = 2_000;
const TEXT = 'x'.repeat(200);
const LATE_MS = 25;

/** Promise 6 under a flood: with the limits on, its excess is refused to the one who sends it. The flood comes from a process of its own. */
export const floodBesideOthers: Measure = async (bench) => {
  const { scale, load } = bench;
  const database = await bench.newDatabase();
  const flooding = startChild(moduleUrl('../load/load-generator.ts', import.meta.url));
  flooding.stdout?.resume();
  try {
    const server = await startOurs(database, { ...bench.server, env: { RATE_LIMIT_FACTOR: FACTOR } });
    try {
      const [roomId = ''] = await new Portal(server.url).createRooms('000', 1);
      const seats = await seatsOf('000', [roomId], Math.min(PEOPLE, scale.people));
      const [{ token = '' } = {}] = await seatsOf('999', [], 1);
      await load.call('open', { group: 'others', url: server.url, seats });
      const durationMs = scale.runMs * 1.5;
      const quiet = async () => {
        const report = await load.call('openLoop', { group: 'others', rate: RATE, durationMs, text: TEXT });
        checkWhole(report);
        if (report.lateness.sendP99 > LATE_MS) throw new Saturated('the generator was late');
        return report;
      };
      const calls = new Calls<LoadApi>(flooding);
      const flooded = async () => {
        const [flood, report] = await Promise.all([
          calls.call('flood', { url: server.url, token, durationMs, perSecond: CALLS_PER_SECOND }),
          quiet(),
        ]);
        bench.say(`  ${JSON.stringify(flood)}; p99 of the others ${report.latency.p99.toFixed(1)} ms`);
        return { ...report, flood };
      };
      // Both begin warm: what refuses is compiled by the first flood.
      await quiet();
      await flooded();
      const { pairs, thrownAway } = await measurePairs(scale.pairs, flooded, quiet);
      const floods = pairs.map(({ ours }) => ours.flood);
      const sum = (pick: (flood: (typeof floods)[number]) => number) =>
        floods.reduce((total, flood) => total + pick(flood), 0);
      return figureOf(
        goal,
        pairs.map(({ ours, theirs }) => ours.latency.p99 / theirs.latency.p99),
        {
          people: seats.length,
          sent: sum(({ sent }) => sent),
          obeyed: sum(({ obeyed }) => obeyed),
          refused: sum(({ refused }) => refused),
          cuts: sum(({ cuts }) => cuts),
          keptOut: sum(({ keptOut }) => keptOut),
          p99Ms: median(pairs.map(({ ours }) => ours.latency.p99)),
          p99WithoutMs: median(pairs.map(({ theirs }) => theirs.latency.p99)),
        },
        { thrownAway },
      );
    } finally {
      await load.call('close', { group: 'others' }).catch(() => undefined);
      await server.stop();
    }
  } finally {
    await endChild(flooding);
    await database.drop();
  }
};
