import { SignJWT } from 'jose';
import { DEMO_JWT_SECRET } from '../../server/app/settings.ts';
import type { Role, Side } from '../../shared/contract/primitives.ts';

export interface Who {
  sub: string;
  side: Side;
  org?: string;
  name?: string;
  roles?: readonly Role[];
  dept?: string;
}

/** Signs a token as a portal's backend would. `lifeSeconds` counts from the real clock; `issuedAt` is in seconds, null for a token that does not say. */
export async function tokenOf(
  who: Who,
  options: { secret?: string; lifeSeconds?: number; audience?: string; issuedAt?: number | null } = {},
): Promise<string> {
  const { sub, side, org, roles, dept } = who;
  const now = Math.floor(Date.now() / 1000);
  const { issuedAt = now } = options;
  return new SignJWT({
    ...(issuedAt === null ? {} : { iat: issuedAt }),
    name: who.name ?? sub,
    side,
    ...(org === undefined ? {} : { org }),
    ...(roles === undefined ? {} : { roles }),
    ...(dept === undefined ? {} : { dept }),
  })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(sub)
    .setAudience(options.audience ?? 'delivery-rooms')
    .setExpirationTime(now + (options.lifeSeconds ?? 3600))
    .sign(new TextEncoder().encode(options.secret ?? DEMO_JWT_SECRET));
}
