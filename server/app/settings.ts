import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';

/** The demonstration secret: fine on a laptop, refused in production. */
export const DEMO_JWT_SECRET = 'delivery-rooms-demo-secret-do-not-use-it-for-real';

const empty = (value: unknown): unknown => (value === '' ? undefined : value);
const setting = <T extends z.ZodType>(schema: T) => z.preprocess(empty, schema);
const list = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
const CLOCK_TIME = /^([01]\d|2[0-3]):[0-5]\d$/;
const OPENING = '09:00';
const CUTOFF = '17:30';
const clockTime = z.string().regex(CLOCK_TIME, 'must be HH:MM, such as 17:30');
const whole = (from: number, to: number) =>
  z
    .string()
    .refine((text) => /^\d{1,9}$/.test(text) && Number(text) >= from && Number(text) <= to, {
      error: `must be a whole number from ${from} to ${to}`,
    })
    .transform(Number);
const port = whole(0, 65_535);

const origin = z.string().refine((text) => {
  try {
    return new URL(text).origin === text;
  } catch {
    return false;
  }
}, 'must be origins such as https://portal.example, separated by commas, without a path');

const timeZone = z.string().refine((zone) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}, 'must be a time zone of the IANA database, such as Asia/Shanghai');

const TRANSPORTS_FAULT = 'must be websocket, polling or both';
const LEVELS = ['fatal', 'error', 'warn', 'info', 'debug', 'silent'] as const;

const environment = z.object({
  NODE_ENV: setting(z.string().default('development')),
  PORT: setting(port.prefault('3000')),
  HOST: setting(z.string().default('127.0.0.1')),
  DATA_DIR: setting(z.string().default('./data')),
  MONGODB_URI: setting(
    z
      .string()
      .regex(/^mongodb(\+srv)?:\/\/./, 'must begin with mongodb:// or mongodb+srv://')
      .optional(),
  ),
  REDIS_URL: setting(z.url({ protocol: /^rediss?$/, error: 'must be a redis:// or rediss:// address' }).optional()),
  JWT_SECRET: setting(
    z
      .string()
      .refine((text) => Buffer.byteLength(text) >= 32, 'must be at least 32 bytes long')
      .optional(),
  ),
  JWKS_URL: setting(z.url({ protocol: /^https?$/, error: 'must be an http(s) address' }).optional()),
  JWT_ISSUER: setting(z.string().optional()),
  JWT_MAX_DAYS: setting(whole(1, 3650).optional()),
  JWT_AUDIENCE: setting(z.string().default('delivery-rooms')),
  ALLOWED_ORIGINS: setting(z.string().default('').transform(list).pipe(z.array(origin))),
  TRANSPORTS: setting(
    z
      .string()
      .transform(list)
      .pipe(z.array(z.enum(['websocket', 'polling'], TRANSPORTS_FAULT)).min(1, TRANSPORTS_FAULT))
      .optional(),
  ),
  CALENDAR_TZ: setting(timeZone.default('Asia/Shanghai')),
  OPENING: setting(clockTime.default(OPENING)),
  CUTOFF: setting(clockTime.default(CUTOFF)),
  DB_PORT: setting(port.prefault('27717')),
  RATE_LIMIT_FACTOR: setting(
    z
      .string()
      .refine((text) => /^\d{1,5}(\.\d{1,6})?$/.test(text) && Number(text) <= 10_000, {
        error: 'must be a number from 0 to 10000',
      })
      .transform(Number)
      .prefault('1'),
  ),
  TRUST_PROXY: setting(whole(0, 10).prefault('0')),
  JOBS: setting(z.enum(['server', 'apart'], 'must be server or apart').default('server')),
  METRICS_TOKEN: setting(
    z
      .string()
      .regex(/^[\x21-\x7e]{16,512}$/, 'must be 16 to 512 visible characters, without spaces')
      .optional(),
  ),
  METRICS_PORT: setting(port.optional()),
  DEMO: setting(z.enum(['0', '1'], 'must be 0 or 1').optional()),
  LOG_LEVEL: setting(z.enum(LEVELS, `must be one of ${LEVELS.join(', ')}`).default('info')),
});

