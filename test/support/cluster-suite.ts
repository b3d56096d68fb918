import { expect } from 'chai';
import { after, afterEach, before } from 'mocha';
import type { Overrides } from '../../server/app/overrides.ts';
import { ManualClock } from './manual-clock.ts';
import { type PersonName, Portal } from './portal.ts';
import { startTestService, type TestService } from './service.ts';
import { createSharedDatabase, type SharedDatabase } from './shared-database.ts';
import type { TestClient } from './client.ts';
import type { Who } from './tokens.ts';

/** So rarely a server looks by itself for what others have changed that a test sees what Redis alone brings. */
export const NEVER_MS = 600_000;

/** Several servers in this process, on one database and one Redis. */
export interface ClusterSuite {
  readonly servers: readonly TestService[];
  readonly database: SharedDatabase;
  /** The service's time of all of them. */
  readonly clock: ManualClock;
  /** A portal at one of them. */
  at(server: number): Portal;
  /** Somebody connects to one of them and opens a room. */
  joined(server: number, who: PersonName | Who, roomId: string): Promise<TestClient>;
}

export interface ClusterOptions {
  servers: number;
  env?: NodeJS.ProcessEnv;
  overrides?: Overrides;
}

/** Starts them before the tests of a `describe` and stops them after. */
export function clusterSuite(redis: { readonly url: string }, options: ClusterOptions): ClusterSuite {
  let database: SharedDatabase | undefined;
  const clock = new ManualClock();
  const servers: TestService[] = [];
  const portals: Portal[] = [];
  before(async () => {
    const shared = await createSharedDatabase();
    database = shared;
    for (let i = 0; i < options.servers; i++) {
      const server = await startTestService({
        database: shared,
        env: { REDIS_URL: redis.url, ...options.env },
        overrides: { clock, repairMs: NEVER_MS, ...options.overrides },
      });
      servers.push(server);
      portals.push(new Portal(server.service.url));
    }
    await portals[0]?.seed();
  });
  afterEach(() => {
    for (const portal of portals) {
      expect(portal.faults(), 'events that are not of the contract').to.deep.equal([]);
      portal.close();
    }
  });
  after(async () => {
    await Promise.all(servers.map((server) => server.stop()));
    await database?.drop();
  });
  const at = (server: number): Portal => {
    const portal = portals[server];
    if (portal === undefined) throw new Error(`there is no server ${server}`);
    return portal;
  };
  return {
    servers,
    clock,
    get database() {
      if (database === undefined) throw new Error('the database has not been started yet');
      return database;
    },
    at,
    async joined(server, who, roomId) {
      const client = await at(server).connect(who);
      await client.call('room.join', { roomId, limit: 1 });
      return client;
    },
  };
}
