import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { FILES_PATH } from '../../shared/contract/file-route.ts';
import { TCP_PER_ADDRESS, UPLOAD_DEADLINE_MS } from '../../shared/contract/limits.ts';
import { networkOf } from '../transport/client-address.ts';
import { sendProblem } from '../transport/problem.ts';
import type { Settings } from './settings.ts';

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
/** A request that is no upload has come in whole by then, in milliseconds. */
const REQUEST_MS = 30_000;
/** An answer of which nothing is taken for so long is given up, in milliseconds. Longer than the longest poll, which waits for a ping. */
const STALL_MS = 60_000;

/**
 * Begins to listen. It comes first at a start: a port that is taken, or an address that is not this machine's, is found before any data is touched.
 * Until it is opened, every request is answered `unavailable`.
 * @param options.headersMs milliseconds that a connection has to finish its request's headers, from its beginning on
 * @param options.bodyMs milliseconds that a request that is no upload may take to come in whole
 * @param options.stallMs milliseconds after which a connection on which nothing moves is ended; a WebSocket has its own rules
 * @param options.perAddress how many TCP connections one address may have; any number unless given
 * @throws when the address cannot be listened on
 */
export async function listen(options: {
  port: number;
  host: string;
  headersMs: number;
  bodyMs?: number;
  stallMs?: number;
  perAddress?: number;
}): Promise<FrontDoor> {
  let serve: RequestListener = (_request, response) =>
    sendProblem(response, { code: 'unavailable', message: 'This server is starting.', retryAfterMs: 1000 });
  let running = 0;
  const http = createServer(
    {
      headersTimeout: options.headersMs,
      requestTimeout: UPLOAD_DEADLINE_MS,
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
  http.setTimeout(options.stallMs ?? STALL_MS);
  boundConnections(http, options.perAddress ?? Number.POSITIVE_INFINITY);
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
      // Before all others, Socket.IO's too.
      http.prependListener('request', (request: IncomingMessage) => boundBody(request, options.bodyMs ?? REQUEST_MS));
    },
  };
}

/** Node has one time for all requests, and uploads need a long one: this ends the others earlier. */
function boundBody(request: IncomingMessage, bodyMs: number): void {
  const { method, url = '', headers } = request;
  if (headers['content-length'] === undefined && headers['transfer-encoding'] === undefined) return;
  if (method === 'POST' && url.split('?')[0] === FILES_PATH) return;
  const timer = setTimeout(() => request.destroy(), bodyMs).unref();
  request.once('close', () => clearTimeout(timer));
}

/** How many TCP connections an address may have; any number when limits are off. Behind a proxy they are all the proxy's, and it is the proxy that bounds them. */
export function tcpPerAddress({
  rateLimitFactor,
  trustProxy,
}: Pick<Settings, 'rateLimitFactor' | 'trustProxy'>): number {
  if (rateLimitFactor === 0 || trustProxy > 0) return Number.POSITIVE_INFINITY;
  return Math.max(1, Math.round(TCP_PER_ADDRESS * rateLimitFactor));
}

/** Ends a connection at once whose address has too many: nothing of it is read, and nothing else is bounded in number before it is. */
function boundConnections(http: Server, most: number): void {
  if (most === Number.POSITIVE_INFINITY) return;
  const connections = new Map<string, number>();
  const onClose = function (this: Socket): void {
    const network = networkOf(this.remoteAddress ?? '');
    const left = (connections.get(network) ?? 0) - 1;
    if (left > 0) connections.set(network, left);
    else connections.delete(network);
  };
  http.prependListener('connection', (socket: Socket) => {
    const network = networkOf(socket.remoteAddress ?? '');
    const before = connections.get(network) ?? 0;
    if (before >= most) {
      socket.resetAndDestroy();
      return;
    }
    connections.set(network, before + 1);
    socket.on('close', onClose);
  });
}
