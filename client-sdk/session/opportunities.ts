import type { Opportunity } from '../../shared/contract/opportunities.ts';
import type { LiveRoom } from '../core/api.ts';
import type { Clock } from '../core/clock.ts';
import type { NewDemand, Opportunities, Plaza, PlazaFilter } from '../core/opportunity-api.ts';
import { newUuid } from './chance.ts';
import { OpportunityActs } from './opportunity-acts.ts';
import { PlazaPages } from './plaza-pages.ts';
import type { Session } from './session.ts';
import { Timers } from './timers.ts';

export interface OpportunitiesParts {
  session: Session;
  clock: Clock;
  random: () => number;
  room(id: string): LiveRoom;
  /** Told what a command answered; tells `came` in turn. */
  came(opportunity: Opportunity): void;
  onFault(fault: unknown): void;
}

/** The demands that this client has to do with. */
export class OpportunitiesShell implements Opportunities {
  readonly #parts: OpportunitiesParts;
  readonly #timers: Timers;
  readonly #known = new Map<string, OpportunityActs>();

  constructor(parts: OpportunitiesParts) {
    this.#parts = parts;
    this.#timers = new Timers(parts.clock);
  }

  publish(demand: NewDemand): Promise<{ opportunityId: string; roomId: string }> {
    const { session, random } = this.#parts;
    return session.request('opportunity.create', { ...demand, clientId: demand.clientId ?? newUuid(random) });
  }

  one(opportunityId: string): OpportunityActs {
    const known = this.#known.get(opportunityId);
    if (known !== undefined) return known;
    const { session, random, room, came, onFault } = this.#parts;
    // A demand and its room share one id.
    const parts = { session, timers: this.#timers, random, room: () => room(opportunityId), came, onFault };
    const made = new OpportunityActs(opportunityId, parts);
    this.#known.set(opportunityId, made);
    return made;
  }

  plaza(filter: PlazaFilter = {}): Plaza {
    return new PlazaPages(this.#parts.session, filter, (id) => this.one(id));
  }

  /** How a demand stands, as it was told without being asked. */
  came(opportunity: Opportunity): void {
    this.#known.get(opportunity.id)?.came(opportunity);
  }

  end(): void {
    this.#timers.cancelAll();
    for (const one of this.#known.values()) one.end();
  }
}
