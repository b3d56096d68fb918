import { randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { type Connection, type Model, Schema } from 'mongoose';
import { RoomError } from '../../shared/contract/errors.ts';
import { CODE_DIGITS, CODE_TRIES_MAX, CODE_TTL_MS } from '../../shared/contract/limits.ts';
import type { Side } from '../../shared/contract/primitives.ts';
import type { Clock } from '../clock.ts';
import type { CodeLimits } from './code-limits.ts';
import type { CodeSender } from './code-sender.ts';
import type { ReadNumber } from './phone-number.ts';
import type { Vault } from './vault.ts';

/** The last code that somebody was sent to a number. */
interface PhoneCodeDoc {
  /** `<fingerprint of the number>/<user id>` */
  _id: string;
  salt: string;
  /** Of the code, with the salt and the vault's secret. */
  hash: string;
  /** How often it may be tried still. */
  triesLeft: number;
  expiresAt: Date;
}

const schema = new Schema<PhoneCodeDoc>(
  { _id: String, salt: String, hash: String, triesLeft: Number, expiresAt: Date },
  { collection: 'phoneCodes', versionKey: false },
);
schema.index({ expiresAt: 1 }, { name: 'expires' });

export function phoneCodeModel(connection: Connection): Model<PhoneCodeDoc> {
  return connection.model<PhoneCodeDoc>('PhoneCode', schema);
}

export interface PhoneCodesParts {
  model: Model<PhoneCodeDoc>;
  vault: Vault;
  limits: CodeLimits;
  read: ReadNumber;
  /** Undefined where the deployment has no way to send codes. */
  sender: CodeSender | undefined;
  /** The real time: a code in somebody's hand does not grow old by a demonstration's jumps. */
  wall: Pick<Clock, 'now'>;
  /** Told why a code could not be sent, and why that could not be undone. */
  onUnsent: (error: unknown) => void;
}

/** Codes by which somebody shows that a phone is theirs. */
export class PhoneCodes {
  readonly #parts: PhoneCodesParts;

  constructor(parts: PhoneCodesParts) {
    this.#parts = parts;
  }

  /**
   * Sends a new code, in whose place no earlier one of theirs for the number counts any more.
   * @param text the number as they typed it
   * @returns until when it holds, in milliseconds of the real clock, and after how many milliseconds the next one can be asked for
   * @throws {RoomError} `invalid`; `rate_limited`; `unavailable` when it could not be sent, which costs nothing
   */
  async send(text: string, to: { userId: string; side: Side }): Promise<{ expiresAt: number; resendAfterMs: number }> {
    const { model, vault, limits, read, sender, wall, onUnsent } = this.#parts;
    const number = read(text, 'phone');
    const fingerprint = vault.fingerprint(number);
    if (sender === undefined)
      throw new RoomError('unavailable', 'This deployment sends no codes: its operator must set SMS_WEBHOOK_URL.');
    // A portal's backend asks for all of the portal's people.
    const claim = await limits.claim(fingerprint, to.side === 'service' ? undefined : to.userId);
    const code = String(randomInt(10 ** CODE_DIGITS)).padStart(CODE_DIGITS, '0');
    try {
      await sender.send(number, code, number.isChinese ? 'zh-CN' : 'en');
    } catch (error) {
      onUnsent(error);
      await claim.giveBack().catch(onUnsent);
      throw new RoomError('unavailable', 'The code could not be sent: try again.');
    }
    const _id = idOf(fingerprint, to.userId);
    const salt = randomBytes(16).toString('base64url');
    const hash = this.#hash(_id, salt, code).toString('base64url');
    const expiresAt = wall.now() + CODE_TTL_MS;
    await model.updateOne(
      { _id },
      { $set: { salt, hash, triesLeft: CODE_TRIES_MAX, expiresAt: new Date(expiresAt) } },
      { upsert: true },
    );
    return { expiresAt, resendAfterMs: limits.resendMs };
  }

  /**
   * Says whether a code is the one that this user was sent to this number. A right one is used up by that, a wrong one costs a try; it does not tell whether
   * there is a code at all.
   * @param text the number as they typed it
   * @param path the field of the input that holds it, for the fault
   * @throws {RoomError} `invalid` where it is no number
   */
  async verify(text: string, code: string, userId: string, path = 'phone'): Promise<boolean> {
    const { model, vault, read, wall } = this.#parts;
    const _id = idOf(vault.fingerprint(read(text, path)), userId);
    // The try is paid for before the code is looked at: of many at once no more are answered than may be.
    const sent = await model
      .findOneAndUpdate(
        { _id, triesLeft: { $gt: 0 }, expiresAt: { $gt: new Date(wall.now()) } },
        { $inc: { triesLeft: -1 } },
        { returnDocument: 'after' },
      )
      .lean<PhoneCodeDoc>();
    if (sent === null) return false;
    if (!timingSafeEqual(this.#hash(_id, sent.salt, code), Buffer.from(sent.hash, 'base64url'))) return false;
    // Of two with the right one at once, one has it.
    return (await model.deleteOne({ _id, hash: sent.hash })).deletedCount === 1;
  }

  /** Forgets codes that are over, and counts that are a day old. */
  async wipe(): Promise<void> {
    const { model, limits, wall } = this.#parts;
    await model.deleteMany({ expiresAt: { $lte: new Date(wall.now()) } });
    await limits.wipe();
  }

  #hash(id: string, salt: string, code: string): Buffer {
    return this.#parts.vault.mac('code', id, salt, code);
  }
}

const idOf = (fingerprint: string, userId: string): string => `${fingerprint}/${userId}`;
