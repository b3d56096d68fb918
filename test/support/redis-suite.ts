import { after, before } from 'mocha';
import { RedisServer, sayWithoutRedis } from './redis.ts';

/** Redis for all tests of a `describe`: that of `REDIS_URL`, else one of its own. Without either its tests are pending, and a notice says why. */
export function redisSuite(): { readonly url: string } {
  let url = process.env['REDIS_URL'] ?? '';
  let own: RedisServer | undefined;
  before(async function () {
    if (url !== '') return;
    own = await RedisServer.start();
    if (own === undefined) {
      sayWithoutRedis(this.test?.parent?.fullTitle() ?? 'These tests');
      this.skip();
    } else url = own.url;
  });
  after(() => own?.stop());
  return {
    get url() {
      return url;
    },
  };
}

/** Redis for tests that kill it: always one of their own, whatever `REDIS_URL` names. */
export function mortalRedisSuite(): { readonly server: RedisServer } {
  let own: RedisServer | undefined;
  before(async function () {
    own = await RedisServer.start();
    if (own !== undefined) return;
    sayWithoutRedis(this.test?.parent?.fullTitle() ?? 'These tests');
    this.skip();
  });
  after(() => own?.stop());
  return {
    get server() {
      if (own === undefined) throw new Error('Redis has not been started yet');
      return own;
    },
  };
}
