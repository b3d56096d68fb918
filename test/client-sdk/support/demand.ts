import type { Engagement, Opportunity, PlazaCard } from '../../../shared/contract/opportunities.ts';
import { ROOM } from './fake-server.ts';

/** A provider that follows a demand. */
export function engagementOf(org: string, more: Partial<Engagement> = {}): Engagement {
  return {
    id: `engagement-${org}`,
    provider: { org, name: `Company ${org}` },
    origin: 'grabbed',
    status: 'following',
    at: '2026-11-02T02:00:00.000Z',
    windowEndsAt: '2026-11-09T02:00:00.000Z',
    proposals: [],
    streams: [`lane:${org}`],
    ...more,
  };
}

/** A normal demand as its buyer sees it, in the fake server's room. */
export function demandOf(more: Partial<Opportunity> = {}): Opportunity {
  return {
    id: ROOM,
    roomId: ROOM,
    kind: 'normal',
    category: 'Websites',
    title: 'A site for a tea house',
    details: 'Eight pages and a list of teas.',
    budget: { min: '10000.00', max: '30000.00', currency: 'CNY' },
    region: 'Xiamen',
    status: 'talking',
    buyer: { id: 'ann', org: 'acme', name: 'Ann' },
    phoneVerified: true,
    places: 5,
    engagements: [engagementOf('kite')],
    actions: ['revoke'],
    version: 3,
    createdAt: '2026-11-02T01:00:00.000Z',
    ...more,
  };
}

export function cardOf(id: string): PlazaCard {
  return {
    id,
    category: 'Websites',
    title: `Demand ${id}`,
    details: 'In short.',
    region: 'Xiamen',
    since: '2026-11-02T02:00:00.000Z',
  };
}
