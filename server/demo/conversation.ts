import type { DemoPersonName } from './people.ts';

export interface DemoMessage {
  by: DemoPersonName;
  text: string;
  /** `public` unless given. */
  stream?: 'provider' | 'operator';
  /** How many lines above the message stands that this one answers. */
  answers?: number;
  /** What its author changed it to afterwards. */
  becomes?: string;
}

export interface DemoProject {
  orderId: string;
  bizId: string;
  productId: string;
  spec: string;
  messages: readonly DemoMessage[];
}

/** The orders of the demonstration. Their ids are fixed, so that a restart finds what the first start made. */
export const DEMO_PROJECTS: readonly [DemoProject, ...DemoProject[]] = [
  {
    orderId: 'DEMO-20261120-0001',
    bizId: 'DEMO-BIZ-0001',
    productId: 'demo-website-design',
    spec: 'Brand site, 8 pages',
    messages: [
      {
        by: 'designer',
        text: "Hello Wang Fang, this is Lin Jie from Blue Kite. I'll be designing your site. Whenever you are ready, tell us what you sell and to whom, and I'll bring questions.",
      },
      {
        by: 'buyer',
        text: 'Hi! We roast and blend tea in Xiamen and sell to small hotels. Our present site is a single page and nobody finds our seasonal list.\n\nBrand line: 山海之间，一盏清茶',
      },
      {
        by: 'designer',
        text: 'Lovely line. Two things would help me start:\n1. your logo as a vector file\n2. two or three sites whose mood you like',
        answers: 1,
      },
      {
        by: 'buyer',
        text: 'The logo is with our printer, I can get it by Friday. For mood: calm, much white, big photos.',
      },
      {
        by: 'designer',
        stream: 'provider',
        text: 'Logo comes Friday at the earliest. I will sketch the seasonal list first, it does not need the logo.',
      },
      {
        by: 'admin',
        stream: 'provider',
        text: 'Good. They bought 8 pages; keep the shop idea for a second order and do not promise it here.',
        answers: 1,
      },
      {
        by: 'operator',
        stream: 'operator',
        text: 'First order of this buyer. Nothing to do; looking in again when the demand is submitted.',
      },
      {
        by: 'designer',
        text: 'Friday is fine. I will show a first layout of the seasonal list on Wednesday.',
        becomes:
          'Friday is fine. I will show a first layout of the seasonal list on Tuesday, so that there is time to change it.',
      },
      { by: 'buyer', text: 'Perfect, I will fill in the demand form tonight.' },
    ],
  },
  {
    orderId: 'DEMO-20261120-0002',
    bizId: 'DEMO-BIZ-0002',
    productId: 'demo-website-design',
    spec: 'Landing page',
    messages: [
      { by: 'buyer', text: 'This one is for the spring campaign. It can wait until the brand site is on its way.' },
      { by: 'designer', text: 'Noted. I will come back to it in a fortnight.' },
    ],
  },
];
