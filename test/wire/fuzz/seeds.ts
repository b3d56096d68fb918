import * as fc from 'fast-check';

/**
 * Seeds that every run of the suite goes through: the first were chosen, one that finds a fault is added and stays. To run others:
 * `FUZZ_SEED=7,8 FUZZ_RUNS=5000 npx mocha "test/wire/fuzz/*.test.ts"`; to replay what a failure has printed, `FUZZ_SEED` and `FUZZ_PATH` with `-g` and the
 * test's title.
 */
const KEPT = [1, 20_261_129];

const { FUZZ_SEED: seeds, FUZZ_PATH: path, FUZZ_RUNS: runs } = process.env;

/** Of one property and one seed, unless others are asked for; a slow machine gets through fewer of them. */
const SECONDS = 3;

/** Checks a property with every seed. */
export async function fuzz<Values>(property: fc.IAsyncProperty<Values>, numRuns: number): Promise<void> {
  for (const seed of seeds === undefined ? KEPT : seeds.split(',').map(Number)) {
    await fc.assert(property, {
      seed,
      numRuns: runs === undefined ? numRuns : Number(runs),
      ...(path === undefined ? {} : { path }),
      ...(seeds === undefined ? { interruptAfterTimeLimit: SECONDS * 1_000 } : {}),
    });
  }
}
