import { SignJWT } from 'jose';
import type { DemoPerson } from './people.ts';

/** Short, so that a page left open shows that a renewal goes unnoticed. */
const LIFE_S = 10 * 60;

export interface DemoTokenOptions {
  secret: string;
  audience: string;
  issuer: string | undefined;
}

/**
 * Signs a token as a portal's backend would for a person who is logged in there.
 * @param now milliseconds of the real clock, by which tokens expire
 */
export async function demoToken(person: DemoPerson, options: DemoTokenOptions, now: number): Promise<string> {
  const { userId, name, side, org, roles } = person;
  const issuedAt = Math.floor(now / 1000);
  const token = new SignJWT({ name, side, roles, ...(org === undefined ? {} : { org }) })
    .setProtectedHeader({ alg: 'HS256' })
    .setSubject(userId)
    .setAudience(options.audience)
    .setIssuedAt(issuedAt)
    .setExpirationTime(issuedAt + LIFE_S);
  if (options.issuer !== undefined) token.setIssuer(options.issuer);
  return token.sign(new TextEncoder().encode(options.secret));
}
