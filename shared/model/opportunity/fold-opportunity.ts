import { RECORDS_KNOWN } from '../../contract/limits.ts';
import type { OpportunityStatus } from '../../contract/opportunities.ts';
import type { OpportunityFact } from './opportunity-fact.ts';
import { type Engagement, isOver, type Opportunity, type OpportunityEntry, type Proposal } from './opportunity.ts';
import { isLane, PUBLIC } from './streams.ts';

type Told = Pick<OpportunityEntry, 'stream' | 'body'>;
type Fact<Event extends OpportunityFact['event']> = Extract<OpportunityFact, { event: Event }>;

const after = (at: string, ms: number): string => new Date(Date.parse(at) + ms).toISOString();

function changeEngagement(opportunity: Opportunity, id: string, change: (one: Engagement) => Engagement): Opportunity {
  return { ...opportunity, engagements: opportunity.engagements.map((one) => (one.id === id ? change(one) : one)) };
}

const withoutClocks = ({ answerBy: _by, windowEndsAt: _ends, ...engagement }: Engagement): Engagement => engagement;

/** Ends a proposal that is open still. Its lines stay in the entry that sent it: what ended must not fill the document. */
const endProposal = (
  proposal: Proposal,
  status: 'withdrawn' | 'closed',
  ended: Proposal['ended'] & object,
): Proposal => (proposal.status === 'open' ? { ...proposal, status, lines: [], ended } : proposal);

/** The status of a demand that is not over: what its running engagements make of it. */
function statusOf(opportunity: Opportunity): OpportunityStatus {
  if (isOver(opportunity)) return opportunity.status;
  const following = opportunity.engagements.filter(({ status }) => status === 'following');
  if (following.some(({ proposals }) => proposals.some(({ status }) => status === 'open'))) return 'quoted';
  return following.length > 0 ? 'talking' : 'open';
}

function opened({
  at,
  event: _event,
  kind,
  demand,
  buyer,
  publisher,
  ...rest
}: Fact<'opportunity.opened'>): Opportunity {
  return {
    kind,
    demand,
    buyer,
    publisher,
    shareContact: rest.shareContact,
    phoneVerified: rest.phoneVerified,
    settings: rest.settings,
    status: 'open',
    plaza: kind === 'normal' ? 'waiting' : null,
    engagements: [],
    deal: null,
    seeking: null,
    told: { all: 0, shared: 0, buyer: 0 },
    createdAt: at,
  };
}

/** Its window anew, as far as it has one. */
const withWindow = (engagement: Engagement, windowEndsAt: string): Engagement =>
  engagement.proposals.some(({ status }) => status === 'open') ? engagement : { ...engagement, windowEndsAt };

function began(
  opportunity: Opportunity,
  { at, engagementId, provider, origin }: Fact<'engagement.began'>,
): Opportunity {
  const { offerMs, windowMs } = opportunity.settings;
  const isOffer = origin === 'assigned' || origin === 'targeted';
  const engagement: Engagement = {
    id: engagementId,
    provider,
    origin,
    status: isOffer ? 'offered' : 'following',
    at,
    ...(isOffer ? { answerBy: after(at, offerMs) } : { windowEndsAt: after(at, windowMs) }),
    proposals: [],
    records: [],
    version: 0,
  };
  return { ...opportunity, engagements: [...opportunity.engagements, engagement], seeking: null };
}

function ended(opportunity: Opportunity, fact: Fact<'engagement.ended'>): Opportunity {
  const { at, engagementId, status, reason } = fact;
  const { shared } = opportunity.told;
  const changed = changeEngagement(opportunity, engagementId, (engagement) => ({
    ...withoutClocks(engagement),
    status,
    ended: { at, ...(reason === undefined ? {} : { reason }), shared },
    proposals: engagement.proposals.map((proposal) => endProposal(proposal, 'closed', { at })),
    records: [],
  }));
  // Lost is what the demand's own end does to it; all else leaves a demand that needs another provider.
  return status === 'lost' || isOver(opportunity) ? changed : { ...changed, seeking: opportunity.seeking ?? at };
}

function dealt(opportunity: Opportunity, fact: Fact<'deal.made'>): Opportunity {
  const { at, engagementId, proposalId, paymentId, orderId } = fact;
  const changed = changeEngagement(opportunity, engagementId, (engagement) => ({
    ...withoutClocks(engagement),
    status: 'won',
    proposals: engagement.proposals.map((proposal) =>
      proposal.id === proposalId
        ? { ...proposal, status: 'paid', ended: { at } }
        : endProposal(proposal, 'closed', { at }),
    ),
    records: [],
  }));
  return {
    ...over(changed, 'won', at),
    deal: { engagementId, proposalId, paymentId, orderId, at, projectId: null },
  };
}

