import { randomUUID } from 'node:crypto';
import type { Opportunity } from '../../shared/contract/opportunities.ts';
import type { CommandInput } from '../../shared/contract/registry.ts';
import { people, type PersonName, type Portal } from './portal.ts';
import type { Who } from './tokens.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

/** A third provider beside the studio and its rivals. */
export const third = {
  sub: 'third-1',
  side: 'provider',
  org: 'atelier',
  name: 'Tan',
  roles: ['provider_admin'],
} as const satisfies Who;

/** Admins of the three providers who compete. */
export const COMPETITORS = [people.admin, people.rival, third] as const;

/** A demand as a buyer publishes it. */
export function demandInput(
  more: Partial<CommandInput<'opportunity.create'>> = {},
): CommandInput<'opportunity.create'> {
  return {
    clientId: randomUUID(),
    category: 'Websites',
    subCategory: 'Shops',
    title: 'A shop for tea',
    details: 'Forty kinds of tea, with pictures',
    budget: { min: '10000', max: '30000.5' },
    region: 'Zhejiang',
    ...more,
  };
}

/** Puts into the directory what three competing providers need: themselves, and products that each of them delivers. */
export async function seedCompetitors(portal: Portal): Promise<void> {
  const { org: orgId, name } = { org: third.org, name: 'Atelier' };
  await portal.call('service', 'org.put', { orgId, name });
  for (const { sub, org, roles } of [people.rival, third])
    await portal.call('service', 'staff.put', { userId: sub, org, name: sub, roles: [...roles], maxLoad: 5 });
  for (const { org } of COMPETITORS) {
    await portal.call('service', 'product.put', {
      productId: productOf(org),
      name: `Tea shop by ${org}`,
      vendorOrg: org === 'atelier' ? 'maker-2' : 'maker',
      templateId: 'basic',
      providers: [{ org, maxLoad: 100_000 }],
    });
  }
}

/** The product that a competitor delivers. */
export const productOf = (org: string): string => `shop-${org}`;

/** A proposal of one line. */
export function proposalInput(
  opportunityId: string,
  org: string,
  more: Partial<CommandInput<'proposal.send'>> = {},
): CommandInput<'proposal.send'> {
  return {
    opportunityId,
    clientId: randomUUID(),
    name: 'A shop in six weeks',
    productId: productOf(org),
    lines: [{ product: 'Shop', spec: 'large', quantity: 3, listPrice: '9999.99', price: '8333.33' }],
    ...more,
  };
}

/** Publishes a demand of `buyer` and gives its id. */
export async function publish(
  portal: Portal,
  more: Partial<CommandInput<'opportunity.create'>> = {},
  who: PersonName = 'buyer',
): Promise<string> {
  return (await portal.call(who, 'opportunity.create', demandInput(more))).opportunityId;
}

export async function stateFor(portal: Portal, who: PersonName | Who, opportunityId: string): Promise<Opportunity> {
  return (await portal.call(who, 'opportunity.get', { opportunityId })).opportunity;
}
