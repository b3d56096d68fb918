import type { Dice } from '../support/dice.ts';
import { people, Portal } from '../support/portal.ts';
import { Convergence } from './convergence.ts';
import type { Crowd, Worker } from './crowd.ts';
import { type FaultKind, faultInTurn, faultsOf } from './faults.ts';
import { killInTurn } from './killer.ts';
import type { Ledger } from './ledger.ts';
import type { Mortal } from './mortal.ts';
import { furnishRights } from './rights.ts';
import { restartInTurn } from './rolling.ts';
import { type LineEnd, onForeignDatabase, type SetUp, type SetUpPlan } from './set-up.ts';
import { withdrawInTurn } from './withdrawals.ts';

/** What is attacked unless told otherwise: all of it, in this order. */
export const ATTACKED: readonly LineEnd[] = ['database', 'redis', 'servers'];

/** What a trial is given to work with, and how often it strikes. */
export interface Scene {
  setUp: SetUp;
  crowd: Crowd;
  ledger: Ledger;
  dice: Dice;
  roomIds: readonly string[];
  strikes: number;
  /** Of the trials that can strike at several things or in several ways. */
  attack: readonly LineEnd[];
  kinds: readonly FaultKind[];
  /** The longest that a fault lasts, and how long everybody may take to converge after one, in milliseconds. */
  longestMs: number;
  convergeMs: number;
  /** Writes down what was done to whom. */
  done(what: string, more?: string): void;
  say(line: string): void;
}

/** What a trial measures beside the messages, in milliseconds. */
export interface Measured {
  /** The longest until everybody had converged after a fault was healed. */
  healedInMs?: number;
  /** The longest until a server had acted on a right that was withdrawn. */
  withdrawnInMs?: number;
}

export interface Trial {
  /** The promise that it tries, and what it does. */
  readonly shows: string;
  readonly strikesBy: 'kills' | 'faults';
  readonly setUp: SetUpPlan;
  /** Clients' lines are cut now and then as well. */
  readonly rough: boolean;
  /** Servers have reason to log errors. */
  readonly mayLog: boolean;
  /** Clients are sent to servers that say that they are ready, and no send may fail. */
  readonly balanced?: boolean;
  strike(scene: Scene): Promise<Measured>;
}

const prober: Worker = {
  who: { ...people.operator, sub: 'operator-4', name: 'Prober' },
  rooms: [],
  writes: ['public'],
};

async function killServers({ setUp, strikes, dice, done }: Scene): Promise<Measured> {
  await killInTurn({
    victims: setUp.servers,
    kills: strikes,
    dice,
    onKill: (mortal, phase) => done(`${mortal.name} killed`, phase),
  });
  return {};
}

/** Kills what is behind the servers, and them; asks them meanwhile what they say. */
async function killBehind(scene: Scene): Promise<Measured> {
  const { setUp, strikes, dice, done, attack } = scene;
  const { database, redis, servers } = setUp;
  const behind = [database, redis].filter((mortal) => mortal !== undefined);
  const asked = new Set<Mortal>();
  const victims: Record<LineEnd, readonly Mortal[]> = {
    database: behind.filter((mortal) => mortal === database),
    redis: behind.filter((mortal) => mortal === redis),
    servers,
  };
  await killInTurn({
    victims: attack.flatMap((end) => victims[end]),
    kills: strikes,
    dice,
    onKill: (mortal, phase) => done(`${mortal.name} killed`, phase),
    async whileDown(mortal) {
      // Each answer takes seconds while there is no database: the first time always, later now and then.
      if (!behind.includes(mortal) || (asked.has(mortal) && !dice.chance(0.3))) return;
      asked.add(mortal);
      await Promise.all(setUp.urls().map((url) => askWhileDown(scene, mortal, url)));
    },
  });
  return {};
}

const READY_MS = 20_000;

const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(READY_MS) }).then(
    ({ ok }) => ok,
    () => false,
  );

