import { createHmac, randomBytes } from 'node:crypto';
import { type ErrorCode, RoomError } from '../../shared/contract/errors.ts';
import type { Clock } from '../clock.ts';
import { StorageError } from '../storage/connect.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import { Keyring, SealBroken, type Sealed, type VaultKey } from './keyring.ts';
import { PhoneNumber } from './phone-number.ts';
import type { By, NumberDoc, Owner, Purpose, VaultModels } from './vault-store.ts';

/** A number that is to be kept. One of a call names its end itself; any other one is held as long as its owner holds it, and at most until then. */
export type Keep = { readonly number: PhoneNumber } & (
  | { readonly owner: Owner & { kind: Exclude<Owner['kind'], 'call'> }; readonly keepUntil?: number }
  | { readonly owner: Owner & { kind: 'call' }; readonly keepUntil: number }
);

export interface Use {
  by: By;
  purpose: Purpose;
  roomId: string | null;
  /** The correlation id of what it is used for. */
  cause?: string | undefined;
}

export interface VaultParts {
  models: VaultModels;
  /** Without any, nothing is kept: every call is refused with `unavailable`. */
  keys: readonly VaultKey[];
  /** The service's time. */
  clock: Pick<Clock, 'now'>;
  /** The real time. */
  wall: Pick<Clock, 'now'>;
}

const REFUSALS: readonly ErrorCode[] = ['invalid', 'forbidden', 'not_found', 'conflict', 'read_only'];
const SECRET_ID = 'fingerprint';
const ID_BYTES = 18;
/** All numbers are sealed as long as the longest one: how long one is, is not told either. */
const NUMBER_BYTES = 16;

/**
 * Phone numbers, encrypted, by opaque ids. What an owner stores is the id alone, after the number is kept: a crash in between leaves a number that nobody refers
 * to, which the job wipes. For that an id is stored in its owner once, soon after it was given, and never put back after it was taken out.
 */
export class Vault {
  readonly keyring: Keyring;
  readonly models: VaultModels;
  readonly #clock: Pick<Clock, 'now'>;
  readonly #wall: Pick<Clock, 'now'>;
  #secret: Buffer | undefined;

  constructor({ models, keys, clock, wall }: VaultParts) {
    this.models = models;
    this.keyring = new Keyring(keys);
    this.#clock = clock;
    this.#wall = wall;
  }

  /**
   * Reads the secret that fingerprints are made with; the first server makes it. It lies in the vault itself, so that it outlives the keys that come and go.
   * @throws {StorageError} where the keys do not open it: they would open no number either
   */
  async load(): Promise<void> {
    if (this.keyring.presentId === undefined) return;
    const fresh = this.keyring.seal(randomBytes(32), [SECRET_ID]);
    const doc = await this.models.secrets
      .findOneAndUpdate({ _id: SECRET_ID }, { $setOnInsert: fresh }, { upsert: true, returnDocument: 'after' })
      .lean<Sealed>();
    try {
      this.#secret = this.keyring.open(doc, [SECRET_ID]);
    } catch (error) {
      if (!(error instanceof SealBroken)) throw error;
      throw new StorageError(
        `VAULT_KEYS: the numbers in this database are kept under other keys (${error.message}); add the key under which they are, behind the present one`,
      );
    }
  }

