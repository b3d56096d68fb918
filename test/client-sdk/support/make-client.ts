import { type Client, type ClientOptions, createClient, type PageSignals } from '../../../client-sdk/index.ts';
import { FakeClock } from './fake-clock.ts';
import { ANN, FakeServer, tokenOf } from './fake-server.ts';

type Signal = 'online' | 'offline' | 'wake';

/** A page's signals that a test gives. */
export class FakeSignals implements PageSignals {
  readonly #listeners = new Set<(signal: Signal) => void>();
  down = false;

  offline(): boolean {
    return this.down;
  }

  watch(listener: (signal: Signal) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  give(signal: Signal): void {
    for (const listener of this.#listeners) listener(signal);
  }

  get watched(): number {
    return this.#listeners.size;
  }
}

export interface Stage {
  server: FakeServer;
  clock: FakeClock;
  signals: FakeSignals;
  client: Client;
}

/** Waits come out at about half their cap, and yet every clientId is another. */
export function diceAboutHalf(): () => number {
  let seed = 1;
  return () => {
    seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
    return 0.4 + 0.2 * (seed / 2 ** 32);
  };
}

/** A client on a fake server, clock and page; its dice say about one half unless other ones are given. */
export function makeClient(options: Partial<ClientOptions> = {}): Stage {
  const server = new FakeServer();
  const clock = new FakeClock();
  const signals = new FakeSignals();
  const client = createClient({
    url: 'http://rooms.test/',
    getToken: () => tokenOf(ANN),
    transport: server,
    clock,
    signals,
    random: diceAboutHalf(),
    ...options,
  });
  return { server, clock, signals, client };
}
