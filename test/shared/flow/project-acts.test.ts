import { expect } from 'chai';
import { PAUSES_MAX } from '../../../shared/contract/limits.ts';
import type { FlowEvent } from '../../../shared/model/flow/step.ts';
import type { FlowActor } from '../../../shared/model/flow/flow.ts';
import { foldFlow } from '../../../shared/model/flow/fold-flow.ts';
import { allowedProjectActions } from '../../../shared/model/flow/permissions.ts';
import {
  admin,
  at,
  buyer,
  codeOf,
  customTemplate,
  file,
  FlowBench,
  manager,
  operator,
  otherBuyer,
  rivalAdmin,
  shown,
  specialist,
  specialist2,
  staffOf,
  vendor,
  vendorClerk,
} from './flow-bench.ts';

const timed = (timeoutDays: number) =>
  new FlowBench(
    customTemplate(
      { id: 'work', type: 'generic', name: 'Work', side: 'provider', timeoutDays },
      { id: 'finish', type: 'finish', name: 'Finish' },
    ),
    { start: '2026-11-19 10:00' },
  ).assign('studio');
const inWork = () =>
  FlowBench.of('bespoke').act(buyer, 'submit').act(manager, 'claim').dispatch(specialist).act(specialist, 'confirm');
const rival = { org: 'rival', name: 'rival', free: true };
const colleague: FlowActor = { ...buyer, id: 'b2' };

describe('pausing a project (domain.md, sections 3 and 5)', () => {
  it('is bounded for a step: a buyer who does nothing else must not make the project grow', () => {
    const bench = timed(2);
    for (let n = 0; n < PAUSES_MAX; n++) bench.do({ type: 'pause' }, buyer).do({ type: 'resume' }, buyer);
    expect(codeOf(bench, { type: 'pause' }, buyer)).to.equal('conflict');
    expect(allowedProjectActions(bench.flow, buyer)).to.deep.equal([]);
    bench.act(admin, 'finish').do({ type: 'pause' }, buyer);
    expect(bench.flow.status).to.equal('paused');
  });

  it('across a weekend costs no working time', () => {
    const bench = timed(2);
    expect(shown(bench.node.dueAt)).to.equal('2026-11-23 17:30');
    bench.now = at('2026-11-20 17:00');
    bench.do({ type: 'pause', remark: 'On holiday' }, buyer);
    // Half an hour of Friday and all of Monday.
    expect(bench.flow.paused).to.deep.equal({
      at: new Date(bench.now).toISOString(),
      by: 'b1',
      bySide: 'buyer',
      left: 9 * 3_600_000,
    });
    expect([bench.flow.status, bench.node.dueAt]).to.deep.equal(['paused', undefined]);
    bench.now = at('2026-11-23 09:00');
    bench.do({ type: 'resume' }, buyer);
    expect(shown(bench.node.dueAt)).to.equal('2026-11-24 09:30');
    expect(bench.node.due?.because).to.deep.include({
      days: 2,
      pauses: [
        { from: new Date(at('2026-11-20 17:00')).toISOString(), to: new Date(at('2026-11-23 09:00')).toISOString() },
      ],
    });
    bench.until('2026-11-24 09:29');
    expect(bench.flow.overdue).to.equal(false);
    bench.until('2026-11-24 09:30');
    expect(bench.flow.overdue).to.equal(true);
    expect(foldFlow(bench.entries)).to.deep.equal(bench.flow);
  });

  it('does not make up for what is overdue', () => {
    const bench = timed(1).until('2026-11-20 17:30');
    bench.do({ type: 'pause' }, admin);
    expect([bench.flow.overdue, shown(bench.node.dueAt), bench.flow.paused?.left]).to.deep.equal([
      true,
      '2026-11-20 17:30',
      undefined,
    ]);
    bench.now = at('2026-11-27 10:00');
    bench.do({ type: 'resume' }, admin);
    expect([bench.flow.overdue, shown(bench.node.dueAt)]).to.deep.equal([true, '2026-11-20 17:30']);
  });

  it('keeps every pause of a visit', () => {
    const bench = timed(1);
    for (const [from, to] of [
      ['2026-11-19 12:00', '2026-11-19 13:00'],
      ['2026-11-19 14:00', '2026-11-19 15:00'],
      ['2026-11-20 09:00', '2026-11-20 09:30'],
    ] as const) {
      bench.now = at(from);
      bench.do({ type: 'pause' }, buyer);
      bench.now = at(to);
      bench.do({ type: 'resume' }, buyer);
    }
    expect(bench.node.pauses).to.have.length(3);
    // Two hours and a half of pauses after a due instant of Friday 17:30.
    expect(shown(bench.node.dueAt)).to.equal('2026-11-23 11:30');
  });

  it('begins with no pauses on a later visit', () => {
    const bench = timed(2).do({ type: 'pause' }, buyer).do({ type: 'resume' }, buyer).act(admin, 'finish');
    expect(bench.node.pauses).to.deep.equal([]);
  });

  it('can be ended by who paused, the provider’s admin and an operator', () => {
    const may = (by: FlowActor, pausedBy: FlowActor = buyer): string =>
      codeOf(timed(1).do({ type: 'pause' }, pausedBy), { type: 'resume' }, by);
    expect([may(buyer), may(admin), may(operator)]).to.deep.equal(['ok', 'ok', 'ok']);
    expect([may(colleague), may(vendor), may(specialist), may(rivalAdmin)]).to.deep.equal(Array(4).fill('forbidden'));
    expect(may(buyer, admin)).to.equal('forbidden');
    expect(may(buyer, operator)).to.equal('forbidden');
  });
});

