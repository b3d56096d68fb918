import type { FlowActor } from '../flow/flow.ts';
import { loseAll, unknownProposal } from './act.ts';
import type { OpportunityCourse } from './course.ts';
import { isOver, type OpportunityRefusal } from './opportunity.ts';
import { OVER, refuse } from './refusals.ts';
import { laneOf, PUBLIC } from './streams.ts';

/** The portal reports that a proposal was paid. */
export interface Pay {
  readonly type: 'pay';
  readonly proposalId: string;
  readonly paymentId: string;
  readonly orderId: string;
}

/** The delivery project of the deal exists. */
export interface LinkProject {
  readonly type: 'link_project';
  readonly projectId: string;
}

/** The plaza takes in what was published before this full hour, ISO 8601. */
export interface RefreshPlaza {
  readonly type: 'refresh_plaza';
  readonly hour: string;
}

/**
 * Makes the deal: the proposal's engagement is won and every other one lost, in one step (domain.md, section 7). The same payment again changes
 * nothing. Refused: `not_found` without such a proposal, `conflict` with the present state when the demand is over or the proposal is not
 * open any more.
 */
export function pay(course: OpportunityCourse, event: Pay, actor: FlowActor): OpportunityRefusal | undefined {
  const { opportunity } = course;
  const { proposalId, paymentId, orderId } = event;
  const engagement = opportunity.engagements.find(({ proposals }) => proposals.some(({ id }) => id === proposalId));
  const proposal = engagement?.proposals.find(({ id }) => id === proposalId);
  if (engagement === undefined || proposal === undefined) return unknownProposal;
  const { deal, status } = opportunity;
  if (deal?.paymentId === paymentId) {
    return deal.proposalId === proposalId && deal.orderId === orderId
      ? undefined
      : refuse(opportunity, actor, 'conflict', 'This payment was reported for another proposal or order.', proposal);
  }
  if (status === 'won' || status === 'revoked' || status === 'closed')
    return refuse(opportunity, actor, 'conflict', OVER[status], proposal);
  if (proposal.status !== 'open' || engagement.status !== 'following')
    return refuse(opportunity, actor, 'conflict', `This proposal is ${proposal.status}: it cannot be paid.`, proposal);

  course.add(laneOf(engagement.provider.org), {
    event: 'deal.made',
    engagementId: engagement.id,
    proposalId,
    paymentId,
    orderId,
  });
  course.tellProvider(engagement, 'chosen');
  course.tellBuyer(engagement, 'deal_made');
  loseAll(course, 'not_chosen');
  course.addUnnamed(PUBLIC, { event: 'opportunity.won' });
  return undefined;
}

/** Links the delivery project to its deal. The same one again changes nothing; a deal has one project for good. */
export function linkProject(
  course: OpportunityCourse,
  { projectId }: LinkProject,
  actor: FlowActor,
): OpportunityRefusal | undefined {
  const { opportunity } = course;
  const { deal } = opportunity;
  const engagement = opportunity.engagements.find(({ id }) => id === deal?.engagementId);
  if (deal === null || engagement === undefined)
    return refuse(opportunity, actor, 'conflict', 'This demand is no deal: it has no delivery project.');
  if (deal.projectId === projectId) return undefined;
  if (deal.projectId !== null)
    return refuse(opportunity, actor, 'conflict', 'This deal has its delivery project already.');
  course.add(laneOf(engagement.provider.org), { event: 'project.linked', engagementId: engagement.id, projectId });
  return undefined;
}

/** Shows a demand that waits: what was published in this hour waits for the next one. Anything else stays as it is. */
export function refreshPlaza(course: OpportunityCourse, { hour }: RefreshPlaza): void {
  const { opportunity } = course;
  if (opportunity.plaza !== 'waiting' || isOver(opportunity)) return;
  if (Date.parse(opportunity.createdAt) >= Date.parse(hour)) return;
  course.addUnnamed(PUBLIC, { event: 'opportunity.shown', since: hour });
}
