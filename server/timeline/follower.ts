import type { Appender } from './appender.ts';
import type { StreamRef } from './stream-heads.ts';

const EVERY_MS = 2_000;
/** Where no other process writes to the database: then only what was stored and could not be acknowledged is still to be learnt. */
const ALONE_EVERY_MS = 10_000;

/**
 * Looks, every two seconds (every ten, where a server is alone), for entries that other servers wrote to the streams that somebody listens to here. Without Redis between the servers
 * this is how their readers converge; with it, it is what repairs a notice that was lost. The cost follows the streams, not their listeners.
 */
export class Follower {
  readonly #appender: Appender;
  readonly #streams: () => Iterable<StreamRef>;
  readonly #everyMs: number;
  readonly #onError: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #looking: Promise<void> = Promise.resolve();
  #stopped = false;

  /** @param parts `alone`: no other process writes to the database; `everyMs`: milliseconds between two looks */
  constructor(parts: {
    appender: Appender;
    streams: () => Iterable<StreamRef>;
    alone?: boolean;
    everyMs?: number | undefined;
    onError: (error: unknown) => void;
  }) {
    this.#appender = parts.appender;
    this.#streams = parts.streams;
    this.#everyMs = parts.everyMs ?? (parts.alone === true ? ALONE_EVERY_MS : EVERY_MS);
    this.#onError = parts.onError;
  }

  start(): void {
    this.#timer = setTimeout(() => {
      this.#looking = this.look()
        .catch(this.#onError)
        .then(() => {
          if (!this.#stopped) this.start();
        });
    }, this.#everyMs).unref();
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
