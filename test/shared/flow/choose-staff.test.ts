import { expect } from 'chai';
import * as fc from 'fast-check';
import { assignProvider, type Candidate } from '../../../server/delivery/assign-provider.ts';
import { chooseStaff, isOnLeave, type StaffCandidate } from '../../../shared/model/flow/choose-staff.ts';
import { byTurn, serveQueue } from '../../../shared/model/flow/serve-queue.ts';
import { at, TZ } from './flow-bench.ts';

const person = (userId: string, more: Partial<StaffCandidate> = {}): StaffCandidate => ({
  userId,
  dept: null,
  maxLoad: 10,
  load: 0,
  accepting: true,
  leave: null,
  ...more,
});
const now = at('2026-11-18 10:00');
const choose = (
  candidates: StaffCandidate[],
  departmentFirst: string | null = null,
  dice: () => number = () => 0,
): string => {
  const choice = chooseStaff(candidates, { now, timeZone: TZ, departmentFirst }, dice);
  return 'staff' in choice ? choice.staff.userId : choice.queued;
};

describe('choosing staff for a dispatch (domain.md, section 6)', () => {
  it('says why there is nobody', () => {
    expect(choose([])).to.equal('no_staff_with_role');
    const busy = [
      person('full', { load: 10 }),
      person('never', { maxLoad: 0 }),
      person('off', { accepting: false }),
      person('away', { leave: { from: '2026-11-18', to: '2026-11-18' } }),
    ];
    expect(choose(busy)).to.equal('staff_full');
  });

  it('takes the smallest load / maximum, and not the smallest load', () => {
    expect(choose([person('a', { load: 2, maxLoad: 4 }), person('b', { load: 3, maxLoad: 30 })])).to.equal('b');
  });

  it('throws the dice between equal shares only, each as likely', () => {
    const tied = [
      person('a', { load: 1, maxLoad: 3 }),
      person('b', { load: 2, maxLoad: 6 }),
      person('c', { load: 3, maxLoad: 6 }),
    ];
    expect([0, 0.49, 0.5, 0.99].map((dice) => choose(tied, null, () => dice))).to.deep.equal(['a', 'a', 'b', 'b']);
  });

  it('looks in the department first, and elsewhere when nobody is free there', () => {
    const near = person('near', { dept: 'north', load: 9 });
    const far = person('far', { dept: 'south' });
    expect(choose([near, far], 'north')).to.equal('near');
    expect(choose([near, far], null)).to.equal('far');
    expect(choose([{ ...near, load: 10 }, far], 'north')).to.equal('far');
    expect(choose([near, far], 'west')).to.equal('far');
  });

  describe('leave in half days of the office’s zone', () => {
    it('may have no end that a calendar reaches', () => {
      for (const to of ['9999-12-31', '9999-12-31T12:00'])
        expect(isOnLeave({ leave: { from: '2026-11-18', to } }, at('2026-11-20 10:00'), TZ)).to.equal(true);
    });
    const cases: [string, string, string, boolean][] = [
      ['2026-11-18', '2026-11-18', '2026-11-18 00:00', true],
      ['2026-11-18', '2026-11-18', '2026-11-18 23:59', true],
      ['2026-11-18', '2026-11-18', '2026-11-17 23:59', false],
      ['2026-11-18', '2026-11-18', '2026-11-19 00:00', false],
      ['2026-11-18T12:00', '2026-11-18', '2026-11-18 11:59', false],
      ['2026-11-18T12:00', '2026-11-18', '2026-11-18 12:00', true],
      ['2026-11-18', '2026-11-18T12:00', '2026-11-18 11:59', true],
      ['2026-11-18', '2026-11-18T12:00', '2026-11-18 12:00', false],
      ['2026-11-18T00:00', '2026-11-20T00:00', '2026-11-19 23:59', true],
      ['2026-11-18T00:00', '2026-11-20T00:00', '2026-11-20 00:00', false],
    ];
    for (const [from, to, when, away] of cases) {
      it(`from ${from} to ${to}: ${away ? 'away' : 'there'} at ${when}`, () => {
        expect(isOnLeave({ leave: { from, to } }, at(when), TZ)).to.equal(away);
      });
    }
  });

  it('is somebody who is free, with no smaller share beside them', () => {
    const someone = fc.record({
      userId: fc.uuid(),
      dept: fc.constantFrom('north', 'south', null),
      maxLoad: fc.nat({ max: 5 }),
      load: fc.nat({ max: 6 }),
      accepting: fc.boolean(),
      leave: fc.constantFrom(null, { from: '2026-11-18', to: '2026-11-18' }),
    });
    fc.assert(
      fc.property(
        fc.array(someone, { maxLength: 8 }),
        fc.constantFrom('north', null),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (all, first, dice) => {
          const choice = chooseStaff(all, { now, timeZone: TZ, departmentFirst: first }, () => dice);
          const free = all.filter((one) => one.accepting && one.leave === null && one.load < one.maxLoad);
          if (!('staff' in choice)) {
            expect(free).to.deep.equal([]);
            return;
          }
          expect(free).to.include(choice.staff);
          const near = free.filter(({ dept }) => first !== null && dept === first);
          for (const other of near.length > 0 ? near : free)
            expect(choice.staff.load / choice.staff.maxLoad).to.be.at.most(other.load / other.maxLoad);
          if (near.length > 0) expect(near).to.include(choice.staff);
        },
      ),
    );
  });
});

