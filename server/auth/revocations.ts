import { type Connection, type Model, Schema } from 'mongoose';
import type { Caller } from '../registry/call.ts';

/** Of a user's tokens those that do not count any more. There is one for each user of whom any were ever revoked. */
export interface RevocationDoc {
  /** The user's id, of whatever side. */
  _id: string;
  /** Tokens issued before this instant are refused. It only ever moves ahead. */
  issuedBefore: Date;
  /** Who asked for it last. */
  by: string;
  /** The database's own time of the last change: other servers learn of it by that. */
  changedAt: Date;
}

const schema = new Schema<RevocationDoc>(
  { _id: String, issuedBefore: Date, by: String, changedAt: Date },
  { collection: 'revocations', versionKey: false },
);
schema.index({ changedAt: 1, _id: 1 }, { name: 'changed_id' });
schema.index({ issuedBefore: 1 }, { name: 'issued_before' });

export function revocationModel(connection: Connection): Model<RevocationDoc> {
  return connection.model<RevocationDoc>('Revocation', schema);
}

/** The kill switch of tokens, known without asking the database. */
export class Revocations {
  readonly model: Model<RevocationDoc>;
  readonly #onRevoked: (userId: string) => void;
  /** By user id, in milliseconds of the real clock. */
  readonly #issuedBefore = new Map<string, number>();

  /** @param onRevoked called when tokens of a user are newly known to be revoked */
  constructor(model: Model<RevocationDoc>, onRevoked: (userId: string) => void) {
    this.model = model;
    this.#onRevoked = onRevoked;
  }

  /** Reads them. @param endedBefore tokens issued before this instant are over: what was revoked of those only is forgotten */
  async load(endedBefore: number | undefined): Promise<void> {
    if (endedBefore !== undefined) await this.model.deleteMany({ issuedBefore: { $lt: new Date(endedBefore) } });
    const all = this.model
      .find({ issuedBefore: { $gt: new Date(0) } }, { issuedBefore: 1 })
      .lean<Pick<RevocationDoc, '_id' | 'issuedBefore'>[]>();
    for (const { _id, issuedBefore } of await all) this.#issuedBefore.set(_id, issuedBefore.getTime());
  }

  /** Resolves when it is stored and holds here. @returns the instant that holds, which is a later one where there was one */
  async revoke(userId: string, issuedBefore: number, by: string): Promise<number> {
    const doc = await this.model
      .findOneAndUpdate(
        { _id: userId },
        { $max: { issuedBefore: new Date(issuedBefore) }, $set: { by }, $currentDate: { changedAt: true } },
        { upsert: true, returnDocument: 'after' },
      )
      .lean<RevocationDoc>();
    this.learn(doc);
    return doc.issuedBefore.getTime();
  }

  /** Says whether a caller's token does not count any more. */
  refuses({ userId, issuedAt = 0 }: Pick<Caller, 'userId' | 'issuedAt'>): boolean {
    const issuedBefore = this.#issuedBefore.get(userId);
    return issuedBefore !== undefined && issuedAt < issuedBefore;
  }

  /** Takes over what any server has stored; something older than what is known is passed over. */
  learn({ _id, issuedBefore }: Pick<RevocationDoc, '_id' | 'issuedBefore'>): void {
    const at = issuedBefore.getTime();
    if ((this.#issuedBefore.get(_id) ?? Number.NEGATIVE_INFINITY) >= at) return;
    this.#issuedBefore.set(_id, at);
    this.#onRevoked(_id);
  }
}
