import type { Holders } from '../numbers/upkeep.ts';
import type { DirectoryModels, StaffDoc } from './directory-store.ts';

/** What people of the directory hold of numbers: their own, as long as it stands there. */
export function staffHolders(staff: DirectoryModels['staff']): Holders {
  return async (userIds) => {
    const found = await staff
      .find({ _id: { $in: [...userIds] } }, { numberId: 1 })
      .lean<Pick<StaffDoc, '_id' | 'numberId'>[]>();
    return new Map(
      found.map(({ _id, numberId }) => [
        _id,
        { numberIds: typeof numberId === 'string' ? [numberId] : [], until: null },
      ]),
    );
  };
}
