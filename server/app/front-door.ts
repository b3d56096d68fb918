import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sendProblem } from '../transport/problem.ts';

/** The listener, which is there before anything stands behind it. */
export interface FrontDoor {
  readonly http: Server;
  readonly port: number;
  readonly url: string;
  /** Requests that are not answered yet, but for those of Socket.IO. */
  running(): number;
  /** Lets requests through to what serves them from now on. */
  open(serve: RequestListener): void;
}

/** How often Node looks for connections that do not finish a request in time, in milliseconds. */
const CHECK_MS = 1_000;
const REQUEST_MS = 30_000;

/**
 * Begins to listen. It comes first at a start: a port that is taken, or an address that is not this machine's, is found before any data is touched.
 * Until it is opened, every request is answered `unavailable`.
 * @param options.headersMs milliseconds that a connection has to finish its request's headers, from its beginning on
 * @throws when the address cannot be listened on
 */
export async function listen(options: { port: number; host: string; headersMs: number }): Promise<FrontDoor> {
  let serve: RequestListener = (_request, response) =>
    sendProblem(response, { code: 'unavailable', message: 'This server is starting.', retryAfterMs: 1000 });
  let running = 0;
  const http = createServer(
    {
      headersTimeout: options.headersMs,
      requestTimeout: REQUEST_MS,
      connectionsCheckingInterval: Math.min(CHECK_MS, options.headersMs),
    },
    (request, response) => {
      running += 1;
      response.once('close', () => {
        running -= 1;
      });
      serve(request, response);
    },
  );
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(options.port, options.host, () => {
      http.off('error', reject);
      resolve();
    });
  });
  const { port } = http.address() as AddressInfo;
  const host = options.host.includes(':') ? `[${options.host}]` : options.host;
  return {
    http,
    port,
    url: `http://${host}:${port}`,
    running: () => running,
    open(next) {
      serve = next;
    },
  };
}
