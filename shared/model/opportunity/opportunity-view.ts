import type {
  Engagement as EngagementView,
  Opportunity as OpportunityOnWire,
  PlazaCard,
} from '../../contract/opportunities.ts';
import type { Proposal as ProposalOnWire } from '../../contract/proposals.ts';
import type { FlowActor } from '../flow/flow.ts';
import {
  type Demand,
  type Engagement,
  engagementOf,
  isPresent,
  type Opportunity,
  type Proposal,
} from './opportunity.ts';
import { allowedOpportunityActions, mayKnow } from './permissions.ts';
import { statusFor } from './status-for.ts';
import { deskOf, laneOf, notesOf } from './streams.ts';
import { settled } from './tick.ts';

/** What stands beside an opportunity's state and travels with it. */
export interface BesideOpportunity {
  readonly id: string;
  /** How to reach the buyer, without numbers: those are in a vault. */
  readonly contact?: { readonly name?: string; readonly email?: string };
}

/**
 * An opportunity as it travels to one viewer, as it stands at an instant whether a sweep has come by or not. A provider's follows from the demand
 * and its own engagement alone, down to the version. Undefined for who may not know of it.
 */
export function opportunityView(
  opportunity: Opportunity,
  beside: BesideOpportunity,
  viewer: FlowActor,
  now: number,
): OpportunityOnWire | undefined {
  if (!mayKnow(opportunity, viewer)) return undefined;
  const present = settled(opportunity, now);
  const base = {
    id: beside.id,
    roomId: beside.id,
    kind: present.kind,
    ...demandView(present.demand),
    status: statusFor(present, viewer),
    phoneVerified: present.phoneVerified,
    actions: allowedOpportunityActions(present, viewer, now),
    createdAt: present.createdAt,
  };
  return viewer.side === 'provider'
    ? { ...base, ...forProvider(present, beside, viewer) }
    : { ...base, ...forOthers(present, beside, viewer) };
}

function forProvider(present: Opportunity, beside: BesideOpportunity, viewer: FlowActor) {
  const own = engagementOf(present, viewer.org);
  if (own === undefined) throw new Error('a provider that knows of a demand has an engagement in it');
  const follows = own.status === 'following' || own.status === 'won';
  const { deal } = present;
  const seen = present.engagements
    .filter(({ provider }) => provider.org === viewer.org)
    .reduce((sum, { version }) => sum + version, 0);
  return {
    ...(follows ? { buyer: { ...present.buyer } } : {}),
    ...(follows && present.shareContact ? contactView(beside) : {}),
    engagement: engagementView(own, viewer),
    ...(deal?.engagementId === own.id ? { deal: { ...deal } } : {}),
    version: (own.ended?.shared ?? present.told.shared) + seen,
  };
}

function forOthers(present: Opportunity, beside: BesideOpportunity, viewer: FlowActor) {
  const { plaza, publisher, deal, told } = present;
  const finds = viewer.side !== 'buyer';
  return {
    buyer: { ...present.buyer },
    ...contactView(beside),
    shareContact: present.shareContact,
    publisher: {
      side: publisher.side,
      ...(publisher.org === undefined ? {} : { org: publisher.org }),
      name: publisher.name,
    },
    places: present.settings.places,
    plaza: plaza === null ? null : { since: plaza === 'waiting' ? null : plaza.since },
    ...(finds ? { seeking: present.seeking } : {}),
    engagements: present.engagements.map((engagement) => engagementView(engagement, viewer)),
    ...(deal === null ? {} : { deal: { ...deal } }),
    version: viewer.side === 'operator' ? told.all : told.buyer,
  };
}

function contactView({ contact }: BesideOpportunity): Pick<OpportunityOnWire, 'contact'> {
  if (contact?.name === undefined && contact?.email === undefined) return {};
  const { name, email } = contact;
  return { contact: { ...(name === undefined ? {} : { name }), ...(email === undefined ? {} : { email }) } };
}

