import { expect } from 'chai';
import type { NodeInput } from '../../../shared/contract/templates.ts';
import { templateCommands } from '../../../shared/contract/templates.ts';
import { publishFaults, type PublishingRule } from '../../../shared/model/flow/publish-faults.ts';
import { completeNodes, snapshotOf, stepsOf } from '../../../shared/model/flow/template-steps.ts';

const assign: NodeInput = { id: 'assign', type: 'assign_provider', name: 'Assign' };
const demand: NodeInput = { id: 'demand', type: 'submit_demand', name: 'Demand' };
const work: NodeInput = { id: 'work', type: 'generic', name: 'Work', side: 'provider' };
const claim: NodeInput = { id: 'claim', type: 'claim_order', name: 'Claim', role: 'account_manager' };
const dispatch: NodeInput = { id: 'dispatch', type: 'dispatch_order', name: 'Dispatch', role: 'designer' };
const check: NodeInput = { id: 'check', type: 'confirm', name: 'Check', side: 'buyer', rejectable: true };
const finish: NodeInput = { id: 'finish', type: 'finish', name: 'Finish', rejectable: true };
const box = (...children: NodeInput[]): NodeInput => ({ id: 'box', type: 'container', name: 'Box', children });

const faultsOf = (...nodes: NodeInput[]) =>
  publishFaults({ nodes: completeNodes(nodes) }).map(({ nodeId, rule }) => [nodeId, rule]);

describe('publishing a template (domain.md, section 4)', () => {
  const good: [string, NodeInput[]][] = [
    ['the shortest', [assign, finish]],
    ['assign_provider left out', [demand, work, finish]],
    [
      'every type',
      [
        assign,
        demand,
        claim,
        dispatch,
        { ...work, role: 'designer' },
        box({ ...check, role: 'account_manager', side: 'provider' }),
        finish,
      ],
    ],
    ['finish in a container', [assign, demand, box(work, finish)]],
    ['a role brought in inside a container', [box(dispatch, { ...work, role: 'designer' }), finish]],
    ['the provider’s admin, without a dispatch', [{ ...work, role: 'provider_admin' }, finish]],
    ['a container between a claim and what may be rejected', [claim, box(work), { ...check }, finish]],
    ['auto with a timeout', [{ ...finish, autoAdvance: true, timeoutDays: 0.5 }]],
    ['auto with the warranty', [{ ...finish, autoAdvance: true, timeoutFrom: 'warranty' }]],
  ];
  for (const [what, nodes] of good) {
    it(`is allowed: ${what}`, () => {
      expect(faultsOf(...nodes)).to.deep.equal([]);
    });
  }

  const bad: [PublishingRule, string, NodeInput[], string][] = [
    ['begins_with_assign_provider', 'another first', [demand, assign, finish], 'demand'],
    ['one_assign_provider', 'a second', [assign, { ...assign, id: 'again' }, finish], 'again'],
    ['ends_with_finish', 'another last', [assign, demand, work], 'work'],
    ['ends_with_finish', 'a container without it last', [finish, box(work)], 'work'],
    ['one_finish', 'a finish before the end', [{ ...finish, id: 'early' }, work, finish], 'early'],
    ['container_has_children', 'an empty container', [box(), finish], 'box'],
    ['container_child', 'a container in a container', [box({ ...box(), id: 'inner' }), finish], 'inner'],
    ['container_child', 'assign_provider in a container', [assign, box({ ...assign, id: 'again' }), finish], 'again'],
    ['only_containers_have_children', 'steps in a step', [{ ...work, children: [demand] }, finish], 'work'],
    ['unique_id', 'an id twice', [work, box({ ...work, name: 'Other' }), finish], 'work'],
    ['worked_by_people', 'a piece of work of nobody', [{ ...work, side: 'system' }, finish], 'work'],
    ['worked_by_people', 'a confirmation of nobody', [{ ...check, side: 'system' }, finish], 'check'],
    ['needs_role', 'a claim without a role', [{ id: 'claim', type: 'claim_order', name: 'Claim' }, finish], 'claim'],
    ['needs_role', 'a dispatch without a role', [{ id: 'd', type: 'dispatch_order', name: 'D' }, finish], 'd'],
    ['provider_role', 'a vendor’s role', [{ ...work, role: 'project_manager' }, finish], 'work'],
    ['provider_role', 'a dispatch of a vendor’s role', [{ ...dispatch, role: 'vendor_admin' }, finish], 'dispatch'],
    ['role_brought_in', 'a role that nobody brings in', [{ ...work, role: 'tester' }, finish], 'work'],
    ['role_brought_in', 'a role that is brought in later', [{ ...work, role: 'designer' }, dispatch, finish], 'work'],
    ['not_rejectable_after_claim_or_dispatch', 'after a claim', [claim, check, finish], 'check'],
    ['not_rejectable_after_claim_or_dispatch', 'after a dispatch', [dispatch, finish], 'finish'],
    ['not_rejectable_after_claim_or_dispatch', 'the first in a container', [dispatch, box(check), finish], 'check'],
    [
      'not_rejectable_after_claim_or_dispatch',
      'after a container that ends with a claim',
      [box(claim), check, finish],
      'check',
    ],
    ['auto_advance_needs_timeout', 'no timeout', [{ ...finish, autoAdvance: true }], 'finish'],
    [
      'auto_advance_needs_timeout',
      'a timeout of 0',
      [{ ...check, autoAdvance: true, timeoutDays: 0 }, finish],
      'check',
    ],
  ];
  for (const [rule, what, nodes, nodeId] of bad) {
    it(`${rule}: refused with ${what}, which it names`, () => {
      expect(faultsOf(...nodes)).to.deep.include([nodeId, rule]);
    });
  }

  it('names every fault at once, with words', () => {
    const faults = publishFaults({
      nodes: completeNodes([
        { ...work, role: 'tester' },
        { ...check, autoAdvance: true },
      ]),
    });
    expect(faults.map(({ rule }) => rule)).to.have.members([
      'ends_with_finish',
      'role_brought_in',
      'auto_advance_needs_timeout',
    ]);
    expect(faults.every(({ message, nodeId }) => message.length > 10 && nodeId !== '')).to.equal(true);
  });
});

