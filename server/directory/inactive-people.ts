import type { Model } from 'mongoose';
import type { StaffDoc } from './directory-store.ts';

/** The people whom the directory calls inactive, known without asking the database: they have no access. */
export class InactivePeople {
  readonly #staff: Model<StaffDoc>;
  readonly #onInactive: (userId: string) => void;
  readonly #ids = new Set<string>();

  /** @param onInactive called when somebody is newly known to be inactive */
  constructor(staff: Model<StaffDoc>, onInactive: (userId: string) => void) {
    this.#staff = staff;
    this.#onInactive = onInactive;
  }

  async load(): Promise<void> {
    const people = await this.#staff.find({ active: false }, { _id: 1 }).lean<Pick<StaffDoc, '_id'>[]>();
    for (const { _id } of people) this.#ids.add(_id);
  }

  has(userId: string): boolean {
    return this.#ids.has(userId);
  }

  learn({ _id, active }: Pick<StaffDoc, '_id' | 'active'>): void {
    if (active) this.#ids.delete(_id);
    else if (!this.#ids.has(_id)) {
      this.#ids.add(_id);
      this.#onInactive(_id);
    }
  }
}
