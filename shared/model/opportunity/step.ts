import { act, type OpportunityAct } from './act.ts';
import { OpportunityCourse } from './course.ts';
import { linkProject, type LinkProject, pay, type Pay, refreshPlaza, type RefreshPlaza } from './deal.ts';
import type { Opportunity, OpportunityContext, OpportunityRefusal, OpportunityStepped } from './opportunity.ts';
import { mayKnow } from './permissions.ts';
import { recordCall, type RecordCall } from './record-call.ts';
import { unknownDemand } from './refusals.ts';
import { settle } from './tick.ts';

/** Everything that can happen to an opportunity once it is published. */
export type OpportunityEvent =
  | OpportunityAct
  | Pay
  | LinkProject
  | RecordCall
  | RefreshPlaza
  | { readonly type: 'tick' };

/**
 * Decides what an event makes of an opportunity: the new one, the entries that tell it and whom to notify, or a refusal that changes nothing. What
 * is due by then happens first, whether a sweep has come by or not. Pure: the clock, the actor and the ids are in the context, and which of its
 * people a company has in the room was decided before. Nothing that a provider is told, a refusal included, tells of another provider.
 */
export function step(
  opportunity: Opportunity,
  event: OpportunityEvent,
  context: OpportunityContext,
): OpportunityStepped | OpportunityRefusal {
  const course = new OpportunityCourse(opportunity, context);
  settle(course, context.now);
  return happen(course, event, context) ?? course.done();
}

function happen(
  course: OpportunityCourse,
  event: OpportunityEvent,
  context: OpportunityContext,
): OpportunityRefusal | undefined {
  const { actor } = context;
  switch (event.type) {
    case 'pay':
    case 'link_project':
    case 'record_call':
    case 'refresh_plaza':
    case 'tick':
      if (actor.side !== 'service')
        return mayKnow(course.opportunity, actor)
          ? { ok: false, code: 'forbidden', message: 'Only the service and portals report this.' }
          : unknownDemand;
      return happenByItself(course, event, context);
    default:
      return act(course, event, context);
  }
}

function happenByItself(
  course: OpportunityCourse,
  event: Exclude<OpportunityEvent, OpportunityAct>,
  { actor }: OpportunityContext,
): OpportunityRefusal | undefined {
  switch (event.type) {
    case 'pay':
      return pay(course, event, actor);
    case 'link_project':
      return linkProject(course, event, actor);
    case 'record_call':
      recordCall(course, event);
      return undefined;
    case 'refresh_plaza':
      refreshPlaza(course, event);
      return undefined;
    case 'tick':
      return undefined;
  }
}
