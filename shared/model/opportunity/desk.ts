import type { Entry } from '../../contract/entries.ts';

/** How far a provider's questions to the operators are answered, as its desk stream tells (domain.md, section 7). */
export interface Desk {
  /** The entry up to which this is told. */
  readonly seq: number;
  /** The operators' last message: whatever stands up to it is answered. */
  readonly answered: number;
  /** The provider's messages behind it. */
  readonly unanswered: number;
  /** When the first of them was written; null where there is none. */
  readonly since: string | null;
}

export const EMPTY_DESK: Desk = { seq: 0, answered: 0, unanswered: 0, since: null };

/** Takes over the entries that follow, as they now stand. A recalled question wants no answer. */
export function foldDesk(desk: Desk, entries: readonly Entry[]): Desk {
  return entries.reduce(after, desk);
}

function after(desk: Desk, entry: Entry): Desk {
  const { seq } = entry;
  if (seq <= desk.seq) return desk;
  if (entry.kind !== 'message' || entry.recalledAt !== undefined) return { ...desk, seq };
  switch (entry.actor.side) {
    case 'operator':
      return { seq, answered: seq, unanswered: 0, since: null };
    case 'provider':
      return { ...desk, seq, unanswered: desk.unanswered + 1, since: desk.since ?? entry.at };
    case 'buyer':
    case 'vendor':
    case 'service':
      return { ...desk, seq };
  }
}
