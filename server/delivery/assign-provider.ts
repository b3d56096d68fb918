import type { QueuedReason } from '../../shared/contract/projects.ts';

/** A provider of a product: its share, its ceiling, and what it carries now (executing and paused projects). */
export interface Candidate {
  org: string;
  weight: number;
  maxLoad: number;
  load: number;
}

/**
 * Picks the provider for a new project: among those below their maximum, the one with the smallest load / weight; ties by the dice.
 * (domain.md, section 6)
 * @param dice a number from 0 (included) to 1 (excluded)
 */
export function assignProvider(
  candidates: readonly Candidate[],
  dice: () => number,
): { org: string } | { queued: QueuedReason } {
  if (candidates.length === 0) return { queued: 'no_provider' };
  const free = candidates.filter((candidate) => candidate.load < candidate.maxLoad);
  if (free.length === 0) return { queued: 'providers_full' };
  // Cross-multiplied, so that equal shares are equal and not nearly so.
  const less = (a: Candidate, b: Candidate): number => a.load * b.weight - b.load * a.weight;
  const best = free.reduce((least, candidate) => (less(candidate, least) < 0 ? candidate : least));
  const ties = free.filter((candidate) => less(candidate, best) === 0);
  const chosen = ties[Math.floor(dice() * ties.length)] ?? best;
  return { org: chosen.org };
}
