import type {
  OpportunityKind,
  PassedReason,
  RecordStage,
  RejectReason,
  TerminateReason,
} from '../../contract/opportunities.ts';
import type { EngagementOrigin } from '../../contract/opportunities.ts';
import type { CallParty } from '../../contract/calls.ts';
import type { Company } from '../flow/flow.ts';
import type {
  Demand,
  EndedStatus,
  Opportunity,
  OpportunityEntry,
  OpportunitySettings,
  Proposal,
  Publisher,
} from './opportunity.ts';

interface OfEngagement {
  readonly engagementId: string;
}

/**
 * What happened to an opportunity: the body of an entry, in the stream of those who may know it. All of them together are complete enough to fold the
 * opportunity from. `at` is the instant of the decision, ISO 8601; the entry's own `at` is that of its writing.
 */
export type OpportunityFact = { readonly at: string } & (
  | {
      /** In `operator`: the first fact. */
      readonly event: 'opportunity.opened';
      readonly kind: OpportunityKind;
      readonly demand: Demand;
      readonly buyer: Opportunity['buyer'];
      readonly publisher: Publisher;
      readonly shareContact: boolean;
      readonly phoneVerified: boolean;
      readonly settings: OpportunitySettings;
    }
  /** In `public`: it names nobody. */
  | { readonly event: 'opportunity.published'; readonly kind: OpportunityKind; readonly demand: Demand }
  | { readonly event: 'opportunity.shown'; readonly since: string }
  | { readonly event: 'opportunity.won' }
  | { readonly event: 'opportunity.revoked'; readonly remark?: string }
  | { readonly event: 'opportunity.closed'; readonly reason: string }
  /** In the lane of its provider, down to `project.linked`. Offered where it is assigned or targeted, else it follows at once. */
  | ({
      readonly event: 'engagement.began';
      readonly provider: Company;
      readonly origin: EngagementOrigin;
    } & OfEngagement)
  | ({ readonly event: 'engagement.accepted' } & OfEngagement)
  | ({
      readonly event: 'engagement.ended';
      readonly status: EndedStatus;
      readonly reason?: RejectReason | PassedReason;
    } & OfEngagement)
  | ({
      readonly event: 'proposal.sent';
      readonly proposal: Omit<Proposal, 'status' | 'sentAt' | 'ended'>;
    } & OfEngagement)
  | ({ readonly event: 'proposal.withdrawn'; readonly proposalId: string; readonly remark?: string } & OfEngagement)
  | ({
      readonly event: 'deal.made';
      readonly proposalId: string;
      readonly paymentId: string;
      readonly orderId: string;
    } & OfEngagement)
  | ({ readonly event: 'project.linked'; readonly projectId: string } & OfEngagement)
  /** In the notes of its provider: why it ended its service, and its remark, are not for the buyer. */
  | ({
      readonly event: 'engagement.explained';
      readonly reason?: TerminateReason;
      readonly remark?: string;
    } & OfEngagement)
  | ({
      readonly event: 'record.added';
      readonly clientId: string;
      readonly connected: boolean;
      readonly stage: RecordStage;
      readonly text: string;
    } & OfEngagement)
  /** There too, written by the service: the two were joined, and their call's own entries in the lane tell the rest. */
  | ({
      readonly event: 'record.called';
      readonly callId: string;
      readonly from: CallParty;
      readonly to: CallParty;
    } & OfEngagement)
);

/** The kind of entry that each event is told in: every event of an opportunity, and no other. */
export const OPPORTUNITY_EVENT_KINDS: Readonly<Record<OpportunityFact['event'], OpportunityEntry['kind']>> = {
  'opportunity.opened': 'opportunity',
  'opportunity.published': 'opportunity',
  'opportunity.shown': 'opportunity',
  'opportunity.won': 'opportunity',
  'opportunity.revoked': 'opportunity',
  'opportunity.closed': 'opportunity',
  'engagement.began': 'engagement',
  'engagement.accepted': 'engagement',
  'engagement.ended': 'engagement',
  'engagement.explained': 'engagement',
  'proposal.sent': 'proposal',
  'proposal.withdrawn': 'proposal',
  'deal.made': 'engagement',
  'project.linked': 'engagement',
  'record.added': 'record',
  'record.called': 'record',
};

/** Says whether an entry's body tells of the opportunity itself: its timeline holds notices as well. */
export function isOpportunityFact(body: { readonly event: string }): body is OpportunityFact {
  return Object.hasOwn(OPPORTUNITY_EVENT_KINDS, body.event);
}
