import type { DemoPersonName } from './people.ts';

/**
 * Where the simulator "rings" the demonstration's people: invented numbers, whose last digit says how a call to them ends (README, `CALL_BRIDGE`).
 * The buyer who published a demand has the demand's own. Apart from the people themselves, so that no page can come to hold one.
 */
export const DEMO_PHONES = {
  buyer: '+86 10 5550 0111',
  designer: '+86 10 5550 0112',
  admin: '+86 10 5550 0127',
  cedar: '+86 10 5550 0113',
  sail: '+86 10 5550 0128',
  ink: '+86 10 5550 0129',
} as const satisfies Partial<Record<DemoPersonName, string>>;

/** What whoever starts the demonstration is told of calls. */
export const CALLS_SAID = [
  'The phone beside somebody calls them. Nothing rings here: the buyers, Lin Jie and 周启明 pick up and talk for 30 seconds,',
  'Zhao Min is busy, 沈若岚 does not pick up, 何嘉宁 cannot be reached.',
];
