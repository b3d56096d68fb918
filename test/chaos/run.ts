import { Dice } from '../support/dice.ts';
import { people, Portal } from '../support/portal.ts';
import { checkUnread, compare, compareServer, readStream, settled } from './aftermath.ts';
import type { CompiledService } from './compiled-service.ts';
import { Crowd } from './crowd.ts';
import { FAULT_KINDS, type FaultKind } from './faults.ts';
import { Ledger, type Tally } from './ledger.ts';
import { Orders } from './orders.ts';
import { ReadyServers } from './rolling.ts';
import { type LineEnd, startSetUp } from './set-up.ts';
import { ATTACKED, type Measured, type Trial, type TrialName, TRIALS } from './trials.ts';

export interface ChaosPlan {
  trial: TrialName;
  /** Kills, faults, withdrawals or restarts, as the trial has it. */
  strikes: number;
  seed: number;
  /** Messages a second, of all people together. */
  rate: number;
  programs: CompiledService;
  attack?: readonly LineEnd[];
  kinds?: readonly FaultKind[];
  longestMs?: number;
  convergeMs?: number;
  say(line: string): void;
}

/** What one trial came to. */
export interface ChaosReport extends Tally, Measured {
  trial: TrialName;
  seed: number;
  /** What was done to whom, how often. */
  done: Record<string, number>;
  /** Orders that were tried, each until it was answered. */
  orders: number;
  /** Processes that ended without having been killed or asked to. */
  falls: number;
  /** Seconds from the first message to the last read, and how many of them everybody took to converge after the last strike. */
  seconds: number;
  converged: number;
}

const ROOMS = 3;
/** What is promised: everybody converges in so many milliseconds after all is whole again. */
const CONVERGE_MS = 30_000;
const LONGEST_MS = 25_000;

/** People are at work before the first strike. */
const WARM_UP_MS = 1_000;
const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Runs one trial: people at work, things done to what serves them, and at the end everything is read again and compared. */
export async function runChaos(plan: ChaosPlan): Promise<ChaosReport> {
  const { strikes, seed, say } = plan;
  const trial: Trial = TRIALS[plan.trial];
  const dice = new Dice(seed);
  const setUp = await startSetUp(trial.setUp, plan.programs);
  const ledger = new Ledger();
  const ready = trial.balanced === true ? new ReadyServers(setUp.servers) : undefined;
  let crowd: Crowd | undefined;
  let orders: Orders | undefined;
  try {
    const urls = (): string[] => [...(ready?.urls ?? setUp.urls())];
    const portal = new Portal(urls()[0] ?? '');
    const roomIds = await openRooms(portal);
    const writers = ROOMS + 5;
    crowd = new Crowd({ ledger, dice: dice.apart(), portal, urls, rate: plan.rate / writers });
    const placed = new Orders(urls, dice.apart());
    await gather(crowd, roomIds, trial);
    const began = performance.now();
    if (trial.rough) crowd.cutLines(1);
    orders = placed;
    crowd.often(1, () => placed.place());
    await pass(WARM_UP_MS);
    const done: Record<string, number> = {};
    const measured = await trial.strike({
      setUp,
      crowd,
      ledger,
      dice: dice.apart(),
      roomIds,
      strikes,
      attack: plan.attack ?? ATTACKED,
      kinds: plan.kinds ?? FAULT_KINDS,
      longestMs: plan.longestMs ?? LONGEST_MS,
      convergeMs: plan.convergeMs ?? CONVERGE_MS,
      say,
      done(what, more) {
        done[what] = (done[what] ?? 0) + 1;
        say(`${plan.trial}: ${[what, more].filter(Boolean).join(' ')}, ${ledger.ackedSoFar} messages acknowledged`);
      },
    });
    const struck = performance.now();
    crowd.rest();
    await crowd.answered();
    const streams = await settled(crowd, portal, urls, roomIds);
    const converged = performance.now() - struck;
    compare(crowd, streams, ledger);
    await placed.check(ledger, (roomId) => readStream(portal, urls, roomId, 'public'));
    // Each server has to tell the same, whichever was asked first.
    for (const url of setUp.urls()) await compareServer(url, portal, streams, ledger);
    await checkUnread(portal, urls, streams, ledger);
    const tally = ledger.settle([...streams.values()]);
    const falls = setUp.all.flatMap((mortal) => mortal.falls);
    const faults = trial.mayLog ? [] : setUp.servers.flatMap((server) => server.faults);
    return {
      trial: plan.trial,
      seed,
      done,
      orders: placed.count,
      falls: falls.length,
      seconds: seconds(performance.now() - began),
      converged: seconds(converged),
      ...measured,
      ...tally,
      faults: [...tally.faults, ...falls, ...faults],
    };
  } finally {
    ready?.close();
    orders?.close();
    await crowd?.close();
    await setUp.drop();
  }
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

const buyerOf = (room: number) =>
  ({ sub: `buyer-of-${room}`, side: 'buyer', org: 'buyers', name: `Buyer ${room}` }) as const;

async function openRooms(portal: Portal): Promise<string[]> {
  await portal.seed();
  const roomIds: string[] = [];
  for (let room = 0; room < ROOMS; room++) {
    const roomId = await portal.project(`order of room ${room}`, buyerOf(room));
    await portal.call('admin', 'member.add', { roomId, userId: people.designer.sub, name: people.designer.name });
    roomIds.push(roomId);
  }
  return roomIds;
}

async function gather(crowd: Crowd, rooms: readonly string[], { balanced = false }: Trial): Promise<void> {
  await Promise.all([
    ...rooms.map((roomId, room) => crowd.join({ who: buyerOf(room), rooms: [roomId], writes: ['public'] })),
    crowd.join({ who: people.designer, rooms, writes: ['public', 'provider'] }),
    crowd.join({ who: people.admin, rooms, writes: ['public', 'provider'] }),
    crowd.join({ who: people.operator, rooms, writes: ['public', 'provider', 'operator'] }),
    crowd.join({ who: people.vendor, rooms, writes: [] }),
  ]);
  const colleague = { ...people.operator, sub: 'operator-2', name: 'Second operator' };
  const hasty = { ...people.operator, sub: 'operator-3', name: 'Hasty operator' };
  crowd.call({ who: colleague, rooms, writes: ['public', 'operator'] }, balanced ? 'trusting' : 'patient');
  crowd.call({ who: hasty, rooms, writes: ['public', 'provider'] }, balanced ? 'trusting' : 'hasty');
}
