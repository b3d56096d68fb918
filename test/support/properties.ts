import { configureGlobal } from 'fast-check';

/**
 * The gate checks the same cases in every run: what it refuses can be found again, and tests may count what they have come by. Other
 * cases are looked for by hand: `FC_SEED=7 npx mocha ...`.
 */
configureGlobal({ seed: Number(process.env['FC_SEED'] ?? 20_261_128) });
