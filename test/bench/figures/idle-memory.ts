import { type Goal, figureOf } from '../figure.ts';
import { measurePairs } from '../pairs.ts';
import type { Measure } from '../plan.ts';
import { bareSeats, Portal, seatsOf } from '../portal.ts';
import type { Seat } from '../load/group.ts';
import { median } from '../statistics.ts';
import type { ServerUnderTest } from '../processes/server-under-test.ts';
import { withServers } from './both.ts';

const goal: Goal = {
  what: 'heap of an idle authenticated connection in 3 rooms',
  unit: 'x bare',
  better: 'lower',
  reach: 1.2,
  stretch: 1.05,
};

const ROOMS = 3;
/** People of one party: as many are in each of its three rooms. */
const PARTY = 50;

/** P5: what each further connection adds to the heap. Connections are added run by run and stay. */
export const idleMemory: Measure = (bench) =>
  withServers(bench, async ({ ours, bare }) => {
    const { scale, load } = bench;
    const portal = new Portal(ours.url);
    // One batch for the warm-up, which no side is measured in.
    const batches: Seat[][] = [];
    for (let i = 0; i <= scale.pairs; i++) batches.push(await batchOf(portal, i, scale.connections));
    const added = { ours: 0, bare: 0 };
    const add = async (group: 'ours' | 'bare') => {
      const server: ServerUnderTest = group === 'ours' ? ours : bare;
      const seats = batches[added[group]++] ?? [];
      const before = await server.memory();
      await load.call('open', {
        group,
        url: server.url,
        seats: group === 'ours' ? seats : bareSeats(seats),
      });
      await settle();
      const after = await server.memory();
      const each = (pick: 'heapUsed' | 'external' | 'rss') => (after[pick] - before[pick]) / seats.length;
      bench.say(
        `  ${group.padEnd(4)} ${each('heapUsed').toFixed(0)} bytes of heap a connection, rss ${each('rss').toFixed(0)}`,
      );
      return { heap: each('heapUsed'), external: each('external'), rss: each('rss') };
    };
    try {
      await add('ours');
      await add('bare');
      const { pairs } = await measurePairs(
        scale.pairs,
        () => add('ours'),
        () => add('bare'),
      );
      return figureOf(
        goal,
        pairs.map((pair) => pair.ours.heap / pair.theirs.heap),
        {
          connections: scale.connections * (scale.pairs + 1),
          oursHeapBytes: median(pairs.map((pair) => pair.ours.heap)),
          bareHeapBytes: median(pairs.map((pair) => pair.theirs.heap)),
          oursExternalBytes: median(pairs.map((pair) => pair.ours.external)),
          bareExternalBytes: median(pairs.map((pair) => pair.theirs.external)),
          oursRssBytes: median(pairs.map((pair) => pair.ours.rss)),
          bareRssBytes: median(pairs.map((pair) => pair.theirs.rss)),
        },
      );
    } finally {
      await load.call('close', { group: 'ours' });
      await load.call('close', { group: 'bare' });
    }
  });

async function batchOf(portal: Portal, batch: number, connections: number): Promise<Seat[]> {
  const seats: Seat[] = [];
  for (let i = 0; seats.length < connections; i++) {
    const party = `${batch}-${i}`;
    const rooms = await portal.createRooms(party, ROOMS);
    seats.push(...(await seatsOf(party, rooms, Math.min(PARTY, connections - seats.length))));
  }
  return seats;
}

/** What joining set in motion (presence, the answer's own garbage) is over by then. */
const settle = () => new Promise((resolve) => setTimeout(resolve, 500));
