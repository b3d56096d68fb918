import { READS_AT_A_TIME } from '../../shared/contract/limits.ts';
import type { Caller } from './call.ts';

interface Turnstile {
  running: number;
  waiting: (() => void)[];
}

/**
 * Bounds how many reads of one user are worked on at a time, over all connections and both transports: the answer to a read can be large, and somebody with many
 * connections would have as many of them made at once. The others wait in the order of their arrival; how many can wait is bounded by the rates. Costs nothing for
 * who reads nothing.
 */
export class ReadGate {
  readonly #users = new Map<string, Turnstile>();

  async run<Result>({ side, userId }: Caller, read: () => Promise<Result>): Promise<Result> {
    const user = `${side}:${userId}`;
    let turnstile = this.#users.get(user);
    if (turnstile === undefined) this.#users.set(user, (turnstile = { running: 0, waiting: [] }));
    const { waiting } = turnstile;
    if (turnstile.running < READS_AT_A_TIME) turnstile.running += 1;
    else await new Promise<void>((resolve) => waiting.push(resolve));
    try {
      return await read();
    } finally {
      // Who waits takes over the place.
      const next = waiting.shift();
      if (next !== undefined) next();
      else if (--turnstile.running === 0) this.#users.delete(user);
    }
  }

  /** Users with reads that are worked on. */
  get size(): number {
    return this.#users.size;
  }
}
