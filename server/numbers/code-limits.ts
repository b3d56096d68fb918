import { randomUUID } from 'node:crypto';
import { type Connection, type Model, Schema } from 'mongoose';
import { RoomError } from '../../shared/contract/errors.ts';
import { CODE_RESEND_MS, CODES_A_DAY_PER_NUMBER, CODES_A_DAY_PER_USER } from '../../shared/contract/limits.ts';
import type { Clock } from '../clock.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';

/** The codes that were sent to a number, or asked for by somebody, in the last day. */
interface CodeCountDoc {
  /** `number:<fingerprint>` or `user:<user id>` */
  _id: string;
  sent: { id: string; at: Date }[];
  /** When all of them are older than a day. */
  overAt: Date;
}

const schema = new Schema<CodeCountDoc>(
  { _id: String, sent: [Schema.Types.Mixed], overAt: Date },
  { collection: 'codeCounts', versionKey: false },
);
schema.index({ overAt: 1 }, { name: 'over' });

export function codeCountModel(connection: Connection): Model<CodeCountDoc> {
  return connection.model<CodeCountDoc>('CodeCount', schema);
}

const DAY_MS = 86_400_000;

/** A code that counts until it is given back. */
export interface Claim {
  /** It was not sent after all: it costs nothing. */
  giveBack(): Promise<void>;
}

/** How many codes may be sent: counted in the database, so that it holds over all servers and restarts. */
export class CodeLimits {
  readonly #counts: Model<CodeCountDoc>;
  readonly #factor: number;
  readonly #wall: Pick<Clock, 'now'>;

  /**
   * @param factor multiplies the limits; 0 switches them off
   * @param wall the real time
   */
  constructor(counts: Model<CodeCountDoc>, factor: number, wall: Pick<Clock, 'now'>) {
    this.#counts = counts;
    this.#factor = factor;
    this.#wall = wall;
  }

  /** After so many milliseconds the next code for a number can be asked for. */
  get resendMs(): number {
    return this.#factor === 0 ? 0 : Math.round(CODE_RESEND_MS / this.#factor);
  }

  /**
   * Counts a code for a number and, unless a portal's backend asks, for who asks.
   * @throws {RoomError} `rate_limited`: nothing is counted then
   */
  async claim(fingerprint: string, userId: string | undefined): Promise<Claim> {
    if (this.#factor === 0) return { giveBack: () => Promise.resolve() };
    const id = randomUUID();
    const claimed: string[] = [];
    const giveBack = async (): Promise<void> => {
      await this.#counts.updateMany({ _id: { $in: claimed } }, { $pull: { sent: { id } } });
    };
    try {
      if (userId !== undefined) {
        const key = `user:${userId}`;
        await this.#count(key, id, CODES_A_DAY_PER_USER, 0);
        claimed.push(key);
      }
      const key = `number:${fingerprint}`;
      await this.#count(key, id, CODES_A_DAY_PER_NUMBER, this.resendMs);
      claimed.push(key);
    } catch (error) {
      if (error instanceof RoomError) await giveBack();
      throw error;
    }
    return { giveBack };
  }

  /** Forgets what is older than a day. */
  async wipe(): Promise<void> {
    await this.#counts.deleteMany({ overAt: { $lte: new Date(this.#wall.now()) } });
  }

  async #count(key: string, id: string, aDay: number, waitMs: number): Promise<void> {
    const most = Math.max(1, Math.round(aDay * this.#factor));
    for (;;) {
      const now = this.#wall.now();
      if (await this.#add(key, { id, at: new Date(now) }, most, waitMs)) return;
      const retryAfterMs = await this.#waitOf(key, now, most, waitMs);
      // Two that made the document at once met each other, and there is room for both.
      if (retryAfterMs > 0)
        throw new RoomError('rate_limited', 'Too many codes: one was sent a moment ago, or enough were today.', {
          retryAfterMs,
        });
    }
  }

  async #add(key: string, code: { id: string; at: Date }, most: number, waitMs: number): Promise<boolean> {
    const now = code.at.getTime();
    await this.#counts.updateOne({ _id: key }, { $pull: { sent: { at: { $lte: new Date(now - DAY_MS) } } } });
    const young = { $elemMatch: { at: { $gt: new Date(now - waitMs) } } };
    try {
      // Where there are too many, or the last one is too young, the upsert meets their document.
      await this.#counts.updateOne(
        { _id: key, [`sent.${most - 1}`]: { $exists: false }, ...(waitMs === 0 ? {} : { sent: { $not: young } }) },
        { $push: { sent: code }, $max: { overAt: new Date(now + DAY_MS) } },
        { upsert: true },
      );
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /** In how many milliseconds the next one passes; 0: at once. */
  async #waitOf(key: string, now: number, most: number, waitMs: number): Promise<number> {
    const doc = await this.#counts.findById(key).lean<CodeCountDoc>();
    const sent = (doc?.sent ?? []).map(({ at }) => at.getTime()).sort((a, b) => b - a);
    const [last] = sent;
    // The one that must be a day old before there are fewer than the most.
    const oldest = sent[most - 1];
    return Math.max(0, last === undefined ? 0 : last + waitMs - now, oldest === undefined ? 0 : oldest + DAY_MS - now);
  }
}
