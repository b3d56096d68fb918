import { randomUUID } from 'node:crypto';
import { type Connection, type Model, Schema } from 'mongoose';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Clock } from '../clock.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import type { RoomModel } from '../rooms/room-model.ts';

/** Somebody who delivers, with a maximum load: a company, or one of its people. */
export type Deliverer = { readonly provider: string } | { readonly staff: string };

/** A place that is kept for a project. */
export interface Place {
  /** Whose it is: a place among the deliverers that were to choose from. */
  readonly chosen: number;
  /** Keeps it until the project is stored with it. */
  keepWhile<Result>(use: () => Promise<Result>): Promise<Result>;
}

/** What a deliverer has been given and what is not stored in its project yet. */
interface ClaimDoc {
  /** `provider:<org>` or `staff:<user id>` */
  _id: string;
  /** Raised by each claim; every claim is a compare-and-set on it. */
  version: number;
  pending: Claim[];
}

interface Claim {
  /** Unique for each claim: two servers may claim the same place for the same project, and each takes back its own. */
  id: string;
  roomId: string;
  at: Date;
}

const schema = new Schema<ClaimDoc>(
  { _id: String, version: Number, pending: [Schema.Types.Mixed] },
  { collection: 'placeClaims', versionKey: false },
);

/** A server that claimed and then died stores nothing: after this long the place is free again. Longer than any wait for the database. */
const FORGOTTEN_AFTER_MS = 60_000;
/** How often in a row another server may be faster before we say that it is too busy. */
const ATTEMPTS_MAX = 50;

const keyOf = (deliverer: Deliverer): string =>
  'provider' in deliverer ? `provider:${deliverer.provider}` : `staff:${deliverer.staff}`;

/**
 * Gives projects to providers and staff so that no two servers together exceed a maximum load. A place is claimed before the project is stored
 * with its deliverer: a claim counts as load until the project does.
 */
export class Places {
  readonly #rooms: RoomModel;
  readonly #claims: Model<ClaimDoc>;
  readonly #wall: Clock;
  #last: Promise<unknown> = Promise.resolve();

  /** @param parts.wall the real clock, by which a server that died is forgotten */
  constructor(parts: { connection: Connection; rooms: RoomModel; wall: Clock }) {
    this.#rooms = parts.rooms;
    this.#claims = parts.connection.model<ClaimDoc>('PlaceClaim', schema);
    this.#wall = parts.wall;
  }

  /**
   * Has one of some deliverers chosen for a project by their loads (executing and paused projects, the project itself not counted), and keeps
   * the place for it while `use` stores the choice.
   * @param choose gives the chosen one's place among the deliverers, or undefined for none
   * @returns what `use` gave, or undefined when nobody was chosen
   * @throws {RoomError} `unavailable` when other servers were faster again and again
   */
  async with<Result>(
    roomId: string,
    deliverers: readonly Deliverer[],
    choose: (loads: readonly number[]) => number | undefined,
    use: (chosen: number) => Promise<Result>,
  ): Promise<Result | undefined> {
    const place = await this.take(roomId, deliverers, choose);
    return place?.keepWhile(() => use(place.chosen));
  }

  /** Does the first half of `with`: whoever takes a place lets go of it by `keepWhile`. */
  async take(
    roomId: string,
    deliverers: readonly Deliverer[],
    choose: (loads: readonly number[]) => number | undefined,
  ): Promise<Place | undefined> {
    // One after the other on this server: at once they would only refuse each other.
    const claimed = this.#last.then(() => this.#claim(roomId, deliverers, choose));
    this.#last = claimed.catch(() => undefined);
    const claim = await claimed;
    if (claim === undefined) return undefined;
    return {
      chosen: claim.chosen,
      keepWhile: async (use) => {
        try {
          return await use();
        } finally {
          // What is not released is forgotten in time.
          const over = { $or: [{ id: claim.id }, { at: { $lte: new Date(this.#forgottenFrom()) } }] };
          await this.#claims.updateOne({ _id: claim.key }, { $pull: { pending: over } }).catch(() => undefined);
        }
      },
    };
  }

  async #claim(
    roomId: string,
    deliverers: readonly Deliverer[],
    choose: (loads: readonly number[]) => number | undefined,
  ): Promise<{ chosen: number; key: string; id: string } | undefined> {
    const keys = deliverers.map(keyOf);
    const mine = { id: randomUUID(), roomId };
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const claims = await this.#standing(keys);
      // Counted after the claims were read: a project that is stored in between is counted once, as its claim.
      const loads = await Promise.all(
        deliverers.map((deliverer) => this.#load(roomId, deliverer, claims.get(keyOf(deliverer)))),
      );
      const chosen = choose(loads);
      const key = chosen === undefined ? undefined : keys[chosen];
      if (chosen === undefined || key === undefined) return undefined;
      if (await this.#add(key, claims.get(key), mine)) return { chosen, key, id: mine.id };
    }
    throw new RoomError('unavailable', 'Too many orders at once: send it again.', { retryAfterMs: 500 });
  }

  /** The claims that still count. */
  async #standing(keys: readonly string[]): Promise<Map<string, ClaimDoc>> {
    const since = this.#forgottenFrom();
    const docs = await this.#claims.find({ _id: { $in: [...keys] } }).lean<ClaimDoc[]>();
    return new Map(
      docs.map((doc) => [doc._id, { ...doc, pending: doc.pending.filter(({ at }) => at.getTime() > since) }]),
    );
  }

  async #load(roomId: string, deliverer: Deliverer, claims: ClaimDoc | undefined): Promise<number> {
    const pending = new Set((claims?.pending ?? []).map((claim) => claim.roomId));
    pending.add(roomId);
    const stored = await this.#rooms.countDocuments({
      ...('provider' in deliverer ? { providerOrg: deliverer.provider } : { crew: deliverer.staff }),
      status: { $in: ['executing', 'paused'] },
      _id: { $nin: [...pending] },
    });
    return stored + pending.size - 1;
  }

  /** @returns whether nobody else had claimed in the meantime */
  async #add(key: string, seen: ClaimDoc | undefined, claim: Omit<Claim, 'at'>): Promise<boolean> {
    const mine: Claim = { ...claim, at: new Date(this.#wall.now()) };
    if (seen !== undefined) {
      // Added, and not written back with those that were seen: what was released since would stand there again.
      const { matchedCount } = await this.#claims.updateOne(
        { _id: key, version: seen.version },
        { $push: { pending: mine }, $inc: { version: 1 } },
      );
      return matchedCount === 1;
    }
    try {
      await this.#claims.create({ _id: key, version: 1, pending: [mine] });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  #forgottenFrom(): number {
    return this.#wall.now() - FORGOTTEN_AFTER_MS;
  }
}
