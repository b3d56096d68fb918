import { createServer, type Server } from 'node:http';
import { expect } from 'chai';
import { CompactSign, exportJWK, exportSPKI, generateKeyPair, type JWTPayload, SignJWT } from 'jose';
import { pino } from 'pino';
import { createTokens, type Tokens } from '../../../server/auth/tokens.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import { assemble, hmac } from '../../support/forged-tokens.ts';

const SECRET = 'a secret of at least thirty-two bytes';
const NOW = Date.UTC(2026, 10, 20);
const SECOND = Math.floor(NOW / 1000);
const log = pino({ level: 'silent' });
const parts = { now: () => NOW, log };

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const b64 = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

const GOOD: JWTPayload = {
  sub: 'u1',
  name: 'Una',
  side: 'provider',
  org: 'p1',
  roles: ['designer'],
  dept: 'd1',
  aud: 'delivery-rooms',
  exp: SECOND + 600,
};

interface Shape {
  header?: Record<string, unknown>;
  secret?: string;
}

/** The good token with some claims in the place of others; undefined takes a claim away. */
function token(changes: Record<string, unknown> = {}, { header = {}, secret = SECRET }: Shape = {}): Promise<string> {
  const claims = Object.fromEntries(Object.entries({ ...GOOD, ...changes }).filter(([, value]) => value !== undefined));
  return new SignJWT(claims).setProtectedHeader({ alg: 'HS256', ...header }).sign(bytes(secret));
}

async function refusal(tokens: Tokens, value: unknown): Promise<RoomError> {
  try {
    await tokens.verify(value);
  } catch (error) {
    if (error instanceof RoomError) return error;
    throw error;
  }
  throw new Error('the token was accepted');
}

