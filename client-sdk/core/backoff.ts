export const BACKOFF_FIRST_MS = 500;
export const BACKOFF_CAP_MS = 20_000;

/**
 * How long to wait before try number `attempt` (from 0): full jitter under a cap that doubles, so that clients which lost
 * a server together do not return together. A wait that the server asked for is kept, and the jitter comes on top.
 */
export function backoffMs(attempt: number, dice: number, retryAfterMs = 0): number {
  const cap = Math.min(BACKOFF_CAP_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 10));
  return Math.round(Math.max(0, retryAfterMs) + dice * cap);
}
