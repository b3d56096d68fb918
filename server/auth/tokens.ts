import { createRemoteJWKSet, errors, type JWTPayload, jwtVerify, type JWTVerifyOptions } from 'jose';
import { z } from 'zod';
import { RoomError } from '../../shared/contract/errors.ts';
import { id, name, role, side } from '../../shared/contract/primitives.ts';
import type { Settings } from '../app/settings.ts';
import type { Caller } from '../registry/call.ts';

/** Turns a token into its bearer. */
export interface Tokens {
  /** @throws {RoomError} `unauthenticated` with the reason, `unavailable` when the keys cannot be fetched */
  verify(token: unknown): Promise<Caller>;
}

const claims = z
  .object({
    sub: id,
    name,
    side,
    org: id.optional(),
    roles: z.array(role).max(20).optional(),
    dept: id.optional(),
    exp: z.number(),
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

const TOKEN_MAX = 8192;

export function createTokens(settings: Pick<Settings, 'jwt' | 'jwtIssuer' | 'jwtAudience'>): Tokens {
  const options: JWTVerifyOptions = {
    audience: settings.jwtAudience,
    requiredClaims: ['exp', 'sub'],
    ...(settings.jwtIssuer === undefined ? {} : { issuer: settings.jwtIssuer }),
  };
  const check = verifier(settings.jwt, options);
  return {
    async verify(token) {
      if (typeof token !== 'string' || token === '')
        throw refused('A token is missing: send it as auth.token or as "Authorization: Bearer".');
      if (token.length > TOKEN_MAX) throw refused('The token is too long.');
      const result = claims.safeParse(await check(token));
      if (!result.success) {
        const [issue] = result.error.issues;
        throw refused(`The token's claim "${issue?.path.join('.') ?? ''}" ${issue?.message ?? 'is wrong'}.`);
      }
      const { sub, exp, org, roles, dept, ...rest } = result.data;
      return {
        userId: sub,
        name: rest.name,
        side: rest.side,
        ...(org === undefined ? {} : { org }),
        ...(dept === undefined ? {} : { dept }),
        roles: roles ?? [],
        expiresAt: exp * 1000,
      };
    },
  };
}

function verifier(jwt: Settings['jwt'], options: JWTVerifyOptions): (token: string) => Promise<JWTPayload> {
  if ('secret' in jwt) {
    const key = crypto.subtle.importKey(
      'raw',
      new TextEncoder().encode(jwt.secret),
      { name: 'HMAC', hash: 'SHA-256' },
      false,
      ['verify'],
    );
    return async (token) => {
      try {
        return (await jwtVerify(token, await key, { ...options, algorithms: SECRET_ALGORITHMS })).payload;
      } catch (error) {
        throw explain(error);
      }
    };
  }
  const keys = createRemoteJWKSet(new URL(jwt.jwksUrl), { timeoutDuration: 5000, cooldownDuration: 10_000 });
  return async (token) => {
    try {
      return (await jwtVerify(token, keys, { ...options, algorithms: KEY_ALGORITHMS })).payload;
    } catch (error) {
      throw explain(error);
    }
  };
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
