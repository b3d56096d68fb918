import type { FlowActor } from '../flow/flow.ts';
import { SYSTEM_ACTOR } from '../flow/flow.ts';
import { applyFact } from './fold-opportunity.ts';
import type { OpportunityNotice } from './notices.ts';
import { OPPORTUNITY_EVENT_KINDS, type OpportunityFact } from './opportunity-fact.ts';
import type {
  Engagement,
  Opportunity,
  OpportunityEntry,
  OpportunityNotification,
  OpportunityStepped,
} from './opportunity.ts';
import { deskOf, laneOf, OPERATOR } from './streams.ts';

type WithoutTime<Fact> = Fact extends unknown ? Omit<Fact, 'at'> : never;
export type NewFact = WithoutTime<OpportunityFact>;

/** One decision in the making: each fact that is added changes the opportunity at once and becomes an entry. */
export class OpportunityCourse {
  readonly #actor: FlowActor;
  readonly #at: string;
  readonly #entries: OpportunityEntry[] = [];
  readonly #notifications: OpportunityNotification[] = [];
  #opportunity: Opportunity | undefined;

  /** @param now milliseconds since the epoch */
  constructor(opportunity: Opportunity | undefined, { now, actor }: { now: number; actor: FlowActor }) {
    this.#opportunity = opportunity;
    this.#actor = actor;
    this.#at = new Date(now).toISOString();
  }

  get opportunity(): Opportunity {
    if (this.#opportunity === undefined) throw new Error('an opportunity begins with opportunity.opened');
    return this.#opportunity;
  }

  add(stream: string, fact: NewFact): void {
    this.#tell(stream, { ...fact, at: this.#at }, this.#actor);
  }

  /** Adds what happened by itself, whoever came by first to see it. @param at when it became due, ISO 8601 */
  addDue(stream: string, fact: NewFact, at: string): void {
    this.#tell(stream, { ...fact, at }, SYSTEM_ACTOR);
  }

  /** Adds what names nobody: where all providers read, not even who acted is told. */
  addUnnamed(stream: string, fact: NewFact): void {
    this.#tell(stream, { ...fact, at: this.#at }, SYSTEM_ACTOR);
  }

  #tell(stream: string, body: OpportunityFact, { id, name, side, org }: FlowActor): void {
    const actor = { id, name, side, ...(org === undefined ? {} : { org }) };
    const entry: OpportunityEntry = { stream, kind: OPPORTUNITY_EVENT_KINDS[body.event], actor, body };
    this.#entries.push(entry);
    this.#opportunity = applyFact(this.#opportunity, entry);
  }

  /** Tells the admins of an engagement's provider: on its desk, which it reads from the offer on and no other provider ever does. */
  tellProvider({ id, provider: { org } }: Engagement, what: OpportunityNotice): void {
    const audience = { side: 'provider', org, role: 'provider_admin' } as const;
    this.#notifications.push({ audience, stream: deskOf(org), what, engagementId: id });
  }

  /** Tells the buyer something of an engagement, in its lane. */
  tellBuyer({ id, provider }: Engagement, what: OpportunityNotice): void {
    const audience = { side: 'buyer', org: this.opportunity.buyer.org } as const;
    this.#notifications.push({ audience, stream: laneOf(provider.org), what, engagementId: id });
  }

  tellOperators({ id }: Engagement, what: OpportunityNotice): void {
    this.#notifications.push({ audience: { side: 'operator' }, stream: OPERATOR, what, engagementId: id });
  }

  /** Tells the buyer of the demand as a whole. @param stream one that nobody reads who may not know of it */
  tellBuyerOfDemand(stream: string, what: OpportunityNotice): void {
    this.#notifications.push({ audience: { side: 'buyer', org: this.opportunity.buyer.org }, stream, what });
  }

  done(): OpportunityStepped {
    return {
      ok: true,
      opportunity: this.opportunity,
      entries: this.#entries,
      notifications: this.#notifications,
    };
  }
}

/** An engagement that an event names, for one that cannot come otherwise. */
export function requireEngagement(engagement: Engagement | undefined): Engagement {
  if (engagement === undefined) throw new Error('there is no such engagement');
  return engagement;
}
