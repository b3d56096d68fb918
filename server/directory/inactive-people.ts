import type { Model } from 'mongoose';
import type { StaffDoc } from './directory-store.ts';

/** The people whom the directory calls inactive, known without asking the database: they have no access. */
export class InactivePeople {
  readonly #staff: Model<StaffDoc>;
  readonly #onInactive: (userId: string) => void;
  readonly #ids = new Set<string>();
  /** By user id, the newest version that was learned, also of somebody active: an older one comes later now and then. */
  readonly #versions = new Map<string, number>();

  /** @param onInactive called when somebody is newly known to be inactive */
  constructor(staff: Model<StaffDoc>, onInactive: (userId: string) => void) {
    this.#staff = staff;
    this.#onInactive = onInactive;
  }

  async load(): Promise<void> {
    const people = await this.#staff
      .find({ active: false }, { version: 1 })
      .lean<Pick<StaffDoc, '_id' | 'version'>[]>();
    for (const { _id, version } of people) {
      this.#ids.add(_id);
      this.#versions.set(_id, version);
    }
  }

  has(userId: string): boolean {
    return this.#ids.has(userId);
  }

  /** Takes over what the directory says of a person; something older than what is known is passed over. */
  learn({ _id, active, version }: Pick<StaffDoc, '_id' | 'active' | 'version'>): void {
    const known = this.#versions.get(_id);
    if (known !== undefined && known >= version) return;
    this.#versions.set(_id, version);
    if (active) {
      this.#ids.delete(_id);
      return;
    }
    if (this.#ids.has(_id)) return;
    this.#ids.add(_id);
    this.#onInactive(_id);
  }
}
