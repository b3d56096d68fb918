import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject, randomBytes } from 'node:crypto';

/** A key of `VAULT_KEYS`. */
export interface VaultKey {
  id: string;
  /** 32 bytes in base64. */
  key: string;
}

/** What was put under a key, as it is stored: texts in base64. */
export interface Sealed {
  keyId: string;
  iv: string;
  /** The ciphertext, and behind it the tag that shows any change of it. */
  sealed: string;
}

/** What is sealed was changed, belongs elsewhere, or is under a key that is not here. Says nothing of what it holds. */
export class SealBroken extends Error {
  override readonly name = 'SealBroken';
}

const ALGORITHM = 'aes-256-gcm';
const IV_BYTES = 12;
const TAG_BYTES = 16;

/** The keys of the vault: the first seals, all of them open. */
export class Keyring {
  readonly #keys: ReadonlyMap<string, KeyObject>;

  constructor(keys: readonly VaultKey[]) {
    this.#keys = new Map(keys.map(({ id, key }) => [id, createSecretKey(Buffer.from(key, 'base64'))]));
  }

  /** The key that seals; undefined where there is none at all. */
  get presentId(): string | undefined {
    return [...this.#keys.keys()][0];
  }

  /** Those that open only: what is under them is to come under the present one. */
  get olderIds(): readonly string[] {
    return [...this.#keys.keys()].slice(1);
  }

  has(keyId: string): boolean {
    return this.#keys.has(keyId);
  }

  /** @param about what it is sealed for: it is opened for the same alone */
  seal(bytes: Uint8Array, about: readonly string[]): Sealed {
    const [first] = this.#keys;
    if (first === undefined) throw new Error('there is no key to seal with');
    const [keyId, key] = first;
    const iv = randomBytes(IV_BYTES);
    const cipher = createCipheriv(ALGORITHM, key, iv, { authTagLength: TAG_BYTES });
    cipher.setAAD(bound(keyId, about));
    const sealed = Buffer.concat([cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
    return { keyId, iv: iv.toString('base64'), sealed: sealed.toString('base64') };
  }

  /** @throws {SealBroken} unless it is, to the bit, what was sealed for the same */
  open({ keyId, iv, sealed }: Sealed, about: readonly string[]): Buffer {
    const key = this.#keys.get(keyId);
    if (key === undefined) throw new SealBroken(`VAULT_KEYS holds no key "${keyId}"`);
    const bytes = Buffer.from(sealed, 'base64');
    try {
      const decipher = createDecipheriv(ALGORITHM, key, Buffer.from(iv, 'base64'), { authTagLength: TAG_BYTES });
      decipher.setAAD(bound(keyId, about));
      decipher.setAuthTag(bytes.subarray(-TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(0, -TAG_BYTES)), decipher.final()]);
    } catch {
      throw new SealBroken(`what is under the key "${keyId}" is not what was sealed`);
    }
  }
}

const bound = (keyId: string, about: readonly string[]): Buffer =>
  Buffer.from(JSON.stringify(['delivery-rooms vault 1', keyId, ...about]));
