/** Why a server ends a connection before its client does: the name that events, logs and metrics carry, and what is meant. */
export const CUT_REASONS = {
  slow_reader: 'More waited for the client than a connection may hold, and the client did not read it.',
  flood: 'The client went on although what it sent was refused.',
  stranger_late: 'The client did not authenticate itself in time.',
  stranger_excess: 'The client sent too much before it had authenticated itself.',
} as const satisfies Record<string, string>;

export type CutReason = keyof typeof CUT_REASONS;

/** Those that a client can be told: the others are of clients that nobody knows. */
export const MEMBER_CUT_REASONS = ['slow_reader', 'flood'] as const satisfies CutReason[];
export type MemberCutReason = (typeof MEMBER_CUT_REASONS)[number];
