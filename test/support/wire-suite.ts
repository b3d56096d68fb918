import { expect } from 'chai';
import { after, afterEach, before } from 'mocha';
import type { Context } from '../../server/app/context.ts';
import type { Service } from '../../server/app/service.ts';
import { Refused } from './client.ts';
import { ManualClock } from './manual-clock.ts';
import { Portal } from './portal.ts';
import { startTestService, type TestService } from './service.ts';
import { createSharedDatabase, type SharedDatabase } from './shared-database.ts';

/** One service with a clock that the test moves, a seeded directory, and a portal; for all tests of a file. */
export interface WireSuite {
  readonly portal: Portal;
  readonly clock: ManualClock;
  readonly service: Service;
  readonly database: SharedDatabase;
  /** The codes that were asked for by phone.sendCode, in their order. */
  readonly codes: readonly string[];
  readonly context: Context;
}

/** Starts it before the file's tests and stops it after them; after each test every event that arrived must have been of the contract. */
export function wireSuite(env: Readonly<Record<string, string>> = {}): WireSuite {
  let started: TestService | undefined;
  let portal: Portal | undefined;
  let database: SharedDatabase | undefined;
  const clock = new ManualClock();
  before(async () => {
    database = await createSharedDatabase();
    started = await startTestService({ database, env, overrides: { clock } });
    portal = new Portal(started.service.url);
    await portal.seed();
  });
  afterEach(() => {
    expect(portal?.faults() ?? [], 'events that are not of the contract').to.deep.equal([]);
    portal?.close();
  });
  after(async () => {
    await started?.stop();
    await database?.drop();
  });
  const there = <T>(value: T | undefined): T => {
    if (value === undefined) throw new Error('the service has not been started yet');
    return value;
  };
  return {
    clock,
    get portal() {
      return there(portal);
    },
    get database() {
      return there(database);
    },
    get codes() {
      return there(started).codes;
    },
    get service() {
      return there(started).service;
    },
    get context() {
      return there(started).context;
    },
  };
}

/** Expects a call to be refused with a code, and gives the refusal. */
export async function refused(work: Promise<unknown>, code: Refused['code']): Promise<Refused> {
  try {
    await work;
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    expect(error.code, error.message).to.equal(code);
    return error;
  }
  throw new Error(`was expected to be refused with ${code}`);
}
