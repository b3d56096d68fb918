import type { Entry } from '../contract/entries.ts';

/** How far somebody has read a stream, and what the server counted as unread when the log had come to `countedTo`. */
export interface ReadMark {
  readonly seq: number;
  readonly unread: number;
  readonly countedTo: number;
}

/** Own entries are never unread, and an edit or a recall is nothing new to read; every other entry after the mark is. */
const countAfter = (entries: readonly Entry[], seq: number, userId: string | undefined): number => {
  let count = 0;
  for (let index = entries.length - 1; index >= 0; index--) {
    const entry = entries[index] as Entry;
    if (entry.seq <= seq) break;
    if (entry.actor.id !== userId && entry.kind !== 'edit' && entry.kind !== 'recall') count++;
  }
  return count;
};

/**
 * Counts unread entries: exactly, where everything after the mark is held, else from the server's own count and what came
 * after it. Nothing is unread before the mark is known.
 */
export function countUnread(
  held: { readonly entries: readonly Entry[]; readonly first: number },
  mark: ReadMark | undefined,
  userId: string | undefined,
): number {
  if (!mark) return 0;
  if (held.first <= mark.seq + 1) return countAfter(held.entries, mark.seq, userId);
  return mark.unread + countAfter(held.entries, mark.countedTo, userId);
}
