import { type Goal, figureOf } from '../figure.ts';
import { measurePairs } from '../pairs.ts';
import type { Measure } from '../plan.ts';
import { bareSeats, seatsOf } from '../portal.ts';
import { median } from '../statistics.ts';
import { withServers } from './both.ts';

const goal: Goal = {
  what: 'authenticated connects per CPU-second',
  unit: 'x bare',
  better: 'higher',
  reach: 0.6,
  stretch: 0.75,
};

/** Of each server, before what counts. */
const WARM_RUNS = 6;

/** P6: what a connection costs until the client is told that it stands: the token's signature and claims included. */
export const connects: Measure = (bench) =>
  withServers(bench, async ({ ours, bare }) => {
    const { scale, load } = bench;
    const seats = await seatsOf('000', [], scale.connections * 2);
    const run = async (group: 'ours' | 'bare') => {
      const server = group === 'ours' ? ours : bare;
      const before = await server.cpu();
      await server.profiled(() =>
        load.call('open', { group, url: server.url, seats: group === 'ours' ? seats : bareSeats(seats) }),
      );
      const after = await server.cpu();
      await load.call('close', { group });
      // The connections' ends are not part of the next run.
      await new Promise((resolve) => setTimeout(resolve, 300));
      const cpuUs = after.totalUs - before.totalUs;
      bench.say(`  ${group.padEnd(4)} ${(cpuUs / seats.length).toFixed(0)} us a connect`);
      return (seats.length * 1e6) / cpuUs;
    };
    // A road of a hundred functions takes longer to be compiled well than a short one: not until then is it the road's cost.
    for (let n = 0; n < WARM_RUNS; n++) {
      await run('ours');
      await run('bare');
    }
    const { pairs } = await measurePairs(
      scale.pairs,
      () => run('ours'),
      () => run('bare'),
    );
    return figureOf(
      goal,
      pairs.map((pair) => pair.ours / pair.theirs),
      {
        connectsInARun: seats.length,
        oursPerCpuSecond: median(pairs.map((pair) => pair.ours)),
        barePerCpuSecond: median(pairs.map((pair) => pair.theirs)),
      },
    );
  });
