import { before, type Context } from 'mocha';
import { RedisServer, sayWithoutRedis } from './redis.ts';

/** Starts a Redis in a `before`, and stops it when all that the suite's own `after`s do is done. Undefined where it cannot: the suite is then pending, and a notice says why. */
async function startFor(context: Context): Promise<RedisServer | undefined> {
  const suite = context.test?.parent;
  const server = await RedisServer.start();
  if (server === undefined) {
    sayWithoutRedis(suite?.fullTitle() ?? 'These tests');
    context.skip();
  }
  suite?.afterAll(() => server.stop());
  return server;
}

/** Redis for all tests of a `describe`: that of `REDIS_URL`, else one of its own. */
export function redisSuite(): { readonly url: string } {
  let url = process.env['REDIS_URL'] ?? '';
  before(async function () {
    if (url === '') url = (await startFor(this))?.url ?? '';
  });
  return {
    get url() {
      return url;
    },
  };
}

/** Redis for tests that kill it: always one of their own, whatever `REDIS_URL` names. */
export function mortalRedisSuite(): { readonly url: string; readonly server: RedisServer } {
  let own: RedisServer | undefined;
  before(async function () {
    own = await startFor(this);
  });
  const there = (): RedisServer => {
    if (own === undefined) throw new Error('Redis has not been started yet');
    return own;
  };
  return {
    get url() {
      return there().url;
    },
    get server() {
      return there();
    },
  };
}
