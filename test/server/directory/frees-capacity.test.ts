import { expect } from 'chai';
import { providersWithNewCapacity, staffFreesCapacity } from '../../../server/directory/frees-capacity.ts';
import type { StaffDoc } from '../../../server/directory/directory-store.ts';

type Availability = Parameters<typeof staffFreesCapacity>[1];

const free: Availability = {
  org: 'studio',
  roles: ['designer'],
  maxLoad: 3,
  accepting: true,
  leave: null,
  active: true,
};
const leave: StaffDoc['leave'] = { from: '2026-12-01', to: '2026-12-04' };

describe('capacity that a change frees', () => {
  const changes: [string, Availability | null, Availability, boolean][] = [
    ['somebody new', null, free, true],
    ['accepting again', { ...free, accepting: false }, free, true],
    ['active again', { ...free, active: false }, free, true],
    ['a higher maximum', { ...free, maxLoad: 2 }, free, true],
    ['another company', { ...free, org: 'rivals' }, free, true],
    ['one more role', free, { ...free, roles: ['designer', 'tester'] }, true],
    ['the end of a leave', { ...free, leave }, free, true],
    ['a shorter leave', { ...free, leave }, { ...free, leave: { ...leave, to: '2026-12-02' } }, true],
    ['nothing', free, { ...free }, false],
    ['the same leave', { ...free, leave }, { ...free, leave: { ...leave } }, false],
    ['a new leave', free, { ...free, leave }, false],
    ['a lower maximum', free, { ...free, maxLoad: 2 }, false],
    ['one role less', { ...free, roles: ['designer', 'tester'] }, free, false],
    ['somebody new who does not accept', null, { ...free, accepting: false }, false],
    ['a higher maximum of somebody inactive', { ...free, maxLoad: 2 }, { ...free, active: false }, false],
    ['somebody new who takes nothing', null, { ...free, maxLoad: 0 }, false],
  ];
  for (const [what, before, after, frees] of changes) {
    it(`${frees ? 'is' : 'is not'} there with ${what}`, () => {
      expect(staffFreesCapacity(before, after)).to.equal(frees);
    });
  }

  it('is there with a provider that is added to a product, or may take more of it', () => {
    const line = (org: string, maxLoad: number) => ({ org, weight: 1, maxLoad });
    const product = (...providers: ReturnType<typeof line>[]) => ({ providers });
    expect(providersWithNewCapacity(null, product(line('a', 1), line('b', 0)))).to.deep.equal(['a']);
    const before = product(line('a', 1), line('b', 2), line('c', 3));
    const after = product(line('a', 2), line('b', 2), line('c', 1), line('d', 1));
    expect(providersWithNewCapacity(before, after)).to.deep.equal(['a', 'd']);
  });
});