const over = (opportunity: Opportunity, status: 'won' | 'revoked' | 'closed', endedAt: string): Opportunity => ({
  ...opportunity,
  status,
  endedAt,
  // What was shown stays known as such: who comes too late is told so.
  plaza: opportunity.plaza === 'waiting' ? null : opportunity.plaza,
  seeking: null,
});

function change(opportunity: Opportunity, fact: Exclude<OpportunityFact, Fact<'opportunity.opened'>>): Opportunity {
  switch (fact.event) {
    case 'opportunity.published':
    case 'opportunity.won':
      // Told to all that may know of the demand; what it is follows from what is told to fewer.
      return opportunity;
    case 'opportunity.shown':
      return { ...opportunity, plaza: { since: fact.since } };
    case 'opportunity.revoked':
      return over(opportunity, 'revoked', fact.at);
    case 'opportunity.closed':
      return over(opportunity, 'closed', fact.at);
    case 'engagement.began':
      return began(opportunity, fact);
    case 'engagement.accepted':
      return {
        ...changeEngagement(opportunity, fact.engagementId, (engagement) => ({
          ...withoutClocks(engagement),
          status: 'following',
          windowEndsAt: after(fact.at, opportunity.settings.windowMs),
        })),
        seeking: null,
      };
    case 'engagement.ended':
      return ended(opportunity, fact);
    case 'engagement.explained': {
      const { reason, remark } = fact;
      return changeEngagement(opportunity, fact.engagementId, (engagement) =>
        engagement.ended === undefined
          ? engagement
          : {
              ...engagement,
              ended: {
                ...engagement.ended,
                ...(reason === undefined ? {} : { reason }),
                ...(remark === undefined ? {} : { remark }),
              },
            },
      );
    }
    case 'record.added':
      return changeEngagement(opportunity, fact.engagementId, (engagement) => ({
        ...withWindow(engagement, after(fact.at, opportunity.settings.windowMs)),
        records: [...engagement.records, fact.clientId].slice(-RECORDS_KNOWN),
      }));
    case 'record.called':
      return changeEngagement(opportunity, fact.engagementId, (engagement) => {
        const known = { ...engagement, records: [...engagement.records, fact.callId].slice(-RECORDS_KNOWN) };
        return engagement.status === 'following'
          ? withWindow(known, after(fact.at, opportunity.settings.windowMs))
          : known;
      });
    case 'proposal.sent':
      return changeEngagement(opportunity, fact.engagementId, (engagement) => ({
        ...withoutClocks(engagement),
        proposals: [...engagement.proposals, { ...fact.proposal, status: 'open', sentAt: fact.at }],
      }));
    case 'proposal.withdrawn': {
      const { at, proposalId, remark } = fact;
      const how = { at, ...(remark === undefined ? {} : { remark }) };
      return changeEngagement(opportunity, fact.engagementId, (engagement) =>
        withWindow(
          {
            ...engagement,
            proposals: engagement.proposals.map((one) =>
              one.id === proposalId ? endProposal(one, 'withdrawn', how) : one,
            ),
          },
          after(at, opportunity.settings.windowMs),
        ),
      );
    }
    case 'deal.made':
      return dealt(opportunity, fact);
    case 'project.linked':
      return opportunity.deal === null
        ? opportunity
        : { ...opportunity, deal: { ...opportunity.deal, projectId: fact.projectId } };
  }
}

/** Counts a fact for those who can see it: of two states that somebody is shown the one with the higher count is newer. */
function counted(opportunity: Opportunity, { stream, body }: Told): Opportunity {
  const { all, shared, buyer } = opportunity.told;
  const told = {
    all: all + 1,
    shared: shared + (stream === PUBLIC ? 1 : 0),
    buyer: buyer + (stream === PUBLIC || isLane(stream) ? 1 : 0),
  };
  const next = { ...opportunity, told };
  return 'engagementId' in body
    ? changeEngagement(next, body.engagementId, (engagement) => ({ ...engagement, version: engagement.version + 1 }))
    : next;
}

/** The opportunity after one more fact: the only place where an opportunity changes. */
export function applyFact(opportunity: Opportunity | undefined, told: Told): Opportunity {
  const { body } = told;
  if (body.event === 'opportunity.opened') return counted(opened(body), told);
  if (opportunity === undefined)
    throw new Error(`an opportunity begins with opportunity.opened, not with ${body.event}`);
  const changed = change(opportunity, body);
  return counted({ ...changed, status: statusOf(changed) }, told);
}

/** The opportunity that its entries tell, in the order in which they were decided; undefined before its first. */
export function foldOpportunity(entries: readonly Told[]): Opportunity | undefined {
  return entries.reduce<Opportunity | undefined>(applyFact, undefined);
}
