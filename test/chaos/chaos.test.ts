import { expect } from 'chai';
import { type CompiledService, compiledService } from './compiled-service.ts';
import { isSound, table } from './report.ts';
import { type ChaosPlan, runChaos } from './run.ts';
import { type TrialName, trialNames, TRIALS } from './trials.ts';

const all = trialNames().includes('behind');
/** Thirty kills in all, and little of everything else. A longer run is `npm run chaos`. */
const PLANS: Readonly<Record<TrialName, Omit<ChaosPlan, 'trial' | 'seed' | 'programs' | 'say' | 'rate'>>> = {
  one: { strikes: all ? 10 : 15 },
  two: { strikes: all ? 10 : 15 },
  behind: { strikes: 10 },
  // Nothing here depends on how long a fault lasts, and a busy machine may take its time.
  faults: { strikes: 5, longestMs: 1_500, convergeMs: 60_000 },
  rights: { strikes: 5 },
  rolling: { strikes: 2 },
};

/** Changes with each run; a run that failed names it. */
const SEED = Number(process.env['CHAOS_SEED'] ?? process.pid);

describe('chaos under load', () => {
  let programs: CompiledService | undefined;
  before(async function () {
    this.timeout(90_000);
    programs = await compiledService();
  });
  after(() => programs?.drop());

  for (const trial of trialNames()) {
    it(`loses, doubles and skips nothing. ${TRIALS[trial].shows}`, async function () {
      this.timeout(240_000);
      if (programs === undefined) throw new Error('nothing was compiled');
      const said: string[] = [];
      const plan = { ...PLANS[trial], trial, seed: SEED, rate: 30, programs };
      const report = await runChaos({ ...plan, say: (line) => said.push(line) });
      const story = [...said, ...report.faults, table([report])].join('\n');
      expect(isSound(report), story).to.equal(true);
      expect(report.faults, story).to.deep.equal([]);
      expect(report.acked, story).to.be.greaterThan(100);
    });
  }
});
