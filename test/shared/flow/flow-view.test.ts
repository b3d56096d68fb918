import { expect } from 'chai';
import { project } from '../../../shared/contract/projects.ts';
import { flowView } from '../../../shared/model/flow/flow-view.ts';
import { admin, buyer, file, FlowBench, manager, specialist } from './flow-bench.ts';

const wire = project
  .pick({
    status: true,
    overdue: true,
    queued: true,
    run: true,
    template: true,
    nodes: true,
    current: true,
    paused: true,
    actions: true,
    projectActions: true,
  })
  .strict();

describe('a flow as it travels', () => {
  const benches: [string, () => FlowBench][] = [
    ['in its first step', () => FlowBench.of('basic')],
    [
      'with a file and a rejection',
      () =>
        FlowBench.of('simplest')
          .act(buyer, 'submit')
          .dispatch(specialist)
          .act(specialist, 'finish', { files: [file()] })
          .act(buyer, 'reject', { reason: 'No' }),
    ],
    [
      'with a due instant over a holiday',
      () => FlowBench.of('basic', { start: '2026-09-23 10:00' }).act(buyer, 'submit').act(admin, 'finish'),
    ],
    ['paused', () => FlowBench.of('basic').act(buyer, 'submit').act(admin, 'finish').do({ type: 'pause' }, buyer)],
    [
      'resumed',
      () =>
        FlowBench.of('basic')
          .act(buyer, 'submit')
          .act(admin, 'finish')
          .do({ type: 'pause' }, buyer)
          .do({ type: 'resume' }, buyer),
    ],
    ['completed', () => FlowBench.of('basic').act(buyer, 'submit').act(admin, 'finish').act(buyer, 'confirm')],
  ];
  for (const [what, begin] of benches) {
    it(`fits the contract: ${what}`, () => {
      const bench = begin();
      const view = flowView(bench.flow, buyer, bench.now);
      // What the schema does not know it drops: nothing may be dropped.
      expect(wire.parse(view)).to.deep.equal(view);
    });
  }

  it('gives each viewer the actions that are theirs', () => {
    const bench = FlowBench.of('bespoke').act(buyer, 'submit');
    expect(flowView(bench.flow, manager, bench.now).actions).to.deep.equal([
      { nodeId: 'claim', visit: 1, action: 'claim', label: 'Claim' },
    ]);
    expect(flowView(bench.flow, manager, bench.now, 'zh').actions[0]?.label).to.equal('认领');
    expect(flowView(bench.flow, buyer, bench.now).actions).to.deep.equal([]);
  });
});
