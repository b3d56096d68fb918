import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { type Connection, type Model, Schema } from 'mongoose';
import { z } from 'zod';
import { FILE_LINK_MS } from '../../shared/contract/limits.ts';
import { id, role, side } from '../../shared/contract/primitives.ts';
import type { Caller } from '../registry/call.ts';

interface SecretDoc {
  _id: string;
  key: string;
}

export type SecretModel = Model<SecretDoc>;

const schema = new Schema<SecretDoc>({ _id: String, key: String }, { collection: 'secrets', versionKey: false });

export function secretModel(connection: Connection): SecretModel {
  return connection.model<SecretDoc>('Secret', schema);
}

const KEY_ID = 'file-links';
const KEY_BYTES = 32;

/** The key that every server on this database signs links with; the first one makes it. It is kept there since tokens may be checked by public keys alone. */
export async function linkKey(secrets: SecretModel): Promise<Buffer> {
  const doc = await secrets
    .findOneAndUpdate(
      { _id: KEY_ID },
      { $setOnInsert: { key: randomBytes(KEY_BYTES).toString('base64') } },
      { upsert: true, returnDocument: 'after' },
    )
    .lean<SecretDoc>();
  return Buffer.from(doc.key, 'base64');
}

/** Whom a link serves: what access is decided from, and nothing else of them. */
const bearer = z.strictObject({
  userId: id,
  side,
  org: id.optional(),
  roles: z.array(role),
  expiresAt: z.number(),
  issuedAt: z.number().optional(),
});

const LINK_MAX = 4096;

/**
 * Signs and reads the links of `file.link`. A link says who its bearer is for one file and some minutes; it grants nothing: what they may read is decided
 * when it is used.
 */
export class FileLinks {
  readonly #key: Buffer;
  readonly #now: () => number;

  /** @param now milliseconds of the real clock, as for tokens */
  constructor(key: Buffer, now: () => number) {
    this.#key = key;
    this.#now = now;
  }

  /** A link that is over when the caller's token is, or before. */
  sign(caller: Caller, fileId: string): { link: string; expiresAt: number } {
    const { userId, side, org, roles, issuedAt } = caller;
    const expiresAt = Math.min(this.#now() + FILE_LINK_MS, caller.expiresAt);
    const facts: z.infer<typeof bearer> = {
      userId,
      side,
      ...(org === undefined ? {} : { org }),
      roles: [...roles],
      expiresAt,
      // A link ends with the token it was asked for with, also when that is revoked.
      ...(issuedAt === undefined ? {} : { issuedAt }),
    };
    const payload = Buffer.from(JSON.stringify(facts)).toString('base64url');
    return { link: `${payload}.${this.#mac(fileId, payload).toString('base64url')}`, expiresAt };
  }

  /** Whom a link for a file was made for; undefined for one that is over, or not of our making, or of another file. */
  read(link: string, fileId: string): Caller | undefined {
    const [payload = '', mac = '', ...more] = link.length > LINK_MAX ? [] : link.split('.');
    const given = Buffer.from(mac, 'base64url');
    const right = this.#mac(fileId, payload);
    if (more.length > 0 || given.length !== right.length || !timingSafeEqual(given, right)) return undefined;
    const { org, issuedAt, ...facts } = bearer.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
    if (facts.expiresAt <= this.#now()) return undefined;
    return {
      ...facts,
      ...(org === undefined ? {} : { org }),
      ...(issuedAt === undefined ? {} : { issuedAt }),
      name: facts.userId,
    };
  }

  #mac(fileId: string, payload: string): Buffer {
    return createHmac('sha256', this.#key).update(`${fileId}.${payload}`).digest();
  }
}
