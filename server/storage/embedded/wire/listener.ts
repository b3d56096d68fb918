/** The listening socket, and the connections that came over it. */
import { unlinkSync } from 'node:fs';
import { type Server, createServer } from 'node:net';
import { StartRefused, reasonOf } from '../store/data-directory.ts';
import { Connection, type Handler } from './connection.ts';

/** Where to listen: a loopback port (0: any free one), or a Unix socket. */
export type Listen = { readonly host: string; readonly port: number } | { readonly socketPath: string };

/** The same as MongoDB's default; a client beyond it is cut off at once. */
const MAX_CONNECTIONS = 10_000;

export class Listener {
  readonly #server: Server;
  readonly #connections = new Set<Connection>();
  #lastId = 0;

  constructor(handler: Handler, refuse: (requestId: number, reason: string) => Buffer) {
    this.#server = createServer({ noDelay: true }, (socket) => {
      const connection = new Connection(++this.#lastId, socket, handler, refuse);
      this.#connections.add(connection);
      socket.on('close', () => this.#connections.delete(connection));
    });
    this.#server.maxConnections = MAX_CONNECTIONS;
  }

  get connections(): number {
    return this.#connections.size;
  }

  /** Opens the socket and tells its MongoDB URI. A socket file that is in the way is of a dead process: the directory is ours. */
  async open(listen: Listen): Promise<string> {
    if ('socketPath' in listen) removeStale(listen.socketPath);
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', (error) =>
        reject(
          new StartRefused(`The embedded database cannot listen on ${describe(listen)}: ${listenReason(error)}.`, {
            cause: error,
          }),
        ),
      );
      if ('socketPath' in listen) this.#server.listen({ path: listen.socketPath }, resolve);
      else this.#server.listen({ host: listen.host, port: listen.port }, resolve);
    });
    this.#server.removeAllListeners('error');
    this.#server.on('error', () => undefined);
    if ('socketPath' in listen) return `mongodb://${encodeURIComponent(listen.socketPath)}/`;
    const address = this.#server.address();
    const port = typeof address === 'object' && address ? address.port : listen.port;
    return `mongodb://${listen.host.includes(':') ? `[${listen.host}]` : listen.host}:${port}/`;
  }

  /** Takes no more connections, and ends those that are idle; the others end with `end`. */
  close(): void {
    this.#server.close();
    for (const connection of this.#connections) if (connection.idle) connection.end();
  }

  end(): void {
    for (const connection of this.#connections) connection.end();
  }
}

function removeStale(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT'))
      throw new StartRefused(`The socket ${path} cannot be replaced: ${reasonOf(error)}.`, { cause: error });
  }
}

function describe(listen: Listen): string {
  return 'socketPath' in listen ? listen.socketPath : `${listen.host}:${listen.port}`;
}

function listenReason(error: Error & { code?: string }): string {
  return error.code === 'EADDRINUSE' ? 'the address is already in use' : reasonOf(error);
}
