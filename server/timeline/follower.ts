import type { Appender } from './appender.ts';
import type { StreamRef } from './stream-heads.ts';

const EVERY_MS = 2_000;

/**
 * Looks, every two seconds, for entries that other servers wrote to the streams that somebody listens to here. Without Redis between the servers
 * this is how their readers converge; with it, it is what repairs a notice that was lost. The cost follows the streams, not their listeners.
 */
export class Follower {
  readonly #appender: Appender;
  readonly #streams: () => Iterable<StreamRef>;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: { appender: Appender; streams: () => Iterable<StreamRef>; onError: (error: unknown) => void }) {
    this.#appender = parts.appender;
    this.#streams = parts.streams;
    this.#onError = parts.onError;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.look()
        .catch(this.#onError)
        .then(() => {
          if (!this.#stopped) this.start();
        });
    }, EVERY_MS).unref();
  }

  /** Looks once, now. */
  look(): Promise<void> {
    return this.#appender.follow(this.#streams());
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#looking;
  }
}
