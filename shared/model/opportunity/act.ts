import type { RecordStage, RejectReason, TerminateReason } from '../../contract/opportunities.ts';
import type { QuoteLine } from '../../contract/proposals.ts';
import type { Company, FlowActor, FlowFile } from '../flow/flow.ts';
import { plainAmount, sumOf, times } from '../money.ts';
import { type OpportunityCourse, requireEngagement } from './course.ts';
import {
  type Engagement,
  engagementOf,
  isRunning,
  type Opportunity,
  type OpportunityContext,
  type OpportunityRefusal,
  type PricedLine,
  type Proposal,
  runningOf,
} from './opportunity.ts';
import { barredFor, barredNow } from './permissions.ts';
import { refuse, refuseContent } from './refusals.ts';
import { laneOf, notesOf, PUBLIC } from './streams.ts';

/** Something that somebody does to a demand: its `type` is the action as permissions and clients know it. */
export type OpportunityAct =
  | { readonly type: 'grab'; readonly provider: Company }
  | { readonly type: 'assign'; readonly provider: Company }
  | { readonly type: 'accept' }
  | { readonly type: 'reject'; readonly reason: RejectReason; readonly remark?: string }
  | {
      readonly type: 'record';
      readonly clientId: string;
      readonly connected: boolean;
      readonly stage: RecordStage;
      readonly text: string;
    }
  | {
      readonly type: 'propose';
      readonly clientId: string;
      readonly name: string;
      /** The product to be delivered; null where there is none that this provider delivers. */
      readonly product: { readonly id: string; readonly name: string } | null;
      readonly currency: string;
      readonly lines: readonly QuoteLine[];
      /** The provider's own file, as it is stored in its lane. */
      readonly contract?: FlowFile;
      readonly remark?: string;
    }
  | { readonly type: 'withdraw'; readonly proposalId: string; readonly remark?: string }
  | { readonly type: 'terminate'; readonly reason: TerminateReason; readonly remark?: string }
  | { readonly type: 'revoke'; readonly remark?: string }
  | { readonly type: 'close'; readonly reason: string };

type Act<Type extends OpportunityAct['type']> = Extract<OpportunityAct, { type: Type }>;

/**
 * Does what somebody asks for, in a course in which nothing is due any more. Whoever asks again for what they have done already gets the same
 * answer, and nothing changes. Refused: `not_found` to who may not know of the demand or the proposal, `forbidden` to the wrong side or without an admin's role, `conflict` with
 * the present state where that leaves no room, `invalid` for content.
 */
export function act(
  course: OpportunityCourse,
  event: OpportunityAct,
  context: OpportunityContext,
): OpportunityRefusal | undefined {
  const { actor } = context;
  const barred = barredFor(course.opportunity, event.type, actor);
  if (barred !== undefined) return barred;
  if (isRepeated(course.opportunity, event, actor)) return undefined;
  if (event.type === 'withdraw') {
    const misfit = withdrawalMisfit(course.opportunity, event.proposalId, actor);
    if (misfit !== undefined) return misfit;
  }
  return barredNow(course.opportunity, event.type, actor) ?? perform(course, event, context);
}

/** Says whether an act has had its effect already: whoever did not hear the answer asks again. */
function isRepeated(opportunity: Opportunity, event: OpportunityAct, { org }: FlowActor): boolean {
  const own = engagementOf(opportunity, org);
  switch (event.type) {
    case 'grab':
    case 'accept':
      return own?.status === 'following' || own?.status === 'won';
    case 'assign': {
      const theirs = engagementOf(opportunity, event.provider.org);
      return theirs?.status === 'offered' && theirs.origin === 'assigned';
    }
    case 'reject':
      return own?.status === 'rejected';
    case 'terminate':
      return own?.status === 'terminated';
    case 'record':
      return own?.records.includes(event.clientId) === true;
    case 'propose':
      return proposalsOf(opportunity, org).some(({ clientId }) => clientId === event.clientId);
    case 'withdraw':
      return proposalsOf(opportunity, org).some(({ id, status }) => id === event.proposalId && status === 'withdrawn');
    case 'revoke':
      return opportunity.status === 'revoked';
    case 'close':
      return opportunity.status === 'closed';
  }
}

/** All that a provider ever proposed in a demand, also in engagements that ended. */
export const proposalsOf = ({ engagements }: Opportunity, org: string | undefined): readonly Proposal[] =>
  engagements.filter(({ provider }) => provider.org === org).flatMap(({ proposals }) => proposals);

function withdrawalMisfit(
  opportunity: Opportunity,
  proposalId: string,
  actor: FlowActor,
): OpportunityRefusal | undefined {
  const proposal = proposalsOf(opportunity, actor.org).find(({ id }) => id === proposalId);
  if (proposal === undefined) return unknownProposal;
  return proposal.status === 'open'
    ? undefined
    : refuse(opportunity, actor, 'conflict', `This proposal is ${proposal.status}: it cannot be withdrawn.`, proposal);
}

/** A competitor's proposal is none. */
export const unknownProposal: OpportunityRefusal = {
  ok: false,
  code: 'not_found',
  message: 'There is no such proposal.',
};

