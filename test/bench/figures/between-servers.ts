import { type Goal, figureOf } from '../figure.ts';
import { type Measure, TEXT } from '../plan.ts';
import { Portal, seatsOf } from '../portal.ts';
import { RedisTap } from '../processes/redis-tap.ts';
import { createApartDatabase, startOurs } from '../processes/server-under-test.ts';
import { checkWhole } from './both.ts';
import { spread, withAll, withRedis } from './several.ts';

const goal: Goal = {
  what: 'messages about a stream that reach servers where nobody reads it, for each entry, with four servers',
  unit: 'messages',
  better: 'lower',
  reach: 0,
};

const SERVERS = 4;
/** Servers where somebody has opened the room. */
const READING = 2;
const ROOM_SIZE = 20;
const RATE = 50;

/**
 * P10: what Redis sends to each of four servers while people write at two of them. At the third some of the room's people are connected and have not opened it: what they
 * are told is counted apart, and comes ten times a second at most. At the fourth are strangers.
 */
export const betweenServers: Measure = ({ scale, load, server, say }) =>
  withRedis(async (redis) => {
    const database = await createApartDatabase();
    const taps: RedisTap[] = [];
    try {
      for (let i = 0; i < SERVERS; i++) taps.push(await RedisTap.open(redis.port));
      const starts = taps.map(
        ({ url }) =>
          () =>
            startOurs(database, { ...server, env: { ...server.env, REDIS_URL: url } }),
      );
      return await withAll(starts, async (servers) => {
        const size = Math.min(ROOM_SIZE, scale.people);
        const portal = new Portal(servers[0]?.url ?? '');
        const [room = ''] = await portal.createRooms('000', 1);
        const [elsewhere = ''] = await portal.createRooms('001', 1);
        const readers = spread(await seatsOf('000', [room], size), servers.slice(0, READING));
        const outside = spread(await seatsOf('000', [], size, size), servers.slice(READING, READING + 1));
        const strangers = spread(await seatsOf('001', [elsewhere], size), servers.slice(READING + 1));
        await load.call('open', { group: 'readers', url: '', seats: readers });
        await load.call('open', { group: 'others', url: '', seats: [...outside, ...strangers] });
        const isStream = (channel: string) => channel.endsWith(`#/#${room}/public#`);
        const isNews = (channel: string) => channel.includes(':seat:');
        const count = () => taps.map((tap) => ({ stream: tap.count(isStream), news: tap.count(isNews) }));
        const before = count();
        const report = await load.call('openLoop', {
          group: 'readers',
          rate: RATE,
          durationMs: scale.runMs,
          text: TEXT,
        });
        checkWhole(report);
        const each = count().map(({ stream, news }, i) => ({
          stream: (stream - (before[i]?.stream ?? 0)) / report.sent,
          news: (news - (before[i]?.news ?? 0)) / report.sent,
        }));
        each.forEach(({ stream, news }, i) =>
          say(`  server ${i}: ${stream.toFixed(2)} of the stream, ${news.toFixed(2)} news`),
        );
        for (const group of ['readers', 'others']) await load.call('close', { group });
        const reading = each.slice(0, READING);
        const sound = reading.every(({ stream }) => stream >= 1);
        return figureOf(
          goal,
          [each.slice(READING).reduce((sum, { stream }) => sum + stream, 0)],
          {
            servers: SERVERS,
            sent: report.sent,
            perEntryWhereItIsRead: reading.reduce((sum, { stream }) => sum + stream, 0) / READING,
            newsPerEntryWherePeopleAreOutside: each[READING]?.news ?? 0,
            anythingPerEntryWhereStrangersAre: (each[READING + 1]?.news ?? 0) + (each[READING + 1]?.stream ?? 0),
          },
          { sound },
        );
      });
    } finally {
      for (const tap of taps) tap.close();
      await database.drop();
    }
  });
