import type { Dice } from '../support/dice.ts';
import type { Mortal } from './mortal.ts';

/** When a process is killed. */
export type Phase = 'serving' | 'stopping' | 'starting';

const LOAD_MS = 1_200;
/** A stop with clients takes about a second: it gives them one to go elsewhere. */
const STOP_MS = 1_200;
const STOPPING = 0.25;
const STARTING = 0.3;

const pass = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

export interface Killing {
  victims: readonly Mortal[];
  kills: number;
  dice: Dice;
  onKill(mortal: Mortal, phase: Phase): void;
  /** Something to look at while a process is dead, before it is started again. */
  whileDown?(mortal: Mortal): Promise<void>;
}

/**
 * Kills the processes in turn, each at instants that the dice choose, and starts them again; while one is down the others are not touched.
 * Everything serves when it resolves.
 */
export async function killInTurn({ victims: mortals, kills, dice, onKill, whileDown }: Killing): Promise<void> {
  let done = 0;
  const left = () => kills - done;
  const count = (mortal: Mortal, phase: Phase): void => {
    done += 1;
    onKill(mortal, phase);
  };
  for (let turn = 0; left() > 0; turn++) {
    const mortal = mortals[turn % mortals.length];
    if (mortal === undefined) throw new Error('there is nothing to kill');
    count(mortal, await killServing(mortal, dice));
    await whileDown?.(mortal);
    while (left() > 0 && dice.chance(STARTING)) if (await killStarting(mortal, dice)) count(mortal, 'starting');
    await mortal.serve();
  }
}

async function killServing(mortal: Mortal, dice: Dice): Promise<Phase> {
  for (;;) {
    await mortal.serve();
    await pass(dice.roll() * LOAD_MS);
    const stopping = dice.chance(STOPPING);
    if (stopping) {
      mortal.ask();
      await pass(dice.roll() * STOP_MS);
    }
    // It may have come to the end of its stop before: then it was no kill.
    if (await mortal.kill()) return stopping ? 'stopping' : 'serving';
  }
}

/** Says whether it was killed before it served. */
async function killStarting(mortal: Mortal, dice: Dice): Promise<boolean> {
  const started = mortal.start();
  await pass(dice.roll() * mortal.startMs);
  const early = mortal.address === undefined;
  const killed = await mortal.kill();
  await started;
  return early && killed;
}