function perform(
  course: OpportunityCourse,
  event: OpportunityAct,
  context: OpportunityContext,
): OpportunityRefusal | undefined {
  const { actor } = context;
  const own = engagementOf(course.opportunity, actor.org);
  switch (event.type) {
    case 'grab':
      course.tellBuyer(engage(course, event.provider, 'grabbed', context), 'provider_follows');
      return undefined;
    case 'assign':
      return assign(course, event, context);
    case 'accept': {
      const engagement = requireEngagement(own);
      course.add(laneOf(engagement.provider.org), { event: 'engagement.accepted', engagementId: engagement.id });
      course.tellBuyer(engagement, 'provider_follows');
      return undefined;
    }
    case 'reject':
      reject(course, requireEngagement(own), event);
      return undefined;
    case 'terminate':
      terminate(course, requireEngagement(own), event);
      return undefined;
    case 'record': {
      const { id, provider } = requireEngagement(own);
      const { clientId, connected, stage, text } = event;
      course.add(notesOf(provider.org), { event: 'record.added', engagementId: id, clientId, connected, stage, text });
      return undefined;
    }
    case 'propose':
      return propose(course, requireEngagement(own), event, context);
    case 'withdraw': {
      const engagement = requireEngagement(own);
      const { proposalId } = event;
      course.add(laneOf(engagement.provider.org), {
        event: 'proposal.withdrawn',
        engagementId: engagement.id,
        proposalId,
        ...remarkOf(event),
      });
      course.tellBuyer(engagement, 'proposal_withdrawn');
      return undefined;
    }
    case 'revoke':
      loseAll(course, 'revoked');
      course.add(PUBLIC, { event: 'opportunity.revoked', ...remarkOf(event) });
      return undefined;
    case 'close':
      loseAll(course, 'closed');
      course.add(PUBLIC, { event: 'opportunity.closed', reason: event.reason });
      course.tellBuyerOfDemand(PUBLIC, 'closed_for_buyer');
      return undefined;
  }
}

const remarkOf = ({ remark }: { readonly remark?: string }): { remark?: string } =>
  remark === undefined || remark === '' ? {} : { remark };

function engage(
  course: OpportunityCourse,
  provider: Company,
  origin: 'grabbed' | 'assigned',
  { newId }: OpportunityContext,
): Engagement {
  const { org, name } = provider;
  course.add(laneOf(org), { event: 'engagement.began', engagementId: newId(), provider: { org, name }, origin });
  return requireEngagement(engagementOf(course.opportunity, org));
}

function assign(
  course: OpportunityCourse,
  { provider }: Act<'assign'>,
  context: OpportunityContext,
): OpportunityRefusal | undefined {
  const theirs = engagementOf(course.opportunity, provider.org);
  if (theirs !== undefined && isRunning(theirs))
    return refuse(course.opportunity, context.actor, 'conflict', 'This provider is in this demand already.');
  course.tellProvider(engage(course, provider, 'assigned', context), 'offered');
  return undefined;
}

function reject(course: OpportunityCourse, engagement: Engagement, { reason, ...event }: Act<'reject'>): void {
  const { id: engagementId, provider } = engagement;
  course.add(laneOf(provider.org), { event: 'engagement.ended', engagementId, status: 'rejected', reason });
  const remark = remarkOf(event);
  if (remark.remark !== undefined)
    course.add(notesOf(provider.org), { event: 'engagement.explained', engagementId, ...remark });
  course.tellOperators(engagement, 'offer_rejected');
}

function terminate(course: OpportunityCourse, engagement: Engagement, { reason, ...event }: Act<'terminate'>): void {
  const { id: engagementId, provider } = engagement;
  course.add(laneOf(provider.org), { event: 'engagement.ended', engagementId, status: 'terminated' });
  // What a provider says of a buyer with whom it ends is for the operators, who look for another one.
  course.add(notesOf(provider.org), { event: 'engagement.explained', engagementId, reason, ...remarkOf(event) });
  course.tellOperators(engagement, 'service_terminated');
  course.tellBuyer(engagement, 'provider_left');
}

function propose(
  course: OpportunityCourse,
  engagement: Engagement,
  event: Act<'propose'>,
  { newId }: OpportunityContext,
): OpportunityRefusal | undefined {
  const { clientId, name, product, currency, contract } = event;
  if (product === null) {
    return refuseContent('This proposal names no product that your company delivers.', [
      { path: 'productId', reason: 'must be a product that your company delivers' },
    ]);
  }
  const lines = event.lines.map(priced);
  course.add(laneOf(engagement.provider.org), {
    event: 'proposal.sent',
    engagementId: engagement.id,
    proposal: {
      id: newId(),
      clientId,
      name,
      product: { id: product.id, name: product.name },
      lines,
      currency,
      listTotal: sumOf(lines.map(({ listPrice, quantity }) => times(listPrice, quantity))),
      total: sumOf(lines.map(({ amount }) => amount)),
      ...(contract === undefined ? {} : { contract }),
      ...remarkOf(event),
    },
  });
  course.tellBuyer(engagement, 'proposal_sent');
  return undefined;
}

const priced = ({ product, spec, quantity, listPrice, price }: QuoteLine): PricedLine => ({
  product,
  ...(spec === undefined ? {} : { spec }),
  quantity,
  listPrice: plainAmount(listPrice),
  price: plainAmount(price),
  amount: times(price, quantity),
});

const LOST_NOTICE = { not_chosen: 'not_chosen', revoked: 'demand_revoked', closed: 'demand_closed' } as const;

/** Ends what still runs because the demand itself ends, offers too. */
export function loseAll(course: OpportunityCourse, reason: keyof typeof LOST_NOTICE): void {
  for (const engagement of runningOf(course.opportunity)) {
    const { id: engagementId, provider } = engagement;
    course.add(laneOf(provider.org), { event: 'engagement.ended', engagementId, status: 'lost', reason });
    course.tellProvider(engagement, LOST_NOTICE[reason]);
  }
}
