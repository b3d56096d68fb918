import { FOLLOWING_WINDOW_MS, OFFER_MS } from '../../../shared/contract/limits.ts';
import type { OpportunityAction } from '../../../shared/contract/opportunities.ts';
import type { QuoteLine } from '../../../shared/contract/proposals.ts';
import { type FlowActor, SYSTEM_ACTOR } from '../../../shared/model/flow/flow.ts';
import {
  type Demand,
  type Engagement,
  engagementOf,
  type Opportunity,
  type OpportunityEntry,
  type OpportunityNotification,
  type OpportunityRefusal,
  type OpportunitySettings,
  type OpportunityStepped,
  type Proposal,
} from '../../../shared/model/opportunity/opportunity.ts';
import { opportunityView } from '../../../shared/model/opportunity/opportunity-view.ts';
import { beginOpportunity, type Publication } from '../../../shared/model/opportunity/publish.ts';
import { type OpportunityEvent, step } from '../../../shared/model/opportunity/step.ts';
import { at } from '../flow/flow-bench.ts';

export const HOUR = 3_600_000;

/** Everything that names a provider holds its org: whatever of it another one is told is found by that. */
export const ORGS = ['alpha', 'beta', 'gamma', 'delta'] as const;
export type Org = (typeof ORGS)[number];
export const adminOf = (org: string): FlowActor => ({
  id: `${org}-admin`,
  name: `Admin of ${org}`,
  side: 'provider',
  org,
  roles: ['provider_admin'],
});
export const staffOf = (org: string): FlowActor => ({
  ...adminOf(org),
  id: `${org}-staff`,
  name: `Staff of ${org}`,
  roles: ['account_manager'],
});
export const companyOf = (org: string) => ({ org, name: `${org} Ltd` });

export const buyer: FlowActor = { id: 'shop-b1', name: 'Shop Buyer', side: 'buyer', org: 'shop', roles: [] };
export const colleague: FlowActor = { ...buyer, id: 'shop-b2', name: 'Shop Colleague' };
export const otherBuyer: FlowActor = { ...buyer, id: 'b9', name: 'Other', org: 'elsewhere' };
export const vendor: FlowActor = { id: 'v1', name: 'Vendor', side: 'vendor', org: 'maker', roles: ['vendor_admin'] };
export const operator: FlowActor = { id: 'op', name: 'Operator', side: 'operator', roles: [] };
export const portal: FlowActor = { id: 'portal', name: 'Portal', side: 'service', roles: [] };
export const everybody = [
  buyer,
  colleague,
  otherBuyer,
  ...ORGS.map(adminOf),
  ...ORGS.map(staffOf),
  vendor,
  operator,
  portal,
];

export const demand: Demand = {
  category: 'design',
  subCategory: 'website',
  title: 'A site for tea',
  details: 'Twelve pages in two languages',
  budget: { min: '1000', max: '2500.5', currency: 'CNY' },
  region: 'Hangzhou',
};
export const contact = { name: 'Contact Canary', email: 'contact-canary@example.com' };
export const settings: OpportunitySettings = { places: 2, offerMs: OFFER_MS, windowMs: FOLLOWING_WINDOW_MS };

export const line = (price: string, quantity = 1, listPrice = price): QuoteLine => ({
  product: 'Site',
  quantity,
  listPrice,
  price,
});

interface BenchOptions {
  readonly publication?: Partial<Publication>;
  readonly by?: FlowActor;
  readonly settings?: Partial<OpportunitySettings>;
}

export const START = '2026-11-16 10:20';

const publicationOf = (more: Partial<Publication> = {}): Publication => ({
  kind: 'normal',
  demand,
  shareContact: true,
  phoneVerified: true,
  ...more,
});

/** What comes of a publication, which may be a refusal. */
export function publish({ publication, by = buyer, settings: more }: BenchOptions = {}) {
  let count = 0;
  const newId = () => `${by.org ?? by.id}-publishes-${++count}`;
  return beginOpportunity(publicationOf(publication), { ...settings, ...more }, { now: at(START), actor: by, newId });
}

/** One demand with its clock, its log and everything that was sent; a refusal that was not asked for fails the test. */
export class OpportunityBench {
  opportunity: Opportunity;
  now = at(START);
  readonly entries: OpportunityEntry[] = [];
  readonly notifications: OpportunityNotification[] = [];
  #ids = 0;

  constructor(options: BenchOptions = {}) {
    const begun = publish(options);
    if (!begun.ok) throw new Error(`${begun.code} ${begun.message} ${JSON.stringify(begun.details)}`);
    this.opportunity = this.#take(begun);
  }

  /** A normal demand that the plaza shows. */
  static shown(options: BenchOptions = {}): OpportunityBench {
    return new OpportunityBench(options).refresh('2026-11-16 11:00');
  }

  static targeted(org: string, options: BenchOptions = {}): OpportunityBench {
    return new OpportunityBench({ ...options, publication: { kind: 'targeted', target: companyOf(org) } });
  }