describe('serving a queue', () => {
  const since = (minute: number): string => new Date(minute * 60_000).toISOString();

  it('is first in, first out, and never twice the same order by chance', () => {
    const waiting = [
      { projectId: 'c', since: since(2) },
      { projectId: 'b', since: since(1) },
      { projectId: 'a', since: since(2) },
    ];
    expect(waiting.toSorted(byTurn).map(({ projectId }) => projectId)).to.deep.equal(['b', 'a', 'c']);
    const asked: string[] = [];
    serveQueue(waiting, ({ projectId }) => {
      asked.push(projectId);
      return { queued: 'no_provider' as const };
    });
    expect(asked).to.deep.equal(['b', 'a', 'c']);
    expect(byTurn({ projectId: 'a', since: since(1) }, { projectId: 'a', since: since(1) })).to.equal(0);
    expect(serveQueue(waiting, () => ({ queued: 'no_provider' as const }))).to.have.length(3);
    expect(serveQueue([], () => ({ queued: 'no_provider' as const }))).to.deep.equal([]);
  });

  const projects = fc.uniqueArray(
    fc.record({
      projectId: fc.uuid(),
      since: fc.nat({ max: 20 }).map(since),
      role: fc.constantFrom('designer', 'tester', 'developer'),
    }),
    { selector: ({ projectId }) => projectId, maxLength: 25 },
  );

  it('loses no project, exceeds nobody’s maximum, and lets nobody overtake for the same place', () => {
    const crew = fc.array(
      fc.record({ maxLoad: fc.nat({ max: 4 }), load: fc.nat({ max: 4 }), role: fc.constantFrom('designer', 'tester') }),
      { maxLength: 5 },
    );
    fc.assert(
      fc.property(projects, crew, (waiting, people) => {
        const staff = people.map(({ role, ...one }, index) => ({ ...person(`p${index}`, one), role }));
        const loads = new Map(staff.map(({ userId, load }) => [userId, load]));
        const served = serveQueue(waiting, ({ role }) => {
          const candidates = staff
            .filter((one) => one.role === role)
            .map((one) => ({ ...one, load: loads.get(one.userId) ?? 0 }));
          const choice = chooseStaff(candidates, { now, timeZone: TZ, departmentFirst: null }, () => 0.5);
          if ('staff' in choice) loads.set(choice.staff.userId, choice.staff.load + 1);
          return choice;
        });
        expect(served.map(({ item }) => item.projectId)).to.have.members(waiting.map(({ projectId }) => projectId));
        for (const { userId, maxLoad, load } of staff) expect(loads.get(userId)).to.be.at.most(Math.max(maxLoad, load));
        for (const role of ['designer', 'tester', 'developer']) {
          const outcomes = served.filter(({ item }) => item.role === role).map(({ outcome }) => 'staff' in outcome);
          expect(outcomes.lastIndexOf(true)).to.be.lessThan(
            outcomes.includes(false) ? outcomes.indexOf(false) : Infinity,
          );
        }
        // Whoever waits, waits for want of a place.
        for (const { item, outcome } of served.filter((one) => 'queued' in one.outcome)) {
          const mates = staff.filter(({ role }) => role === item.role);
          expect(mates.every(({ userId, maxLoad }) => (loads.get(userId) ?? 0) >= maxLoad)).to.equal(true);
          expect(outcome).to.deep.equal({ queued: mates.length === 0 ? 'no_staff_with_role' : 'staff_full' });
        }
      }),
    );
  });

  it('serves providers by the same order, within their maximum', () => {
    const companies = fc.array(
      fc.record({ weight: fc.integer({ min: 1, max: 3 }), maxLoad: fc.nat({ max: 5 }), load: fc.nat({ max: 5 }) }),
      { maxLength: 4 },
    );
    fc.assert(
      fc.property(projects, companies, (waiting, given) => {
        const providers: Candidate[] = given.map((one, index) => ({ org: `o${index}`, ...one }));
        const room = providers.reduce((sum, { maxLoad, load }) => sum + Math.max(0, maxLoad - load), 0);
        const served = serveQueue(waiting, () => {
          const choice = assignProvider(providers, () => 0);
          const chosen = providers.find(({ org }) => 'org' in choice && org === choice.org);
          if (chosen !== undefined) chosen.load += 1;
          return choice;
        });
        expect(served.filter(({ outcome }) => 'org' in outcome)).to.have.length(Math.min(room, waiting.length));
        expect(served.slice(0, room).every(({ outcome }) => 'org' in outcome)).to.equal(true);
      }),
    );
  });
});
