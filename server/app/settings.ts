import { isAbsolute, resolve } from 'node:path';
import { z } from 'zod';
import type { VaultKey } from '../numbers/keyring.ts';
import { isRegion, type Region } from '../numbers/phone-number.ts';
import type { SmsWebhook } from '../numbers/webhook-sender.ts';
import { FOLLOWING_WINDOW_MS, PLACES_DEFAULT, PLACES_MAX } from '../../shared/contract/limits.ts';
import { callEnvironment, callFaults, type CallSettings, callSettings } from './call-settings.ts';
import { CLOCK_TIME, list, setting, whole } from './setting.ts';

/** The demonstration secret: fine on a laptop, refused in production. */
export const DEMO_JWT_SECRET = 'delivery-rooms-demo-secret-do-not-use-it-for-real';

/** The demonstration's key of the vault, likewise. Elsewhere it opens what was kept before there was one of the deployment's own. */
export const DEMO_VAULT_KEY: VaultKey = {
  id: 'demo',
  key: Buffer.from('delivery-rooms-demo-vault-key-32').toString('base64'),
};
const DAY_MS = 86_400_000;

const OPENING = '09:00';
const CUTOFF = '17:30';
const clockTime = z.string().regex(CLOCK_TIME, 'must be HH:MM, such as 17:30');
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

/** Text that is exactly the base64 of so many bytes. */
function isBase64(text: string, from: number, to: number): boolean {
  const bytes = Buffer.from(text, 'base64');
  return bytes.length >= from && bytes.length <= to && bytes.toString('base64') === text;
}

const VAULT_KEY = /^([\w.-]{1,32}):(.+)$/;
const vaultKeysOf = (text: string): VaultKey[] =>
  list(text).map((part) => {
    const [, id = '', key = ''] = VAULT_KEY.exec(part) ?? [];
    return { id, key };
  });
const vaultKeys = z
  .string()
  .transform(vaultKeysOf)
  .refine(
    (keys) =>
      keys.length > 0 &&
      keys.every(({ id, key }) => id !== '' && isBase64(key, 32, 32)) &&
      new Set(keys.map(({ id }) => id)).size === keys.length,
    'must be id:key, separated by commas, with ids of their own and each key 32 bytes in base64 (openssl rand -base64 32)',
  );

const SECRET_PREFIX = /^whsec_/;
const webhookSecrets = z
  .string()
  .transform((text) => list(text).map((secret) => secret.replace(SECRET_PREFIX, '')))
  .refine(
    (secrets) => secrets.length > 0 && secrets.every((secret) => isBase64(secret, 24, 64)),
    'must be whsec_ and 24 to 64 bytes in base64, or several such, separated by commas',
  );

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
  DEMAND_PLACES: setting(whole(1, PLACES_MAX).prefault(String(PLACES_DEFAULT))),
  FOLLOW_DAYS: setting(whole(1, 365).prefault(String(FOLLOWING_WINDOW_MS / DAY_MS))),
  DEMAND_PHONE: setting(z.enum(['required', 'optional'], 'must be required or optional').default('required')),
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
  VAULT_KEYS: setting(vaultKeys.optional()),
  NUMBER_RETENTION_DAYS: setting(whole(1, 3650).prefault('30')),
  PHONE_REGION: setting(
    z.string().default('CN').refine(isRegion, 'must be two capital letters of a country or region, such as CN'),
  ),
  SMS_WEBHOOK_URL: setting(z.url({ protocol: /^https?$/, error: 'must be an http(s) address' }).optional()),
  SMS_WEBHOOK_SECRET: setting(webhookSecrets.optional()),
  ...callEnvironment,
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
  if (production && vaultKeysOf(set('VAULT_KEYS') ?? '').some(({ key }) => key === DEMO_VAULT_KEY.key))
    faults.push('VAULT_KEYS must not hold the demonstration key when NODE_ENV=production');
  if ((set('SMS_WEBHOOK_URL') === undefined) !== (set('SMS_WEBHOOK_SECRET') === undefined))
    faults.push('SMS_WEBHOOK_SECRET must be set where SMS_WEBHOOK_URL is, and only there');
  const opening = set('OPENING') ?? OPENING;
  const cutoff = set('CUTOFF') ?? CUTOFF;
  if (CLOCK_TIME.test(opening) && CLOCK_TIME.test(cutoff) && opening >= cutoff)
    faults.push('CUTOFF must be later than OPENING');
  return [...faults, ...callFaults(set, production)];
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
  /** How many providers a normal demand takes at a time. */
  demandPlaces: number;
  /** For how many days a provider follows a demand without a communication record. */
  followDays: number;
  /** Whether a buyer who publishes a demand must verify a phone with a code. */
  demandPhone: 'required' | 'optional';
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
  /** The first one seals numbers, all of them open them; none: no number is kept. */
  vaultKeys: readonly VaultKey[];
  /** How long after a project's end its numbers are kept. */
  numberRetentionDays: number;
  /** By which numbers without a country calling code are read. */
  phoneRegion: Region;
  /** What sends codes to phones; undefined: nothing does, or, in a demonstration, codes are printed. */
  smsWebhook: SmsWebhook | undefined;
  calls: CallSettings;
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
  const own = e.VAULT_KEYS ?? [];
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
    demandPlaces: e.DEMAND_PLACES,
    followDays: e.FOLLOW_DAYS,
    demandPhone: e.DEMAND_PHONE,
    dbPort: e.DB_PORT,
    rateLimitFactor: e.RATE_LIMIT_FACTOR,
    trustProxy: e.TRUST_PROXY,
    jobs: e.JOBS,
    metricsToken: e.METRICS_TOKEN,
    metricsPort: e.METRICS_PORT,
    vaultKeys: production ? own : [...own, ...(own.some(({ id }) => id === DEMO_VAULT_KEY.id) ? [] : [DEMO_VAULT_KEY])],
    numberRetentionDays: e.NUMBER_RETENTION_DAYS,
    phoneRegion: e.PHONE_REGION,
    smsWebhook:
      e.SMS_WEBHOOK_URL === undefined || e.SMS_WEBHOOK_SECRET === undefined
        ? undefined
        : { url: e.SMS_WEBHOOK_URL, secrets: e.SMS_WEBHOOK_SECRET },
    calls: callSettings(e, production),
    demo: e.DEMO === undefined ? defaultDemo && !production : e.DEMO === '1',
    logLevel: e.LOG_LEVEL,
  };
}