  #take(stepped: OpportunityStepped): Opportunity {
    this.entries.push(...stepped.entries);
    this.notifications.push(...stepped.notifications);
    this.opportunity = stepped.opportunity;
    return stepped.opportunity;
  }

  /** Tries an event; takes it over where it is accepted. */
  try(event: OpportunityEvent, actor: FlowActor = SYSTEM_ACTOR): OpportunityStepped | OpportunityRefusal {
    const of = 'provider' in event ? event.provider.org : (actor.org ?? actor.id);
    const newId = () => `${of}-id-${++this.#ids}`;
    const result = step(this.opportunity, event, { now: this.now, actor, newId });
    if (result.ok) this.#take(result);
    return result;
  }

  do(event: OpportunityEvent, actor: FlowActor = SYSTEM_ACTOR): this {
    const result = this.try(event, actor);
    if (!result.ok) throw new Error(`${JSON.stringify(event)} by ${actor.id}: ${result.code} ${result.message}`);
    return this;
  }

  /** The plaza's refresh at a full hour. */
  refresh(time: string): this {
    this.now = at(time);
    return this.do({ type: 'refresh_plaza', hour: new Date(this.now).toISOString() });
  }

  /** Moves the clock and lets the service do what became due. */
  until(time: string): this {
    this.now = at(time);
    return this.do({ type: 'tick' });
  }

  /** Each of them grabs it. */
  grabbed(...orgs: string[]): this {
    for (const org of orgs) this.do({ type: 'grab', provider: companyOf(org) }, adminOf(org));
    return this;
  }

  assigned(org: string): this {
    return this.do({ type: 'assign', provider: companyOf(org) }, operator);
  }

  proposed(org: string, clientId = `${org}-proposal`, price = '100'): this {
    return this.do(proposing(clientId, [line(price)]), staffOf(org));
  }

  paid(org: string, paymentId = 'payment-1'): this {
    const { id } = this.proposal(org);
    return this.do({ type: 'pay', proposalId: id, paymentId, orderId: `order-${paymentId}` }, portal);
  }

  engagement(org: string): Engagement {
    const found = engagementOf(this.opportunity, org);
    if (found === undefined) throw new Error(`${org} is not in this demand`);
    return found;
  }

  /** The newest proposal of a provider. */
  proposal(org: string): Proposal {
    const found = this.engagement(org).proposals.at(-1);
    if (found === undefined) throw new Error(`${org} proposed nothing`);
    return found;
  }

  view(viewer: FlowActor) {
    return opportunityView(this.opportunity, { id: 'room-1', contact }, viewer, this.now);
  }

  /** Where each provider stands: 'alpha following'. */
  get standing(): string[] {
    return this.opportunity.engagements.map(({ provider, status }) => `${provider.org} ${status}`);
  }

  /** What was told since an entry: 'lane:alpha engagement.began'. */
  told(since = 0): string[] {
    return this.entries.slice(since).map(({ stream, body }) => `${stream} ${body.event}`);
  }

  /** Who was notified of what: 'provider:alpha offered'. */
  get noticed(): string[] {
    return this.notifications.map(
      ({ audience, what }) => `${audience.side}${'org' in audience ? `:${audience.org}` : ''} ${what}`,
    );
  }
}

export const proposing = (
  clientId: string,
  lines: readonly QuoteLine[] = [line('100')],
): Extract<OpportunityEvent, { type: 'propose' }> => ({
  type: 'propose',
  clientId,
  name: `Proposal ${clientId}`,
  product: { id: 'site-1', name: 'Site' },
  currency: 'CNY',
  lines,
});

export const recording = (clientId: string): Extract<OpportunityEvent, { type: 'record' }> => ({
  type: 'record',
  clientId,
  connected: true,
  stage: 'price',
  text: `Note ${clientId}`,
});

/** One fitting event for each action, by whom it is for. */
export function fitting(
  action: OpportunityAction,
  opportunity: Opportunity,
  { org = 'gamma' }: FlowActor,
  clientId = 'fitting',
): OpportunityEvent {
  switch (action) {
    case 'grab':
      return { type: 'grab', provider: companyOf(org) };
    case 'assign':
      return { type: 'assign', provider: companyOf('epsilon') };
    case 'accept':
      return { type: 'accept' };
    case 'reject':
      return { type: 'reject', reason: 'region' };
    case 'terminate':
      return { type: 'terminate', reason: 'not_serious' };
    case 'record':
      return recording(clientId);
    case 'propose':
      return proposing(clientId);
    case 'withdraw': {
      const open = engagementOf(opportunity, org)?.proposals.find(({ status }) => status === 'open');
      return { type: 'withdraw', proposalId: open?.id ?? 'none' };
    }
    case 'revoke':
      return { type: 'revoke' };
    case 'close':
      return { type: 'close', reason: 'Spam' };
  }
}

/** What somebody is answered; a refusal must leave the opportunity as it was. */
export function codeOf(bench: OpportunityBench, event: OpportunityEvent, by: FlowActor): string {
  const before = bench.opportunity;
  const result = bench.try(event, by);
  if (!result.ok && bench.opportunity !== before) throw new Error('refused, and changed');
  return result.ok ? 'ok' : result.code;
}