describe('a template as its author sent it', () => {
  it('is completed: assign_provider first, ids, sides, and the provider’s admin', () => {
    const nodes = completeNodes([
      { type: 'submit_demand', name: 'Demand' },
      { type: 'generic', name: 'Draft', side: 'provider' },
      { type: 'generic', name: 'Check' },
      { type: 'generic', name: 'Design', role: 'designer' },
      { type: 'container', name: 'Rest', children: [{ type: 'finish', name: 'Done', side: 'provider' }] },
    ]);
    expect(nodes.map(({ type, side, role }) => [type, side, role])).to.deep.equal([
      ['assign_provider', 'system', undefined],
      ['submit_demand', 'buyer', undefined],
      ['generic', 'provider', 'provider_admin'],
      ['generic', 'buyer', undefined],
      ['generic', 'provider', 'designer'],
      ['container', undefined, undefined],
    ]);
    expect(nodes[5]?.children?.[0]?.side).to.equal('buyer');
    const ids = nodes.flatMap(({ id, children }) => [id, ...(children ?? []).map((child) => child.id)]);
    expect(new Set(ids).size).to.equal(7);
    expect(completeNodes(nodes)).to.deep.equal(nodes);
  });

  it('is walked without its containers, which are named', () => {
    const steps = stepsOf(completeNodes([demand, box(work, check), finish]));
    expect(steps.map(({ step, within }) => [step.id, within?.id])).to.deep.equal([
      ['assign', undefined],
      ['demand', undefined],
      ['work', 'box'],
      ['check', 'box'],
      ['finish', undefined],
    ]);
  });

  it('is kept by a project with the product’s warranty in it', () => {
    const template = {
      id: 't',
      name: 'T',
      status: 'published' as const,
      builtIn: false,
      posting: 'any-staff' as const,
      nodes: completeNodes([box({ ...check, timeoutFrom: 'warranty' }), { ...finish, timeoutFrom: 'warranty' }]),
    };
    const { nodes } = snapshotOf(template, 30);
    expect(stepsOf(nodes).map(({ step }) => step.timeoutDays)).to.deep.equal([undefined, 30, 30]);
    expect(JSON.stringify(snapshotOf(template, null)))
      .to.include('"timeoutDays":0')
      .and.not.include('timeoutFrom');
  });

  const { input } = templateCommands['template.create'];
  const refused: [string, unknown][] = [
    ['a timeout with two decimals', { ...finish, timeoutDays: 0.25 }],
    ['a negative timeout', { ...finish, timeoutDays: -1 }],
    ['an unknown type', { ...finish, type: 'wait' }],
    ['an unknown field', { ...finish, skip: true }],
    ['a child with children', box({ ...box(), id: 'inner' })],
    ['a file type that is none', { ...work, upload: { types: ['*.pdf'], maxBytes: 1 } }],
    ['an unknown receiver', { ...work, notify: [{ to: 'everybody', when: 'entered', message: 'x' }] }],
  ];
  for (const [what, node] of refused) {
    it(`does not fit the contract with ${what}`, () => {
      expect(input.safeParse({ name: 'T', nodes: [assign, node, finish] }).success).to.equal(false);
    });
  }
  it('fits the contract without ids and settings', () => {
    expect(
      input.safeParse({ name: 'T', nodes: [{ type: 'finish', name: 'Done', timeoutDays: 0.3 }] }).success,
    ).to.equal(true);
  });
});
