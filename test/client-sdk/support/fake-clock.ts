import type { Clock } from '../../../client-sdk/core/clock.ts';

interface Timer {
  at: number;
  order: number;
  task: () => void;
}

/** Lets everything that is ready run: promises and their followers, no matter how long the chain. */
export const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * A clock that stands still until it is told to go on, and then lets promises run between one timer and the next: what a
 * client does at a timer is asynchronous.
 */
export class FakeClock implements Clock {
  readonly #timers = new Set<Timer>();
  #now = Date.UTC(2026, 10, 2, 9, 0, 0);
  #order = 0;

  now(): number {
    return this.#now;
  }

  after(ms: number, task: () => void): () => void {
    const timer = { at: this.#now + ms, order: this.#order++, task };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  get pending(): number {
    return this.#timers.size;
  }

  /** Goes on by `ms`, running what becomes due in order, and lets each task's consequences happen before the next. */
  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    await settle();
    for (;;) {
      const [next] = [...this.#timers].filter(({ at }) => at <= until).sort((a, b) => a.at - b.at || a.order - b.order);
      if (!next) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.task();
      await settle();
    }
    this.#now = until;
  }
}
