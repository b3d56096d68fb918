import type { Clock } from '../core/clock.ts';

/** Timers by name: setting one again replaces it, and all can be taken back at once. */
export class Timers {
  readonly #clock: Clock;
  readonly #running = new Map<string, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  set(name: string, ms: number, task: () => void): void {
    this.cancel(name);
    const cancel = this.#clock.after(Math.max(0, ms), () => {
      this.#running.delete(name);
      task();
    });
    this.#running.set(name, cancel);
  }

  has(name: string): boolean {
    return this.#running.has(name);
  }

  cancel(name: string): void {
    this.#running.get(name)?.();
    this.#running.delete(name);
  }

  cancelAll(): void {
    for (const cancel of this.#running.values()) cancel();
    this.#running.clear();
  }
}
