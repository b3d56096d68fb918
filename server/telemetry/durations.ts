/** Upper bounds in milliseconds: what is answered while somebody waits. */
export const WAITED_MS = [1, 2.5, 5, 10, 25, 50, 100, 250, 500, 1_000, 2_500, 10_000] as const;
/** Of what takes a fraction of that. */
export const QUICK_MS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25, 50, 100, 250, 1_000] as const;
/** Of what has its time, and of what comes late. */
export const SLOW_MS = [100, 500, 1_000, 5_000, 15_000, 30_000, 60_000, 300_000, 1_800_000, 7_200_000] as const;

/** How long something took, counted by how long. Cheap enough for each message: a few additions, and nothing is allocated. */
export class Durations {
  readonly bounds: readonly number[];
  /** How many fell under each bound and not under the one before it; the last are beyond all bounds. */
  readonly counts: Float64Array;
  /** Milliseconds, all together. */
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = bounds;
    this.counts = new Float64Array(bounds.length + 1);
  }

  add(ms: number): void {
    const { bounds, counts } = this;
    let at = 0;
    while (ms > (bounds[at] ?? Number.POSITIVE_INFINITY)) at += 1;
    counts[at] = (counts[at] ?? 0) + 1;
    this.sum += ms;
  }
}
