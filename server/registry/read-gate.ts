import { READS_AT_A_TIME, WAITING_CROWD } from '../../shared/contract/limits.ts';
import type { Caller } from './call.ts';

interface Turnstile {
  running: number;
  waiting: (() => void)[];
  /** Very many wait, or did and some of them wait still: they go one by one. */
  isCrowded: boolean;
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
    if (turnstile === undefined) this.#users.set(user, (turnstile = { running: 0, waiting: [], isCrowded: false }));
    const { waiting } = turnstile;
    if (waiting.length === 0 && turnstile.running < READS_AT_A_TIME) turnstile.running += 1;
    else
      await new Promise<void>((resolve) => {
        if (waiting.push(resolve) > WAITING_CROWD) turnstile.isCrowded = true;
      });
    try {
      return await read();
    } finally {
      turnstile.running -= 1;
      this.#pass(user, turnstile);
    }
  }

  /** Lets in who waits. */
  #pass(user: string, turnstile: Turnstile): void {
    const { waiting } = turnstile;
    const most = turnstile.isCrowded ? 1 : READS_AT_A_TIME;
    while (turnstile.running < most) {
      const next = waiting.shift();
      if (next === undefined) break;
      turnstile.running += 1;
      next();
    }
    if (waiting.length > 0) return;
    turnstile.isCrowded = false;
    if (turnstile.running === 0) this.#users.delete(user);
  }

  /** Users with reads that are worked on. */
  get size(): number {
    return this.#users.size;
  }
}
