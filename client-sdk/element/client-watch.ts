import type { ReactiveController, ReactiveControllerHost } from 'lit';
import type { Client } from '../index.ts';

type Watching = ReactiveControllerHost & { readonly client: Client | undefined };

class ClientWatch implements ReactiveController {
  readonly #host: Watching;
  #watched: Client | undefined;
  #release: (() => void) | undefined;

  constructor(host: Watching) {
    this.#host = host;
  }

  hostConnected(): void {
    this.hostUpdate();
  }

  hostDisconnected(): void {
    this.#release?.();
    this.#release = undefined;
    this.#watched = undefined;
  }

  hostUpdate(): void {
    const { client } = this.#host;
    if (client === this.#watched) return;
    this.hostDisconnected();
    this.#watched = client;
    this.#release = client?.on('state', () => this.#host.requestUpdate());
  }
}

/** Draws an element again whenever the connection of its client changes: who is logged in is known from the first on. */
export function watchClient(host: Watching): void {
  host.addController(new ClientWatch(host));
}
