import { type Connection, type Model, Schema } from 'mongoose';
import { localDate } from '../../shared/model/calendar/local-date.ts';
import type { Clock } from '../clock.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';

/** How many calls somebody has asked for on one day of the office. */
interface CallDayDoc {
  /** Their side and user id, and the day. */
  _id: string;
  asked: number;
  /** By the real clock; documents of days long gone are deleted by it. */
  at: Date;
}

const KEPT_DAYS = 3;
const schema = new Schema<CallDayDoc>(
  { _id: String, asked: Number, at: Date },
  { collection: 'callDays', versionKey: false },
);
schema.index({ at: 1 }, { name: 'expiry', expireAfterSeconds: KEPT_DAYS * 86_400 });

export interface CallDaysParts {
  readonly connection: Connection;
  /** Calls of one caller on one day. */
  readonly limit: number;
  /** The service's time, by which the days go. */
  readonly clock: Pick<Clock, 'now'>;
  /** The real time. */
  readonly wall: Pick<Clock, 'now'>;
  /** The office's. */
  readonly timeZone: string;
}

type Who = { readonly id: string; readonly side: string };

/**
 * Holds callers to so many calls a day, over all servers. One is claimed before the call is stored, and given back when that is refused; a server that dies in
 * between costs its caller one, and gives nobody one too many.
 */
export class CallDays {
  readonly model: Model<CallDayDoc>;
  readonly #parts: CallDaysParts;

  constructor(parts: CallDaysParts) {
    this.#parts = parts;
    this.model = parts.connection.model<CallDayDoc>('CallDay', schema);
  }

  async asked(who: Who): Promise<number> {
    return (await this.model.findById(this.#keyOf(who)).lean<CallDayDoc>())?.asked ?? 0;
  }

  /** Counts one more. @returns what takes it back; undefined, and nothing is counted, where there were enough */
  async claim(who: Who): Promise<(() => Promise<void>) | undefined> {
    const { limit, wall } = this.#parts;
    const _id = this.#keyOf(who);
    for (;;) {
      try {
        // Where there were enough, the upsert meets their document.
        await this.model.updateOne(
          { _id, asked: { $lt: limit } },
          { $inc: { asked: 1 }, $set: { at: new Date(wall.now()) } },
          { upsert: true },
        );
        return async () => {
          await this.model.updateOne({ _id }, { $inc: { asked: -1 } });
        };
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
      // Two that made the document at once met each other, and there may be room for both.
      if (((await this.model.findById(_id).lean<CallDayDoc>())?.asked ?? 0) >= limit) return undefined;
    }
  }

  #keyOf({ side, id }: Who): string {
    const { clock, timeZone } = this.#parts;
    return JSON.stringify([side, id, localDate(clock.now(), timeZone)]);
  }
}