describe('changing the operator (domain.md, section 3)', () => {
  const change = (staff: FlowActor, free = true): FlowEvent => ({
    type: 'change_operator',
    staff: staffOf(staff, free),
    remark: 'Ill',
  });

  it('gives the role to somebody else at once: the old operator acts no more, and it is logged', () => {
    const bench = inWork().do(change(specialist2), admin);
    expect(bench.node.operator?.userId).to.equal('p-ds2');
    expect(bench.tryAct(specialist, 'finish')).to.include({ ok: false, code: 'forbidden' });
    expect(bench.entries.at(-1)?.body).to.deep.include({
      event: 'operator.changed',
      from: { role: 'delivery_specialist', userId: 'p-ds', name: 'Specialist' },
      to: { role: 'delivery_specialist', userId: 'p-ds2', name: 'Specialist Two' },
      remark: 'Ill',
    });
    bench.act(specialist2, 'finish').act(buyer, 'reject', { reason: 'No' });
    expect([bench.place, bench.node.operator?.userId]).to.deep.equal(['implementation/2', 'p-ds2']);
  });

  it('needs no node where only one can be meant, also while the buyer looks at the work', () => {
    const atBuyer = FlowBench.of('simplest')
      .act(buyer, 'submit')
      .dispatch(specialist)
      .act(specialist, 'finish', { files: [file()] });
    atBuyer.do(change(specialist2), admin);
    expect(atBuyer.flow.crew.map(({ userId }) => userId)).to.deep.equal(['p-ds2']);
    expect(codeOf(inWork().act(specialist, 'finish'), change(specialist2), admin)).to.equal('invalid');
  });

  it('tells the new operator', () => {
    const bench = inWork().do(change(specialist2), admin);
    expect(bench.notifications.at(-1)).to.include({
      to: 'current_operator',
      message: 'your_turn',
      nodeId: 'implementation',
    });
  });

  it('is refused to other people, for other roles, without capacity, and where nobody holds the role', () => {
    expect(codeOf(inWork(), change(specialist2), vendor)).to.equal('forbidden');
    expect(codeOf(inWork(), change(specialist2), specialist)).to.equal('forbidden');
    expect(codeOf(inWork(), change(manager), admin)).to.equal('invalid');
    expect(codeOf(inWork(), change({ ...specialist2, org: 'rival' }), admin)).to.equal('invalid');
    expect(codeOf(inWork(), change(specialist2, false), admin)).to.equal('conflict');
    expect(codeOf(inWork(), change(specialist), admin)).to.equal('conflict');
    const early = FlowBench.of('bespoke').act(buyer, 'submit');
    expect(codeOf(early, { ...change(specialist), nodeId: 'implementation' } as FlowEvent, admin)).to.equal('conflict');
    expect(codeOf(early, { ...change(specialist), nodeId: 'finish' } as FlowEvent, admin)).to.equal('invalid');
    expect(codeOf(early, { ...change(specialist), nodeId: 'none' } as FlowEvent, admin)).to.equal('not_found');
  });
});

