import { randomUUID } from 'node:crypto';
import type { Context } from '../../server/app/context.ts';
import { opportunityItems } from '../../server/opportunities/opportunity-entries.ts';
import { opportunityFields } from '../../server/rooms/opportunity-state.ts';
import type { OpportunityRoom } from '../../server/rooms/room-doc.ts';
import { PLAZA_REFRESH_MS } from '../../shared/contract/limits.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import { type FlowActor, SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import { type OpportunityEvent, step } from '../../shared/model/opportunity/step.ts';
import { people, type Portal } from './portal.ts';
import type { Who } from './tokens.ts';

/** Three providers that compete. Whatever names one of them holds its org: what of it another one is told is found by that. */
export const ORGS = ['orchid', 'basalt', 'cinder'] as const;
export type Org = (typeof ORGS)[number];

export const adminOf = (org: Org): Who => ({
  sub: `${org}-admin`,
  side: 'provider',
  org,
  name: `Admin of ${org}`,
  roles: ['provider_admin'],
});
export const staffOf = (org: Org): Who => ({
  sub: `${org}-staff`,
  side: 'provider',
  org,
  name: `Staff of ${org}`,
  roles: ['account_manager'],
});

/** Whose demand it is. Whatever names them holds their org: a provider that has not accepted is told nothing of it. */
export const BUYER: Who = { sub: 'quince-1', side: 'buyer', org: 'quince', name: 'Buyer of quince' };
export const COLLEAGUE: Who = { sub: 'quince-2', side: 'buyer', org: 'quince', name: 'Colleague at quince' };

export const DEMAND = {
  category: 'design',
  title: 'A site for tea',
  details: 'Twelve pages in two languages',
  region: 'Hangzhou',
};

export const actorOf = ({ sub: id, name, side, org, roles = [] }: Who): FlowActor => ({
  id,
  name: name ?? id,
  side,
  ...(org === undefined ? {} : { org }),
  roles: [...roles],
});

/** Puts the competing providers and their people into the directory. */
export async function seedProviders(portal: Portal): Promise<void> {
  for (const org of ORGS) {
    await portal.call('service', 'org.put', { orgId: org, name: `${org} Works` });
    for (const { sub: userId, name = '', roles = [] } of [adminOf(org), staffOf(org)])
      await portal.call('service', 'staff.put', { userId, org, name, roles: [...roles], maxLoad: 5 });
  }
}

/** Demands of one server, moved by its one road for them: commands would take each company's grabs of a day. */
export class OpportunityRooms {
  readonly #portal: () => Portal;
  readonly #context: () => Context;

  constructor(portal: () => Portal, context: () => Context) {
    this.#portal = portal;
    this.#context = context;
  }

  /** Publishes a demand of `BUYER` that the plaza shows, and gives its room. */
  async publish(more: Partial<CommandInput<'opportunity.create'>> = {}): Promise<string> {
    const input = { clientId: randomUUID(), ...DEMAND, ...more };
    const { roomId } = await this.#portal().call(BUYER, 'opportunity.create', input);
    const hour = new Date(this.#context().clock.now() + PLAZA_REFRESH_MS).toISOString();
    await this.happen(roomId, { type: 'refresh_plaza', hour }, SYSTEM_ACTOR);
    return roomId;
  }

  /** Lets something happen, and carries what tells of it. @throws what the rules refuse it with */
  happen(roomId: string, event: OpportunityEvent, actor: FlowActor): Promise<OpportunityRoom> {
    return this.#context().opportunities.apply(roomId, event, actor);
  }

  /** Stores a decision and leaves what tells of it where it is, as a server does that dies in between. */
  async decide(roomId: string, event: OpportunityEvent, actor: FlowActor): Promise<void> {
    const { rooms, opportunities } = this.#context();
    await rooms.changeOf('opportunity', roomId, (current) => {
      const context = opportunities.context(actor);
      const result = step(current.opportunity, event, context);
      if (!result.ok) throw new Error(`${event.type} by ${actor.id}: ${result.code} ${result.message}`);
      return {
        set: opportunityFields(result.opportunity, current),
        entries: opportunityItems(result, context.now),
      };
    });
  }

  async grab(roomId: string, ...orgs: readonly Org[]): Promise<void> {
    for (const org of orgs)
      await this.happen(roomId, { type: 'grab', provider: { org, name: `${org} Works` } }, actorOf(adminOf(org)));
  }

  async propose(roomId: string, org: Org): Promise<void> {
    const line = { product: 'Site', quantity: 1, listPrice: '100', price: '90' };
    const product = { id: 'website', name: 'Website' };
    const proposal = { clientId: randomUUID(), name: `Offer of ${org}`, product, currency: 'CNY', lines: [line] };
    await this.happen(roomId, { type: 'propose', ...proposal }, actorOf(adminOf(org)));
  }

  async assign(roomId: string, org: Org): Promise<void> {
    const provider = { org, name: `${org} Works` };
    await this.happen(roomId, { type: 'assign', provider }, actorOf(people.operator));
  }
}
