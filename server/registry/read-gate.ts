import { READS_AT_A_TIME, WAITING_CROWD } from '../../shared/contract/limits.ts';
import type { Caller } from './call.ts';

interface Turnstile {
  running: number;
  waiting: { begin: () => void; isOfCrowd: boolean }[];
  /** Of those that wait, how many go one by one in a crowd. */
  crowd: number;
  /** Very many of those wait, or did and some of them wait still. */
  isCrowded: boolean;
}

/**
 * Bounds how many reads of one user are worked on at a time, over all connections and both transports: the answer to a read can be large, and somebody with many
 * connections would have as many of them made at once. The others wait in the order of their arrival; how many can wait is bounded by the rates. Costs nothing for
 * who reads nothing.
 */
export class ReadGate {
  readonly #users = new Map<string, Turnstile>();

  /** @param isOfCrowd whether it is worked on by itself when very many of its kind wait */
  async run<Result>({ side, userId }: Caller, read: () => Promise<Result>, isOfCrowd = true): Promise<Result> {
    const user = `${side}:${userId}`;
    let turnstile = this.#users.get(user);
    if (turnstile === undefined)
      this.#users.set(user, (turnstile = { running: 0, waiting: [], crowd: 0, isCrowded: false }));
    const { waiting } = turnstile;
    if (waiting.length === 0 && turnstile.running < READS_AT_A_TIME) turnstile.running += 1;
    else
      await new Promise<void>((resolve) => {
        waiting.push({ begin: resolve, isOfCrowd });
        if (isOfCrowd && ++turnstile.crowd > WAITING_CROWD) turnstile.isCrowded = true;
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
    for (let next = waiting[0]; next !== undefined; next = waiting[0]) {
      if (turnstile.running >= (turnstile.isCrowded && next.isOfCrowd ? 1 : READS_AT_A_TIME)) break;
      waiting.shift();
      if (next.isOfCrowd) turnstile.crowd -= 1;
      turnstile.running += 1;
      next.begin();
    }
    if (turnstile.crowd === 0) turnstile.isCrowded = false;
    if (waiting.length > 0) return;
    if (turnstile.running === 0) this.#users.delete(user);
  }

  /** Users with reads that are worked on. */
  get size(): number {
    return this.#users.size;
  }
}
