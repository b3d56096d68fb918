import { PhoneNumber } from '../../../../server/numbers/phone-number.ts';

/** What becomes of a call. */
export type Story = 'talked' | 'callee_busy' | 'callee_no_answer' | 'callee_unreachable';
export const STORIES: readonly Story[] = ['talked', 'callee_busy', 'callee_no_answer', 'callee_unreachable'];
/** As long as those of the simulator talk. */
export const TALK_MS = 30_000;

/** How a call of each story ends. */
export const ENDS = {
  talked: { state: 'completed', durationMs: TALK_MS },
  callee_busy: { state: 'busy', reason: 'callee_busy' },
  callee_no_answer: { state: 'no_answer', reason: 'callee_no_answer' },
  callee_unreachable: { state: 'failed', reason: 'callee_unreachable' },
} as const satisfies Record<Story, object>;

/** The simulator goes by the last digit. */
const LAST_DIGIT = { talked: '1', callee_busy: '7', callee_no_answer: '8', callee_unreachable: '9' } as const;
export const CALLER = '+8613900001110';
export const callerNumber = new PhoneNumber(CALLER);
/** Another phone of the caller's, as they type it, and as it is read. */
export const OTHER_PHONE = { typed: '139 0000 2220', read: '+8613900002220' } as const;
export const calleeNumber = (story: Story): PhoneNumber => new PhoneNumber(`+861380013800${LAST_DIGIT[story]}`);

/** Numbers that were bought at carriers. */
export const BOUGHT = { callerShows: '057188880001', calleeShows: '057188880002', twilio: '+12025550100' } as const;
export const AXB_NUMBERS: readonly string[] = ['+8617000000001', '+8617000000002'];

/**
 * Pieces by which any of the people's numbers, or of those that neither side is to ring, would be found in whatever form. Long enough that no figure, and no
 * random id, holds one by chance.
 */
export const CANARY = /3900001110|3900002220|380013800[1789]|5718888000[12]|2025550100/;
/** And those that a caller is told to ring, and nobody else. */
export const DIAL_CANARY = /700000000[12]/;
