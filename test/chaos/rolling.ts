import type { Dice } from '../support/dice.ts';
import type { Mortal } from './mortal.ts';

/** What a server may take to stop, in milliseconds. */
const STOP_MS = 20_000;
const BETWEEN_MS = 1_500;
const LOOK_MS = 100;
/** Short, so that one that is slow to answer does not hold up the news of another's stop. */
const ANSWER_MS = 300;

/** Restarts one server after the other, as an operator does who waits until the one is back. Gives what did not stop by itself. */
export async function restartInTurn(
  servers: readonly Mortal[],
  restarts: number,
  dice: Dice,
  onRestart: (server: Mortal) => void,
): Promise<string[]> {
  const faults: string[] = [];
  for (let turn = 0; turn < restarts; turn++) {
    const server = servers[turn % servers.length];
    if (server === undefined) throw new Error('there is no server');
    onRestart(server);
    if (!(await server.stop(STOP_MS))) faults.push(`${server.name} did not stop in order: ${server.lastWords}`);
    await server.serve();
    await new Promise((resolve) => setTimeout(resolve, dice.roll() * BETWEEN_MS));
  }
  return faults;
}

/** Where a balancer sends people: to the servers that said, the last time they were asked, that they are ready. */
export class ReadyServers {
  readonly #servers: readonly Mortal[];
  #timer: NodeJS.Timeout | undefined;
  #ready: string[] = [];

  constructor(servers: readonly Mortal[]) {
    this.#servers = servers;
    this.#ready = servers.flatMap(({ address }) => address ?? []);
    this.#later();
  }

  get urls(): readonly string[] {
    return this.#ready;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #later(): void {
    this.#timer = setTimeout(() => {
      void this.#look().then(() => {
        if (this.#timer !== undefined) this.#later();
      });
    }, LOOK_MS);
  }

  async #look(): Promise<void> {
    const urls = this.#servers.flatMap(({ address }) => address ?? []);
    const ready = await Promise.all(urls.map((url) => isReady(url, this.#ready.includes(url))));
    this.#ready = urls.filter((_url, index) => ready[index]);
  }
}

/** @param last what is taken of one that does not answer in time: it is busy, and no stop is heard of */
const isReady = (url: string, last: boolean): Promise<boolean> =>
  fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
    ({ ok }) => ok,
    (error: unknown) => last && error instanceof Error && error.name === 'TimeoutError',
  );
