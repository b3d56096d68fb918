import { Redis } from 'ioredis';
import type { Log } from '../telemetry/log.ts';
import { inTime } from './in-time.ts';

/** A sentence for the person who starts the service: what waiting would not heal. */
export class RedisRefused extends Error {
  override readonly name = 'StartRefused';
}

/** In milliseconds. */
const CONNECT_MS = 5_000;
/** A connection that is made and not ready for so long is given up. */
const GREETING_MS = 5_000;
const RETRY_FIRST_MS = 50;
const RETRY_MOST_MS = 1_000;
/** The first version that knows sharded publish and subscribe. */
const OLDEST = 7;
const REFUSALS = /\b(WRONGPASS|NOAUTH|NOPERM|invalid password|DB index)\b/i;

/** Each wait is twice the one before, a quarter more or less, and never longer than a second: a Redis that is back is found soon. */
const retryAfter = (attempt: number): number =>
  Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** (attempt - 1)) * (0.75 + Math.random() / 2);

/**
 * A connection that is made again for ever, and keeps nothing while it is not there: what is asked meanwhile fails at once, so that no memory grows and nothing
 * comes late. Nothing that it writes down holds the address or the password.
 */
export function redisClient(url: string, log: Log): Redis {
  const client = new Redis(url, {
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    retryStrategy: retryAfter,
    enableOfflineQueue: false,
    autoResubscribe: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: null,
    keepAlive: 10_000,
    disableClientInfo: true,
  });
  let said: string | undefined;
  client.on('error', (error: Error) => {
    // An error of ioredis carries the command, and that of AUTH the password.
    const reason = reasonOf(error);
    if (reason === said) return;
    said = reason;
    log.warn({ reason }, 'Redis cannot be reached');
  });
  let greeting: NodeJS.Timeout | undefined;
  client.on('connect', () => {
    greeting = setTimeout(() => giveUp(client), GREETING_MS).unref();
  });
  for (const over of ['ready', 'close', 'end'] as const) {
    client.on(over, () => {
      clearTimeout(greeting);
      if (over === 'ready') said = undefined;
    });
  }
  return client;
}

/** Ends a connection whose other side is silent, without waiting for its goodbye; another one is made. */
export function giveUp(client: Redis): void {
  client.stream?.destroy();
}

/** What went wrong, without what was sent: the code of a system's error, or Redis's own words. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'an unknown error';
  if ('code' in error && typeof error.code === 'string') return error.code;
  return error.message.split('\n', 1)[0] ?? '';
}

/**
 * Connects for the first time. Resolves with whether Redis is there: one that does not answer may come later.
 * @throws {RedisRefused} for one that answers and does not serve: a wrong password, an old version, something that is no Redis
 */
export async function connectFirst(client: Redis, withinMs: number): Promise<boolean> {
  const outcome = await new Promise<'ready' | 'late' | RedisRefused>((resolve) => {
    const timer = setTimeout(() => settle('late'), withinMs);
    const onReady = () => settle('ready');
    const onError = (error: Error) => {
      const refusal = refusalIn(reasonOf(error));
      if (refusal !== undefined) settle(new RedisRefused(`REDIS_URL: ${refusal}.`));
    };
    const settle = (how: 'ready' | 'late' | RedisRefused) => {
      clearTimeout(timer);
      client.off('ready', onReady).off('error', onError);
      resolve(how);
    };
    client.on('ready', onReady).on('error', onError);
    // How it ends is told by the events, also of attempts that follow by themselves.
    client.connect().catch(() => undefined);
  });
  if (outcome === 'late') return false;
  if (outcome === 'ready') {
    await requireVersion(client);
    return true;
  }
  client.disconnect();
  throw outcome;
}

function refusalIn(reason: string): string | undefined {
  if (REFUSALS.test(reason)) return `Redis refuses this user or password, or what they may do (${reason})`;
  return /protocol error/i.test(reason) ? 'what answers there is no Redis' : undefined;
}

async function requireVersion(client: Redis): Promise<void> {
  const info = await inTime(client.info('server'), CONNECT_MS).catch(() => '');
  const version = /redis_version:(\d+)[^\r\n]*/.exec(info);
  if (version === null || Number(version[1]) >= OLDEST) return;
  client.disconnect();
  throw new RedisRefused(
    `REDIS_URL: Redis ${OLDEST}.0 or newer is needed, for sharded publish and subscribe; this is ${version[0].split(':')[1]}.`,
  );
}
