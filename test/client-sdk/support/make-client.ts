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

/** A client on a fake server, clock and page; its dice always say one half unless other ones are given. */
export function makeClient(options: Partial<ClientOptions> = {}): Stage {
  const server = new FakeServer();
  const clock = new FakeClock();
  const signals = new FakeSignals();
  let throws = 0;
  const client = createClient({
    url: 'http://rooms.test/',
    getToken: () => tokenOf(ANN),
    transport: server,
    clock,
    signals,
    // One half for every wait, and yet another clientId each time.
    random: () => 0.5 + (throws++ % 997) * 1e-4,
    ...options,
  });
  return { server, clock, signals, client };
}
