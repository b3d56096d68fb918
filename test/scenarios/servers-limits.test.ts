import { expect } from 'chai';
import { Redis } from 'ioredis';
import { after, before, describe, it } from 'mocha';
import { CONNECTIONS_PER_USER, CONNECTIONS_UNSHARED, RATES } from '../../shared/contract/limits.ts';
import { Refused, type TestClient, until } from '../support/client.ts';
import { clusterSuite } from '../support/cluster-suite.ts';
import { mortalRedisSuite } from '../support/redis-suite.ts';
import type { Who } from '../support/tokens.ts';

/** Small enough to reach, large enough that a twentieth is a whole number. */
const FACTOR = 0.2;
const POINTS = RATES.read.points * FACTOR;
const MOST = Math.round(CONNECTIONS_PER_USER * FACTOR);
const UNSHARED = Math.floor(CONNECTIONS_UNSHARED * FACTOR);

describe('Limits of a person over servers', () => {
  const redis = mortalRedisSuite();
  const SERVERS = 3;
  const cluster = clusterSuite(redis, {
    servers: SERVERS,
    env: { RATE_LIMIT_FACTOR: String(FACTOR) },
    overrides: { cluster: { beatMs: 100 } },
  });
  const { at } = cluster;
  let raw: Redis;
  before(() => {
    raw = new Redis(redis.url, { enableOfflineQueue: false, maxRetriesPerRequest: 0 }).on('error', () => undefined);
  });
  after(() => raw.disconnect());
  let people = 0;
  const somebody = (): Who => ({ sub: `buyer-${++people}`, side: 'buyer', org: 'buyers', name: 'Bao' });

  /** Calls at one server after the other until all of them refuse; how many were let through, and for how long that took. */
  async function spend(who: Who): Promise<{ passed: number; seconds: number }> {
    const clients = await Promise.all(Array.from({ length: SERVERS }, (_, server) => at(server).connect(who)));
    const begun = performance.now();
    let passed = 0;
    for (let refusals = 0; refusals < SERVERS; ) {
      refusals = 0;
      for (const client of clients) {
        const answer = await client.answer('room.list', { limit: 1 });
        if (answer.ok) passed += 1;
        else refusals += 1;
      }
      // What passes while Redis is asked is let through: where there is one, it has its turn.
      await raw.ping().catch(() => undefined);
    }
    return { passed, seconds: (performance.now() - begun) / 1000 };
  }

  it('let somebody who spreads over them have little more than on one', async () => {
    const { passed, seconds } = await spend(somebody());
    const refilled = (POINTS / RATES.read.seconds) * seconds;
    const tolerance = (SERVERS - 1) * (POINTS / 20) + SERVERS;
    expect(passed).to.be.at.least(POINTS);
    expect(passed).to.be.at.most(POINTS + tolerance + refilled + 1);
  });

  it('count connections at other servers, but for the few that everybody has', async () => {
    const who = somebody();
    const first: TestClient[] = [];
    for (let i = 0; i < MOST; i++) first.push(await at(0).connect(who));
    /** Connects to the other server as often as it lets them in. */
    const open = async (): Promise<TestClient[]> => {
      const clients: TestClient[] = [];
      while (clients.length < MOST) {
        try {
          clients.push(await at(1).connect(who));
        } catch (error) {
          if (error instanceof Refused && error.code === 'rate_limited') break;
          throw error;
        }
      }
      return clients;
    };
    let opened = await open();
    await until('the servers know of each other', async () => {
      if (opened.length === UNSHARED) return true;
      for (const client of opened) client.close();
      opened = await open();
      return false;
    });
    for (const client of first.slice(0, 2)) client.close();
    await until('a place is free', async () => (await open()).length > 0);
  });

  it('cut off who does not slow down, and keep them out at whatever server they come back', async () => {
    const who = somebody();
    const flooder = await at(0).connect(who);
    const ended = flooder.disconnected();
    const excess = RATES.excess.points * FACTOR;
    // What comes back meanwhile is spent as well.
    for (let n = 0; n < POINTS + 2 * excess + SERVERS; n++) flooder.socket.emit('no.such', {}, () => undefined);
    await ended;
    expect(flooder.all('connection.cut')).to.have.length(1);
    await until('another server knows of it', () =>
      at(1)
        .connect(who)
        .then(
          (back) => {
            back.close();
            return false;
          },
          (error: unknown) => error instanceof Refused && error.code === 'rate_limited',
        ),
    );
  });

  it('hold at each of them while Redis is away, and over all of them again when it is back', async () => {
    await redis.server.kill();
    const alone = await spend(somebody());
    expect(alone.passed).to.be.at.least(SERVERS * POINTS);
    await redis.server.restart();
    await until('they are together again', async () => {
      const states = await Promise.all(
        cluster.servers.map(async ({ service }) => (await fetch(`${service.url}/readyz`)).json()),
      );
      return states.every((state) => JSON.stringify(state) === '{"ok":true,"status":"ok"}');
    });
    const { passed, seconds } = await spend(somebody());
    const refilled = (POINTS / RATES.read.seconds) * seconds;
    expect(passed).to.be.at.most(POINTS + (SERVERS - 1) * (POINTS / 20) + SERVERS + refilled + 1);
  });
});
