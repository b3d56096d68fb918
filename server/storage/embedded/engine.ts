/** The parts of a running engine, for the commands. */
import { randomBytes } from 'node:crypto';
import { Cursors } from './cursors.ts';
import { Catalog } from './store/catalog.ts';
import { CommitQueue } from './store/commit-queue.ts';
import type { Environment } from './store/environment.ts';
import { type EnvironmentOptions, openEnvironment } from './store/open-environment.ts';

/** What the engine takes from the world around it, so that tests can put something else in its place. */
export interface World {
  readonly now: () => Date;
  /** Never goes back, unlike `now`. Milliseconds. */
  readonly monotonicMs: () => number;
  /** A random positive 63-bit number. */
  readonly randomId: () => bigint;
}

export const REAL_WORLD: World = {
  now: () => new Date(),
  monotonicMs: () => performance.now(),
  randomId: () => BigInt.asUintN(63, randomBytes(8).readBigUInt64LE(0)),
};

export interface Engine {
  readonly env: Environment;
  readonly catalog: Catalog;
  readonly cursors: Cursors;
  readonly queue: CommitQueue;
  readonly world: World;
  readonly startedAt: Date;
  /** Commands answered so far, by name; for serverStatus. */
  readonly counters: Map<string, number>;
}

/** Opens a data directory. Throws `StartRefused` with one sentence when it cannot be used. */
export async function openEngine(dataDir: string, world: World, options: EnvironmentOptions): Promise<Engine> {
  const env = await openEnvironment(dataDir, options);
  const catalog = new Catalog(env);
  const queue = new CommitQueue(env, () => catalog.reload());
  return {
    env,
    catalog,
    cursors: new Cursors(world.monotonicMs, world.randomId),
    queue,
    world,
    startedAt: world.now(),
    counters: new Map(),
  };
}
