import type {
  EngagementOrigin,
  EngagementStatus,
  OpportunityAction,
  OpportunityKind,
  OpportunityStatus,
  PassedReason,
  RecordStage,
  RejectReason,
  TerminateReason,
} from '../../../shared/contract/opportunities.ts';
import type { ProposalStatus } from '../../../shared/contract/proposals.ts';

const because = (words: string): string => (words === '' ? '' : `: ${words}`);
const counted = (count: number, one: string, many: string): string => `${count} ${count === 1 ? one : many}`;

/** What a line about a demand can name; empty where the entry says nothing of it. */
export interface DemandNames {
  actor: string;
  title: string;
  buyer: string;
  provider: string;
  origin: string;
  /** How an engagement ended. */
  ended: string;
  /** A reason of the catalogue, in words, or an operator's own. */
  reason: string;
  remark: string;
  proposal: string;
  total: string;
  orderId: string;
  connected: boolean;
  stage: string;
  text: string;
}

/** The words of demands, engagements and proposals, in English. */
export const enOpportunity = {
  demand: 'Demand',
  kinds: { normal: 'for all providers', targeted: 'for one provider' } as Record<OpportunityKind, string>,
  status: {
    open: 'Open',
    talking: 'Talking',
    quoted: 'To be paid',
    won: 'Deal',
    revoked: 'Revoked',
    closed: 'Closed',
  } as Record<OpportunityStatus, string>,
  engagementStatus: {
    offered: 'offered',
    following: 'follows',
    won: 'won',
    rejected: 'declined',
    expired: 'expired',
    terminated: 'ended its service',
    lost: 'not chosen',
  } as Record<EngagementStatus, string>,
  origins: {
    grabbed: 'from the plaza',
    assigned: 'assigned by the platform',
    targeted: 'chosen by the buyer',
    submitted: 'submitted by itself',
  } as Record<EngagementOrigin, string>,
  rejectReasons: {
    no_capacity: 'No capacity',
    out_of_scope: 'Out of scope',
    budget_too_low: 'Budget too low',
    region: 'Not in our region',
    other: 'Other',
  } as Record<RejectReason, string>,
  terminateReasons: {
    no_response: 'The buyer does not respond',
    not_serious: 'No real intention',
    out_of_scope: 'Out of scope',
    no_capacity: 'No capacity',
    price: 'No agreement on the price',
    other: 'Other',
  } as Record<TerminateReason, string>,
  passedReasons: {
    unanswered: 'not answered in time',
    window: 'no communication record in time',
    not_chosen: 'another proposal was chosen',
    revoked: 'the buyer revoked the demand',
    closed: 'the platform closed the demand',
  } as Record<PassedReason, string>,
  stages: {
    understand: 'Understanding the demand',
    clarify: 'Clarifying the demand',
    price: 'Discussing the price',
    contract: 'Discussing the contract',
    ready: 'Ready to order',
  } as Record<RecordStage, string>,
  proposalStatus: { open: 'open', withdrawn: 'withdrawn', paid: 'paid', closed: 'closed' } as Record<
    ProposalStatus,
    string
  >,

  streams: { public: 'News', operator: 'Remarks', lane: 'Talk', notes: 'Records', desk: 'Ask the platform' } as Record<
    string,
    string
  >,
  laneToBuyer: 'Buyer',
  streamHints: {
    lane: 'Only the buyer, this provider and operators read this.',
    notes: 'Only this provider and operators read this. The buyer never sees it.',
    desk: 'Only this provider and operators read this.',
    operator: 'Only operators read this.',
  } as Record<string, string>,
  writeTo: {
    lane: 'Write a message',
    notes: 'Write a note. The buyer never sees it.',
    desk: 'Ask the operators of the platform',
    operator: 'Write a remark for operators.',
  } as Record<string, string>,
  answerDesk: 'Answer the provider',
  newsOnly: 'News of the demand is told here by the platform.',
  details: 'People and demand',

  budget: 'Budget',
  noBudget: 'to be agreed',
  from: (amount: string) => `from ${amount}`,
  upTo: (amount: string) => `up to ${amount}`,
  published: (when: string) => `published ${when}`,
  byPublisher: (name: string) => `submitted by ${name} for the buyer`,
  phoneVerified: 'phone verified',
  phoneUnverified: 'phone not verified',
  contactShared: 'Contact details are shared with providers that follow.',
  contactHidden: 'Contact details are not shown to providers.',
  contactNotShared: 'The buyer does not share contact details: talk here.',
  contact: 'Contact',
  more: 'Details',

  clocks: {
    answerOwn: (span: string) => `${span} left to answer`,
    answer: (span: string) => `answers within ${span}`,
    window: (span: string) => `${span} left`,
    over: 'the time is over',
  },
  answerBy: (when: string) => `Accept or decline by ${when}; then the offer expires.`,
  windowEndsAt: (when: string) => `Followed until ${when}; every communication record renews it.`,
  thresholds: { day: 'Less than a day is left.', hour: 'Less than an hour is left.', over: 'The time is over.' },
  own: {
    offered: 'Offered to your company',
    following: 'Your company follows this demand',
    won: 'The buyer chose your proposal',
  } as Record<string, string>,
  following: (count: number) =>
    count === 0 ? 'No provider follows yet' : counted(count, 'provider follows', 'providers follow'),
  waitsForPlaza: 'It appears in the plaza on the next full hour.',
  inPlaza: (when: string) => `In the plaza since ${when}.`,
  placesTaken: (taken: number, places: number) => `${taken} of ${counted(places, 'place', 'places')} taken`,
  seekingSince: (when: string) => `Needs another provider since ${when}`,
  openDelivery: 'Open the delivery',
  preparingDelivery: 'The delivery project is being created.',
  providers: 'Providers',
  noProviders: 'No provider yet.',

  actions: {
    grab: 'Grab',
    assign: 'Assign a provider',
    accept: 'Accept',
    reject: 'Decline',
    record: 'Add a record',
    propose: 'New proposal',
    withdraw: 'Withdraw',
    terminate: 'End the service',
    revoke: 'Revoke',
    close: 'Close the demand',
  } as Record<OpportunityAction, string>,
  explain: {
    assign: 'The provider has 24 hours to accept or decline.',
    accept: 'Your company follows this demand from now on. You can leave a phone at which you can be reached.',
    reject: 'The demand goes back to the operators. Your remark is not shown to the buyer.',
    record: 'Only your company and the operators read this. It renews the time in which you follow the demand.',
    withdraw: 'The buyer can no longer pay it. A correction is a withdrawal and a new proposal.',
    terminate: 'Your company loses the room at once. The reason is for the operators; the buyer does not see it.',
    revoke: 'All providers lose the room at once, and open proposals are closed. This cannot be taken back.',
    close: 'The demand ends for good. The buyer can still read, and nobody writes but operators.',
  } as Record<string, string>,
  fields: {
    buyer: 'Customer',
    buyerId: 'Customer account',
    buyerOrg: 'Customer company id',
    buyerName: 'Customer name',
    to: 'Submit it to',
    kind: 'Who may take it',
    org: 'Provider',
    category: 'Category',
    subCategory: 'Sub-category',
    title: 'In one line',
    details: 'Details',
    region: 'Region',
    budgetMin: 'Budget from (CNY)',
    budgetMax: 'Budget up to (CNY)',
    contactName: 'Contact name',
    email: 'E-mail',
    phone: 'Mobile phone',
    code: 'Code',
    reason: 'Reason',
    remark: 'Remark',
    connected: 'Was the buyer reached?',
    stage: 'Stage',
    text: 'What was said',
    name: 'Name of the proposal',
    productId: 'What is delivered',
    contract: 'Contract',
  } as Record<string, string>,
  choose: 'Choose…',
  yes: 'Yes, reached',
  no: 'No, not reached',
  connected: 'Reached',
  notConnected: 'Not reached',
  faults: {
    amount: 'This must be an amount such as 12000 or 12000.50.',
    budget: 'The upper end must not be less than the lower one.',
    code: 'This is not the code that was sent, or it is over.',
    codeForm: 'The code has six digits.',
    quantity: 'This must be a whole number from 1 on.',
    product: 'Choose a product that your company delivers.',
  },
  lostRace: 'It is too late for this: the demand stands otherwise by now.',
  nowStatus: (status: string) => `It is now: ${status.toLowerCase()}.`,
  movedOn: 'While you were here the demand has gone on. What you wrote is kept until you close this.',
  notSure: 'The connection broke: it may have been done all the same. Look before you try again.',

  suggestions: 'Suggested providers',
  noSuggestions: 'The directory knows no provider to suggest.',
  score: (points: number) => counted(points, 'point', 'points'),
  factors: {
    category: (matches: boolean): string => (matches ? 'serves the category' : 'other categories'),
    region: (matches: boolean): string => (matches ? 'in the region' : 'other regions'),
    load: (load: number, most: number | null) =>
      most === null ? `${counted(load, 'project', 'projects')} in hand` : `${load} of ${most} projects in hand`,
    rating: (rating: number | null): string => (rating === null ? 'not rated yet' : `rated ${rating.toFixed(1)} of 5`),
  },

  proposals: 'Proposals',
  compare: (count: number) => (count === 1 ? 'View the proposal' : `Compare ${count} proposals`),
  ownProposals: (count: number) => `Own proposals (${count})`,
  noProposals: 'No proposals yet.',
  loadingProposals: 'Loading…',
  lowest: 'lowest',
  pay: 'Choose and pay',
  quote: {
    provider: 'Provider',
    total: 'Total',
    listTotal: 'List price',
    saved: (amount: string) => `${amount} off`,
    product: 'Delivers',
    lines: 'Quote',
    contract: 'Contract',
    remark: 'Remark',
    sentAt: 'Sent',
    none: 'none',
  },
  quoteLine: (product: string, spec: string, quantity: number) =>
    `${product}${spec === '' ? '' : ` (${spec})`}${quantity === 1 ? '' : ` ×\u00a0${quantity}`}`,

  events: {
    'opportunity.opened': ({ actor, title, buyer }) => `${actor} published "${title}" for ${buyer}`,
    'opportunity.published': ({ title }) => `The demand "${title}" was published`,
    'opportunity.shown': () => 'The demand is now in the plaza',
    'opportunity.won': () => 'The demand is a deal',
    'opportunity.revoked': ({ remark }) => `The buyer revoked the demand${because(remark)}`,
    'opportunity.closed': ({ reason }) => `The platform closed the demand${because(reason)}`,
    'engagement.began': ({ provider, origin }) =>
      (
        ({
          grabbed: `${provider} took the demand from the plaza`,
          assigned: `The platform offered the demand to ${provider}`,
          targeted: `The demand was published for ${provider}`,
          submitted: `${provider} submitted the demand and follows it`,
        }) as Record<string, string>
      )[origin] ?? provider,
    'engagement.accepted': ({ actor }) => `${actor} accepted the demand`,
    'engagement.ended': ({ ended, reason }) => `The provider is out: ${ended}${reason === '' ? '' : `, ${reason}`}`,
    'engagement.explained': ({ actor, reason, remark }) =>
      `${actor} ended it${because(reason)}${remark === '' ? '' : `. ${remark}`}`,
    'proposal.sent': ({ actor, proposal, total }) => `${actor} sent the proposal "${proposal}": ${total}`,
    'proposal.withdrawn': ({ actor, remark }) => `${actor} withdrew a proposal${because(remark)}`,
    'deal.made': ({ orderId }) => `The proposal is paid: order ${orderId}`,
    'project.linked': () => 'The delivery project was created',
    'record.added': ({ actor, connected, stage, text }) =>
      `${actor}: ${connected ? 'reached' : 'not reached'}, ${stage.toLowerCase()}. ${text}`,
    'record.called': () => 'The two were joined in a call',
  } as Record<string, (named: DemandNames) => string>,
  /** Notices in the words of a fact. */
  echoes: {
    provider_follows: 'A provider follows the demand',
    provider_left: 'A provider follows the demand no more',
    proposal_sent: 'A proposal was sent',
    proposal_withdrawn: 'A proposal was withdrawn',
    deal_made: 'The demand is a deal',
    closed_for_buyer: 'The platform closed the demand',
  } as Record<string, string>,
  recordOf: (name: string) => `Communication record of ${name}`,
  proposal: 'Proposal',
  viewProposals: 'View',
};

export type OpportunityWords = typeof enOpportunity;
