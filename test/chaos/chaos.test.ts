import { expect } from 'chai';
import { type CompiledService, compiledService } from './compiled-service.ts';
import { isSound, table } from './report.ts';
import { type ChaosPlan, runChaos } from './run.ts';
import { onForeignDatabase } from './set-up.ts';
import { type TrialName, trialNames, TRIALS } from './trials.ts';

type Plan = Omit<ChaosPlan, 'trial' | 'seed' | 'programs' | 'say' | 'rate'>;

/** Thirty kills in all, and little of everything else. A longer run is `npm run chaos`. On somebody else's database: what a database can make a difference to. */
const PLANS: Readonly<Partial<Record<TrialName, Plan>>> = onForeignDatabase()
  ? { one: { strikes: 15 }, two: { strikes: 15 } }
  : {
      one: { strikes: 10 },
      two: { strikes: 10 },
      behind: { strikes: 10 },
      // A busy machine may take its time to converge.
      faults: { strikes: 4, longestMs: 1_500, convergeMs: 60_000 },
      rights: { strikes: 5 },
      rolling: { strikes: 2 },
    };

/** The gate plays the same faults in every run; others are looked for by `npm run chaos`, or by this. */
const SEED = Number(process.env['CHAOS_SEED'] ?? 11);

describe('chaos under load', () => {
  let programs: CompiledService | undefined;
  before(async () => {
    programs = await compiledService();
  });
  after(() => programs?.drop());

  for (const trial of trialNames()) {
    const strikes = PLANS[trial];
    if (strikes === undefined) continue;
    it(`loses, doubles and skips nothing. ${TRIALS[trial].shows}`, async function () {
      this.timeout(400_000);
      if (programs === undefined) throw new Error('nothing was compiled');
      const said: string[] = [];
      const plan = { ...strikes, trial, seed: SEED, rate: 30, programs };
      const report = await runChaos({ ...plan, say: (line) => said.push(line) });
      const story = [...said, ...report.faults, table([report])].join('\n');
      expect(isSound(report), story).to.equal(true);
      expect(report.faults, story).to.deep.equal([]);
      expect(report.acked, story).to.be.greaterThan(100);
    });
  }
});
