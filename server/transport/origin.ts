import type { IncomingMessage } from 'node:http';

/**
 * Says whether a browser page may talk to this server. A request without `Origin` does not come from a page; a page of this server's own is
 * always allowed; others must be listed.
 */
export function isAllowedOrigin(request: Pick<IncomingMessage, 'headers'>, allowed: readonly string[]): boolean {
  const { origin, host } = request.headers;
  if (origin === undefined || allowed.includes(origin)) return true;
  try {
    return new URL(origin).host === host;
  } catch {
    return false;
  }
}
