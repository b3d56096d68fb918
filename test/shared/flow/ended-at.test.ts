import { expect } from 'chai';
import { endedAt, type Flow } from '../../../shared/model/flow/flow.ts';
import { admin, at, buyer, FlowBench, form, operator } from './flow-bench.ts';

const delivered = (): FlowBench => {
  const bench = FlowBench.of('basic').act(buyer, 'submit', { form });
  bench.until('2026-11-18 10:00');
  return bench.act(admin, 'finish');
};
const ended = ({ flow }: { flow: Flow }): number | null => endedAt(flow);

describe('the end of a project', () => {
  it('is none while it goes on, or stands still', () => {
    const bench = delivered();
    expect(ended(bench)).to.equal(null);
    bench.do({ type: 'pause' }, buyer);
    expect([bench.flow.status, ended(bench)]).to.deep.equal(['paused', null]);
  });

  it('is the confirmation of its last step', () => {
    const bench = delivered();
    bench.until('2026-11-20 12:00');
    expect(ended(bench.act(buyer, 'confirm'))).to.equal(at('2026-11-20 12:00'));
  });

  it('is the instant at which it was closed, from wherever it stood', () => {
    for (const bench of [delivered(), FlowBench.of('basic')]) {
      bench.until('2026-11-23 09:00');
      bench.do({ type: 'close', reason: 'why' }, operator);
      expect([bench.flow.status, ended(bench)]).to.deep.equal(['cancelled', at('2026-11-23 09:00')]);
    }
  });
});
