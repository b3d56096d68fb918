import { expect } from 'chai';
import { builtInTemplates } from '../../../shared/model/flow/built-in-templates.ts';
import { foldFlow } from '../../../shared/model/flow/fold-flow.ts';
import { MESSAGE_PRESETS } from '../../../shared/model/flow/message-presets.ts';
import { publishFaults } from '../../../shared/model/flow/publish-faults.ts';
import { stepsOf } from '../../../shared/model/flow/template-steps.ts';
import { template as templateSchema } from '../../../shared/contract/templates.ts';
import { admin, buyer, file, FlowBench, manager, shown, specialist } from './flow-bench.ts';

const reason = 'Not what we agreed';

describe('the built-in templates (domain.md, section 4)', () => {
  it('have the ids, steps, sides and timeouts that the domain names', () => {
    const told = Object.fromEntries(
      builtInTemplates.map(({ id, nodes }) => [
        id,
        nodes.map(({ name, side, timeoutDays, autoAdvance, rejectable }) =>
          [
            name,
            side,
            timeoutDays,
            autoAdvance === true ? 'auto' : undefined,
            rejectable === true ? 'rejectable' : undefined,
          ]
            .filter((word) => word !== undefined)
            .join(' '),
        ),
      ]),
    );
    const begin = ['Assign Provider system', 'Submit Demand buyer'];
    expect(told).to.deep.equal({
      basic: [...begin, 'Project Delivery provider', 'Confirm Delivery buyer 14 auto rejectable'],
      'double-check': [
        ...begin,
        'Project Delivery provider',
        'Confirm Delivery buyer 14 auto rejectable',
        'Confirm Warranty buyer auto rejectable',
      ],
      contract: [
        ...begin,
        'Upload Contract provider',
        'Project Delivery provider',
        'Confirm Delivery buyer 14 auto rejectable',
      ],
      'step-by-step': [
        ...begin,
        'Functional Design provider',
        'Confirm Functional Design buyer rejectable',
        'User Experience Design provider',
        'Confirm UED buyer rejectable',
        'Development and Testing provider',
        'Inspection and Acceptance buyer rejectable',
        'Confirm Delivery buyer 14 auto rejectable',
      ],
      simplest: [...begin, 'Dispatch system', 'Submit Deliverable provider', 'Confirm buyer 14 auto rejectable'],
      bespoke: [
        ...begin,
        'Claim provider',
        'Dispatch system',
        'Confirm Demand provider',
        'Implementation provider',
        'Confirm Delivery buyer 14 auto rejectable',
      ],
    });
  });

  for (const template of builtInTemplates) {
    it(`${template.id} could be published, and fits the contract`, () => {
      expect(publishFaults(template)).to.deep.equal([]);
      expect(templateSchema.parse(template)).to.deep.equal(template);
    });
    it(`${template.id} speaks both languages and sends only messages that exist`, () => {
      for (const { step } of stepsOf(template.nodes)) {
        for (const label of Object.values(step.labels ?? {})) expect(label).to.have.all.keys('zh', 'en');
        expect(step.labels?.title, step.id).to.include({ en: step.name });
        for (const { message } of step.notify ?? []) expect(Object.keys(MESSAGE_PRESETS)).to.include(message);
      }
    });
  }
});

