import type { QueuedReason } from '../../contract/projects.ts';

/** A project in a queue. */
export interface Waiting {
  readonly projectId: string;
  /** ISO 8601: when it came to the node at which it waits. */
  readonly since: string;
}

/** First in, first out; of two that came at the same instant the one with the smaller id. */
export function byTurn(a: Waiting, b: Waiting): number {
  if (a.since !== b.since) return a.since < b.since ? -1 : 1;
  if (a.projectId === b.projectId) return 0;
  return a.projectId < b.projectId ? -1 : 1;
}

/**
 * Serves a queue once, first in, first out (domain.md, section 6). A project that finds nobody keeps its place and holds up no other: the next
 * may want another role, or another provider.
 * @param choose decides for one project on the loads as they are after those before it
 * @returns each project with what was chosen or the reason that it waits, in the order of their turns
 */
export function serveQueue<Item extends Waiting, Choice extends object>(
  waiting: readonly Item[],
  choose: (item: Item) => Choice | { readonly queued: QueuedReason },
): { readonly item: Item; readonly outcome: Choice | { readonly queued: QueuedReason } }[] {
  return waiting.toSorted(byTurn).map((item) => ({ item, outcome: choose(item) }));
}