describe('tokens signed with a secret', () => {
  const settings = {
    jwt: { secret: SECRET },
    jwtIssuer: undefined,
    jwtAudience: 'delivery-rooms',
    jwtMaxDays: undefined,
  };
  const tokens = createTokens(settings, parts);

  it('gives its bearer', async () => {
    expect(await tokens.verify(await token())).to.deep.equal({
      userId: 'u1',
      name: 'Una',
      side: 'provider',
      org: 'p1',
      roles: ['designer'],
      dept: 'd1',
      expiresAt: (SECOND + 600) * 1000,
    });
  });

  it('takes a kid, which portals send, for what it is: no key', async () => {
    expect((await tokens.verify(await token({}, { header: { kid: 'any' } }))).userId).to.equal('u1');
  });

  const sides: [string, string | undefined][] = [
    ['buyer', 'o'],
    ['provider', 'o'],
    ['vendor', 'o'],
    ['service', undefined],
    ['operator', undefined],
  ];
  for (const [side, org] of sides) {
    it(`takes a ${side} ${org === undefined ? 'without' : 'with'} org`, async () => {
      expect((await tokens.verify(await token({ side, org }))).side).to.equal(side);
    });
  }

  const wrong: [string, () => unknown, RegExp][] = [
    ['none', () => undefined, /missing/],
    ['an empty one', () => '', /missing/],
    ['null', () => null, /missing/],
    ['a number', () => 5, /missing/],
    ['an object', () => ({ token: 'x' }), /missing/],
    ['garbage', () => 'garbage', /cannot|can be read/],
    ['three dots', () => '...', /can be read/],
    ['a JWE', () => 'a.b.c.d.e', /can be read/],
    ['alg none', () => `${b64({ alg: 'none' })}.${b64(GOOD)}.`, /can be read|algorithm/],
    ['alg None', () => `${b64({ alg: 'None' })}.${b64(GOOD)}.AA`, /algorithm|can be read/],
    ['no alg', () => `${b64({})}.${b64(GOOD)}.AA`, /can be read|algorithm/],
    ['another symmetric algorithm', () => token({}, { header: { alg: 'HS512' } }), /algorithm/],
    [
      'RS256',
      async () =>
        new SignJWT(GOOD).setProtectedHeader({ alg: 'RS256' }).sign((await generateKeyPair('RS256')).privateKey),
      /algorithm/,
    ],
    ['another secret', () => token({}, { secret: 'another secret, also of thirty-two bytes' }), /signature/],
    ['an empty secret', () => token({}, { header: { kid: '../../dev/null' }, secret: '\0' }), /signature/],
    [
      'a changed payload',
      async () => (await token()).replace(/\.[^.]+\./, `.${b64({ ...GOOD, side: 'operator' })}.`),
      /signature/,
    ],
    ['a cut signature', async () => (await token()).slice(0, -4), /signature/],
    [
      'a payload that is no object',
      () => new CompactSign(bytes('[1]')).setProtectedHeader({ alg: 'HS256' }).sign(bytes(SECRET)),
      /can be read/,
    ],
    [
      'an unknown critical header',
      () => assemble({ alg: 'HS256', crit: ['x'], x: 1 }, GOOD, hmac(SECRET)),
      /can be read/,
    ],
    [
      'a critical header that says nothing',
      () => assemble({ alg: 'HS256', crit: null }, GOOD, hmac(SECRET)),
      /can be read/,
    ],
    ['another audience', () => token({ aud: 'elsewhere' }), /"aud"/],
    ['no audience', () => token({ aud: undefined }), /"aud"/],
    ['expired', () => token({ exp: SECOND - 1 }), /over/],
    ['expiring at this instant', () => token({ exp: SECOND }), /over/],
    ['not yet valid', () => token({ nbf: SECOND + 60 }), /"nbf"/],
    ['not valid before the end of all dates', () => token({ nbf: 1e20 }), /"nbf"|can be read/],
    ['expired before the beginning of all dates', () => token({ exp: -1e20 }), /"exp"|over|can be read/],
    ['an nbf that is a text', () => token({ nbf: 'now' }), /"nbf"/],
    ['no exp', () => token({ exp: undefined }), /"exp"/],
    ['an exp that is a text', () => token({ exp: 'soon' }), /"exp"/],
    ['an exp beyond all dates', () => token({ exp: 1e15 }), /"exp"/],
    ['issued in the future', () => token({ iat: SECOND + 301 }), /"iat" lies ahead/],
    ['an iat that is a text', () => token({ iat: 'now' }), /"iat"/],
    ['an iat before all', () => token({ iat: -1 }), /"iat"/],
    ['no sub', () => token({ sub: undefined }), /"sub"/],
    ['an empty sub', () => token({ sub: '' }), /"sub"/],
    ['a sub with a control character', () => token({ sub: 'a\nb' }), /"sub"/],
    ['a sub that is an object', () => token({ sub: { $gt: '' } }), /"sub"/],
    ['no name', () => token({ name: undefined }), /"name"/],
    ['a name that is too long', () => token({ name: 'n'.repeat(201) }), /"name"/],
    ['no side', () => token({ side: undefined }), /"side"/],
    ['an unknown side', () => token({ side: 'admin' }), /"side"/],
    ['a side from the prototype', () => token({ side: 'constructor' }), /"side"/],
    ['a buyer without org', () => token({ side: 'buyer', org: undefined }), /"org"/],
    ['a provider without org', () => token({ org: undefined }), /"org"/],
    ['a vendor without org', () => token({ side: 'vendor', org: undefined }), /"org"/],
    ['an operator with org', () => token({ side: 'operator' }), /"org"/],
    ['a service with org', () => token({ side: 'service' }), /"org"/],
    ['an unknown role', () => token({ roles: ['king'] }), /"roles/],
    ['roles that are a text', () => token({ roles: 'designer' }), /"roles"/],
    ['21 roles', () => token({ roles: Array(21).fill('designer') }), /"roles"/],
    ['a key of its own (jwk)', () => token({}, { header: { jwk: { kty: 'oct', k: 'AAAA' } } }), /key of its own/],
    ['a key elsewhere (jku)', () => token({}, { header: { jku: 'https://evil.example/keys' } }), /key of its own/],
    ['a key elsewhere (x5u)', () => token({}, { header: { x5u: 'https://evil.example/cert' } }), /key of its own/],
    ['a key of its own (x5c)', () => token({}, { header: { x5c: ['AAAA'] } }), /key of its own/],
    ['oversized', () => token({ filler: 'x'.repeat(8192) }), /too long/],
  ];
  for (const [what, make, reason] of wrong) {
    it(`refuses ${what}`, async () => {
      const error = await refusal(tokens, await make());
      expect(error.code, error.message).to.equal('unauthenticated');
      expect(error.message).to.match(reason);
      expect(error.message).not.to.include('eyJ');
    });
  }

  it('takes a token of a clock that is a little ahead, and says when it was issued', async () => {
    for (const iat of [SECOND - 60, SECOND, SECOND + 300, SECOND + 0.5])
      expect((await tokens.verify(await token({ iat }))).issuedAt).to.equal(iat * 1000);
    expect(await tokens.verify(await token())).to.not.have.property('issuedAt');
  });

  it('bounds how long a token lives, from its iat on, where that is configured', async () => {
    const bounded = createTokens({ ...settings, jwtMaxDays: 2 }, parts);
    const days = (n: number) => SECOND - n * 86_400;
    const exp = SECOND + 86_400 * 365;
    expect((await bounded.verify(await token({ iat: days(1), exp }))).expiresAt).to.equal((SECOND + 86_400) * 1000);
    expect((await bounded.verify(await token({ iat: days(1) }))).expiresAt).to.equal((SECOND + 600) * 1000);
    expect((await refusal(bounded, await token({ iat: days(2), exp }))).message).to.match(/over/);
    expect((await refusal(bounded, await token({ exp }))).message).to.match(/"iat" is missing/);
  });

  it('refuses another issuer, and none, when one is configured', async () => {
    const strict = createTokens({ ...settings, jwtIssuer: 'https://portal.example' }, parts);
    expect((await strict.verify(await token({ iss: 'https://portal.example' }))).userId).to.equal('u1');
    expect((await refusal(strict, await token({ iss: 'https://evil.example' }))).message).to.match(/"iss"/);
    expect((await refusal(strict, await token())).message).to.match(/"iss"/);
  });
});

describe('tokens signed with keys of a JWKS', () => {
  let server: Server;
  let asked = 0;
  let status = 200;
  let keys: object[] = [];
  let url = '';
  const pairs = new Map<string, Awaited<ReturnType<typeof generateKeyPair>>>();

  before(async () => {
    server = createServer((_request, response) => {
      asked += 1;
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/jwks`;
    for (const alg of ['RS256', 'ES256', 'EdDSA']) {
      const pair = await generateKeyPair(alg, { extractable: true });
      pairs.set(alg, pair);
      keys.push({ ...(await exportJWK(pair.publicKey)), kid: `kid-${alg}`, alg, use: 'sig' });
    }
  });

  after(() => {
    server.closeAllConnections();
    server.close();
  });

  beforeEach(() => {
    asked = 0;
    status = 200;
  });

  const withKeys = () =>
    createTokens(
      { jwt: { jwksUrl: url }, jwtIssuer: undefined, jwtAudience: 'delivery-rooms', jwtMaxDays: undefined },
      { ...parts, jwksCooldownMs: 0 },
    );
  const keyed = (alg: string, header: Record<string, unknown> = {}) => {
    const pair = pairs.get(alg);
    if (pair === undefined) throw new Error(`no key for ${alg}`);
    return new SignJWT(GOOD).setProtectedHeader({ alg, kid: `kid-${alg}`, ...header }).sign(pair.privateKey);
  };

  for (const alg of ['RS256', 'ES256', 'EdDSA']) {
    it(`takes ${alg}`, async () => {
      expect((await withKeys().verify(await keyed(alg))).userId).to.equal('u1');
    });
  }

  it('asks for the keys once for many tokens', async () => {
    const tokens = withKeys();
    for (let n = 0; n < 20; n++) await tokens.verify(await keyed('ES256'));
    expect(asked).to.equal(1);
  });

  it('refuses HS256, also with a public key as the secret', async () => {
    const tokens = withKeys();
    const pair = pairs.get('RS256');
    if (pair === undefined) throw new Error('no pair');
    const publicKey = await exportSPKI(pair.publicKey);
    const forged = await token({}, { secret: publicKey, header: { kid: 'kid-RS256' } });
    for (const value of [forged, await token()]) {
      const error = await refusal(tokens, value);
      expect([error.code, error.message]).to.deep.equal([
        'unauthenticated',
        'The token is signed with an algorithm that this service does not accept.',
      ]);
    }
    expect(asked).to.equal(0);
  });

  it('refuses a foreign kid, a foreign key, and headers that bring one', async () => {
    const tokens = withKeys();
    const foreign = await generateKeyPair('ES256', { extractable: true });
    const jwk = await exportJWK(foreign.publicKey);
    const sign = (header: Record<string, unknown>) =>
      new SignJWT(GOOD).setProtectedHeader({ alg: 'ES256', ...header }).sign(foreign.privateKey);
    const cases: [Record<string, unknown>, RegExp][] = [
      [{ kid: 'nobody' }, /No public key/],
      [{ kid: 'kid-ES256' }, /signature/],
      [{ kid: 'kid-ES256', jwk }, /signature/],
      [{ jwk }, /signature|No public key/],
      [{ kid: 'kid-RS256' }, /No public key/],
    ];
    for (const [header, reason] of cases) {
      const error = await refusal(tokens, await sign(header));
      expect(error.code, JSON.stringify(header)).to.equal('unauthenticated');
      expect(error.message).to.match(reason);
    }
    expect((await refusal(tokens, await keyed('ES256', { jku: 'https://evil.example' }))).message).to.match(
      /key of its own/,
    );
  });

  it('picks up a key that was rotated in', async () => {
    const tokens = withKeys();
    await tokens.verify(await keyed('ES256'));
    const next = await generateKeyPair('ES256', { extractable: true });
    pairs.set('next', next);
    const rotated = await new SignJWT(GOOD).setProtectedHeader({ alg: 'ES256', kid: 'kid-next' }).sign(next.privateKey);
    expect((await refusal(tokens, rotated)).code).to.equal('unauthenticated');
    keys = [...keys, { ...(await exportJWK(next.publicKey)), kid: 'kid-next', alg: 'ES256' }];
    expect((await tokens.verify(rotated)).userId).to.equal('u1');
  });

  it('is unavailable, and not unauthenticated, while the keys cannot be fetched; cached ones still count', async () => {
    const warm = withKeys();
    await warm.verify(await keyed('RS256'));
    status = 500;
    const error = await refusal(withKeys(), await keyed('RS256'));
    expect(error.code).to.equal('unavailable');
    expect(error.retryAfterMs).to.be.greaterThan(0);
    expect((await warm.verify(await keyed('RS256'))).userId).to.equal('u1');
    const nowhere = createTokens(
      {
        jwt: { jwksUrl: 'http://127.0.0.1:1/jwks' },
        jwtIssuer: undefined,
        jwtAudience: 'delivery-rooms',
        jwtMaxDays: undefined,
      },
      parts,
    );
    expect((await refusal(nowhere, await keyed('RS256'))).code).to.equal('unavailable');
  });
});
