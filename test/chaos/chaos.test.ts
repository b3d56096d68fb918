import { expect } from 'chai';
import { type CompiledService, compiledService } from './compiled-service.ts';
import { isSound, table } from './report.ts';
import { runChaos } from './run.ts';
import { type SetUpName, setUpNames } from './set-up.ts';

/** Thirty kills in all. A longer run is `npm run chaos -- --kills 300 --seed N`. */
const KILLS: Readonly<Record<SetUpName, number>> =
  setUpNames().length === 3 ? { one: 10, two: 10, database: 10 } : { one: 15, two: 15, database: 0 };

/** Changes with each run; a run that failed names it. */
const SEED = Number(process.env['CHAOS_SEED'] ?? process.pid);

describe('R1: SIGKILL under load', () => {
  let programs: CompiledService | undefined;
  before(async function () {
    this.timeout(90_000);
    programs = await compiledService();
  });
  after(() => programs?.drop());

  for (const setUp of setUpNames()) {
    it(`loses, doubles and skips nothing: ${setUp}`, async function () {
      this.timeout(240_000);
      if (programs === undefined) throw new Error('nothing was compiled');
      const said: string[] = [];
      const plan = { setUp, kills: KILLS[setUp], seed: SEED, rate: 30, programs };
      const report = await runChaos({ ...plan, say: (line) => said.push(line) });
      const story = [`seed ${SEED}`, ...said, ...report.faults, table([report])].join('\n');
      expect(isSound(report), story).to.equal(true);
      expect(report.faults, story).to.deep.equal([]);
      expect(report.acked, story).to.be.greaterThan(100);
    });
  }
});
