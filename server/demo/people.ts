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
  /** What their link opens; the delivery project unless given. */
  readonly place?: DemoPlace;
}

/** The rooms that links open: the delivery project, the demand with competing providers, the one that is offered to one of them. */
export type DemoPlace = 'delivery' | 'demand' | 'offer';

export const BUYER_ORG = { orgId: 'demo-harbour-tea', name: 'Harbour Tea' } as const;
export const PROVIDER_ORG = {
  orgId: 'demo-blue-kite',
  name: 'Blue Kite Studio',
  categories: ['官网建设', '品牌设计'],
  regions: ['福建', '浙江'],
  rating: 4.6,
} as const;
export const VENDOR_ORG = { orgId: 'demo-cloudline', name: 'Cloudline Software' } as const;

/** Companies that compete for demands; what they serve and where is what operators are suggested them by. */
export const RIVALS = [
  {
    orgId: 'demo-qingshan',
    name: '青杉数字',
    categories: ['官网建设', '小程序开发'],
    regions: ['福建', '广东'],
    rating: 4.8,
  },
  { orgId: 'demo-yunfan', name: '云帆网络', categories: ['官网建设', '电商代运营'], regions: ['福建'], rating: 4.5 },
  {
    orgId: 'demo-modian',
    name: '墨点设计',
    categories: ['品牌设计', '官网建设'],
    regions: ['浙江', '上海'],
    rating: 4.9,
  },
] as const;
export const CLIENT_ORG = { orgId: 'demo-shanhai', name: '山海茶业' } as const;

/** One more that operators can assign a demand to. */
export const OTHER_PROVIDER = {
  orgId: 'demo-shiqiao',
  name: '石桥软件',
  categories: ['软件实施', '小程序开发'],
  regions: ['福建'],
  rating: 4.2,
} as const;

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
  client: {
    userId: 'demo-chen-jingyi',
    name: '陈静怡',
    side: 'buyer',
    org: CLIENT_ORG.orgId,
    roles: [],
    who: `buyer who published a demand, ${CLIENT_ORG.name}`,
    place: 'demand',
  },
  cedar: {
    userId: 'demo-zhou-qiming',
    name: '周启明',
    side: 'provider',
    org: 'demo-qingshan',
    roles: ['provider_admin'],
    who: 'admin of a competing provider, 青杉数字',
    place: 'demand',
  },
  sail: {
    userId: 'demo-shen-ruolan',
    name: '沈若岚',
    side: 'provider',
    org: 'demo-yunfan',
    roles: ['provider_admin'],
    who: 'admin of a competing provider, 云帆网络',
    place: 'demand',
  },
  ink: {
    userId: 'demo-he-jianing',
    name: '何嘉宁',
    side: 'provider',
    org: 'demo-modian',
    roles: ['provider_admin'],
    who: 'admin of a competing provider, 墨点设计',
    place: 'demand',
  },
} as const satisfies Record<string, DemoPerson>;

export type DemoPersonName = keyof typeof DEMO_PEOPLE;

/** Links beside each person's own: other rooms and views. */
export const MORE_LINKS: readonly { readonly query: string; readonly as: DemoPersonName; readonly who: string }[] = [
  { query: 'as=client&at=publish', as: 'client', who: 'publishes a demand' },
  { query: 'as=cedar&at=offer', as: 'cedar', who: 'is offered a demand and has 24 hours to answer' },
  { query: 'as=sail&at=plaza', as: 'sail', who: 'the plaza, refreshed on the hour' },
  { query: 'as=operator&at=demand', as: 'operator', who: 'the demand with its competitors, and the desk' },
];

export function demoPersonNamed(name: unknown): DemoPerson | undefined {
  return typeof name === 'string' && Object.hasOwn(DEMO_PEOPLE, name) ? DEMO_PEOPLE[name as DemoPersonName] : undefined;
}
