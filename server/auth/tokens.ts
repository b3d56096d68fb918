import { createRemoteJWKSet, errors, jwtVerify, type JWTVerifyOptions, type JWTVerifyResult } from 'jose';
import { z } from 'zod';
import { RoomError } from '../../shared/contract/errors.ts';
import { id, name, role, side } from '../../shared/contract/primitives.ts';
import type { Settings } from '../app/settings.ts';
import type { Caller } from '../registry/call.ts';
import type { Log } from '../telemetry/log.ts';

/** Turns a token into its bearer. */
export interface Tokens {
  /** @throws {RoomError} `unauthenticated` with the reason, `unavailable` when the keys cannot be fetched */
  verify(token: unknown): Promise<Caller>;
}

/** The last second of the year 9999: later instants cannot be written as ISO 8601 with four digits. */
const EXP_MAX = 253_402_300_799;

const claims = z
  .object({
    sub: id,
    name,
    side,
    org: id.optional(),
    roles: z.array(role).max(20).optional(),
    dept: id.optional(),
    exp: z.number().positive().max(EXP_MAX),
    iat: z.number().min(0).max(EXP_MAX).optional(),
  })
  .superRefine((claim, context) => {
    const bound = claim.side === 'buyer' || claim.side === 'provider' || claim.side === 'vendor';
    if (bound && claim.org === undefined)
      context.addIssue({ code: 'custom', path: ['org'], message: `is required for side "${claim.side}"` });
    if (!bound && claim.org !== undefined)
      context.addIssue({ code: 'custom', path: ['org'], message: `must be absent for side "${claim.side}"` });
  });

/** Algorithms are pinned by configuration: a secret takes HS256 and nothing else, public keys never take a symmetric one. */
const SECRET_ALGORITHMS = ['HS256'];
const KEY_ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];

/** Headers by which a token would bring, or point to, the key that it is to be checked with. */
const FOREIGN_KEY_HEADERS = ['jwk', 'jku', 'x5u', 'x5c'];

const TOKEN_MAX = 8192;
/** How far the clock of whoever issues tokens may be ahead of this one's. */
export const ISSUED_AHEAD_MS = 5 * 60_000;
const DAY_MS = 86_400_000;

/** Tokens issued before this instant are over, whatever they say themselves; undefined where their life has no bound. */
export const endedBefore = ({ jwtMaxDays }: Pick<Settings, 'jwtMaxDays'>, now: number): number | undefined =>
  jwtMaxDays === undefined ? undefined : now - jwtMaxDays * DAY_MS;

const JWKS_TIMEOUT_MS = 5_000;
/** For so long a fetched key set is not asked for again, whatever unknown keys tokens name. */
const JWKS_COOLDOWN_MS = 10_000;

export interface TokensParts {
  /** Milliseconds of the real clock. */
  now(): number;
  log: Log;
  jwksCooldownMs?: number;
}

export function createTokens(
  settings: Pick<Settings, 'jwt' | 'jwtIssuer' | 'jwtAudience' | 'jwtMaxDays'>,
  { now, log, jwksCooldownMs = JWKS_COOLDOWN_MS }: TokensParts,
): Tokens {
  const options: JWTVerifyOptions = {
    audience: settings.jwtAudience,
    requiredClaims: ['exp', 'sub'],
    ...(settings.jwtIssuer === undefined ? {} : { issuer: settings.jwtIssuer }),
  };
  const check = verifier(settings.jwt, options, jwksCooldownMs);
  const verified = async (token: string): Promise<JWTVerifyResult> => {
    try {
      return await check(token, new Date(now()));
    } catch (error) {
      const refusal = explain(error);
      if (refusal.code === 'unavailable') log.warn({ err: error }, 'the keys that tokens are checked with are missing');
      throw refusal;
    }
  };
  return {
    async verify(token) {
      if (typeof token !== 'string' || token === '')
        throw refused('A token is missing: send it as auth.token or as "Authorization: Bearer".');
      if (token.length > TOKEN_MAX) throw refused('The token is too long.');
      const { payload, protectedHeader } = await verified(token);
      if (FOREIGN_KEY_HEADERS.some((header) => header in protectedHeader))
        throw refused('The token names a key of its own: only the configured keys count.');
      const result = claims.safeParse(payload);
      if (!result.success) {
        const [issue] = result.error.issues;
        throw refused(`The token's claim "${issue?.path.join('.') ?? ''}" ${issue?.message ?? 'is wrong'}.`);
      }
      const { sub, org, roles, dept, ...rest } = result.data;
      return {
        userId: sub,
        name: rest.name,
        side: rest.side,
        ...(org === undefined ? {} : { org }),
        ...(dept === undefined ? {} : { dept }),
        roles: roles ?? [],
        ...lifeOf(result.data, settings, now()),
      };
    },
  };
}

/** From when to when a token counts. @throws {RoomError} `unauthenticated` where that is not now */
function lifeOf(
  { exp, iat }: Pick<z.output<typeof claims>, 'exp' | 'iat'>,
  { jwtMaxDays }: Pick<Settings, 'jwtMaxDays'>,
  now: number,
): Pick<Caller, 'expiresAt' | 'issuedAt'> {
  const expiresAt = exp * 1000;
  if (iat === undefined) {
    if (jwtMaxDays === undefined) return { expiresAt };
    throw refused('The token\'s claim "iat" is missing: this service bounds how long a token lives.');
  }
  const issuedAt = iat * 1000;
  if (issuedAt > now + ISSUED_AHEAD_MS)
    throw refused('The token\'s claim "iat" lies ahead: set the clock of whoever issues tokens.');
  if (jwtMaxDays === undefined) return { expiresAt, issuedAt };
  const end = Math.min(expiresAt, issuedAt + jwtMaxDays * DAY_MS);
  if (end <= now) throw refused('The token is over: get a new one.');
  return { expiresAt: end, issuedAt };
}

type Check = (token: string, currentDate: Date) => Promise<JWTVerifyResult>;

function verifier(jwt: Settings['jwt'], options: JWTVerifyOptions, cooldownDuration: number): Check {
  if ('secret' in jwt) {
    const key = crypto.subtle.importKey(
      'raw',
      new TextEncoder().encode(jwt.secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    return async (token, currentDate) =>
      jwtVerify(token, await key, { ...options, currentDate, algorithms: SECRET_ALGORITHMS });
  }
  const keys = createRemoteJWKSet(new URL(jwt.jwksUrl), { timeoutDuration: JWKS_TIMEOUT_MS, cooldownDuration });
  return (token, currentDate) => jwtVerify(token, keys, { ...options, currentDate, algorithms: KEY_ALGORITHMS });
}

const refused = (message: string): RoomError => new RoomError('unauthenticated', message);

function explain(error: unknown): RoomError {
  if (error instanceof errors.JWTExpired) return refused('The token is over: get a new one.');
  if (error instanceof errors.JWTClaimValidationFailed)
    return refused(`The token's claim "${error.claim}" is not what this service expects.`);
  if (error instanceof errors.JOSEAlgNotAllowed)
    return refused('The token is signed with an algorithm that this service does not accept.');
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused("The token's signature is not valid.");
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return refused('No public key of the configured set fits this token.');
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported
  )
    return refused('This is not a token that can be read.');
  return new RoomError('unavailable', 'The keys that tokens are checked with cannot be fetched right now.', {
    retryAfterMs: 1000,
  });
}
