import type { ErrorCode } from '../../contract/errors.ts';
import type { ProjectAction } from '../../contract/projects.ts';
import { workingTimeLeft } from '../calendar/due.ts';
import { type ProviderFacts, type StaffFacts, staffMisfit, takeProvider } from './assignments.ts';
import { at, Course, requireCurrent } from './course.ts';
import { currentNode, type Flow, type FlowContext, type FlowNode, refuse, type Refusal, type Stepped } from './flow.ts';
import { isRunning, mayDo, mayPauseAgain } from './permissions.ts';

/** Something done to a project as a whole (domain.md, section 3). */
export type ProjectAct =
  | { readonly type: 'pause'; readonly remark?: string }
  | { readonly type: 'resume'; readonly remark?: string }
  | { readonly type: 'change_operator'; readonly nodeId?: string; readonly staff: StaffFacts; readonly remark: string }
  | { readonly type: 'change_provider'; readonly provider: ProviderFacts; readonly remark: string }
  | { readonly type: 'close'; readonly reason: string };

const ACTIONS = {
  pause: 'pause',
  resume: 'resume',
  change_operator: 'changeOperator',
  change_provider: 'changeProvider',
  close: 'close',
} as const satisfies Record<ProjectAct['type'], ProjectAction>;

const remarkOf = (remark: string | undefined): { remark?: string } => (remark === undefined ? {} : { remark });

export function actOnProject(flow: Flow, event: ProjectAct, context: FlowContext): Stepped | Refusal {
  const no = (code: ErrorCode, message: string): Refusal => refuse(flow, code, message);
  if (!isRunning(flow)) return no('read_only', `This project is ${flow.status}.`);
  if (event.type === 'resume' && flow.status !== 'paused') return no('conflict', 'This project is not paused.');
  if (!mayDo(flow, ACTIONS[event.type], context.actor)) return no('forbidden', 'You may not do this to the project.');
  const course = new Course(flow, context);
  switch (event.type) {
    case 'pause': {
      if (flow.status === 'paused') return no('conflict', 'This project is paused already.');
      const { dueAt } = requireCurrent(flow);
      if (!mayPauseAgain(flow)) return no('conflict', 'This step has been paused as often as it may be.');
      const running = dueAt !== undefined && Date.parse(dueAt) > context.now;
      course.add({
        event: 'project.paused',
        ...remarkOf(event.remark),
        ...(running ? { left: workingTimeLeft(context.calendar, context.now, Date.parse(dueAt)) } : {}),
      });
      return course.done();
    }
    case 'resume': {
      const node = requireCurrent(flow);
      const pauses = [...node.pauses, { from: flow.paused?.at ?? '', to: new Date(context.now).toISOString() }];
      const clock = node.enteredAt === undefined ? undefined : course.clockOf(node, Date.parse(node.enteredAt), pauses);
      course.add({ event: 'project.resumed', ...remarkOf(event.remark), ...(clock === undefined ? {} : { clock }) });
      if (clock?.due.provisional === true) course.tell(node.id, 'operator', 'provisional', 'provisional_due');
      return course.done();
    }
    case 'change_operator':
      return changeOperator(course, event);
    case 'change_provider':
      return changeProvider(course, event);
    case 'close':
      course.add({ event: 'project.closed', reason: event.reason });
      return course.done();
  }
}

/** Worked by staff of a role. */
const isStaffed = ({ side, role }: FlowNode): boolean =>
  side === 'provider' && role !== undefined && role !== 'provider_admin';

/** Whose operator is changed when no node is named: that of the current one, or, while it is somebody else's turn, the only one there is. */
function meantNode(flow: Flow): FlowNode | undefined {
  const current = currentNode(flow);
  const [only, ...others] = flow.crew;
  if ((current !== undefined && isStaffed(current)) || only === undefined || others.length > 0) return current;
  return flow.nodes.find((node) => isStaffed(node) && node.role === only.role) ?? current;
}

/** Gives a role of this run to somebody else of that role. The department that owns the project stays. */
function changeOperator(
  course: Course,
  { nodeId, staff, remark }: Extract<ProjectAct, { type: 'change_operator' }>,
): Stepped | Refusal {
  const { flow } = course;
  const node = nodeId === undefined ? meantNode(flow) : flow.nodes.find(({ id }) => id === nodeId);
  if (node === undefined) return refuse(flow, 'not_found', 'This project has no such node.');
  const { role } = node;
  if (role === undefined || !isStaffed(node)) {
    return refuse(flow, 'invalid', `"${node.name}" is not worked by staff of a role.`, [
      { path: 'nodeId', reason: 'must be a node that staff of a role work' },
    ]);
  }
  const roleIsOut = flow.nodes.some(
    (one) =>
      one.role === role &&
      (one.type === 'claim_order' || one.type === 'dispatch_order') &&
      (one.status === 'pending' || one.status === 'active'),
  );
  const from = flow.crew.find((member) => member.role === role) ?? null;
  if (from === null && roleIsOut) return refuse(flow, 'conflict', 'Nobody holds this role yet: dispatch it first.');
  const misfit = staffMisfit(flow, staff, role);
  if (misfit !== undefined) return misfit;
  if (from?.userId === staff.userId) return refuse(flow, 'conflict', 'This person holds the role already.');
  course.add({
    event: 'operator.changed',
    ...at(node, node.visit),
    from,
    to: { role, userId: staff.userId, name: staff.name },
    remark,
  });
  const active = currentNode(course.flow);
  if (active?.role === role && active.side === 'provider' && active.type !== 'claim_order')
    course.tell(active.id, 'current_operator', 'entered', 'your_turn');
  return course.done();
}

/** Starts the next run with another provider, by whose hand a pause ends as well. The log of the earlier run stays as it is. */
function changeProvider(
  course: Course,
  { provider: { org, name, free }, remark }: Extract<ProjectAct, { type: 'change_provider' }>,
): Stepped | Refusal {
  const { flow } = course;
  if (flow.provider === null) return refuse(flow, 'conflict', 'This project has no provider yet: dispatch it instead.');
  if (flow.provider.org === org) return refuse(flow, 'conflict', 'This provider delivers the project already.');
  if (!free) return refuse(flow, 'conflict', 'This provider has reached its maximum load.');
  const to = { org, name };
  course.add({ event: 'provider.changed', from: flow.provider, to, remark, run: flow.run + 1 });
  course.enter(0);
  takeProvider(course, requireCurrent(course.flow), to, true);
  return course.done();
}
