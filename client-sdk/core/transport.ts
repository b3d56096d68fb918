import type { WireError } from '../../shared/contract/errors.ts';

export interface ConnectionAuth {
  token: string;
  /** Contract version. */
  v: number;
}

/** What a connection tells its owner. After `refused` or `lost` it says nothing more. */
export interface ConnectionListener {
  /** `id`: by which the server names this connection, where the transport knows it. */
  opened(id?: string): void;
  /** The connection was not made; `error` is the server's own word where it gave one. */
  refused(error: WireError | undefined, reason: string): void;
  lost(reason: string): void;
  event(name: string, payload: unknown): void;
}

/** One connection, good for one life: it never connects again by itself. */
export interface Connection {
  /** Sends a command; `ack` is called at most once, and never after the connection ended. */
  emit(name: string, input: unknown, ack: (answer: unknown) => void): void;
  /** Ends the connection and lets go of its listeners; the owner hears nothing more. */
  close(): void;
}

/**
 * How the SDK reaches a server. The listener is taken before anything is sent, so that no event can be missed, and is never
 * called before `connect` has returned.
 */
export interface Transport {
  connect(url: string, auth: ConnectionAuth, listener: ConnectionListener): Connection;
}
