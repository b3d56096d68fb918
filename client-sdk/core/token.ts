import type { Role, Side } from '../../shared/contract/primitives.ts';
import type { Identity } from './api.ts';

/** What a client may know from its own token. Nothing is verified: the server does that. */
export interface TokenFacts {
  readonly identity: Identity | undefined;
  /** Milliseconds since 1970; infinite when the token does not say. */
  readonly expiresAt: number;
}

const SIDES: readonly string[] = ['buyer', 'provider', 'vendor', 'operator', 'service'] satisfies Side[];
const ROLES: readonly string[] = [
  'designer',
  'account_manager',
  'delivery_specialist',
  'service_agent',
  'developer',
  'tester',
  'provider_admin',
  'vendor_admin',
  'project_manager',
] satisfies Role[];
const isRole = (value: unknown): value is Role => typeof value === 'string' && ROLES.includes(value);
const isSide = (value: unknown): value is Side => typeof value === 'string' && SIDES.includes(value);

/** Reads the claims of a JWT. A token of another make has no facts, and works all the same. */
export function readToken(token: string): TokenFacts {
  const claims = claimsOf(token);
  const { sub, name, side, org, roles, exp } = claims;
  return {
    identity:
      typeof sub === 'string'
        ? {
            userId: sub,
            ...(typeof name === 'string' ? { name } : {}),
            ...(isSide(side) ? { side } : {}),
            ...(typeof org === 'string' ? { org } : {}),
            ...(Array.isArray(roles) ? { roles: roles.filter(isRole) } : {}),
          }
        : undefined,
    expiresAt: typeof exp === 'number' ? exp * 1000 : Number.POSITIVE_INFINITY,
  };
}

function claimsOf(token: string): Record<string, unknown> {
  const payload = token.split('.')[1];
  if (payload === undefined) return {};
  try {
    const bytes = Uint8Array.from(atob(payload.replaceAll('-', '+').replaceAll('_', '/')), (char) =>
      char.charCodeAt(0),
    );
    const claims: unknown = JSON.parse(new TextDecoder().decode(bytes));
    return typeof claims === 'object' && claims !== null ? { ...claims } : {};
  } catch {
    return {};
  }
}

/** True when a new token is another person's, or the same person's in another role: a connection belongs to one caller. */
export function isAnotherCaller(before: Identity | undefined, after: Identity | undefined): boolean {
  if (!before || !after) return false;
  return before.userId !== after.userId || before.side !== after.side || before.org !== after.org;
}
