import type { DeskItem } from '../../../shared/contract/desk.ts';

const since = (item: DeskItem): string => item.since ?? '';

/** What is not answered, after news of one desk: it comes, changes, or goes; the oldest first. */
export function deskChanged(desks: readonly DeskItem[], item: DeskItem): DeskItem[] {
  const others = desks.filter(({ roomId, org }) => roomId !== item.roomId || org !== item.org);
  if (item.since === null) return others;
  return [...others, item].sort((a, b) => (since(a) < since(b) ? -1 : since(a) > since(b) ? 1 : 0));
}
