import { randomUUID } from 'node:crypto';
import { mongo } from 'mongoose';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import { tokenOf } from '../support/tokens.ts';
import type { Seat } from './load/group.ts';

const DELIVERED = 10_000;

/** A portal's backend: puts what a room needs into the directory, opens rooms, and knows who sits in them. */
export class Portal {
  readonly #url: string;
  readonly #token: Promise<string>;
  #grabber: Promise<string> | undefined;

  constructor(url: string) {
    this.#url = url;
    this.#token = tokenOf({ sub: 'portal', side: 'service' });
  }

  /** Opens rooms that belong to the same three companies. Each party has companies of its own: nobody outside hears of what happens there. */
  async createRooms(party: string, count: number): Promise<string[]> {
    const { provider, vendor, buyer } = companiesOf(party);
    await this.#call('org.put', { orgId: provider, name: `Provider ${party}` });
    await this.#call('org.put', { orgId: vendor, name: `Vendor ${party}` });
    await this.#call('product.put', {
      productId: `product-${party}`,
      name: 'Website',
      vendorOrg: vendor,
      templateId: 'basic',
      providers: [{ org: provider, maxLoad: DELIVERED }],
    });
    const rooms: string[] = [];
    for (let i = 0; i < count; i++) {
      const { roomId } = await this.#call('project.create', {
        orderId: `order-${party}-${i}-${new mongo.ObjectId().toHexString()}`,
        productId: `product-${party}`,
        buyer: { id: `${buyer}-person`, org: buyer, name: 'The buyer' },
      });
      rooms.push(roomId);
    }
    return rooms;
  }

  /** Publishes a demand and gives its id. */
  async publish(): Promise<string> {
    const { buyer } = companiesOf('000');
    const demand = {
      clientId: randomUUID(),
      category: 'Websites',
      title: 'A shop for tea',
      details: 'Forty kinds of tea, with pictures, in two languages, before the spring',
      budget: { min: '10000', max: '30000' },
      region: 'Zhejiang',
      buyer: { id: `${buyer}-person`, org: buyer, name: 'The buyer' },
    };
    return (await this.#call('opportunity.create', demand)).opportunityId;
  }

  /** A page of the plaza, as a provider's admin sees it. */
  async plaza(query: CommandInput<'opportunity.plaza'>): Promise<CommandOutput<'opportunity.plaza'>> {
    this.#grabber ??= tokenOf({
      sub: 'grabber',
      name: 'The admin',
      side: 'provider',
      org: companiesOf('000').provider,
      roles: ['provider_admin'],
    });
    return this.#call('opportunity.plaza', query, this.#grabber);
  }

  /** Asks for an operator's list of rooms: for it the server stores what it holds back of every room's activity. */
  async listRooms(): Promise<void> {
    await this.#call('room.list', { limit: 1 }, tokenOf({ sub: 'operator', name: 'The operator', side: 'operator' }));
  }

  /** Has the buyer submit the demand and the provider deliver, so that the project waits for the buyer's word with its clock running. */
  async deliver(projectId: string, party = '000'): Promise<void> {
    const { provider, buyer } = companiesOf(party);
    const as = (sub: string, side: 'buyer' | 'provider', org: string) =>
      tokenOf({ sub, name: sub, side, org, ...(side === 'provider' ? { roles: ['provider_admin'] } : {}) });
    const form = {
      contactName: 'The buyer',
      phone: '+1 202 555 0123',
      email: 'buyer@example.com',
      address: '1 Example Road',
      details: 'A site',
    };
    const act = { projectId, visit: 1 };
    await this.#call(
      'node.act',
      { ...act, nodeId: 'demand', action: 'submit', form },
      as(`${buyer}-person`, 'buyer', buyer),
    );
    await this.#call(
      'node.act',
      { ...act, nodeId: 'delivery', action: 'finish' },
      as('bench-admin', 'provider', provider),
    );
  }

  async #call<Name extends CommandName>(
    name: Name,
    input: CommandInput<Name>,
    token = this.#token,
  ): Promise<CommandOutput<Name>> {
    const response = await fetch(`${this.#url}/v1/${name}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${await token}`, 'content-type': 'application/json' },
      body: JSON.stringify(input),
    });
    if (!response.ok) throw new Error(`${name}: ${response.status} ${await response.text()}`);
    return (await response.json()) as CommandOutput<Name>;
  }
}

function companiesOf(party: string): { provider: string; vendor: string; buyer: string } {
  return { provider: `provider-${party}`, vendor: `vendor-${party}`, buyer: `buyer-${party}` };
}

/** One in so many of a party's people is the vendor's, who read and do not write. */
const VENDOR_EVERY = 10;

/** People of a party's rooms: the buyer first, then the provider's admins, and some of the vendor's who only read. */
export async function seatsOf(party: string, rooms: readonly string[], count: number, from = 0): Promise<Seat[]> {
  const { provider, vendor, buyer } = companiesOf(party);
  return Promise.all(
    Array.from({ length: count }, async (_, offset): Promise<Seat> => {
      const i = from + offset;
      const number = String(i).padStart(4, '0');
      if (i === 0) {
        const token = await tokenOf({ sub: `${buyer}-person`, side: 'buyer', org: buyer, name: 'The buyer' });
        return { token, rooms, writes: true };
      }
      const writes = i % VENDOR_EVERY !== 0;
      const token = await tokenOf({
        sub: `${writes ? provider : vendor}-admin-${number}`,
        name: `Admin ${number}`,
        side: writes ? 'provider' : 'vendor',
        org: writes ? provider : vendor,
        roles: [writes ? 'provider_admin' : 'vendor_admin'],
      });
      return { token, rooms, writes };
    }),
  );
}

/** The same people for the bare server, which asks for no token. */
export const bareSeats = (seats: readonly Seat[]): Seat[] => seats.map(({ rooms, writes }) => ({ rooms, writes }));