/** Without a database a send fails with `unavailable` and nothing pretends; without Redis it is acknowledged as ever. */
async function askWhileDown({ setUp, crowd, ledger, roomIds, say }: Scene, dead: Mortal, url: string): Promise<void> {
  const wanted = dead === setUp.database ? 'unavailable' : 'acked';
  // The database may have died just before: a server that has not found it again says so, and is not what is asked about.
  if (wanted === 'acked' && !(await isReady(url))) {
    say(`with the ${dead.name} dead ${url} was not asked: it has not found its database again`);
    return;
  }
  const answer = await crowd.ask({ ...prober, rooms: roomIds }, url);
  if (answer !== wanted)
    ledger.unexpected(`with the ${dead.name} dead a send at ${url} came to: ${answer}, not ${wanted}`);
}

async function letFail(scene: Scene): Promise<Measured> {
  const { setUp, crowd, ledger, dice, roomIds, strikes, kinds, attack, longestMs, convergeMs, done, say } = scene;
  if (setUp.databaseUri === undefined) throw new Error('a trial of faults needs a database apart');
  const convergence = await Convergence.of(setUp.databaseUri, crowd, roomIds);
  let healedInMs = 0;
  let last = '';
  try {
    await faultInTurn({
      faults: faultsOf(setUp, kinds, attack),
      count: strikes,
      dice,
      longestMs,
      onFault({ what }, forMs) {
        last = `${what} for ${(forMs / 1_000).toFixed(1)} s`;
        done(what, `for ${(forMs / 1_000).toFixed(1)} s`);
      },
      async healed() {
        const { ms, behind } = await convergence.everybody(convergeMs);
        healedInMs = Math.max(healedInMs, ms);
        say(`everybody had converged ${(ms / 1_000).toFixed(1)} s after it was whole again`);
        for (const who of new Set(behind)) ledger.diverged(`${who} had not converged ${convergeMs} ms after ${last}`);
      },
    });
  } finally {
    await convergence.close();
  }
  return { healedInMs };
}

async function withdraw({ setUp, ledger, dice, strikes, done }: Scene): Promise<Measured> {
  await furnishRights(new Portal(setUp.urls()[0] ?? ''));
  const { servers, redis } = setUp;
  const withdrawnInMs = await withdrawInTurn({ servers, redis, count: strikes, dice, ledger, onWithdrawal: done });
  return { withdrawnInMs };
}

async function restart({ setUp, ledger, dice, strikes, done }: Scene): Promise<Measured> {
  const faults = await restartInTurn(setUp.servers, strikes, dice, ({ name }) => done(`${name} restarted`));
  for (const fault of faults) ledger.unexpected(fault);
  return {};
}

const TWO: SetUpPlan = { servers: 2, database: 'apart' };

export const TRIALS = {
  one: {
    shows: 'R1: a server killed, on its embedded engine',
    strikesBy: 'kills',
    setUp: { servers: 1, database: 'within' },
    rough: true,
    mayLog: false,
    strike: killServers,
  },
  two: {
    shows: 'R1: two servers killed in turn',
    strikesBy: 'kills',
    setUp: TWO,
    rough: true,
    mayLog: false,
    strike: killServers,
  },
  behind: {
    shows: 'R2: the database, Redis and the servers killed in turn',
    strikesBy: 'kills',
    setUp: TWO,
    rough: true,
    mayLog: true,
    strike: killBehind,
  },
  faults: {
    shows: 'R3: processes paused, connections half-open or cut off',
    strikesBy: 'faults',
    setUp: { ...TWO, lines: true },
    rough: false,
    mayLog: true,
    strike: letFail,
  },
  rights: {
    shows: 'R7: rights withdrawn',
    strikesBy: 'faults',
    setUp: TWO,
    rough: true,
    mayLog: true,
    strike: withdraw,
  },
  rolling: {
    shows: 'R8: two servers restarted in turn',
    strikesBy: 'faults',
    setUp: TWO,
    rough: false,
    mayLog: false,
    balanced: true,
    strike: restart,
  },
} as const satisfies Record<string, Trial>;

export type TrialName = keyof typeof TRIALS;

/** The trials that there are with this environment: a database that is not ours is not killed. */
export function trialNames(): TrialName[] {
  const names = Object.keys(TRIALS) as TrialName[];
  return onForeignDatabase() ? names.filter((name) => name !== 'behind') : names;
}
