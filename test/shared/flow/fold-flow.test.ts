import { expect } from 'chai';
import { eventEntry } from '../../../shared/contract/entries.ts';
import { isFlowFact } from '../../../shared/model/flow/flow-fact.ts';
import { foldFlow } from '../../../shared/model/flow/fold-flow.ts';
import { buyer, FlowBench, manager, operator, specialist } from './flow-bench.ts';

const bench = FlowBench.of('bespoke')
  .act(buyer, 'submit')
  .act(manager, 'claim')
  .dispatch(specialist)
  .do({ type: 'pause' }, buyer)
  .do({ type: 'resume' }, operator);

describe('the flow log', () => {
  it('holds entries that the timeline takes, from which the flow is folded, among whatever else is told', () => {
    const timeline = bench.entries.map(({ stream, kind, actor, body }, index) =>
      eventEntry.parse({
        id: `e${index}`,
        roomId: 'r',
        stream,
        seq: index + 1,
        kind,
        at: body.at,
        actor,
        body: { ...body, orderId: 'o1' },
      }),
    );
    const rated = timeline.map((entry) => ({ ...entry, body: { event: 'project.rated', at: entry.at } }));
    const told = [...timeline, ...rated].flatMap(({ actor, body }) =>
      isFlowFact(body) ? [{ actor: { id: actor.id, name: actor.name, side: actor.side }, body }] : [],
    );
    expect(told).to.have.length(bench.entries.length);
    expect(foldFlow(told)).to.deep.equal(bench.flow);
  });

  it('tells nothing before its first entry, and does not begin in the middle', () => {
    expect(foldFlow([])).to.equal(undefined);
    expect(() => foldFlow(bench.entries.slice(1))).to.throw('project.created');
    expect(isFlowFact({ event: 'constructor' })).to.equal(false);
  });

  it('is read by all sides, and says who did what at which instant', () => {
    expect(new Set(bench.entries.map(({ stream }) => stream))).to.deep.equal(new Set(['public']));
    expect(bench.entries.map(({ actor, body }) => `${actor.id} ${body.event}`)).to.deep.equal([
      'system project.created',
      'system node.entered',
      'system provider.assigned',
      'system node.entered',
      'b1 node.done',
      'b1 node.entered',
      'p-am order.claimed',
      'p-am node.entered',
      'system order.dispatched',
      'system node.entered',
      'b1 project.paused',
      'op project.resumed',
    ]);
    expect(bench.entries.every(({ body }) => body.at === '2026-11-16T02:00:00.000Z')).to.equal(true);
  });
});
