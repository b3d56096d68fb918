import { randomUUID } from 'node:crypto';
import { type Connection, type Model, Schema } from 'mongoose';
import { RoomError } from '../../shared/contract/errors.ts';
import { GRABS_A_DAY } from '../../shared/contract/limits.ts';
import { addDays, instantAt, localDate } from '../../shared/model/calendar/local-date.ts';
import type { Clock } from '../clock.ts';
import type { RoomModel } from '../rooms/room-model.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';

/** What a company has grabbed on one day of the office, and what is being decided. */
interface GrabsDoc {
  /** `<org>/<YYYY-MM-DD>` */
  _id: string;
  /** Raised by each claim; every claim is a compare-and-set on it. */
  version: number;
  claims: Claim[];
  /** By the real clock; documents of days long gone are deleted by it. */
  at: Date;
}

interface Claim {
  /** Unique for each: of two calls for one demand each takes back its own. */
  id: string;
  roomId: string;
  at: Date;
}

const KEPT_DAYS = 40;
const schema = new Schema<GrabsDoc>(
  { _id: String, version: Number, claims: [Schema.Types.Mixed], at: Date },
  { collection: 'grabs', versionKey: false },
);
schema.index({ at: 1 }, { name: 'expiry', expireAfterSeconds: KEPT_DAYS * 86_400 });

/** A server that claimed and then died has stored no engagement: after this long by the real clock its claim counts for nothing. */
const FORGOTTEN_AFTER_MS = 60_000;
/** How often in a row another server may be faster before we say that it is too busy. */
const ATTEMPTS_MAX = 50;

export interface GrabsParts {
  connection: Connection;
  rooms: RoomModel;
  /** The service's time, by which the days go. */
  clock: Clock;
  /** The real clock, by which a server that died is forgotten. */
  wall: Clock;
  /** The office's. */
  timeZone: string;
}

/**
 * Holds companies to so many grabs a day. One is claimed before the engagement is stored and taken back when it is refused, so that no number of grabs at
 * once, at whatever servers, exceeds the limit.
 */
export class Grabs {
  readonly model: Model<GrabsDoc>;
  readonly #parts: GrabsParts;

  constructor(parts: GrabsParts) {
    this.#parts = parts;
    this.model = parts.connection.model<GrabsDoc>('Grabs', schema);
  }

  /**
   * Counts a grab of a demand by a company while `use` stores it; the same demand counts once a day.
   * @throws {RoomError} `rate_limited` until midnight when the company has grabbed as many other demands today; what `use` throws, and then nothing is counted
   */
  async with<Result>(org: string, roomId: string, use: () => Promise<Result>): Promise<Result> {
    const { clock, timeZone } = this.#parts;
    const now = clock.now();
    const day = localDate(now, timeZone);
    const key = `${org}/${day}`;
    const claim = await this.#claim(key, org, roomId);
    if (claim === undefined) {
      throw new RoomError('rate_limited', `At most ${GRABS_A_DAY} demands are grabbed a day: the next one tomorrow.`, {
        retryAfterMs: instantAt(addDays(day, 1), '00:00', timeZone) - now,
      });
    }
    try {
      return await use();
    } catch (error) {
      // Only what is known to be refused is taken back: an answer that was lost may be that of a grab, and one that is stored may be told too late.
      if (error instanceof RoomError && error.code !== 'unavailable') {
        await this.model.updateOne({ _id: key }, { $pull: { claims: { id: claim.id } }, $inc: { version: 1 } });
      }
      throw error;
    }
  }

  async #claim(key: string, org: string, roomId: string): Promise<Claim | undefined> {
    const mine = { id: randomUUID(), roomId };
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const doc = await this.model.findById(key).lean<GrabsDoc>();
      const claims = await this.#counting(org, doc?.claims ?? [], roomId);
      if (new Set(claims.map((claim) => claim.roomId)).add(roomId).size > GRABS_A_DAY) return undefined;
      const claim = { ...mine, at: new Date(this.#parts.wall.now()) };
      if (await this.#store(key, doc, [...claims, claim])) return claim;
    }
    throw new RoomError('unavailable', 'Too many grabs at once: send it again.', { retryAfterMs: 500 });
  }

  /** The claims that count; asked of the demands themselves only when there would be too many. */
  async #counting(org: string, claims: readonly Claim[], roomId: string): Promise<readonly Claim[]> {
    const demands = new Set(claims.map((claim) => claim.roomId));
    if (demands.has(roomId) || demands.size < GRABS_A_DAY) return claims;
    const grabbed = await this.#parts.rooms
      .find(
        {
          _id: { $in: [...demands] },
          'opportunity.engagements': { $elemMatch: { 'provider.org': org, origin: 'grabbed' } },
        },
        { _id: 1 },
      )
      .lean<{ _id: string }[]>();
    const since = this.#parts.wall.now() - FORGOTTEN_AFTER_MS;
    return claims.filter((claim) => claim.at.getTime() > since || grabbed.some(({ _id }) => _id === claim.roomId));
  }

  /** @returns whether nobody else had claimed in the meantime */
  async #store(key: string, seen: GrabsDoc | null, claims: readonly Claim[]): Promise<boolean> {
    if (seen !== null) {
      const { matchedCount } = await this.model.updateOne(
        { _id: key, version: seen.version },
        { $set: { claims: [...claims] }, $inc: { version: 1 } },
      );
      return matchedCount === 1;
    }
    try {
      await this.model.create({ _id: key, version: 1, claims: [...claims], at: new Date(this.#parts.wall.now()) });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
