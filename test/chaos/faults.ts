import type { Dice } from '../support/dice.ts';
import type { LineEnd, SetUp } from './set-up.ts';

/**
 * What can go wrong with a process or a line that nobody is told of. `pause`: it stops in the middle of what it does. `half-open`: what passes on its
 * lines is lost, and the connections that were there stay dead without an end. `cut-off`: the same, and they are reset when the line is whole again.
 */
export const FAULT_KINDS = ['pause', 'half-open', 'cut-off'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Something that is done to somebody, and undone. */
export interface Fault {
  readonly what: string;
  readonly victim: string;
  begin(): void;
  end(): void;
}

const SHORTEST_MS = 500;
const ORDINARY_MS = 4_000;
/** How often one lasts longer than that, and how often two happen together. */
const LONG = 0.25;
const TWO = 0.3;

export function faultsOf(setUp: SetUp, kinds: readonly FaultKind[], attacked: readonly LineEnd[]): Fault[] {
  const { servers, database, redis, lines } = setUp;
  const processes = {
    servers,
    database: database === undefined ? [] : [database],
    redis: redis === undefined ? [] : [redis],
  };
  const faults: Fault[] = [];
  for (const end of attacked) {
    if (kinds.includes('pause'))
      for (const mortal of processes[end])
        faults.push({
          what: `${mortal.name} paused`,
          victim: mortal.name,
          begin: () => mortal.pause(),
          end: () => mortal.resume(),
        });
    for (const { line } of lines.filter((one) => one.end === end))
      for (const [kind, afterwards] of [
        ['half-open', 'left'],
        ['cut-off', 'reset'],
      ] as const)
        if (kinds.includes(kind))
          faults.push({
            what: `${line.name} ${kind}`,
            victim: line.name,
            begin: () => line.breakUp(),
            end: () => line.heal(afterwards),
          });
  }
  return faults;
}

export interface Faulting {
  faults: readonly Fault[];
  count: number;
  dice: Dice;
  /** The longest that anything lasts, in milliseconds. */
  longestMs: number;
  onFault(fault: Fault, forMs: number): void;
  /** Called when all is whole again; the next fault waits for it. */
  healed(): Promise<void>;
}

/** Lets one fault happen after the other, now and then two at once, for as long as the dice say. Each kind of victim has its turn. */
export async function faultInTurn({ faults, count, dice, longestMs, onFault, healed }: Faulting): Promise<void> {
  let waiting: Fault[] = [];
  const next = (except?: Fault): Fault | undefined => {
    if (waiting.length === 0) waiting = [...faults];
    const fitting = waiting.filter(({ victim }) => victim !== except?.victim);
    if (fitting.length === 0) return undefined;
    const fault = dice.pick(fitting);
    waiting = waiting.filter((one) => one !== fault);
    return fault;
  };
  for (let done = 0; done < count; ) {
    const first = next();
    if (first === undefined) throw new Error('there is nothing that could go wrong');
    const second = done + 1 < count && dice.chance(TWO) ? next(first) : undefined;
    const together = second === undefined ? [first] : [first, second];
    const most = dice.chance(LONG) ? longestMs : Math.min(ORDINARY_MS, longestMs);
    const forMs = SHORTEST_MS + dice.roll() * Math.max(0, most - SHORTEST_MS);
    for (const fault of together) {
      onFault(fault, forMs);
      fault.begin();
    }
    done += together.length;
    await new Promise((resolve) => setTimeout(resolve, forMs));
    for (const fault of together) fault.end();
    await healed();
  }
}
