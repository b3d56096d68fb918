import { median } from './statistics.ts';

/** A promise of the quality document in numbers, as measured in this run. */
export interface Figure {
  /** The median over the pairs. */
  value: number;
  min: number;
  max: number;
  unit: string;
  reach: number;
  stretch?: number;
  /** True where the median reaches `reach` and nothing was lost. */
  ok: boolean;
  pairs: readonly number[];
  /** Runs that were thrown away because the load generator could not keep up. */
  thrownAway: number;
  /** What else was seen: medians of both sides, and whatever helps to read the figure. */
  seen: Readonly<Record<string, number | string | boolean>>;
}

export interface Goal {
  what: string;
  unit: string;
  better: 'higher' | 'lower';
  reach: number;
  stretch?: number;
}

/** Judges the pairs of a figure by their median. */
export function figureOf(
  goal: Goal,
  pairs: readonly number[],
  seen: Figure['seen'],
  { thrownAway = 0, sound = true }: { thrownAway?: number; sound?: boolean } = {},
): Figure {
  const value = median(pairs);
  const reached = goal.better === 'higher' ? value >= goal.reach : value <= goal.reach;
  return {
    value: rounded(value),
    min: rounded(Math.min(...pairs)),
    max: rounded(Math.max(...pairs)),
    unit: goal.unit,
    reach: goal.reach,
    ...(goal.stretch === undefined ? {} : { stretch: goal.stretch }),
    ok: reached && sound,
    pairs: pairs.map(rounded),
    thrownAway,
    seen: Object.fromEntries(
      Object.entries(seen).map(([key, one]) => [key, typeof one === 'number' ? rounded(one) : one]),
    ),
  };
}

/** Four significant digits: more would only be noise. */
function rounded(value: number): number {
  return Number(value.toPrecision(4));
}
