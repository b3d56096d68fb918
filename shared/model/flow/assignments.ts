import type { QueuedReason } from '../../contract/projects.ts';
import type { Role } from '../../contract/primitives.ts';
import { at, Course } from './course.ts';
import {
  type Company,
  currentNode,
  type Flow,
  type FlowContext,
  type FlowNode,
  refuse,
  type Refusal,
  type Stepped,
} from './flow.ts';
import { isRunning, mayAssignProvider, mayDispatchStaff } from './permissions.ts';

/** A provider as the directory has it now; `free` is false when it has reached its maximum load. */
export interface ProviderFacts extends Company {
  readonly free: boolean;
}

/** A person as the directory has them now; `free`: accepts, is not on leave and is below the maximum load. */
export interface StaffFacts {
  readonly userId: string;
  readonly name: string;
  readonly org: string;
  readonly roles: readonly Role[];
  readonly dept?: string;
  readonly free: boolean;
}

/** A project's provider is chosen: by the service, or by hand. */
export interface AssignProvider {
  readonly type: 'assign_provider';
  readonly provider: ProviderFacts;
  /** The visit that was decided on; by hand it may be left out. */
  readonly visit?: number;
}

/** Staff for the current dispatch, or for a claim that somebody decides by hand. */
export interface DispatchStaff {
  readonly type: 'dispatch_staff';
  readonly staff: StaffFacts;
  readonly visit?: number;
}

/** Nobody was free: the project waits. */
export interface Queue {
  readonly type: 'queue';
  readonly reason: QueuedReason;
  readonly visit?: number;
}

const isAutomatic = ({ actor }: FlowContext): boolean => actor.side === 'service';

/** Refuses what no assignment can be made in; else the node that waits. */
function waiting(
  flow: Flow,
  context: FlowContext,
  types: readonly FlowNode['type'][],
  visit: number | undefined,
): { node: FlowNode } | { refusal: Refusal } {
  if (!isRunning(flow)) return { refusal: refuse(flow, 'read_only', `This project is ${flow.status}.`) };
  const mayDo = types.includes('assign_provider') ? mayAssignProvider : mayDispatchStaff;
  if (!isAutomatic(context) && !mayDo(flow, context.actor))
    return { refusal: refuse(flow, 'forbidden', 'You may not dispatch this project.') };
  const node = currentNode(flow);
  if (flow.status === 'paused') return { refusal: refuse(flow, 'conflict', 'This project is paused.') };
  if (node === undefined || !types.includes(node.type) || (visit !== undefined && visit !== node.visit))
    return { refusal: refuse(flow, 'conflict', 'This project does not wait for this any more.') };
  return { node };
}

/** Gives a project that waits at `assign_provider` its provider (domain.md, section 6). */
export function assignProvider(flow: Flow, event: AssignProvider, context: FlowContext): Stepped | Refusal {
  const found = waiting(flow, context, ['assign_provider'], event.visit);
  if ('refusal' in found) return found.refusal;
  const { org, name, free } = event.provider;
  if (!free) return refuse(flow, 'conflict', 'This provider has reached its maximum load.');
  const course = new Course(flow, context);
  takeProvider(course, found.node, { org, name }, !isAutomatic(context));
  return course.done();
}

/** The step that ends `assign_provider`. */
export function takeProvider(course: Course, node: FlowNode, provider: Company, manual: boolean): void {
  course.add({ event: 'provider.assigned', ...at(node, node.visit), provider, ...(manual ? { manual: true } : {}) });
  course.enterAfter(node);
}

/** Brings in staff for the role of a dispatch; by hand also for a claim that nobody makes (domain.md, sections 3 and 6). */
export function dispatchStaff(flow: Flow, event: DispatchStaff, context: FlowContext): Stepped | Refusal {
  const types = isAutomatic(context) ? (['dispatch_order'] as const) : (['dispatch_order', 'claim_order'] as const);
  const found = waiting(flow, context, types, event.visit);
  if ('refusal' in found) return found.refusal;
  const { node } = found;
  const { staff } = event;
  const { role } = node;
  const misfit = staffMisfit(flow, staff, role);
  if (misfit !== undefined) return misfit;
  if (role === undefined) throw new Error(`the ${node.type} ${node.id} names no role`);
  const operator = { role, userId: staff.userId, name: staff.name };
  const course = new Course(flow, context);
  if (node.type === 'claim_order') {
    course.add({ event: 'order.claimed', ...at(node, node.visit), operator, department: staff.dept ?? null });
  } else {
    course.add({
      event: 'order.dispatched',
      ...at(node, node.visit),
      operator,
      ...(isAutomatic(context) ? {} : { manual: true }),
    });
  }
  course.enterAfter(node);
  return course.done();
}

/** Refuses staff that are not the provider's, lack the role, or have no capacity free. */
export function staffMisfit(flow: Flow, staff: StaffFacts, role: Role | undefined): Refusal | undefined {
  if (staff.org !== flow.provider?.org || role === undefined || !staff.roles.includes(role)) {
    return refuse(flow, 'invalid', 'Only staff of the provider with the same role can take this.', [
      { path: 'userId', reason: 'must be staff of the provider with the role' },
    ]);
  }
  return staff.free ? undefined : refuse(flow, 'conflict', 'This person has no capacity free.');
}

/** Says why a project waits; the same reason again changes nothing, so that each sweep can say it. */
export function queue(flow: Flow, event: Queue, context: FlowContext): Stepped | Refusal {
  if (!isAutomatic(context)) return refuse(flow, 'forbidden', 'Only the service queues a project.');
  const found = waiting(flow, context, QUEUES_OF[event.reason], event.visit);
  if ('refusal' in found) return found.refusal;
  const course = new Course(flow, context);
  if (flow.queued !== event.reason)
    course.add({ event: 'project.queued', ...at(found.node, found.node.visit), reason: event.reason });
  return course.done();
}

const QUEUES_OF: Readonly<Record<QueuedReason, readonly FlowNode['type'][]>> = {
  no_provider: ['assign_provider'],
  providers_full: ['assign_provider'],
  no_staff_with_role: ['dispatch_order'],
  staff_full: ['dispatch_order'],
};
