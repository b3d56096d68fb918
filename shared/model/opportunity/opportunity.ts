import type { Actor, EntryKind } from '../../contract/entries.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import { ENGAGEMENTS_MAX } from '../../contract/limits.ts';
import type {
  EngagementOrigin,
  EngagementStatus,
  OpportunityKind,
  OpportunityStatus,
  PassedReason,
  RejectReason,
  TerminateReason,
} from '../../contract/opportunities.ts';
import type { Side } from '../../contract/primitives.ts';
import type { ProposalStatus } from '../../contract/proposals.ts';
import type { Audience } from '../flow/audience.ts';
import type { Company, Fault, FlowActor, FlowFile } from '../flow/flow.ts';
import type { OpportunityNotice } from './notices.ts';
import type { OpportunityFact } from './opportunity-fact.ts';

/** What the buyer wants. Amounts are decimal strings with 2 decimals. It holds nothing of how to reach the buyer. */
export interface Demand {
  readonly category: string;
  readonly subCategory?: string;
  readonly title: string;
  readonly details: string;
  readonly budget?: { readonly min?: string; readonly max?: string; readonly currency: string };
  readonly region: string;
}

/** Prices are of one unit, `amount` is quantity x price; decimal strings with 2 decimals. */
export interface PricedLine {
  readonly product: string;
  readonly spec?: string;
  readonly quantity: number;
  readonly listPrice: string;
  readonly price: string;
  readonly amount: string;
}

export interface Proposal {
  readonly id: string;
  /** What its sender names it by when it sends it again. */
  readonly clientId: string;
  readonly name: string;
  /** What is delivered when it is paid. */
  readonly product: { readonly id: string; readonly name: string };
  /** None of one that is withdrawn or closed: its entry holds them, and a demand's document stays bounded. */
  readonly lines: readonly PricedLine[];
  readonly currency: string;
  readonly listTotal: string;
  readonly total: string;
  readonly contract?: FlowFile;
  readonly remark?: string;
  readonly status: ProposalStatus;
  readonly sentAt: string;
  readonly ended?: { readonly at: string; readonly remark?: string };
}

export type EndedStatus = Extract<EngagementStatus, 'rejected' | 'expired' | 'terminated' | 'lost'>;
export type EndReason = RejectReason | TerminateReason | PassedReason;

/** One provider in one opportunity, from its offer or its grab to its end. A provider can have another one after that. */
export interface Engagement {
  readonly id: string;
  readonly provider: Company;
  readonly origin: EngagementOrigin;
  readonly status: EngagementStatus;
  /** When it was offered, or began. */
  readonly at: string;
  /** While offered. */
  readonly answerBy?: string;
  /** While following, but where a proposal is open: nothing runs out while the buyer may be about to pay. */
  readonly windowEndsAt?: string;
  readonly ended?: {
    readonly at: string;
    readonly reason?: EndReason;
    readonly remark?: string;
    /** How many facts had been told in `public` by then: its provider sees none of the later ones. */
    readonly shared: number;
  };
  readonly proposals: readonly Proposal[];
  /** clientIds of its latest records, the newest last. */
  readonly records: readonly string[];
  /** How many facts told of it: what its provider has seen change. */
  readonly version: number;
}

export interface Deal {
  readonly engagementId: string;
  readonly proposalId: string;
  readonly paymentId: string;
  readonly orderId: string;
  readonly at: string;
  /** Null until the delivery project is created. */
  readonly projectId: string | null;
}

/** What a deployment decides about opportunities. An opportunity keeps those of the day it was published. */
export interface OpportunitySettings {
  /** How many providers a normal demand takes at a time. */
  readonly places: number;
  /** Milliseconds in which an offer is to be answered. */
  readonly offerMs: number;
  /** Milliseconds for which a provider follows without a communication record. */
  readonly windowMs: number;
}

export interface Publisher {
  readonly id: string;
  readonly name: string;
  readonly side: Side;
  readonly org?: string;
}

