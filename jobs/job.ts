import type { Sweeps } from '../server/delivery/sweeps.ts';

export interface JobParts {
  sweeps: Sweeps;
  /** Of this run: in the log, and on what follows from it. */
  correlationId: string;
  /** Has the job run once more at an instant of the service's clock, where that is before its next turn. */
  again(at: number): void;
  /** True once the worker stops: what is left is for others. */
  stopping(): boolean;
}

/** One job. It only wakes what the data decide, so that a run too many, or two at once, change nothing. */
export interface Job {
  readonly name: string;
  /** Its turns: a cron expression in the office's time zone, by the real clock; of six fields, the first are seconds. */
  readonly schedule: string;
  /** After a failure it is tried again so often, so many milliseconds later each time; then, as without this, at its next turn. */
  readonly retry?: { readonly times: number; readonly afterMs: number };
  perform(parts: JobParts): Promise<void>;
}