describe('changing the provider (domain.md, section 3)', () => {
  const change: FlowEvent = { type: 'change_provider', provider: rival, remark: 'Too slow' };

  it('in the middle starts the flow again as the next run, with nothing of the old provider in it', () => {
    const bench = inWork().do({ type: 'pause' }, admin).do(change, vendor);
    const { run, status, provider, crew, department, paused } = bench.flow;
    expect({ run, status, provider, crew, department, paused }).to.deep.equal({
      run: 2,
      status: 'executing',
      provider: { org: 'rival', name: 'rival' },
      crew: [],
      department: null,
      paused: null,
    });
    expect(bench.place).to.equal('demand/2');
    expect(bench.events().slice(-4)).to.deep.equal([
      'provider.changed',
      'node.entered',
      'provider.assigned',
      'node.entered',
    ]);
    expect(foldFlow(bench.entries)).to.deep.equal(bench.flow);
    // What somebody saw in the first run fits nothing in the second.
    expect(bench.tryAct(buyer, 'submit', { visit: 1 })).to.include({ ok: false, code: 'conflict' });
    bench.act(buyer, 'submit');
    expect(bench.tryAct(manager, 'claim')).to.include({ ok: false, code: 'forbidden' });
    bench
      .act({ ...manager, org: 'rival', id: 'r-am' }, 'claim')
      .dispatch({ ...specialist, org: 'rival', id: 'r-ds' })
      .act({ ...specialist, org: 'rival', id: 'r-ds' }, 'confirm')
      .act({ ...specialist, org: 'rival', id: 'r-ds' }, 'finish')
      .act(buyer, 'confirm');
    expect(bench.flow.status).to.equal('completed');
  });

  it('is refused to other people, to the same provider, to a full one, and before there is one', () => {
    expect(codeOf(inWork(), change, vendorClerk)).to.equal('forbidden');
    expect(codeOf(inWork(), change, { ...vendor, org: 'elsewhere' })).to.equal('forbidden');
    expect(codeOf(inWork(), change, buyer)).to.equal('forbidden');
    expect(codeOf(inWork(), change, admin)).to.equal('forbidden');
    expect(codeOf(inWork(), { ...change, provider: { org: 'studio', name: 'studio', free: true } }, vendor)).to.equal(
      'conflict',
    );
    expect(codeOf(inWork(), { ...change, provider: { ...rival, free: false } }, vendor)).to.equal('conflict');
    const waiting = new FlowBench(customTemplate({ id: 'f', type: 'finish', name: 'F' }));
    expect(codeOf(waiting, change, vendor)).to.equal('conflict');
  });
});

describe('closing a flow, and what is left to do', () => {
  it('skips what was to come; nobody acts in it any more', () => {
    const bench = inWork().do({ type: 'close', reason: 'Refunded' }, operator);
    expect(bench.flow.nodes.map(({ status }) => status)).to.deep.equal([
      'done',
      'done',
      'done',
      'done',
      'done',
      'skipped',
      'skipped',
    ]);
    for (const event of [{ type: 'pause' }, { type: 'resume' }, { type: 'close', reason: 'x' }] as const)
      expect(codeOf(bench, event, operator)).to.equal('read_only');
    expect(codeOf(bench, { type: 'change_provider', provider: rival, remark: 'x' }, vendor)).to.equal('read_only');
  });
  it('is the platform’s alone', () => {
    for (const by of [buyer, admin, vendor, specialist])
      expect(codeOf(inWork(), { type: 'close', reason: 'x' }, by)).to.equal('forbidden');
  });
  it('leaves nothing to do in a completed project, the buyer’s pause included', () => {
    const bench = FlowBench.of('basic').act(buyer, 'submit').act(admin, 'finish').act(buyer, 'confirm');
    for (const by of [buyer, admin, vendor, operator]) expect(allowedProjectActions(bench.flow, by)).to.deep.equal([]);
    expect(codeOf(bench, { type: 'pause' }, buyer)).to.equal('read_only');
  });
  it('offers each side its own', () => {
    const { flow } = inWork();
    expect(allowedProjectActions(flow, buyer)).to.deep.equal(['pause']);
    expect(allowedProjectActions(flow, otherBuyer)).to.deep.equal([]);
    expect(allowedProjectActions(flow, admin)).to.deep.equal(['pause', 'changeOperator']);
    expect(allowedProjectActions(flow, vendor)).to.deep.equal(['changeProvider']);
    expect(allowedProjectActions(flow, operator)).to.deep.equal(['pause', 'changeOperator', 'changeProvider', 'close']);
  });
});
