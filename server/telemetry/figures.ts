import type { ErrorCode } from '../../shared/contract/errors.ts';
import type { ServerEventName } from '../../shared/contract/events.ts';
import { Durations, QUICK_MS, SLOW_MS, WAITED_MS } from './durations.ts';
import { Tally } from './tally.ts';

/** How a call ended. */
export type Outcome = 'ok' | ErrorCode;

/** Calls of one name: how they ended, and how long they took. */
interface Calls {
  readonly outcomes: Tally<Outcome>;
  readonly durations: Durations;
}

/** Stands for every name that is no command's. */
export const UNKNOWN = 'unknown' as const;

/** Runs of one job. */
interface Runs {
  readonly outcomes: Tally<'ok' | 'failed'>;
  readonly durations: Durations;
}

/**
 * What a process counts while it runs. Plain numbers, so that counting costs a message next to nothing; they become metrics when somebody asks for those.
 * No name in it comes from outside.
 */
export class Figures {
  readonly commands = new Map<string, Calls>();
  readonly handshakes = new Tally<Outcome>();
  readonly cuts = new Tally();
  readonly deliveries = new Tally<ServerEventName | typeof UNKNOWN>();
  /** From the call for an entry to its being on disk. */
  readonly appends = new Durations(WAITED_MS);
  /** From there until it is written to every reader of this server. */
  readonly fanOuts = new Durations(QUICK_MS);
  /** How late steps and reminders were that the clock sees to. */
  readonly lateness = new Durations(SLOW_MS);
  readonly jobs = new Map<string, Runs>();

  /** @param name a command's, a route's, or `UNKNOWN` */
  answered(name: string, outcome: Outcome, ms: number): void {
    let calls = this.commands.get(name);
    if (calls === undefined)
      this.commands.set(name, (calls = { outcomes: new Tally(), durations: new Durations(WAITED_MS) }));
    calls.outcomes.add(outcome);
    calls.durations.add(ms);
  }

  ran(job: string, outcome: 'ok' | 'failed', ms: number): void {
    let runs = this.jobs.get(job);
    if (runs === undefined) this.jobs.set(job, (runs = { outcomes: new Tally(), durations: new Durations(SLOW_MS) }));
    runs.outcomes.add(outcome);
    runs.durations.add(ms);
  }
}
