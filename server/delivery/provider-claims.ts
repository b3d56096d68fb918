import { type Connection, type Model, Schema } from 'mongoose';
import { RoomError } from '../../shared/contract/errors.ts';
import type { QueuedReason } from '../../shared/contract/projects.ts';
import type { Clock } from '../clock.ts';
import type { ProductDoc } from '../directory/directory-store.ts';
import type { RoomModel } from '../rooms/room-store.ts';
import { assignProvider, type Candidate } from './assign-provider.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';

/** A project that is about to be stored. Several calls for one order may each be about to. */
interface Coming {
  orderId: string;
  roomId: string;
}

/** What a provider has been given and what is not a stored project yet. */
interface ClaimDoc {
  _id: string;
  /** Raised by each claim; every claim is a compare-and-set on it. */
  version: number;
  pending: (Coming & { at: Date })[];
}

const schema = new Schema<ClaimDoc>(
  { _id: String, version: Number, pending: [Schema.Types.Mixed] },
  { collection: 'providerClaims', versionKey: false },
);

/** A server that claimed and then died stores no project: after this long the place is free again. Longer than any wait for the database. */
const FORGOTTEN_AFTER_MS = 60_000;
/** How often in a row another server may be faster before we say that it is too busy. */
const ATTEMPTS_MAX = 50;

/**
 * Gives new projects to providers so that no two servers together exceed a maximum load. A place is claimed before the project is stored: a
 * claim counts as load until the project does.
 */
export class ProviderClaims {
  readonly #rooms: RoomModel;
  readonly #claims: Model<ClaimDoc>;
  readonly #clock: Clock;
  readonly #dice: () => number;
  #last: Promise<unknown> = Promise.resolve();

  constructor(parts: { connection: Connection; rooms: RoomModel; clock: Clock; dice: () => number }) {
    this.#rooms = parts.rooms;
    this.#claims = parts.connection.model<ClaimDoc>('ProviderClaim', schema);
    this.#clock = parts.clock;
    this.#dice = parts.dice;
  }

  /**
   * Picks the provider for a project that is about to be stored under this id; `release` follows when it is stored, or will not be.
   * @throws {RoomError} `unavailable` when other servers were faster again and again
   */
  claim(product: ProductDoc, coming: Coming): Promise<{ org: string } | { queued: QueuedReason }> {
    // One after the other on this server: at once they would only refuse each other.
    const claimed = this.#last.then(() => this.#claimNow(product, coming));
    this.#last = claimed.catch(() => undefined);
    return claimed;
  }

  async release(org: string, roomId: string): Promise<void> {
    await this.#claims.updateOne({ _id: org }, { $pull: { pending: { roomId } } });
  }

  async #claimNow(product: ProductDoc, coming: Coming): Promise<{ org: string } | { queued: QueuedReason }> {
    for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
      const claims = await this.#standing(product);
      const choice = assignProvider(await this.#candidates(product, claims, coming), this.#dice);
      if ('queued' in choice || (await this.#add(choice.org, claims.get(choice.org), coming))) return choice;
    }
    throw new RoomError('unavailable', 'Too many orders at once: send it again.', { retryAfterMs: 500 });
  }

  /** The claims on a product's providers that still count. */
  async #standing({ providers }: ProductDoc): Promise<Map<string, ClaimDoc>> {
    const since = this.#clock.now() - FORGOTTEN_AFTER_MS;
    const docs = await this.#claims.find({ _id: { $in: providers.map(({ org }) => org) } }).lean<ClaimDoc[]>();
    return new Map(
      docs.map((doc) => [doc._id, { ...doc, pending: doc.pending.filter(({ at }) => at.getTime() > since) }]),
    );
  }

  /**
   * Loads, counted after the claims were read: a project that is stored in between is counted once, as its claim. Calls for the same order
   * are one project in the end, and do not take each other's place.
   */
  #candidates(
    { providers }: ProductDoc,
    claims: ReadonlyMap<string, ClaimDoc>,
    { orderId }: Coming,
  ): Promise<Candidate[]> {
    return Promise.all(
      providers.map(async ({ org, weight, maxLoad }) => {
        const orders = new Set((claims.get(org)?.pending ?? []).map((claim) => claim.orderId));
        const stored = await this.#rooms.countDocuments({
          seats: `provider:${org}`,
          status: { $in: ['executing', 'paused'] },
          ...(orders.size === 0 ? {} : { 'project.orderId': { $nin: [...orders] } }),
        });
        orders.delete(orderId);
        return { org, weight, maxLoad, load: stored + orders.size };
      }),
    );
  }

  /** @returns whether nobody else had claimed in the meantime */
  async #add(org: string, seen: ClaimDoc | undefined, coming: Coming): Promise<boolean> {
    const pending = [...(seen?.pending ?? []), { ...coming, at: new Date(this.#clock.now()) }];
    if (seen !== undefined) {
      const { matchedCount } = await this.#claims.updateOne(
        { _id: org, version: seen.version },
        { $set: { pending }, $inc: { version: 1 } },
      );
      return matchedCount === 1;
    }
    try {
      await this.#claims.create({ _id: org, version: 1, pending });
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }
}
