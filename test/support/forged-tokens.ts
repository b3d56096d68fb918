import { createHmac, createPrivateKey, sign } from 'node:crypto';
import { exportJWK, exportPKCS8, exportSPKI, generateKeyPair } from 'jose';
import type { Who } from './tokens.ts';

const encode = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with whatever header and claims, signed by the given function. No library that makes tokens would make most of these. */
export function assemble(
  header: Record<string, unknown>,
  claims: Record<string, unknown>,
  signed: (input: string) => Buffer,
): string {
  const input = `${encode(header)}.${encode(claims)}`;
  return `${input}.${signed(input).toString('base64url')}`;
}

export const hmac =
  (secret: string | Buffer, hash = 'sha256') =>
  (input: string): Buffer =>
    createHmac(hash, secret).update(input).digest();

/** A key pair of an attacker's, or of a portal's. */
export interface Pair {
  alg: 'RS256' | 'ES256' | 'EdDSA';
  publicPem: string;
  jwk: Record<string, unknown>;
  signed(input: string): Buffer;
}

export async function pairOf(alg: Pair['alg']): Promise<Pair> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  const key = createPrivateKey(await exportPKCS8(privateKey));
  return {
    alg,
    publicPem: await exportSPKI(publicKey),
    jwk: { ...(await exportJWK(publicKey)) },
    signed: (input) =>
      sign(alg === 'EdDSA' ? null : 'sha256', Buffer.from(input), {
        key,
        ...(alg === 'ES256' ? { dsaEncoding: 'ieee-p1363' as const } : {}),
      }),
  };
}

/** The claims of a good token. */
export function claimsOf({ sub, side, org, name, roles }: Who): Record<string, unknown> {
  const now = Math.floor(Date.now() / 1000);
  return {
    sub,
    side,
    name: name ?? sub,
    aud: 'delivery-rooms',
    iat: now,
    exp: now + 3600,
    ...(org === undefined ? {} : { org }),
    ...(roles === undefined ? {} : { roles }),
  };
}
