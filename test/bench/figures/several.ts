import { RedisServer } from '../../support/redis.ts';
import type { Bench } from '../plan.ts';
import { bareSeats, Portal } from '../portal.ts';
import type { Seat } from '../load/group.ts';
import { createApartDatabase, type ServerUnderTest, startBare, startOurs } from '../processes/server-under-test.ts';
import { furnish, type Sides } from './both.ts';

/** Runs something with servers that are stopped again whatever happens, the last one first. */
export async function withAll<Result>(
  starts: readonly (() => Promise<ServerUnderTest>)[],
  work: (servers: readonly ServerUnderTest[]) => Promise<Result>,
): Promise<Result> {
  const servers: ServerUnderTest[] = [];
  try {
    for (const start of starts) servers.push(await start());
    return await work(servers);
  } finally {
    for (const server of servers.reverse()) await server.stop();
  }
}

/** A Redis of the figure's own. @throws where none is installed: the figure says so */
export async function withRedis<Result>(work: (redis: RedisServer) => Promise<Result>): Promise<Result> {
  const redis = await RedisServer.start();
  if (redis === undefined) throw new Error('needs redis-server 7 or newer on the path');
  try {
    return await work(redis);
  } finally {
    await redis.stop();
  }
}

/** Seats that are taken at one server after the other. */
export const spread = (seats: readonly Seat[], servers: readonly ServerUnderTest[]): Seat[] =>
  seats.map((seat, i) => ({ ...seat, url: servers[i % servers.length]?.url ?? '' }));

function together(servers: readonly ServerUnderTest[]): Sides['ours'] {
  return {
    async cpu() {
      const all = await Promise.all(servers.map((server) => server.cpu()));
      return {
        totalUs: all.reduce((sum, { totalUs }) => sum + totalUs, 0),
        mainUs: all.reduce<number | null>(
          (sum, { mainUs }) => (sum === null || mainUs === null ? null : sum + mainUs),
          0,
        ),
      };
    },
    profiled: (work) => servers.reduce<typeof work>((inner, server) => () => server.profiled(inner), work)(),
  };
}

const SERVERS = 2;

/**
 * Two of our servers and two bare ones, each two with the same Redis between them and the same people in the same rooms, half of every room at each server. Our database is
 * a process of its own, as it must be.
 */
export function withTwoServers<Result>(
  bench: Bench,
  { rooms, size }: { rooms: number; size: number },
  work: (sides: Sides) => Promise<Result>,
): Promise<Result> {
  return withRedis(async (redis) => {
    const database = await createApartDatabase();
    const options = { ...bench.server, env: { ...bench.server.env, REDIS_URL: redis.url } };
    const ours = Array.from({ length: SERVERS }, () => () => startOurs(database, options));
    const bare = Array.from({ length: SERVERS }, () => () => startBare(options));
    try {
      return await withAll(ours, (oursStarted) =>
        withAll(bare, async (bareStarted) => {
          const { load } = bench;
          const { seats } = await furnish(new Portal(oursStarted[0]?.url ?? ''), rooms, size);
          await load.call('open', { group: 'ours', url: '', seats: spread(seats, oursStarted) });
          await load.call('open', { group: 'bare', url: '', seats: spread(bareSeats(seats), bareStarted) });
          try {
            return await work({
              ours: together(oursStarted),
              bare: together(bareStarted),
              bareHasNoOrder: true,
              database,
              settle: () => Promise.all(oursStarted.map(({ url }) => new Portal(url).listRooms())),
            });
          } finally {
            await load.call('close', { group: 'ours' });
            await load.call('close', { group: 'bare' });
          }
        }),
      );
    } finally {
      await database.drop();
    }
  });
}