/** A demand and all that providers do about it (domain.md, section 7). It is folded from the entries that `step` makes. */
export interface Opportunity {
  readonly kind: OpportunityKind;
  readonly demand: Demand;
  readonly buyer: { readonly id: string; readonly org: string; readonly name: string };
  readonly publisher: Publisher;
  /** Providers that follow are told how to reach the buyer. */
  readonly shareContact: boolean;
  readonly phoneVerified: boolean;
  readonly settings: OpportunitySettings;
  readonly status: OpportunityStatus;
  /** Null: not for the plaza; waiting: for its next refresh; else since when it is shown. */
  readonly plaza: null | 'waiting' | { readonly since: string };
  /** In the order in which they began. */
  readonly engagements: readonly Engagement[];
  readonly deal: Deal | null;
  /** Since when the operators should find a provider for it. */
  readonly seeking: string | null;
  /** Since when it is won, revoked or closed. */
  readonly endedAt?: string;
  /** How many facts were told: in any stream, in `public`, and in those that the buyer reads. */
  readonly told: { readonly all: number; readonly shared: number; readonly buyer: number };
  readonly createdAt: string;
}

/** What a rule may know beside the opportunity and the event. */
export interface OpportunityContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly actor: FlowActor;
  /** A random id: ids tell nobody how many there are. */
  readonly newId: () => string;
}

/** An entry for the timeline; its body is a fact, and from all of them together the opportunity can be folded. */
export interface OpportunityEntry {
  readonly stream: string;
  readonly kind: Extract<EntryKind, 'opportunity' | 'engagement' | 'record' | 'proposal'>;
  readonly actor: Actor;
  readonly body: OpportunityFact;
}

/** What somebody is to be told beside the timeline's facts, in a stream that they read, or have read till now. */
export interface OpportunityNotification {
  readonly audience: Audience;
  readonly stream: string;
  readonly what: OpportunityNotice;
  readonly engagementId?: string;
}

/** What the loser of a race is told: what it may know of the state, and no more. */
export interface PresentOpportunity {
  readonly status: OpportunityStatus;
  readonly engagement?: EngagementStatus;
  readonly proposal?: ProposalStatus;
}

export interface OpportunityRefusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly message: string;
  /** Of `invalid` each fault, of `conflict` and `read_only` the present state. */
  readonly details?: PresentOpportunity | readonly Fault[];
}

export interface OpportunityStepped {
  readonly ok: true;
  readonly opportunity: Opportunity;
  readonly entries: readonly OpportunityEntry[];
  readonly notifications: readonly OpportunityNotification[];
}

/** Won, revoked or closed: nothing of the demand itself moves any more. */
export const isOver = ({ status }: Pick<Opportunity, 'status'>): boolean =>
  status === 'won' || status === 'revoked' || status === 'closed';

/** Takes one of the demand's places. */
export const isRunning = ({ status }: Pick<Engagement, 'status'>): boolean =>
  status === 'offered' || status === 'following';

/** Running or won: its provider is in the room. */
export const isPresent = (engagement: Pick<Engagement, 'status'>): boolean =>
  isRunning(engagement) || engagement.status === 'won';

export const runningOf = ({ engagements }: Pick<Opportunity, 'engagements'>): readonly Engagement[] =>
  engagements.filter(isRunning);

/** A provider's engagement: of several the latest, the others have ended before it. */
export const engagementOf = (
  { engagements }: Pick<Opportunity, 'engagements'>,
  org: string | undefined,
): Engagement | undefined => engagements.findLast(({ provider }) => provider.org === org);

export const hasRoom = (opportunity: Opportunity): boolean =>
  runningOf(opportunity).length < opportunity.settings.places && opportunity.engagements.length < ENGAGEMENTS_MAX;

/** Says whether the plaza shows it now: to all providers but those that have an engagement in it. */
export const isListed = (opportunity: Opportunity): boolean =>
  isShown(opportunity) && !isOver(opportunity) && hasRoom(opportunity);

/** The plaza has taken it in; it may be full or over since. */
export const isShown = ({ plaza }: Pick<Opportunity, 'plaza'>): boolean => plaza !== null && plaza !== 'waiting';

/** The next instant at which a tick, or the creation of the delivery project, is due; null where none will be: what a sweep's index holds. */
export function wakeAt(opportunity: Opportunity): string | null {
  const { deal } = opportunity;
  if (deal !== null) return deal.projectId === null ? deal.at : null;
  return runningOf(opportunity).reduce<string | null>((earliest, engagement) => {
    const due = dueAt(engagement);
    return due !== undefined && (earliest === null || due < earliest) ? due : earliest;
  }, null);
}

/** When a running engagement ends by itself; undefined while it is the buyer's turn. */
export const dueAt = ({ answerBy, windowEndsAt }: Engagement): string | undefined => answerBy ?? windowEndsAt;
