import { isAbsolute } from 'node:path';
import { expect } from 'chai';
import { DEMO_JWT_SECRET, DEMO_VAULT_KEY, readSettings, SettingsError } from '../../../server/app/settings.ts';

const SECRET = 'a secret of at least thirty-two bytes';

const KEY = Buffer.alloc(32, 'a key for tests').toString('base64');
const OTHER_KEY = Buffer.alloc(32, 'another one').toString('base64');

const faultsOf = (env: NodeJS.ProcessEnv): string[] => {
  try {
    readSettings(env);
    return [];
  } catch (error) {
    if (error instanceof SettingsError) return error.message.split('\n');
    throw error;
  }
};

describe('readSettings', () => {
  it('fills in the defaults', () => {
    const settings = readSettings({});
    expect(isAbsolute(settings.dataDir)).to.equal(true);
    expect({ ...settings, dataDir: 'data' }).to.deep.equal({
      production: false,
      port: 3000,
      host: '127.0.0.1',
      dataDir: 'data',
      mongodbUri: undefined,
      redisUrl: undefined,
      jwt: { secret: DEMO_JWT_SECRET },
      jwtIssuer: undefined,
      jwtAudience: 'delivery-rooms',
      jwtMaxDays: undefined,
      allowedOrigins: [],
      transports: ['websocket', 'polling'],
      calendarTimeZone: 'Asia/Shanghai',
      opening: '09:00',
      cutoff: '17:30',
      demandPlaces: 5,
      followDays: 7,
      demandPhone: 'required',
      dbPort: 27_717,
      rateLimitFactor: 1,
      trustProxy: 0,
      jobs: 'server',
      metricsToken: undefined,
      metricsPort: undefined,
      vaultKeys: [DEMO_VAULT_KEY],
      numberRetentionDays: 30,
      phoneRegion: 'CN',
      smsWebhook: undefined,
      calls: {
        bridge: { name: 'simulator', record: false },
        rules: { approval: 'none', dailyLimit: 20, quiet: null },
        maxMinutes: 60,
        fromNumber: 'any',
        recordingDays: 180,
      },
      demo: false,
      logLevel: 'info',
    });
  });

  it('takes an empty value for one that is not set', () => {
    expect(readSettings({ PORT: '', JWT_SECRET: '', REDIS_URL: '', DEMO: '' })).to.deep.equal(readSettings({}));
  });

  it('takes what is set', () => {
    const settings = readSettings({
      PORT: '0',
      JWT_SECRET: SECRET,
      ALLOWED_ORIGINS: ' https://a.example , http://b.example:81',
      TRANSPORTS: 'websocket',
      RATE_LIMIT_FACTOR: '0.5',
      TRUST_PROXY: '2',
      DEMO: '1',
    });
    expect(settings).to.deep.include({
      port: 0,
      jwt: { secret: SECRET },
      rateLimitFactor: 0.5,
      trustProxy: 2,
      demo: true,
    });
    expect(settings.allowedOrigins).to.deep.equal(['https://a.example', 'http://b.example:81']);
    expect(settings.transports).to.deep.equal(['websocket']);
  });

  it('takes the keys of the vault in their order, the first to write with', () => {
    const own = [
      { id: '2026', key: KEY },
      { id: 'a.b-c_d', key: OTHER_KEY },
    ];
    const VAULT_KEYS = ` 2026:${KEY}, a.b-c_d:${OTHER_KEY} `;
    expect(readSettings({ NODE_ENV: 'production', JWT_SECRET: SECRET, VAULT_KEYS }).vaultKeys).to.deep.equal(own);
    // Where nothing is at stake, what a demonstration has kept opens still.
    expect(readSettings({ VAULT_KEYS }).vaultKeys).to.deep.equal([...own, DEMO_VAULT_KEY]);
    expect(readSettings({ VAULT_KEYS: `demo:${KEY}` }).vaultKeys).to.deep.equal([{ id: 'demo', key: KEY }]);
  });

  it('has no key of its own for the vault in production, and starts without', () => {
    expect(readSettings({ NODE_ENV: 'production', JWT_SECRET: SECRET }).vaultKeys).to.deep.equal([]);
    expect(Buffer.from(DEMO_VAULT_KEY.key, 'base64')).to.have.length(32);
  });

  it('takes the secrets of the webhook with and without their prefix', () => {
    const SMS_WEBHOOK_URL = 'https://sms.example/send?from=rooms';
    expect(
      readSettings({ SMS_WEBHOOK_URL, SMS_WEBHOOK_SECRET: `whsec_${KEY}, ${OTHER_KEY}` }).smsWebhook,
    ).to.deep.equal({
      url: SMS_WEBHOOK_URL,
      secrets: [KEY, OTHER_KEY],
    });
  });

  it('makes the demonstration the default where it is asked to, never in production', () => {
    expect(readSettings({}, true).demo).to.equal(true);
    expect(readSettings({ DEMO: '0' }, true).demo).to.equal(false);
    expect(readSettings({ NODE_ENV: 'production', JWT_SECRET: SECRET }, true).demo).to.equal(false);
  });

  const wrong: [NodeJS.ProcessEnv, string][] = [
    [{ PORT: 'abc' }, 'PORT'],
    [{ PORT: '65536' }, 'PORT'],
    [{ PORT: '-1' }, 'PORT'],
    [{ PORT: '80.5' }, 'PORT'],
    [{ PORT: '0x50' }, 'PORT'],
    [{ PORT: '1e3' }, 'PORT'],
    [{ DB_PORT: 'x' }, 'DB_PORT'],
    [{ MONGODB_URI: 'postgres://x' }, 'MONGODB_URI'],
    [{ REDIS_URL: 'http://127.0.0.1' }, 'REDIS_URL'],
    [{ JWT_SECRET: 'short' }, 'JWT_SECRET'],
    [{ JWT_MAX_DAYS: '0' }, 'JWT_MAX_DAYS'],
    [{ JWT_MAX_DAYS: '1.5' }, 'JWT_MAX_DAYS'],
    [{ JWKS_URL: 'not a url' }, 'JWKS_URL'],
    [{ JWKS_URL: 'ftp://x.example' }, 'JWKS_URL'],
    [{ JWKS_URL: 'https://x.example', JWT_SECRET: SECRET }, 'JWKS_URL'],
    [{ ALLOWED_ORIGINS: '*' }, 'ALLOWED_ORIGINS'],
    [{ ALLOWED_ORIGINS: 'https://a.example/path' }, 'ALLOWED_ORIGINS'],
    [{ ALLOWED_ORIGINS: 'a.example' }, 'ALLOWED_ORIGINS'],
    [{ ALLOWED_ORIGINS: 'null' }, 'ALLOWED_ORIGINS'],
    [{ TRANSPORTS: 'carrier-pigeon' }, 'TRANSPORTS'],
    [{ TRANSPORTS: ',' }, 'TRANSPORTS'],
    [{ CALENDAR_TZ: 'Mars/Olympus' }, 'CALENDAR_TZ'],
    [{ OPENING: '9:00' }, 'OPENING'],
    [{ CUTOFF: '25:00' }, 'CUTOFF'],
    [{ OPENING: '18:00' }, 'CUTOFF'],
    [{ RATE_LIMIT_FACTOR: '-1' }, 'RATE_LIMIT_FACTOR'],
    [{ RATE_LIMIT_FACTOR: 'fast' }, 'RATE_LIMIT_FACTOR'],
    [{ RATE_LIMIT_FACTOR: '10001' }, 'RATE_LIMIT_FACTOR'],
    [{ TRUST_PROXY: 'true' }, 'TRUST_PROXY'],
    [{ TRUST_PROXY: '11' }, 'TRUST_PROXY'],
    [{ JOBS: 'nowhere' }, 'JOBS'],
    [{ DEMAND_PHONE: 'sometimes' }, 'DEMAND_PHONE'],
    [{ METRICS_TOKEN: 'short' }, 'METRICS_TOKEN'],
    [{ METRICS_TOKEN: 'sixteen and more, with spaces' }, 'METRICS_TOKEN'],
    [{ METRICS_PORT: 'x' }, 'METRICS_PORT'],
    [{ VAULT_KEYS: KEY }, 'VAULT_KEYS'],
    [{ VAULT_KEYS: ',' }, 'VAULT_KEYS'],
    [{ VAULT_KEYS: `a:${KEY.slice(4)}` }, 'VAULT_KEYS'],
    [{ VAULT_KEYS: `a:${KEY}AAAA` }, 'VAULT_KEYS'],
    [{ VAULT_KEYS: `a:${KEY.replace('=', '')}` }, 'VAULT_KEYS'],
    [{ VAULT_KEYS: `a b:${KEY}` }, 'VAULT_KEYS'],
    [{ VAULT_KEYS: `:${KEY}` }, 'VAULT_KEYS'],
    [{ VAULT_KEYS: `a:${KEY},a:${OTHER_KEY}` }, 'VAULT_KEYS'],
    [{ VAULT_KEYS: `a:${KEY},b:nothing` }, 'VAULT_KEYS'],
    [{ NODE_ENV: 'production', JWT_SECRET: SECRET, VAULT_KEYS: `a:${KEY},mine:${DEMO_VAULT_KEY.key}` }, 'VAULT_KEYS'],
    [{ NUMBER_RETENTION_DAYS: '0' }, 'NUMBER_RETENTION_DAYS'],
    [{ NUMBER_RETENTION_DAYS: '3651' }, 'NUMBER_RETENTION_DAYS'],
    [{ PHONE_REGION: 'cn' }, 'PHONE_REGION'],
    [{ PHONE_REGION: 'China' }, 'PHONE_REGION'],
    [{ PHONE_REGION: '__proto__' }, 'PHONE_REGION'],
    [{ SMS_WEBHOOK_URL: 'https://sms.example' }, 'SMS_WEBHOOK_SECRET'],
    [{ SMS_WEBHOOK_SECRET: KEY }, 'SMS_WEBHOOK_SECRET'],
    [{ SMS_WEBHOOK_URL: 'ftp://sms.example', SMS_WEBHOOK_SECRET: KEY }, 'SMS_WEBHOOK_URL'],
    [{ SMS_WEBHOOK_URL: 'https://sms.example', SMS_WEBHOOK_SECRET: 'whsec_short' }, 'SMS_WEBHOOK_SECRET'],
    [{ SMS_WEBHOOK_URL: 'https://sms.example', SMS_WEBHOOK_SECRET: `${KEY},hunter2` }, 'SMS_WEBHOOK_SECRET'],
    [{ DEMO: 'yes' }, 'DEMO'],
    [{ LOG_LEVEL: 'loud' }, 'LOG_LEVEL'],
    [{ NODE_ENV: 'production' }, 'JWT_SECRET'],
    [{ NODE_ENV: 'production', JWT_SECRET: DEMO_JWT_SECRET }, 'JWT_SECRET'],
    [{ NODE_ENV: 'production', JWT_SECRET: SECRET, DEMO: '1' }, 'DEMO'],
  ];
  for (const [env, name] of wrong) {
    it(`refuses ${JSON.stringify(env).replaceAll(SECRET, '...').replaceAll(DEMO_JWT_SECRET, 'the demo one')}, naming ${name}`, () => {
      const faults = faultsOf(env);
      expect(faults).to.have.lengthOf(1);
      expect(faults[0]).to.match(new RegExp(`^${name} (must|is|cannot)`));
    });
  }

  it('names every wrong setting, and repeats no value', () => {
    const faults = faultsOf({
      PORT: 'hunter2',
      DEMO: '1',
      NODE_ENV: 'production',
      JWT_SECRET: 'hunter2',
      REDIS_URL: 'hunter2',
      VAULT_KEYS: 'hunter2',
      SMS_WEBHOOK_URL: 'hunter2',
      SMS_WEBHOOK_SECRET: 'hunter2',
    });
    expect(faults.map((fault) => fault.split(' ')[0])).to.have.members([
      'PORT',
      'JWT_SECRET',
      'DEMO',
      'REDIS_URL',
      'VAULT_KEYS',
      'SMS_WEBHOOK_URL',
      'SMS_WEBHOOK_SECRET',
    ]);
    expect(faults.join()).not.to.include('hunter2');
  });
});
