import { randomUUID } from 'node:crypto';
import { Agenda, type Job as Turn } from 'agenda';
import type { Connection, mongo } from 'mongoose';
import type { Clock } from '../server/clock.ts';
import type { Sweeps } from '../server/delivery/sweeps.ts';
import { Figures } from '../server/telemetry/figures.ts';
import type { Log } from '../server/telemetry/log.ts';
import { JOBS_COLLECTION, JobBackend } from './backend.ts';
import type { Job } from './job.ts';
import { jobs as allJobs } from './jobs.ts';
import { storeSchedules } from './schedules.ts';

/** In milliseconds. */
export interface Timing {
  /** How often it looks for turns; one that comes before the next look is locked ahead. */
  lookMs: number;
  /** How long the lock of a worker that was killed holds up the others. A run that takes longer renews its lock. */
  lockMs: number;
}

const TIMING: Timing = { lookMs: 5_000, lockMs: 20_000 };
/** A lock is renewed so often within its time. */
const RENEWALS = 4;
/** How far ahead `again` reaches: to the next turn of the job that comes most often. */
const AGAIN_WITHIN_MS = 15_000;
/** How long a stop waits for runs. What they left undone, the next sweep does. */
const STOP_MS = 4_000;

const IS_LOGGED = (): undefined => undefined;

export interface RunnerParts {
  connection: Connection;
  sweeps: Sweeps;
  /** The service's time. Turns are by the real one. */
  clock: Clock;
  /** The office's. */
  timeZone: string;
  log: Log;
  figures?: Pick<Figures, 'ran'>;
  jobs?: readonly Job[];
  timing?: Partial<Timing>;
}

/**
 * Runs the jobs, together with the other servers and workers on the database: each turn is one worker's. Agenda gives it at least once and may give it twice;
 * jobs bear that.
 */
export class Runner {
  readonly #sweeps: Sweeps;
  readonly #clock: Clock;
  readonly #timeZone: string;
  readonly #log: Log;
  readonly #figures: Pick<Figures, 'ran'>;
  readonly #jobs: readonly Job[];
  readonly #timing: Timing;
  /** Written beside each lock: a worker takes away only its own. */
  readonly #name = randomUUID();
  readonly #backend: JobBackend;
  readonly #collection: mongo.Collection;
  readonly #working = new Set<Promise<void>>();
  /** Turns of Agenda's that are not over: it has something to store when the work is done. */
  readonly #turns = new Map<Turn, Promise<void>>();
  readonly #again = new Map<Job, { at: number; cancel: () => void }>();
  #agenda: Agenda | undefined;
  #stopping = false;

  constructor({ connection, sweeps, clock, timeZone, log, figures, jobs = allJobs, timing = {} }: RunnerParts) {
    const { db } = connection;
    if (db === undefined) throw new Error('jobs need a database that is connected');
    this.#sweeps = sweeps;
    this.#clock = clock;
    this.#timeZone = timeZone;
    this.#log = log;
    this.#figures = figures ?? new Figures();
    this.#jobs = jobs;
    this.#timing = { ...TIMING, ...timing };
    this.#backend = new JobBackend(db, (error) => this.#failed(error));
    this.#collection = db.collection(JOBS_COLLECTION);
  }

