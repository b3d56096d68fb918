import type { Clock } from '../clock.ts';
import { SealBroken } from './keyring.ts';
import type { PhoneCodes } from './phone-codes.ts';
import type { Vault } from './vault.ts';
import type { NumberDoc, Owner } from './vault-store.ts';

/** What an owner holds: the ids that stand in it, and from when on it needs none of them (null: not known yet). */
export interface Holding {
  numberIds: readonly string[];
  until: number | null;
}

/** Asks owners of one kind what they hold; one that is not there is left out. */
export type Holders = (ownerIds: readonly string[]) => Promise<ReadonlyMap<string, Holding>>;

/** Owners that can be asked. A call cannot: its numbers say themselves until when they are kept. */
export type HoldersByKind = Readonly<Record<Exclude<Owner['kind'], 'call'>, Holders>>;

const PAGE = 200;
/** Who is asked, is asked again after so long, or when what it holds is over. In milliseconds. */
const LOOK_MS = 86_400_000;
/** A number that no owner holds may still be on its way into one, but not for so long. In milliseconds of the real clock. */
const ON_ITS_WAY_MS = 3_600_000;

export interface UpkeepParts {
  vault: Vault;
  codes: Pick<PhoneCodes, 'wipe'>;
  holders: HoldersByKind;
  /** The service's time. */
  clock: Pick<Clock, 'now'>;
  /** The real time. */
  wall: Pick<Clock, 'now'>;
  stopping: () => boolean;
  /** Told how many numbers came under the present key. */
  onRotated?: (numbers: number) => void;
  onError: (error: unknown, about: { number: string }) => void;
}

/** What the vault needs done from time to time. It may be done at any time, twice, and on several servers at once. */
export class Upkeep {
  readonly #parts: UpkeepParts;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
  }

  /** Wipes what is needed no more, and puts what is left under the present key. @returns how many numbers were wiped or moved */
  async run(): Promise<number> {
    const { vault, codes } = this.#parts;
    await codes.wipe();
    const wiped = await this.#wipe();
    return wiped + (vault.keyring.presentId === undefined ? 0 : await this.#rotate());
  }

  async #wipe(): Promise<number> {
    const { clock, stopping, vault } = this.#parts;
    let wiped = 0;
    let behind: NumberDoc | undefined;
    for (;;) {
      const page = await vault.models.numbers
        .find({
          lookAt: { $gte: behind?.lookAt ?? new Date(0), $lte: new Date(clock.now()) },
          ...(behind === undefined ? {} : { $or: [{ lookAt: { $gt: behind.lookAt } }, { _id: { $gt: behind._id } }] }),
        })
        .sort({ lookAt: 1, _id: 1 })
        .limit(PAGE)
        .lean<NumberDoc[]>();
      wiped += await this.#look(page);
      behind = page.at(-1);
      if (page.length < PAGE || stopping()) return wiped;
    }
  }

  /** Asks the owners of some numbers whether they still hold them. @returns how many were wiped */
  async #look(page: readonly NumberDoc[]): Promise<number> {
    const { clock, wall, vault } = this.#parts;
    const { numbers } = vault.models;
    const now = clock.now();
    const held = await this.#heldOf(page);
    const over: string[] = [];
    const later = new Map<number, string[]>();
    for (const { _id, keepUntil, keptAt } of page) {
      const holding = held.get(_id);
      const until = Math.min(keepUntil?.getTime() ?? Number.POSITIVE_INFINITY, holding ?? Number.POSITIVE_INFINITY);
      if (until <= now) over.push(_id);
      else if (holding !== undefined) {
        const lookAt = Math.min(until, now + LOOK_MS);
        later.set(lookAt, [...(later.get(lookAt) ?? []), _id]);
      } else if (keptAt.getTime() <= wall.now() - ON_ITS_WAY_MS) over.push(_id);
    }
    await vault.drop(...over);
    for (const [lookAt, ids] of later)
      await numbers.updateMany({ _id: { $in: ids } }, { $set: { lookAt: new Date(lookAt) } });
    return over.length;
  }

  /** Of numbers that stand in their owners, until when they are needed there. */
  async #heldOf(page: readonly NumberDoc[]): Promise<Map<string, number>> {
    const { holders } = this.#parts;
    const held = new Map<string, number>();
    for (const kind of ['demand', 'project', 'staff'] as const) {
      const own = page.filter(({ owner }) => owner.kind === kind);
      if (own.length === 0) continue;
      const holdings = await holders[kind]([...new Set(own.map(({ owner }) => owner.id))]);
      for (const { _id, owner } of own) {
        const holding = holdings.get(owner.id);
        if (holding?.numberIds.includes(_id) === true) held.set(_id, holding.until ?? Number.POSITIVE_INFINITY);
      }
    }
    return held;
  }

  /** Puts numbers under the present key. Each is a compare-and-set: of two that do it at once one does. */
  async #rotate(): Promise<number> {
    const { vault, stopping, onRotated } = this.#parts;
    await vault.renewSecret();
    let moved = 0;
    for (const keyId of vault.keyring.olderIds) {
      let behind = '';
      for (;;) {
        const page = await vault.models.numbers
          .find({ keyId, _id: { $gt: behind } })
          .sort({ _id: 1 })
          .limit(PAGE)
          .lean<NumberDoc[]>();
        for (const doc of page) moved += await this.#move(doc);
        behind = page.at(-1)?._id ?? '';
        if (page.length < PAGE || stopping()) break;
      }
    }
    if (moved > 0) onRotated?.(moved);
    return moved;
  }

  async #move(doc: NumberDoc): Promise<number> {
    const { vault, onError } = this.#parts;
    const { _id, keyId, iv } = doc;
    try {
      const moved = vault.sealFor(doc, vault.openOf(doc));
      return (await vault.models.numbers.updateOne({ _id, keyId, iv }, { $set: moved })).modifiedCount;
    } catch (error) {
      // One that was tampered with must not hold up the others.
      if (!(error instanceof SealBroken)) throw error;
      onError(error, { number: _id });
      return 0;
    }
  }
}