  /** @throws {RoomError} `unavailable` in a deployment that has no keys */
  requireKeys(): Buffer {
    if (this.#secret === undefined)
      throw new RoomError('unavailable', 'This deployment keeps no phone numbers: its operator must set VAULT_KEYS.');
    return this.#secret;
  }

  /** Resolves with the number's id when it is on disk. */
  async keep({ number, owner, keepUntil }: Keep, by: By): Promise<string> {
    this.requireKeys();
    const _id = randomBytes(ID_BYTES).toString('base64url');
    await this.models.numbers.create({
      _id,
      ...this.sealFor({ _id, owner }, number),
      fingerprint: this.fingerprint(number),
      owner,
      keepUntil: keepUntil === undefined ? null : new Date(keepUntil),
      lookAt: new Date(owner.kind === 'call' ? (keepUntil ?? 0) : this.#clock.now()),
      keptAt: new Date(this.#wall.now()),
      keptBy: named(by),
    });
    return _id;
  }

  /**
   * Keeps a number while `store` puts its id into its owner, and wipes it when that is refused.
   * @returns what `store` gave
   */
  async keepFor<Result>(keep: Keep, by: By, store: (numberId: string) => Promise<Result>): Promise<Result> {
    const numberId = await this.keep(keep, by);
    try {
      return await store(numberId);
    } catch (error) {
      // Whatever else went wrong, the owner may hold it: then the upkeep finds out.
      if (isRefusal(error)) await this.drop(numberId).catch(() => undefined);
      throw error;
    }
  }

  /**
   * Gives a number to what is about to ring it. The use is on disk before the number is out.
   * @throws {RoomError} `not_found` for one that is kept no more
   * @throws {SealBroken} for one that was tampered with
   */
  async use(numberId: string, { by, purpose, roomId, cause }: Use): Promise<PhoneNumber> {
    this.requireKeys();
    const doc = await this.models.numbers.findById(numberId).lean<NumberDoc>();
    const now = this.#clock.now();
    if (doc === null || (doc.keepUntil !== null && doc.keepUntil.getTime() <= now))
      throw new RoomError('not_found', 'This number is not kept any more.');
    await this.models.uses.create({
      numberId,
      owner: doc.owner,
      by: named(by),
      purpose,
      roomId,
      at: new Date(now),
      ...(cause === undefined ? {} : { cause }),
    });
    return this.openOf(doc);
  }

  /** Says whether a kept number is this one, and can be used still: an owner that is given it again need not keep it again. */
  async holds(numberId: string, number: PhoneNumber): Promise<boolean> {
    const doc = await this.models.numbers
      .findById(numberId, { fingerprint: 1, keyId: 1 })
      .lean<Pick<NumberDoc, 'fingerprint' | 'keyId'>>();
    return doc !== null && doc.fingerprint === this.fingerprint(number) && this.keyring.has(doc.keyId);
  }

  /** Wipes what no owner refers to any more, or what none has come to refer to. */
  async drop(...numberIds: readonly (string | null | undefined)[]): Promise<void> {
    const ids = numberIds.filter((id) => typeof id === 'string');
    if (ids.length > 0) await this.models.numbers.deleteMany({ _id: { $in: ids } });
  }

  /** Wipes all numbers of an owner that is no more. */
  async forget({ kind, id }: Owner): Promise<void> {
    await this.models.numbers.deleteMany({ 'owner.kind': kind, 'owner.id': id });
  }

  /** Equal for equal numbers, on every server and whatever keys come and go: what limits of a number are counted by. It gives nobody the number. */
  fingerprint(number: PhoneNumber): string {
    return this.mac('number', number.reveal()).toString('base64url');
  }

  /** A keyed digest of texts, for what is compared and never read. @param what keeps digests of different kinds apart */
  mac(what: string, ...texts: readonly string[]): Buffer {
    return createHmac('sha256', this.requireKeys())
      .update(JSON.stringify([what, ...texts]))
      .digest();
  }

  sealFor({ _id, owner }: Pick<NumberDoc, '_id' | 'owner'>, number: PhoneNumber): Sealed {
    const bytes = Buffer.alloc(NUMBER_BYTES);
    if (bytes.write(number.reveal()) < number.reveal().length) throw new Error('a number is longer than numbers are');
    return this.keyring.seal(bytes, aboutOf({ _id, owner }));
  }

  /** @throws {SealBroken} */
  openOf(doc: NumberDoc): PhoneNumber {
    return new PhoneNumber(this.keyring.open(doc, aboutOf(doc)).toString().replaceAll('\u0000', ''));
  }

  /** Puts the vault's own secret under the present key. */
  async renewSecret(): Promise<void> {
    const { secrets } = this.models;
    const doc = await secrets.findById(SECRET_ID).lean<Sealed>();
    if (doc === null || doc.keyId === this.keyring.presentId) return;
    const renewed = this.keyring.seal(this.keyring.open(doc, [SECRET_ID]), [SECRET_ID]);
    await secrets.updateOne({ _id: SECRET_ID, keyId: doc.keyId, iv: doc.iv }, { $set: renewed });
  }
}

/** Says whether an error means that nothing was stored. */
const isRefusal = (error: unknown): boolean =>
  isDuplicateKey(error) || (error instanceof RoomError && REFUSALS.includes(error.code));

const named = ({ id, side, org }: By): By => ({ id, side, ...(org === undefined ? {} : { org }) });

/** A number is sealed for its id and its owner: in another's place it does not open. */
const aboutOf = ({ _id, owner }: Pick<NumberDoc, '_id' | 'owner'>): readonly string[] => [
  'number',
  _id,
  owner.kind,
  owner.id,
];
