/** A run in which the load generator could not keep up: it says nothing about the server. */
export class Saturated extends Error {
  override readonly name = 'Saturated';
}

export interface Pair<Ours, Theirs> {
  ours: Ours;
  theirs: Theirs;
}

export interface Pairs<Ours, Theirs> {
  pairs: Pair<Ours, Theirs>[];
  thrownAway: number;
}

/** How often a saturated run is done again before the figure is given up. */
const AGAIN_MAX = 6;

/** Measures both sides in turn, A B B A, so that a slow drift of the machine falls on both alike. */
export async function measurePairs<Ours, Theirs>(
  count: number,
  ours: () => Promise<Ours>,
  theirs: () => Promise<Theirs>,
): Promise<Pairs<Ours, Theirs>> {
  let thrownAway = 0;
  async function unsaturated<Result>(run: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await run();
      } catch (error) {
        if (!(error instanceof Saturated) || ++thrownAway > AGAIN_MAX) throw error;
      }
    }
  }
  const pairs: Pair<Ours, Theirs>[] = [];
  for (let i = 0; i < count; i++) {
    if (i % 2 === 0) {
      const first = await unsaturated(ours);
      pairs.push({ ours: first, theirs: await unsaturated(theirs) });
    } else {
      const first = await unsaturated(theirs);
      pairs.push({ ours: await unsaturated(ours), theirs: first });
    }
  }
  return { pairs, thrownAway };
}