/** What each setting alone cannot tell: looked at whether or not another one is wrong, so that all faults are named at once. */
function faultsTogether(env: NodeJS.ProcessEnv): string[] {
  const faults: string[] = [];
  const set = (name: string): string | undefined => (env[name] === '' ? undefined : env[name]);
  const secret = set('JWT_SECRET');
  const keys = set('JWKS_URL');
  const production = set('NODE_ENV') === 'production';
  if (production && set('DEMO') === '1') faults.push('DEMO is refused when NODE_ENV=production');
  if (production && keys === undefined && (secret === undefined || secret === DEMO_JWT_SECRET))
    faults.push('JWT_SECRET must be set to a secret of your own (or JWKS_URL) when NODE_ENV=production');
  if (keys !== undefined && secret !== undefined)
    faults.push('JWKS_URL cannot be set together with JWT_SECRET: choose one');
  const opening = set('OPENING') ?? OPENING;
  const cutoff = set('CUTOFF') ?? CUTOFF;
  if (CLOCK_TIME.test(opening) && CLOCK_TIME.test(cutoff) && opening >= cutoff)
    faults.push('CUTOFF must be later than OPENING');
  return faults;
}

export interface Settings {
  production: boolean;
  port: number;
  host: string;
  dataDir: string;
  mongodbUri: string | undefined;
  redisUrl: string | undefined;
  jwt: { secret: string } | { jwksUrl: string };
  jwtIssuer: string | undefined;
  jwtAudience: string;
  /** How long a token lives at most, from its `iat` on; undefined: as long as it says. */
  jwtMaxDays: number | undefined;
  allowedOrigins: readonly string[];
  transports: readonly ('websocket' | 'polling')[];
  calendarTimeZone: string;
  opening: string;
  cutoff: string;
  dbPort: number;
  rateLimitFactor: number;
  /** Proxies in front of this server that add the client's address to X-Forwarded-For. */
  trustProxy: number;
  /** Where the jobs run: in this server, or with `npm run jobs` apart from it. */
  jobs: 'server' | 'apart';
  /** What whoever reads the metrics shows; undefined: this machine reads them, outside of production. */
  metricsToken: string | undefined;
  /** Where the jobs apart show their metrics; undefined: nowhere. */
  metricsPort: number | undefined;
  demo: boolean;
  logLevel: string;
}

/** A setting that cannot be used: names each setting with its reason, one a line. Never holds a value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/**
 * Reads the settings from an environment, checks each, and fills in the defaults.
 * @param defaultDemo what `DEMO` is when it is not set: true for `npm start`
 * @throws {SettingsError} naming every wrong setting
 */
export function readSettings(env: NodeJS.ProcessEnv, defaultDemo = false): Settings {
  const result = environment.safeParse(env);
  const alone = result.error?.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`) ?? [];
  const faults = [...new Set([...alone, ...faultsTogether(env)])];
  if (!result.success || faults.length > 0) throw new SettingsError(faults.join('\n'));
  const e = result.data;
  const production = e.NODE_ENV === 'production';
  return {
    production,
    port: e.PORT,
    host: e.HOST,
    dataDir: isAbsolute(e.DATA_DIR) ? e.DATA_DIR : resolve(e.DATA_DIR),
    mongodbUri: e.MONGODB_URI,
    redisUrl: e.REDIS_URL,
    jwt: e.JWKS_URL === undefined ? { secret: e.JWT_SECRET ?? DEMO_JWT_SECRET } : { jwksUrl: e.JWKS_URL },
    jwtIssuer: e.JWT_ISSUER,
    jwtAudience: e.JWT_AUDIENCE,
    jwtMaxDays: e.JWT_MAX_DAYS,
    allowedOrigins: e.ALLOWED_ORIGINS,
    // A session that polls belongs to one server, and a balancer may send its next request to another.
    transports: e.TRANSPORTS ?? (e.REDIS_URL === undefined ? ['websocket', 'polling'] : ['websocket']),
    calendarTimeZone: e.CALENDAR_TZ,
    opening: e.OPENING,
    cutoff: e.CUTOFF,
    dbPort: e.DB_PORT,
    rateLimitFactor: e.RATE_LIMIT_FACTOR,
    trustProxy: e.TRUST_PROXY,
    jobs: e.JOBS,
    metricsToken: e.METRICS_TOKEN,
    metricsPort: e.METRICS_PORT,
    demo: e.DEMO === undefined ? defaultDemo && !production : e.DEMO === '1',
    logLevel: e.LOG_LEVEL,
  };
}
