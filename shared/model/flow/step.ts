import { act, type NodeAct } from './act.ts';
import {
  assignProvider,
  type AssignProvider,
  dispatchStaff,
  type DispatchStaff,
  queue,
  type Queue,
} from './assignments.ts';
import { Course } from './course.ts';
import { type Flow, type FlowContext, refuse, type Refusal, type Stepped } from './flow.ts';
import { actOnProject, type ProjectAct } from './project-acts.ts';
import type { TemplateSnapshot } from './template-steps.ts';
import { tick } from './tick.ts';

/** Everything that can happen to a flow. */
export type FlowEvent = NodeAct | ProjectAct | AssignProvider | DispatchStaff | Queue | { readonly type: 'tick' };

/** Begins a project's flow at its first node, where it waits for a provider (domain.md, section 3). */
export function beginFlow(
  { template, parties }: { readonly template: TemplateSnapshot; readonly parties: Flow['parties'] },
  context: FlowContext,
): Stepped {
  const course = new Course(undefined, context);
  course.add({ event: 'project.created', template, parties });
  course.enter(0);
  return course.done();
}

/**
 * Decides what an event makes of a flow: the new flow, the entries that tell it and whom to notify, or a refusal that changes nothing. Pure: the
 * clock, the calendar and the actor are in the context, and who is in the room at all was decided before.
 */
export function step(flow: Flow, event: FlowEvent, context: FlowContext): Stepped | Refusal {
  switch (event.type) {
    case 'act':
      return act(flow, event, context);
    case 'tick':
      return context.actor.side === 'service'
        ? tick(flow, context)
        : refuse(flow, 'forbidden', 'Only the service moves its clocks.');
    case 'assign_provider':
      return assignProvider(flow, event, context);
    case 'dispatch_staff':
      return dispatchStaff(flow, event, context);
    case 'queue':
      return queue(flow, event, context);
    case 'pause':
    case 'resume':
    case 'change_operator':
    case 'change_provider':
    case 'close':
      return actOnProject(flow, event, context);
  }
}