function demandView({ category, subCategory, title, details, budget, region }: Demand) {
  return {
    category,
    ...(subCategory === undefined ? {} : { subCategory }),
    title,
    details,
    ...(budget === undefined ? {} : { budget: { ...budget } }),
    region,
  };
}

function engagementView(engagement: Engagement, viewer: FlowActor): EngagementView {
  const { id, provider, origin, status, at, answerBy, windowEndsAt, ended, proposals } = engagement;
  // When the window ends tells of the notes that renew it, which the buyer does not read.
  const knowsNotes = viewer.side === 'provider' || viewer.side === 'operator';
  return {
    id,
    provider: { ...provider },
    origin,
    status,
    at,
    ...(answerBy === undefined ? {} : { answerBy }),
    ...(windowEndsAt === undefined || !knowsNotes ? {} : { windowEndsAt }),
    ...(ended === undefined ? {} : { ended: endView(engagement, ended, knowsNotes) }),
    proposals: proposals
      .filter((proposal) => proposal.status === 'open' || proposal.status === 'paid')
      .map(({ id: proposalId, name, product, currency, total, status: how, sentAt }) => ({
        id: proposalId,
        name,
        product: { ...product },
        currency,
        total,
        status: how,
        sentAt,
      })),
    streams: streamsOf(engagement, viewer),
  };
}

function endView(
  { status }: Engagement,
  { at, reason, remark }: Engagement['ended'] & object,
  knowsNotes: boolean,
): EngagementView['ended'] {
  return {
    at,
    ...(reason === undefined || (status === 'terminated' && !knowsNotes) ? {} : { reason }),
    ...(remark === undefined || !knowsNotes ? {} : { remark }),
  };
}

/** The streams of an engagement that somebody reads (README, the access table decides): for a client to know where to look. */
function streamsOf(engagement: Engagement, { side }: FlowActor): string[] {
  const { org } = engagement.provider;
  switch (side) {
    case 'buyer':
      return [laneOf(org)];
    case 'operator':
      return [laneOf(org), notesOf(org), deskOf(org)];
    case 'provider':
      if (!isPresent(engagement)) return [];
      return engagement.status === 'offered' ? [deskOf(org)] : [laneOf(org), notesOf(org), deskOf(org)];
    default:
      return [];
  }
}

/** A demand as the plaza shows it, to whoever looks: it tells of no buyer and of no provider. */
export function plazaCard(id: string, { demand, plaza }: Opportunity): PlazaCard | undefined {
  if (plaza === null || plaza === 'waiting') return undefined;
  return { id, ...demandView(demand), since: plaza.since };
}

/** The proposals of a demand that somebody may read, newest first. */
export function proposalsFor(
  opportunity: Opportunity,
  opportunityId: string,
  viewer: FlowActor,
  now: number,
): ProposalOnWire[] {
  if (!mayKnow(opportunity, viewer)) return [];
  const present = settled(opportunity, now);
  return present.engagements
    .filter(({ provider }) => viewer.side !== 'provider' || provider.org === viewer.org)
    .flatMap((engagement) => engagement.proposals.map((proposal) => proposalView(proposal, engagement, opportunityId)))
    .toSorted((a, b) => (a.sentAt === b.sentAt ? (a.id < b.id ? 1 : -1) : a.sentAt < b.sentAt ? 1 : -1));
}

export function proposalView(proposal: Proposal, { id, provider }: Engagement, opportunityId: string): ProposalOnWire {
  const { clientId: _clientId, lines, product, contract, ended, ...rest } = proposal;
  return {
    ...rest,
    opportunityId,
    engagementId: id,
    provider: { ...provider },
    product: { ...product },
    lines: lines.map((line) => ({ ...line })),
    ...(contract === undefined ? {} : { contract: { ...contract } }),
    ...(ended === undefined ? {} : { ended: { ...ended } }),
  };
}
