import { createVerifier, TOKEN_ERROR_CODES, TokenError } from 'fast-jwt';
import { createRemoteJWKSet, errors, jwtVerify } from 'jose';
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
const SECRET_ALGORITHM = 'HS256';
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
  const check =
    'secret' in settings.jwt
      ? bySecret(settings.jwt.secret, settings)
      : byKeys(settings.jwt.jwksUrl, settings, jwksCooldownMs);
  const verified = async (token: string): Promise<Verified> => {
    try {
      return await check(token, now());
    } catch (error) {
      if (error instanceof RoomError && error.code === 'unavailable')
        log.warn({ err: error.cause }, 'the keys that tokens are checked with are missing');
      throw error;
    }
  };
  return {
    async verify(token) {
      if (typeof token !== 'string' || token === '')
        throw refused('A token is missing: send it as auth.token or as "Authorization: Bearer".');
      if (token.length > TOKEN_MAX) throw refused('The token is too long.');
      const { header, payload } = await verified(token);
      if (FOREIGN_KEY_HEADERS.some((name) => name in header))
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
  if (expiresAt <= now) throw refused(OVER);
  if (iat === undefined) {
    if (jwtMaxDays === undefined) return { expiresAt };
    throw refused('The token\'s claim "iat" is missing: this service bounds how long a token lives.');
  }
  const issuedAt = iat * 1000;
  if (issuedAt > now + ISSUED_AHEAD_MS)
    throw refused('The token\'s claim "iat" lies ahead: set the clock of whoever issues tokens.');
  if (jwtMaxDays === undefined) return { expiresAt, issuedAt };
  const end = Math.min(expiresAt, issuedAt + jwtMaxDays * DAY_MS);
  if (end <= now) throw refused(OVER);
  return { expiresAt: end, issuedAt };
}

/** What a token says whose signature, audience, issuer and time are right. */
interface Verified {
  header: object;
  payload: unknown;
}

/**
 * @param now milliseconds of the real clock
 * @throws {RoomError} what `Tokens.verify` throws
 */
type Check = (token: string, now: number) => Promise<Verified> | Verified;

type Expected = Pick<Settings, 'jwtIssuer' | 'jwtAudience'>;

const required = ({ jwtIssuer }: Expected): string[] => [
  'exp',
  'sub',
  'aud',
  ...(jwtIssuer === undefined ? [] : ['iss']),
];

/** On this thread: the hash of so few bytes is done ten times over before Web Crypto has been to another thread and back. */
function bySecret(secret: string, expected: Expected): Check {
  const at = (clockTimestamp: number) =>
    createVerifier({
      key: secret,
      algorithms: [SECRET_ALGORITHM],
      allowedAud: expected.jwtAudience,
      ...(expected.jwtIssuer === undefined ? {} : { allowedIss: expected.jwtIssuer }),
      requiredClaims: required(expected),
      complete: true,
      clockTimestamp,
    });
  return (token, now) => {
    try {
      const verified = at(now)(token) as Verified;
      // The library passes over one that says nothing.
      if ('crit' in verified.header) throw new TypeError('crit');
      return verified;
    } catch (error) {
      throw refused(explainSecret(error));
    }
  };
}

/** It names a claim in its message only. */
const CLAIM = /\b(aud|iss|exp|nbf|sub)\b/;

function explainSecret(error: unknown): string {
  const { code, message } = error instanceof TokenError ? error : { code: undefined, message: '' };
  switch (code) {
    case TOKEN_ERROR_CODES.expired:
      return OVER;
    case TOKEN_ERROR_CODES.inactive:
      return unexpected('nbf');
    case TOKEN_ERROR_CODES.invalidClaimType:
    case TOKEN_ERROR_CODES.invalidClaimValue:
    case TOKEN_ERROR_CODES.missingRequiredClaim:
      return unexpected(CLAIM.exec(message)?.[0] ?? '');
    case TOKEN_ERROR_CODES.invalidAlgorithm:
      return WRONG_ALGORITHM;
    case TOKEN_ERROR_CODES.invalidSignature:
      return WRONG_SIGNATURE;
    default:
      return UNREADABLE;
  }
}

/** By Web Crypto, on another thread: a public key's arithmetic takes long enough for that. The set is fetched, kept and fetched again. */
function byKeys(jwksUrl: string, expected: Expected, cooldownDuration: number): Check {
  const keys = createRemoteJWKSet(new URL(jwksUrl), { timeoutDuration: JWKS_TIMEOUT_MS, cooldownDuration });
  const options = {
    algorithms: KEY_ALGORITHMS,
    audience: expected.jwtAudience,
    ...(expected.jwtIssuer === undefined ? {} : { issuer: expected.jwtIssuer }),
    requiredClaims: required(expected),
  };
  return async (token, now) => {
    try {
      const { protectedHeader, payload } = await jwtVerify(token, keys, { ...options, currentDate: new Date(now) });
      return { header: protectedHeader, payload };
    } catch (error) {
      throw explainKeys(error);
    }
  };
}

function explainKeys(error: unknown): RoomError {
  if (error instanceof errors.JWTExpired) return refused(OVER);
  if (error instanceof errors.JWTClaimValidationFailed) return refused(unexpected(error.claim));
  if (error instanceof errors.JOSEAlgNotAllowed) return refused(WRONG_ALGORITHM);
  if (error instanceof errors.JWSSignatureVerificationFailed) return refused(WRONG_SIGNATURE);
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys)
    return refused('No public key of the configured set fits this token.');
  if (
    error instanceof errors.JWSInvalid ||
    error instanceof errors.JWTInvalid ||
    error instanceof errors.JOSENotSupported
  )
    return refused(UNREADABLE);
  const missing = new RoomError('unavailable', 'The keys that tokens are checked with cannot be fetched right now.', {
    retryAfterMs: 1000,
  });
  missing.cause = error;
  return missing;
}

const OVER = 'The token is over: get a new one.';
const WRONG_ALGORITHM = 'The token is signed with an algorithm that this service does not accept.';
const WRONG_SIGNATURE = "The token's signature is not valid.";
const UNREADABLE = 'This is not a token that can be read.';
const unexpected = (claim: string): string => `The token's claim "${claim}" is not what this service expects.`;

const refused = (message: string): RoomError => new RoomError('unauthenticated', message);
