import type { Clocked, FlowFact } from './flow-fact.ts';
import type { CrewMember, Flow, FlowEntry, FlowNode } from './flow.ts';
import { stepsOf, type TemplateSnapshot } from './template-steps.ts';

type Told = Pick<FlowEntry, 'actor' | 'body'>;
type Visited = { readonly node: { readonly id: string }; readonly visit: number };

function pendingNodes(template: TemplateSnapshot, visits: ReadonlyMap<string, number>): FlowNode[] {
  return stepsOf(template.nodes).map(({ step: { id, type, name, side, role }, within }) => ({
    id,
    type,
    name,
    ...(side === undefined ? {} : { side }),
    ...(role === undefined ? {} : { role }),
    ...(within === undefined ? {} : { within }),
    status: 'pending',
    visit: visits.get(id) ?? 0,
    overdue: false,
    files: [],
    pauses: [],
  }));
}

function changeNode(flow: Flow, id: string, change: (node: FlowNode) => FlowNode): Flow {
  return { ...flow, nodes: flow.nodes.map((node) => (node.id === id ? change(node) : node)) };
}

const changeCurrent = (flow: Flow, change: (node: FlowNode) => FlowNode): Flow =>
  flow.current === null ? flow : changeNode(flow, flow.current, change);

const withoutClock = ({ dueAt: _at, due: _due, remindAt: _remind, ...node }: FlowNode): FlowNode => node;

const withClock = (node: FlowNode, clock: Clocked | undefined): FlowNode =>
  clock === undefined ? node : { ...withoutClock(node), ...clock };

function enter(flow: Flow, { node, visit, operator, clock, at }: Extract<FlowFact, { event: 'node.entered' }>): Flow {
  const entered = changeNode(flow, node.id, ({ id, type, name, side, role, within }) => ({
    id,
    type,
    name,
    ...(side === undefined ? {} : { side }),
    ...(role === undefined ? {} : { role }),
    ...(within === undefined ? {} : { within }),
    status: 'active',
    visit,
    ...(operator === undefined ? {} : { operator }),
    enteredAt: at,
    ...clock,
    overdue: false,
    files: [],
    pauses: [],
  }));
  return { ...entered, current: node.id, overdue: false };
}

/** Ends the visit of a node; who worked it stands in its operator. */
function end(
  flow: Flow,
  { node, at, operator }: Visited & { at: string; operator?: FlowNode['operator'] },
  status: 'done' | 'rejected',
): Flow {
  const ended = changeNode(flow, node.id, (one) => ({
    ...one,
    ...(operator === undefined ? {} : { operator: { userId: operator.userId, name: operator.name } }),
    status,
    endedAt: at,
  }));
  return { ...ended, current: null, queued: null, overdue: false };
}

const join = (crew: readonly CrewMember[], member: CrewMember): CrewMember[] => [
  ...crew.filter(({ role }) => role !== member.role),
  member,
];

/** The flow after one more fact: the only place where a flow changes. */
export function applyFact(flow: Flow | undefined, { body: fact, actor }: Told): Flow {
  if (fact.event === 'project.created') {
    return {
      status: 'executing',
      overdue: false,
      queued: null,
      run: 1,
      template: fact.template,
      nodes: pendingNodes(fact.template, new Map()),
      current: null,
      parties: fact.parties,
      provider: null,
      crew: [],
      department: null,
      paused: null,
    };
  }
  if (flow === undefined) throw new Error(`a flow begins with project.created, not with ${fact.event}`);
  switch (fact.event) {
    case 'project.queued':
      return { ...flow, queued: fact.reason };
    case 'project.paused': {
      const { at, left } = fact;
      const paused = { at, by: actor.id, bySide: actor.side, ...(left === undefined ? {} : { left }) };
      const stopped = left === undefined ? flow : changeCurrent(flow, withoutClock);
      return { ...stopped, status: 'paused', paused };
    }
    case 'project.resumed': {
      const pause = { from: flow.paused?.at ?? fact.at, to: fact.at };
      const running = changeCurrent(flow, (node) =>
        withClock({ ...node, pauses: [...node.pauses, pause] }, fact.clock),
      );
      return { ...running, status: 'executing', paused: null };
    }
    case 'project.completed':
      return { ...flow, status: 'completed' };
    case 'project.closed': {
      const nodes = flow.nodes.map((node): FlowNode => {
        if (node.status === 'active') return { ...node, status: 'skipped', endedAt: fact.at };
        return node.status === 'pending' ? { ...node, status: 'skipped' } : node;
      });
      return { ...flow, status: 'cancelled', nodes, current: null, queued: null, overdue: false, paused: null };
    }
    case 'provider.assigned':
      return { ...end(flow, fact, 'done'), provider: fact.provider };
    case 'provider.changed': {
      const visits = new Map(flow.nodes.map(({ id, visit }) => [id, visit]));
      return {
        ...flow,
        status: 'executing',
        overdue: false,
        queued: null,
        run: fact.run,
        nodes: pendingNodes(flow.template, visits),
        current: null,
        provider: null,
        crew: [],
        department: null,
        paused: null,
      };
    }
    case 'operator.changed': {
      const { role, userId, name } = fact.to;
      const changed = changeCurrent(flow, (node) =>
        node.side === 'provider' && node.type !== 'claim_order' && node.role === role
          ? { ...node, operator: { userId, name } }
          : node,
      );
      return { ...changed, crew: join(flow.crew, fact.to) };
    }
    case 'order.claimed': {
      const crew = fact.operator === undefined ? flow.crew : join(flow.crew, fact.operator);
      return { ...end(flow, fact, 'done'), crew, department: fact.department };
    }
    case 'order.dispatched':
      return { ...end(flow, fact, 'done'), crew: join(flow.crew, fact.operator) };
    case 'node.entered':
      return enter(flow, fact);
    case 'node.done':
      return end(flow, fact, 'done');
    case 'node.rejected':
      return end(flow, fact, 'rejected');
    case 'node.due_changed':
      return changeNode(flow, fact.node.id, (node) => withClock(node, fact.clock));
    case 'node.due_soon':
      return changeNode(flow, fact.node.id, (node) => ({ ...node, reminded: true }));
    case 'node.timed_out':
      return { ...changeNode(flow, fact.node.id, (node) => ({ ...node, overdue: true })), overdue: true };
    case 'file.added':
      return changeNode(flow, fact.node.id, (node) => ({ ...node, files: [...node.files, ...fact.files] }));
  }
}

/** The flow that a project's entries tell, in the order of their seq; undefined before its first. */
export function foldFlow(entries: readonly Told[]): Flow | undefined {
  return entries.reduce<Flow | undefined>(applyFact, undefined);
}