  /** Takes its share of the turns from now on. What was missed meanwhile is caught up with at once, in the background. */
  async start(): Promise<void> {
    await this.#backend.connect();
    const agenda = new Agenda({
      backend: this.#backend,
      name: this.#name,
      processEvery: this.#timing.lookMs,
      defaultConcurrency: 1,
      defaultLockLimit: 1,
      defaultLockLifetime: this.#timing.lockMs,
    });
    this.#agenda = agenda;
    agenda.on('error', (error: unknown) => this.#failed(error));
    agenda.on('complete', (turn: Turn) => this.#turns.delete(turn));
    for (const job of this.#jobs) {
      const { retry } = job;
      const backoff = ({ attempt }: { attempt: number }) =>
        retry !== undefined && attempt <= retry.times ? retry.afterMs : null;
      agenda.define(job.name, (turn, done) => void this.#turn(job, turn).then(() => done(), done), { backoff });
    }
    await storeSchedules(agenda, this.#collection, this.#jobs, this.#timeZone);
    await agenda.start();
    this.#background(async () => {
      for (const job of this.#jobs) {
        if (!this.#stopping) await this.#perform(job).catch(IS_LOGGED);
      }
    });
  }

  /** Ends runs in order, within a few seconds, and leaves nothing locked: whoever starts next need not wait. */
  async stop(): Promise<void> {
    this.#stopping = true;
    for (const { cancel } of this.#again.values()) cancel();
    await this.#backend.close();
    await this.#agenda?.stop();
    await this.#workEnds();
    await this.#backend.settled();
    await this.#collection.updateMany(
      { name: { $in: this.#jobs.map(({ name }) => name) }, lastModifiedBy: this.#name, lockedAt: { $ne: null } },
      { $unset: { lockedAt: true } },
    );
  }

  async #workEnds(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<'late'>((resolve) => {
      timer = setTimeout(() => resolve('late'), STOP_MS);
    });
    const ended = async () => {
      do {
        await Promise.allSettled([...this.#working, ...this.#turns.values()]);
        await this.#backend.settled();
        await new Promise((resolve) => setImmediate(resolve));
      } while (this.#working.size + this.#turns.size > 0);
    };
    if ((await Promise.race([ended(), late])) === 'late') this.#log.warn('jobs are left running: their time is over');
    clearTimeout(timer);
  }

  #turn(job: Job, turn: Turn): Promise<void> {
    const work = this.#renewing(turn, () => this.#perform(job));
    this.#turns.set(turn, work);
    return work;
  }

  /** Renews the lock while the work lasts. No renewal is on its way when this settles: it would come after the lock is taken away. */
  async #renewing(turn: Turn, work: () => Promise<void>): Promise<void> {
    let renewing: Promise<void> = Promise.resolve();
    const timer = setInterval(() => {
      // A stop is over before the lock is; renewed later, it would outlive the stop.
      if (this.#stopping) return;
      renewing = renewing.then(() => turn.touch()).catch((error: unknown) => this.#failed(error, turn.attrs.name));
    }, this.#timing.lockMs / RENEWALS);
    try {
      await work();
    } finally {
      clearInterval(timer);
      await renewing;
    }
  }

  /** Rejects when the job does; what is to be written down of that is. */
  async #perform(job: Job): Promise<void> {
    const begun = performance.now();
    const correlationId = randomUUID();
    try {
      await job.perform({
        sweeps: this.#sweeps,
        correlationId,
        again: (at) => this.#runAgain(job, at),
        stopping: () => this.#stopping,
      });
      const ms = performance.now() - begun;
      this.#figures.ran(job.name, 'ok', ms);
      this.#log.debug({ job: job.name, correlationId, ms }, 'a job has run');
    } catch (error) {
      this.#figures.ran(job.name, 'failed', performance.now() - begun);
      this.#failed(error, job.name, correlationId);
      throw error;
    }
  }

  #runAgain(job: Job, at: number): void {
    const ms = at - this.#clock.now();
    const known = this.#again.get(job);
    // What is due already was just done, or cannot be: then the next turn looks at it.
    if (this.#stopping || ms <= 0 || ms >= AGAIN_WITHIN_MS || (known !== undefined && known.at <= at)) return;
    known?.cancel();
    const cancel = this.#clock.after(ms, () => {
      this.#again.delete(job);
      this.#background(() => this.#perform(job).catch(IS_LOGGED));
    });
    this.#again.set(job, { at, cancel });
  }

  #background(work: () => Promise<void>): void {
    const running = work().finally(() => this.#working.delete(running));
    this.#working.add(running);
  }

  #failed(error: unknown, job?: string, correlationId?: string): void {
    this.#log.error({ job, correlationId, err: error }, 'a job failed: it is tried again');
  }
}
