import { expect } from 'chai';
import {
  ActDraft,
  checkTask,
  type Doer,
  fieldsOf,
  perform,
  staffNodes,
} from '../../../../client-sdk/element/flow/act-form.ts';
import {
  type FlowTask,
  inPlaceOf,
  isOwnTurn,
  isStillAllowed,
  taskLabel,
} from '../../../../client-sdk/element/flow/flow-task.ts';
import { en } from '../../../../client-sdk/element/language/en.ts';
import { zhCn } from '../../../../client-sdk/element/language/zh-cn.ts';
import type { Identity } from '../../../../client-sdk/index.ts';
import { nodeAction, type Project, projectAction } from '../../../../shared/contract/projects.ts';
import { flowProject, nodesAt } from '../../support/flow-project.ts';

const node = (action: Project['actions'][number]['action'], nodeId = 'demand'): FlowTask => ({
  type: 'node',
  act: { nodeId, visit: 1, action, label: 'Go' },
});
const whole = (action: Project['projectActions'][number]): FlowTask => ({ type: 'project', action });
const drafted = (values: Record<string, string> = {}): ActDraft => {
  const draft = new ActDraft();
  for (const [name, value] of Object.entries(values)) draft.values.set(name, value);
  return draft;
};

/** Keeps what it is told to do. */
function recorder(): { doer: Doer; told: unknown[] } {
  const told: unknown[] = [];
  const done = (...what: unknown[]) => {
    told.push(...what);
    return Promise.resolve(flowProject());
  };
  return { told, doer: { act: (act) => done(act), change: (name, input) => done(name, input) } };
}

describe('the form of an act', () => {
  const designed = flowProject({
    current: 'delivery',
    nodes: nodesAt('delivery', { role: 'designer' }).concat({
      ...nodesAt('delivery')[2]!,
      id: 'tests',
      role: 'tester',
      status: 'pending',
    }),
  });

  it('asks for something sensible for every action that there is', () => {
    for (const action of nodeAction.options) expect(fieldsOf(node(action), flowProject()), action).to.be.an('array');
    for (const action of projectAction.options)
      expect(fieldsOf(whole(action), flowProject()).length, action).to.be.above(0);
  });

  it('checks the demand by the rules of the service before anything is sent', () => {
    const faults = checkTask(node('submit'), flowProject(), drafted({ contactName: 'Ann', email: 'nowhere' }));
    expect(faults.map(({ path }) => path)).to.deep.equal(['form.phone', 'form.email', 'form.address', 'form.details']);
  });

  it('does not reject or close without a reason of at most 1000 characters', () => {
    for (const task of [node('reject'), whole('close')]) {
      expect(checkTask(task, flowProject(), drafted({ reason: ' \n ' }))).to.have.length(1);
      expect(checkTask(task, flowProject(), drafted({ reason: 'x'.repeat(1001) }))).to.have.length(1);
      expect(checkTask(task, flowProject(), drafted({ reason: 'late' }))).to.deep.equal([]);
    }
    expect(checkTask(whole('pause'), flowProject(), drafted())).to.deep.equal([]);
    expect(checkTask(node('upload'), flowProject(), drafted())).to.have.length(1);
    expect(checkTask(whole('changeProvider'), flowProject(), drafted({ org: 'fox' }))).to.have.length(1);
  });

  it('sends exactly what its command takes', async () => {
    const { doer, told } = recorder();
    const form = { contactName: 'Ann', phone: '5550100', email: 'a@b.example', address: 'x', details: 'y' };
    await perform(doer, node('submit'), flowProject(), drafted(form));
    await perform(doer, node('confirm'), flowProject(), drafted({ reason: 'of another dialog' }));
    await perform(doer, node('reject'), flowProject(), drafted({ reason: ' old logo ' }));
    await perform(doer, whole('pause'), flowProject(), drafted({ remark: ' ' }));
    await perform(doer, whole('changeOperator'), designed, drafted({ userId: 'lin', remark: 'ill' }));
    await perform(doer, whole('changeOperator'), designed, drafted({ userId: 'lin', remark: 'ill', nodeId: 'tests' }));
    await perform(doer, whole('dispatch'), flowProject({ current: 'assign' }), drafted({ org: 'fox' }));
    await perform(doer, whole('dispatch'), designed, drafted({ userId: 'lin' }));
    expect(told).to.deep.equal([
      { nodeId: 'demand', visit: 1, action: 'submit', form },
      { nodeId: 'demand', visit: 1, action: 'confirm' },
      { nodeId: 'demand', visit: 1, action: 'reject', reason: 'old logo' },
      'project.pause',
      {},
      'project.changeOperator',
      { userId: 'lin', remark: 'ill', nodeId: 'delivery' },
      'project.changeOperator',
      { userId: 'lin', remark: 'ill', nodeId: 'tests' },
      'project.dispatch',
      { org: 'fox' },
      'project.dispatch',
      { userId: 'lin' },
    ]);
  });

  it('lets one choose between the roles that staff hold, the current one first', () => {
    expect(staffNodes(designed)).to.deep.equal([
      { id: 'delivery', role: 'designer' },
      { id: 'tests', role: 'tester' },
    ]);
    expect(staffNodes(flowProject())).to.deep.equal([]);
  });
});

describe('a task at a project', () => {
  const QIU: Identity = { userId: 'qiu', side: 'operator' };
  const ZHAO: Identity = { userId: 'zhao', side: 'provider', org: 'studio', roles: ['provider_admin'] };
  const late = flowProject({
    current: 'delivery',
    nodes: nodesAt('delivery', { overdue: true, operator: { userId: 'lin', name: 'Lin' } }),
    actions: [{ nodeId: 'delivery', visit: 1, action: 'finish', label: 'Finish' }],
  });

  it('names in whose place it is done: an operator of the platform for a side, an admin for a late operator', () => {
    const task = { type: 'node', act: late.actions[0]! } as const;
    expect(inPlaceOf(task, late, QIU)).to.deep.equal({ side: 'provider' });
    expect(inPlaceOf(task, late, ZHAO)).to.deep.equal({ late: 'Lin' });
    expect(inPlaceOf(task, late, { ...ZHAO, userId: 'lin' })).to.equal(undefined);
    expect(taskLabel(task, late, QIU, en)).to.equal('Finish (for the provider)');
    expect(taskLabel(task, late, QIU, zhCn)).to.equal('完成（代服务商）');
    expect(taskLabel(task, late, ZHAO, zhCn)).to.equal('完成');
    expect(isOwnTurn(late, ZHAO)).to.equal(false);
    expect(isOwnTurn(flowProject(), { userId: 'ann', side: 'buyer' })).to.equal(true);
  });

  it('is over once its visit is, or the right to it', () => {
    const task = node('submit');
    expect(isStillAllowed(task, flowProject())).to.equal(true);
    expect(isStillAllowed(task, flowProject({ actions: [{ ...flowProject().actions[0]!, visit: 2 }] }))).to.equal(
      false,
    );
    expect(isStillAllowed(whole('pause'), flowProject({ projectActions: [] }))).to.equal(false);
  });
});
