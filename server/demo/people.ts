import type { Role, Side } from '../../shared/contract/primitives.ts';

/** Somebody of the demonstration, as the portal's token names them. */
export interface DemoPerson {
  readonly userId: string;
  readonly name: string;
  readonly side: Exclude<Side, 'service'>;
  readonly org?: string;
  readonly roles: readonly Role[];
  /** What the list of links says of them. */
  readonly who: string;
}

export const BUYER_ORG = { orgId: 'demo-harbour-tea', name: 'Harbour Tea' } as const;
export const PROVIDER_ORG = { orgId: 'demo-blue-kite', name: 'Blue Kite Studio' } as const;
export const VENDOR_ORG = { orgId: 'demo-cloudline', name: 'Cloudline Software' } as const;

/** By the name that a link uses (`/demo/room?as=...`). */
export const DEMO_PEOPLE = {
  buyer: {
    userId: 'demo-wang-fang',
    name: 'Wang Fang',
    side: 'buyer',
    org: BUYER_ORG.orgId,
    roles: [],
    who: `buyer, ${BUYER_ORG.name}`,
  },
  designer: {
    userId: 'demo-lin-jie',
    name: 'Lin Jie',
    side: 'provider',
    org: PROVIDER_ORG.orgId,
    roles: ['designer'],
    who: `designer, ${PROVIDER_ORG.name}`,
  },
  admin: {
    userId: 'demo-zhao-min',
    name: 'Zhao Min',
    side: 'provider',
    org: PROVIDER_ORG.orgId,
    roles: ['provider_admin'],
    who: `the provider's admin, ${PROVIDER_ORG.name}`,
  },
  vendor: {
    userId: 'demo-chen-hao',
    name: 'Chen Hao',
    side: 'vendor',
    org: VENDOR_ORG.orgId,
    roles: ['vendor_admin', 'project_manager'],
    who: `the vendor's project manager, ${VENDOR_ORG.name}`,
  },
  operator: {
    userId: 'demo-operator-qiu',
    name: 'Qiu Yan',
    side: 'operator',
    roles: [],
    who: 'operator of the platform',
  },
} as const satisfies Record<string, DemoPerson>;

export type DemoPersonName = keyof typeof DEMO_PEOPLE;

export function demoPersonNamed(name: unknown): DemoPerson | undefined {
  return typeof name === 'string' && Object.hasOwn(DEMO_PEOPLE, name) ? DEMO_PEOPLE[name as DemoPersonName] : undefined;
}
