import { expect } from 'chai';
import type { FlowActor } from '../../../shared/model/flow/flow.ts';
import type { FlowEvent } from '../../../shared/model/flow/step.ts';
import {
  admin,
  buyer,
  codeOf,
  customTemplate,
  FlowBench,
  manager,
  operator,
  rivalAdmin,
  specialist,
  specialist2,
  staffOf,
  vendor,
  vendorClerk,
} from './flow-bench.ts';

const rival = { org: 'rival', name: 'rival', free: true };

describe('dispatch (domain.md, sections 3 and 6)', () => {
  const waiting = () => new FlowBench(customTemplate({ id: 'f', type: 'finish', name: 'F' }));
  const provider: FlowEvent = { type: 'assign_provider', provider: rival };
  const staff = (one: FlowActor, free = true): FlowEvent => ({ type: 'dispatch_staff', staff: staffOf(one, free) });
  const atDispatch = () => FlowBench.of('bespoke').act(buyer, 'submit').act(manager, 'claim');

  it('queues with its reason, says it once, and is taken out by an assignment', () => {
    const bench = waiting();
    expect(bench.last.wants).to.deep.include({ what: 'provider', nodeId: 'assign' });
    bench.do({ type: 'queue', reason: 'providers_full' }).do({ type: 'queue', reason: 'providers_full' });
    expect([bench.flow.queued, bench.events().filter((event) => event === 'project.queued').length]).to.deep.equal([
      'providers_full',
      1,
    ]);
    bench.do({ type: 'queue', reason: 'no_provider' }).do(provider);
    expect([bench.flow.queued, bench.place, bench.last.wants]).to.deep.equal([null, 'f/1', null]);
    expect(codeOf(bench, { type: 'queue', reason: 'no_provider' }, operator)).to.equal('forbidden');
  });

  it('queues for staff only at a dispatch, and for a provider only before one', () => {
    const system: FlowActor = { id: 'system', name: 'S', side: 'service', roles: [] };
    expect(codeOf(waiting(), { type: 'queue', reason: 'staff_full' }, system)).to.equal('conflict');
    expect(codeOf(atDispatch(), { type: 'queue', reason: 'providers_full' }, system)).to.equal('conflict');
    expect(codeOf(atDispatch(), { type: 'queue', reason: 'no_staff_with_role' }, system)).to.equal('ok');
  });

  it('by hand: a vendor to a provider, the provider’s admin to staff, an operator both; logged as such', () => {
    expect([vendor, operator].map((by) => codeOf(waiting(), provider, by))).to.deep.equal(['ok', 'ok']);
    expect([admin, buyer, vendorClerk].map((by) => codeOf(waiting(), provider, by))).to.deep.equal(
      Array(3).fill('forbidden'),
    );
    expect([admin, operator].map((by) => codeOf(atDispatch(), staff(specialist), by))).to.deep.equal(['ok', 'ok']);
    expect([vendor, manager, rivalAdmin].map((by) => codeOf(atDispatch(), staff(specialist), by))).to.deep.equal(
      Array(3).fill('forbidden'),
    );
    const bench = atDispatch().do(staff(specialist), admin);
    expect(bench.entries.find(({ body }) => body.event === 'order.dispatched')?.body).to.include({ manual: true });
  });

  it('by hand also decides a claim that nobody makes', () => {
    const bench = FlowBench.of('bespoke').act(buyer, 'submit').do(staff(manager), admin);
    expect([bench.place, bench.flow.department, bench.flow.crew[0]?.userId]).to.deep.equal([
      'dispatch/1',
      'north',
      'p-am',
    ]);
    const system: FlowActor = { id: 'system', name: 'S', side: 'service', roles: [] };
    expect(codeOf(FlowBench.of('bespoke').act(buyer, 'submit'), staff(manager), system)).to.equal('conflict');
  });

  it('never exceeds a maximum, takes only staff of the provider and the role, and happens once', () => {
    expect(codeOf(waiting(), { type: 'assign_provider', provider: { ...rival, free: false } }, vendor)).to.equal(
      'conflict',
    );
    expect(codeOf(atDispatch(), staff(specialist, false), admin)).to.equal('conflict');
    expect(codeOf(atDispatch(), staff(manager), admin)).to.equal('invalid');
    expect(codeOf(atDispatch(), staff({ ...specialist, org: 'rival' }), operator)).to.equal('invalid');
    const bench = waiting().do(provider);
    // A vendor who was slower than the sweep is told so, and not that they may not.
    expect(codeOf(bench, provider, vendor)).to.equal('conflict');
    expect(codeOf(atDispatch().do(staff(specialist)), staff(specialist2), admin)).to.equal('conflict');
    expect(codeOf(atDispatch(), { ...staff(specialist), visit: 2 } as FlowEvent, admin)).to.equal('conflict');
    expect(codeOf(atDispatch().do({ type: 'pause' }, buyer), staff(specialist), admin)).to.equal('conflict');
  });
});
