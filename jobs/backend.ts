import { MongoBackend } from '@agendajs/mongo-backend';
import type { mongo } from 'mongoose';

export const JOBS_COLLECTION = 'jobs';

/**
 * Agenda's backend on the service's own connection. What Agenda starts and does not wait for is waited for here: a lock that is taken while it stops would
 * stay, and a rejection that nobody hears would end the process.
 */
export class JobBackend extends MongoBackend {
  readonly #working = new Set<Promise<unknown>>();
  #connecting: Promise<void> | undefined;
  #closed = false;

  constructor(db: mongo.Db, onError: (error: unknown) => void) {
    super({ mongo: db, collection: JOBS_COLLECTION });
    const { repository } = this;
    const next = repository.getNextJobToRun.bind(repository);
    const save = repository.saveJobState.bind(repository);
    const unlock = repository.unlockJob.bind(repository);
    repository.getNextJobToRun = (...args) => (this.#closed ? Promise.resolve(undefined) : this.#track(next(...args)));
    repository.saveJobState = (...args) => this.#track(save(...args));
    repository.unlockJob = (job) => this.#track(unlock(job).catch(onError));
  }

  /** Connects once: Agenda's own call cannot fail where nobody hears of it, if this one was awaited before. */
  override connect(): Promise<void> {
    this.#connecting ??= super.connect();
    return this.#connecting;
  }

  /** Takes no job any more. Resolves when Agenda has got what it had asked for. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.settled();
  }

  /** Resolves when nothing is on its way to the database, and Agenda has gone on with what came back. */
  async settled(): Promise<void> {
    while (this.#working.size > 0) {
      await Promise.allSettled(this.#working);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #track<Result>(work: Promise<Result>): Promise<Result> {
    this.#working.add(work);
    const forget = () => this.#working.delete(work);
    work.then(forget, forget);
    return work;
  }
}
