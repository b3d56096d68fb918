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
const clockTime = z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/, 'must be HH:MM, such as 17:30');
const port = z.coerce
  .number('must be a number')
  .int('must be a whole number')
  .min(0, 'must be 0 to 65535')
  .max(65_535, 'must be 0 to 65535');

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

const environment = z
  .object({
    NODE_ENV: setting(z.string().default('development')),
    PORT: setting(port.default(3000)),
    HOST: setting(z.string().default('127.0.0.1')),
    DATA_DIR: setting(z.string().default('./data')),
    MONGODB_URI: setting(
      z
        .string()
        .regex(/^mongodb(\+srv)?:\/\/./, 'must begin with mongodb:// or mongodb+srv://')
        .optional(),
    ),
    REDIS_URL: setting(
      z
        .string()
        .regex(/^rediss?:\/\/./, 'must begin with redis:// or rediss://')
        .optional(),
    ),
    JWT_SECRET: setting(
      z
        .string()
        .refine((text) => Buffer.byteLength(text) >= 32, 'must be at least 32 bytes long')
        .optional(),
    ),
    JWKS_URL: setting(z.url({ protocol: /^https?$/, error: 'must be an http(s) address' }).optional()),
    JWT_ISSUER: setting(z.string().optional()),
    JWT_AUDIENCE: setting(z.string().default('delivery-rooms')),
    ALLOWED_ORIGINS: setting(z.string().default('').transform(list).pipe(z.array(origin))),
    TRANSPORTS: setting(
      z
        .string()
        .transform(list)
        .pipe(z.array(z.enum(['websocket', 'polling'], 'must be websocket, polling or both')).min(1))
        .optional(),
    ),
    CALENDAR_TZ: setting(timeZone.default('Asia/Shanghai')),
    OPENING: setting(clockTime.default('09:00')),
    CUTOFF: setting(clockTime.default('17:30')),
    DB_PORT: setting(port.default(27_717)),
    RATE_LIMIT_FACTOR: setting(
      z.coerce.number('must be a number').min(0, 'must be 0 or more').max(10_000, 'must be at most 10000').default(1),
    ),
    DEMO: setting(z.enum(['0', '1'], 'must be 0 or 1').optional()),
    LOG_LEVEL: setting(z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'silent']).default('info')),
  })
  .superRefine((env, context) => {
    const refuse = (name: string, message: string) => context.addIssue({ code: 'custom', path: [name], message });
    const production = env.NODE_ENV === 'production';
    if (production && env.DEMO === '1') refuse('DEMO', 'is refused when NODE_ENV=production');
    if (
      production &&
      env.JWKS_URL === undefined &&
      (env.JWT_SECRET === undefined || env.JWT_SECRET === DEMO_JWT_SECRET)
    )
      refuse('JWT_SECRET', 'must be set to a secret of your own (or JWKS_URL) when NODE_ENV=production');
    if (env.JWKS_URL !== undefined && env.JWT_SECRET !== undefined)
      refuse('JWKS_URL', 'cannot be set together with JWT_SECRET: choose one');
    if (env.OPENING >= env.CUTOFF) refuse('CUTOFF', 'must be later than OPENING');
  });

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
  allowedOrigins: readonly string[];
  transports: readonly ('websocket' | 'polling')[];
  calendarTimeZone: string;
  opening: string;
  cutoff: string;
  dbPort: number;
  rateLimitFactor: number;
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
  if (!result.success) {
    const faults = result.error.issues.map((issue) => `${String(issue.path[0])} ${issue.message}`);
    throw new SettingsError([...new Set(faults)].join('\n'));
  }
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
    allowedOrigins: e.ALLOWED_ORIGINS,
    transports: e.TRANSPORTS ?? (e.REDIS_URL === undefined ? ['websocket', 'polling'] : ['websocket']),
    calendarTimeZone: e.CALENDAR_TZ,
    opening: e.OPENING,
    cutoff: e.CUTOFF,
    dbPort: e.DB_PORT,
    rateLimitFactor: e.RATE_LIMIT_FACTOR,
    demo: e.DEMO === undefined ? defaultDemo && !production : e.DEMO === '1',
    logLevel: e.LOG_LEVEL,
  };
}
