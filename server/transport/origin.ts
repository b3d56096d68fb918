import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Log } from '../telemetry/log.ts';
import { refuseHandshake } from './problem.ts';

/**
 * Says whether a browser page may talk to this server. A request without `Origin` does not come from a page; a page of this server's own is
 * always allowed; others must be listed.
 */
export function isAllowedOrigin(request: Pick<IncomingMessage, 'headers'>, allowed: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || allowed.includes(origin)) return true;
  try {
    const { protocol, host: own } = new URL(origin);
    return (protocol === 'http:' || protocol === 'https:') && own === host;
  } catch {
    return false;
  }
}

/** The part of a response that both Express and Engine.IO's upgrade have. */
type Headers = Pick<ServerResponse, 'setHeader'>;

/**
 * Makes the one check of `Origin` for HTTP, polling and WebSocket: CORS alone does not protect a WebSocket. It stands before every request, also those of
 * a session that is already open.
 */
export function crossOrigin(allowed: readonly string[], log: Log) {
  return (request: IncomingMessage, response: ServerResponse | Headers, next: () => void): void => {
    const { origin } = request.headers;
    if (!isAllowedOrigin(request, allowed)) {
      log.info({ origin: origin?.slice(0, 200), reason: 'origin' }, 'a request was refused');
      refuseHandshake(request, { code: 'forbidden', message: 'This origin is not allowed.' });
      return;
    }
    if (origin !== undefined) {
      response.setHeader('Access-Control-Allow-Origin', origin);
      response.setHeader('Vary', 'Origin');
    }
    if (request.method !== 'OPTIONS' || !('writeHead' in response)) {
      next();
      return;
    }
    response.setHeader('Access-Control-Allow-Methods', 'GET, POST');
    response.setHeader('Access-Control-Allow-Headers', 'authorization, content-type');
    response.setHeader('Access-Control-Max-Age', '600');
    response.writeHead(204).end();
  };
}