/** What is played from the order to completion, a rejection in between, with the places that it goes through. */
const RUNS: Record<string, [() => FlowBench, (bench: FlowBench) => void, string[]]> = {
  basic: [
    () => FlowBench.of('basic'),
    (b) =>
      b
        .act(buyer, 'submit')
        .act(admin, 'finish')
        .act(buyer, 'reject', { reason })
        .act(admin, 'finish')
        .act(buyer, 'confirm'),
    ['assign/1', 'demand/1', 'delivery/1', 'finish/1', 'delivery/2', 'finish/2', 'completed'],
  ],
  'double-check': [
    () => FlowBench.of('double-check', { warrantyDays: 30 }),
    (b) =>
      b
        .act(buyer, 'submit')
        .act(admin, 'finish')
        .act(buyer, 'confirm')
        .act(buyer, 'reject', { reason })
        .act(buyer, 'reject', { reason })
        .act(admin, 'finish')
        .act(buyer, 'confirm')
        .act(buyer, 'confirm'),
    [
      'assign/1',
      'demand/1',
      'delivery/1',
      'confirm/1',
      'finish/1',
      'confirm/2',
      'delivery/2',
      'confirm/3',
      'finish/2',
      'completed',
    ],
  ],
  contract: [
    () => FlowBench.of('contract'),
    (b) =>
      b
        .act(buyer, 'submit')
        .act(admin, 'upload', { files: [file('contract.pdf')] })
        .act(admin, 'finish')
        .act(admin, 'finish')
        .act(buyer, 'reject', { reason })
        .act(admin, 'finish')
        .act(buyer, 'confirm'),
    ['assign/1', 'demand/1', 'contract/1', 'delivery/1', 'finish/1', 'delivery/2', 'finish/2', 'completed'],
  ],
  'step-by-step': [
    () => FlowBench.of('step-by-step'),
    (b) =>
      b
        .act(buyer, 'submit')
        .act(admin, 'finish')
        .act(buyer, 'reject', { reason })
        .act(admin, 'finish')
        .act(buyer, 'confirm')
        .act(admin, 'finish')
        .act(buyer, 'confirm')
        .act(admin, 'finish')
        .act(buyer, 'confirm')
        .act(buyer, 'confirm'),
    [
      'assign/1',
      'demand/1',
      'design/1',
      'confirm-design/1',
      'design/2',
      'confirm-design/2',
      'ued/1',
      'confirm-ued/1',
      'development/1',
      'inspection/1',
      'finish/1',
      'completed',
    ],
  ],
  simplest: [
    () => FlowBench.of('simplest'),
    (b) =>
      b
        .act(buyer, 'submit')
        .dispatch(specialist)
        .act(specialist, 'upload', { files: [file()] })
        .act(specialist, 'finish')
        .act(buyer, 'reject', { reason })
        .act(specialist, 'finish', { files: [file('again.pdf')] })
        .act(buyer, 'confirm'),
    ['assign/1', 'demand/1', 'dispatch/1', 'deliverable/1', 'finish/1', 'deliverable/2', 'finish/2', 'completed'],
  ],
  bespoke: [
    () => FlowBench.of('bespoke'),
    (b) =>
      b
        .act(buyer, 'submit')
        .act(manager, 'claim')
        .dispatch(specialist)
        .act(specialist, 'confirm')
        .act(specialist, 'finish')
        .act(buyer, 'reject', { reason })
        .act(specialist, 'finish')
        .act(buyer, 'confirm'),
    [
      'assign/1',
      'demand/1',
      'claim/1',
      'dispatch/1',
      'confirm-demand/1',
      'implementation/1',
      'finish/1',
      'implementation/2',
      'finish/2',
      'completed',
    ],
  ],
};

describe('a delivery by each built-in template, from the order to completion', () => {
  it('covers all of them', () => {
    expect(Object.keys(RUNS)).to.have.members(builtInTemplates.map(({ id }) => id));
  });
  for (const [id, [begin, play, places]] of Object.entries(RUNS)) {
    it(id, () => {
      const bench = begin();
      play(bench);
      const entered = bench.entries.flatMap(({ body }) =>
        body.event === 'node.entered' ? [`${body.node.id}/${body.visit}`] : [],
      );
      expect([...entered, bench.place]).to.deep.equal(places);
      expect(bench.events().at(-1)).to.equal('project.completed');
      expect(bench.flow.nodes.every(({ status }) => status === 'done')).to.equal(true);
      expect(foldFlow(bench.entries)).to.deep.equal(bench.flow);
      expect(bench.last.wants).to.equal(null);
    });
  }

  it('confirms by itself after 14 working days, over a holiday, and says so', () => {
    const bench = FlowBench.of('basic', { start: '2026-09-23 10:00' }).act(buyer, 'submit').act(admin, 'finish');
    // Working days: Sep 24, 28, 29, 30, Oct 8, 9, 10, 12, 13, 14, 15, 16, 19, 20.
    expect(shown(bench.node.dueAt)).to.equal('2026-10-20 17:30');
    expect(bench.node.due?.because.over.map(({ from, to }) => `${from} ${to}`)).to.deep.equal([
      '2026-09-25 2026-09-27',
      '2026-10-01 2026-10-07',
    ]);
    bench.until('2026-10-20 17:29');
    expect(bench.place).to.equal('finish/1');
    bench.until('2026-10-20 17:30');
    expect(bench.place).to.equal('completed');
    expect(bench.entries.map(({ body }) => body).find((body) => body.event === 'node.done' && body.auto)).to.include({
      action: 'confirm',
    });
    expect(bench.flow.overdue).to.equal(false);
  });

  it('takes the warranty from the product, and waits for the buyer where it has none', () => {
    const until = (warrantyDays: number | null): string =>
      shown(
        FlowBench.of('double-check', { start: '2026-06-01 10:00', warrantyDays })
          .act(buyer, 'submit')
          .act(admin, 'finish')
          .act(buyer, 'confirm').node.dueAt,
      );
    expect(until(2)).to.equal('2026-06-03 17:30');
    expect(until(null)).to.equal('never');
  });
});
