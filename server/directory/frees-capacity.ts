import { isDeepStrictEqual } from 'node:util';
import type { ProductDoc, StaffDoc } from './directory-store.ts';

type Availability = Pick<StaffDoc, 'org' | 'roles' | 'maxLoad' | 'accepting' | 'leave' | 'active'>;

/** Says whether a change of a person may let a project out of the queue for staff. Somebody who is on leave even so is found out by the dispatch. */
export function staffFreesCapacity(before: Availability | null, after: Availability): boolean {
  if (!after.active || !after.accepting || after.maxLoad === 0) return false;
  return (
    before === null ||
    !before.active ||
    !before.accepting ||
    before.org !== after.org ||
    after.maxLoad > before.maxLoad ||
    after.roles.some((role) => !before.roles.includes(role)) ||
    (before.leave !== null && !isDeepStrictEqual(before.leave, after.leave))
  );
}

/** The providers that can take more of a product's projects than before. */
export function providersWithNewCapacity(
  before: Pick<ProductDoc, 'providers'> | null,
  after: Pick<ProductDoc, 'providers'>,
): string[] {
  const had = new Map(before?.providers.map(({ org, maxLoad }) => [org, maxLoad]));
  return after.providers.filter(({ org, maxLoad }) => maxLoad > (had.get(org) ?? 0)).map(({ org }) => org);
}
