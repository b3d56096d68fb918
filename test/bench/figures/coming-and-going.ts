import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from '../../../server/app/service.ts';
import { RedisServer } from '../../support/redis.ts';
import { type Figure, type Goal, figureOf } from '../figure.ts';
import type { Seat } from '../load/group.ts';
import type { Bench, Measure } from '../plan.ts';
import { Portal, seatsOf } from '../portal.ts';
import { createApartDatabase, type ServerUnderTest, startOurs } from '../processes/server-under-test.ts';

const goal: Goal = {
  what: '50,000 connects, joins, leaves and disconnects: heap afterwards',
  unit: 'x the heap before',
  better: 'lower',
  reach: 1.02,
};

const ROOMS = 50;
const AT_ONCE = 16;
/** While it is warmed up: more than the database's pool has connections, so that it is as large as it becomes. */
const MANY_AT_ONCE = 200;
/** Seats are made and used up in portions, so that neither tokens nor calls are all on their way at once. */
const PORTION = 2_500;
/** Caches, pools of connections and compiled code are as large as they become after so many of them. */
const WARM_UP = 4_000;
/** Measured after each of so many parts: something that grows a little with each connection shows in the last. */
const PARTS = 2;
/** Everything that is kept for a while after somebody has gone is over by then: presence after five seconds, rates after two windows of ten. */
const SETTLE_MS = 22_000;
const SETTLE_SHORT_MS = 7_000;

/** What the server holds. */
interface Held {
  heapUsed: number;
  timers: number;
  /** By kind: sockets, servers and whatever else keeps the process alive. */
  others: Record<string, number>;
  load: Load;
}

/** P12: who comes and goes leaves nothing behind. */
export const comingAndGoing: Measure = async (bench) => {
  const isWhole = bench.scale.name === 'default';
  // With Redis where there is one: what is subscribed to goes with who reads it.
  const redis = await RedisServer.start();
  try {
    const database = redis === undefined ? await bench.newDatabase() : await createApartDatabase();
    try {
      const env = {
        // Limits are on, where there is the time for them to forget, and so high that nobody meets them: what they keep is a part of what is measured.
        RATE_LIMIT_FACTOR: isWhole ? '10000' : '0',
        TRANSPORTS: 'websocket,polling',
        REDIS_URL: redis?.url ?? '',
      };
      const server = await startOurs(database, { ...bench.server, env, watched: true });
      try {
        return await measured(bench, server, redis !== undefined);
      } finally {
        await server.stop();
      }
    } finally {
      await database.drop();
    }
  } finally {
    await redis?.stop();
  }
};

async function measured(bench: Bench, server: ServerUnderTest, withRedis: boolean): Promise<Figure> {
  const { scale } = bench;
  const settleMs = scale.name === 'default' ? SETTLE_MS : SETTLE_SHORT_MS;
  const rooms = await new Portal(server.url).createRooms('000', ROOMS);
  let people = 0;
  const come = async (count: number, atOnce = AT_ONCE): Promise<void> => {
    for (let left = count; left > 0; left -= PORTION) {
      const portion = Math.min(PORTION, left);
      await churn(bench, server, rooms, { from: people, count: portion, atOnce });
      people += portion;
    }
  };
  const settled = async (): Promise<Held> => {
    await sleep(settleMs);
    // What limits remember is dropped when somebody is counted again.
    await come(2);
    await sleep(SETTLE_SHORT_MS);
    return heldBy(server);
  };
  await come(Math.min(WARM_UP, scale.comings), MANY_AT_ONCE);
  const before = await settled();
  const after: Held[] = [];
  for (let part = 0; part < PARTS; part++) {
    await come(Math.ceil(scale.comings / PARTS));
    const held = await settled();
    bench.say(`  after ${people}: ${JSON.stringify(held)}, before: ${JSON.stringify(before)}`);
    after.push(held);
  }
  const last = after.at(-1) ?? before;
  const grown = grownOf(before, last);
  return figureOf(
    goal,
    after.map(({ heapUsed }) => heapUsed / before.heapUsed),
    {
      connections: scale.comings,
      withRedis,
      heapBefore: before.heapUsed,
      heapAfter: last.heapUsed,
      bytesAConnection: (last.heapUsed - before.heapUsed) / scale.comings,
      timersBefore: before.timers,
      timersAfter: last.timers,
      handlesBefore: sumOf(before.others),
      handlesAfter: sumOf(last.others),
      ...Object.fromEntries(Object.entries(last.load).map(([name, count]) => [`${name}After`, count])),
      grown: grown.join(' ') || 'nothing',
    },
    { sound: grown.length === 0 && last.heapUsed / before.heapUsed <= goal.reach },
  );
}

async function churn(
  { load }: Bench,
  server: ServerUnderTest,
  rooms: readonly string[],
  { from, count, atOnce }: { from: number; count: number; atOnce: number },
): Promise<void> {
  const seats = await seatsOf('000', [], count, from);
  const inRooms = seats.map((seat, i): Seat => ({ ...seat, rooms: [rooms[(from + i) % rooms.length] ?? ''] }));
  await server.profiled(() => load.call('churn', { url: server.url, seats: inRooms, atOnce }));
}

/** The least of some looks: code that has not run for some collections is dropped as well. */
async function heldBy(server: ServerUnderTest): Promise<Held> {
  let heapUsed = Number.POSITIVE_INFINITY;
  for (let look = 0; look < LOOKS; look++) heapUsed = Math.min(heapUsed, (await server.memory()).heapUsed);
  return { heapUsed, ...(await server.handles()), load: await server.load() };
}

const LOOKS = 5;

/** What is more than it was; of timers and handles, beyond the few that are set anew all the time. */
function grownOf(before: Held, after: Held): string[] {
  const grown: string[] = [];
  if (after.timers > before.timers + FEW) grown.push('timers');
  if (sumOf(after.others) > sumOf(before.others) + FEW) grown.push('handles');
  for (const [name, count] of Object.entries(after.load)) {
    if (Number(count) > Number(Reflect.get(before.load, name) ?? 0)) grown.push(name);
  }
  return grown;
}

const FEW = 5;

const sumOf = (counts: Record<string, number>): number => Object.values(counts).reduce((sum, count) => sum + count, 0);
