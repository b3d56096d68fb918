import type { Suggestion, SuggestionFactor } from '../../contract/opportunities.ts';
import { RATING_MAX, SUGGESTIONS_MAX } from '../../contract/limits.ts';
import type { Company } from '../flow/flow.ts';
import type { Demand } from './opportunity.ts';

/** A provider as the directory has it now. */
export interface Candidate extends Company {
  readonly categories: readonly string[];
  readonly regions: readonly string[];
  /** 0 to 5; null while nobody has rated it. */
  readonly rating: number | null;
  /** Executing and paused projects. */
  readonly load: number;
  /** Over all products; null where none sets one. */
  readonly maxLoad: number | null;
}

/** The points of a factor at its best; together 100. */
const POINTS = { category: 40, region: 25, load: 20, rating: 15 } as const;

/** A load of so many projects halves the points of a provider that has no maximum. */
const HALF_LOAD = 10;

/**
 * The providers that fit a demand best, with what speaks for each: category, region, how free it is and how it is rated. Who has no ratings
 * yet counts as middling, so that newcomers are found as well. The same candidates in any order give the same answer.
 */
export function suggestProviders(demand: Demand, candidates: readonly Candidate[]): Suggestion[] {
  return candidates
    .map(({ org, name, ...rest }): Suggestion => {
      const because = factorsOf(demand, rest);
      return { org, name, score: tenths(because.reduce((sum, { points }) => sum + points, 0)), because };
    })
    .toSorted((a, b) => b.score - a.score || (a.org < b.org ? -1 : 1))
    .slice(0, SUGGESTIONS_MAX);
}

function factorsOf(
  { category, subCategory, region }: Demand,
  { categories, regions, rating, load, maxLoad }: Omit<Candidate, keyof Company>,
): SuggestionFactor[] {
  const inCategory = holds(categories, category) || (subCategory !== undefined && holds(categories, subCategory));
  const inRegion = holds(regions, region);
  return [
    { factor: 'category', matches: inCategory, points: inCategory ? POINTS.category : 0 },
    { factor: 'region', matches: inRegion, points: inRegion ? POINTS.region : 0 },
    { factor: 'load', load, maxLoad, points: tenths(POINTS.load * freedom(load, maxLoad)) },
    { factor: 'rating', rating, points: tenths((POINTS.rating * (rating ?? RATING_MAX / 2)) / RATING_MAX) },
  ];
}

const holds = (terms: readonly string[], term: string): boolean =>
  terms.some((one) => one.toLowerCase() === term.toLowerCase());

/** From 1, free, to 0, full. */
function freedom(load: number, maxLoad: number | null): number {
  if (maxLoad === null) return HALF_LOAD / (HALF_LOAD + load);
  return maxLoad === 0 ? 0 : Math.max(0, 1 - load / maxLoad);
}

const tenths = (points: number): number => Math.round(points * 10) / 10;
