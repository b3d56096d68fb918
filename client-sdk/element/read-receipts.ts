import type { StreamView } from '../index.ts';

/**
 * How far each of the others has read, by user id: what they said, and what follows from their writing later.
 * Receipts from before the room was opened are not known, so this can be less than the truth and never more.
 */
export function readUpTo(
  { entries, receipts }: Pick<StreamView, 'entries' | 'receipts'>,
  userId: string | undefined,
): Map<string, number> {
  const upTo = new Map(receipts);
  for (const { kind, actor, seq } of entries) {
    if (kind !== 'message' || actor.id === userId) continue;
    if ((upTo.get(actor.id) ?? 0) < seq) upTo.set(actor.id, seq);
  }
  if (userId !== undefined) upTo.delete(userId);
  return upTo;
}

/** Who has read an entry. */
export function readersOf(upTo: ReadonlyMap<string, number>, seq: number): string[] {
  return [...upTo].filter(([, reached]) => reached >= seq).map(([userId]) => userId);
}
