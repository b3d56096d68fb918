import type { Context } from '../../../../server/app/context.ts';
import type { Clock } from '../../../../server/clock.ts';
import type { TestDatabase } from '../../../support/database.ts';
import { ManualClock } from '../../../support/manual-clock.ts';
import { startTestService } from '../../../support/service.ts';
import type { ServiceProcess } from '../../../support/service-process.ts';

/** Shows the real time; what is timed by it comes when a test says so. */
class HeldTimers implements Clock {
  readonly #timers = new ManualClock(0);

  now(): number {
    return Date.now();
  }

  after(ms: number, callback: () => void): () => void {
    return this.#timers.after(ms, callback);
  }

  pass(ms: number): void {
    this.#timers.advance(ms);
  }
}

/** A demonstration's service in this process, whose phones ring only when a test says that time goes by: however slow the machine is, none stops before it was looked at. */
export class HeldPhones {
  readonly #timers = new HeldTimers();
  #context: Context | undefined;

  /** Serves a demonstration. */
  readonly serve = async (env: NodeJS.ProcessEnv, database: TestDatabase): Promise<ServiceProcess> => {
    const { service, context, stop } = await startTestService({ env, database, overrides: { clock: this.#timers } });
    this.#context = context;
    const { url } = service;
    return { url, port: Number(new URL(url).port), output: () => '', end: stop };
  };

  /** Lets so many milliseconds go by for the phones; resolves when all that they do by then is stored. */
  async after(ms: number): Promise<void> {
    this.#timers.pass(ms);
    await this.#context?.calls.idle();
  }
}
