import { expect } from 'chai';
import { describe, it } from 'mocha';
import { type KillOptions, runKills } from './kills.ts';

const onMongoDb = (process.env['MONGODB_URI'] ?? '') !== '';

/** Thirty kills for each kind of database that this run is for; `npm run chaos` does many more. */
const RUNS: readonly KillOptions[] = onMongoDb
  ? [{ engine: 'mongodb', servers: 2, kills: 30, seed: 20_261_122 }]
  : [
      { engine: 'embedded', servers: 1, kills: 12, seed: 20_261_122 },
      { engine: 'embedded-apart', servers: 2, kills: 18, seed: 20_261_123 },
    ];

describe('R1: servers killed at random under load', () => {
  for (const options of RUNS) {
    const { engine, servers, kills } = options;
    it(`${kills} kills of ${servers} on ${engine}: nothing lost, nothing twice, no hole`, async () => {
      const report = await runKills(options);
      process.stdout.write(`      ${JSON.stringify(report)}\n`);
      const { unexpected, lost, duplicate, holes, tried, acked, read } = report;
      expect(unexpected).to.deep.equal([]);
      expect({ lost, duplicate, holes }).to.deep.equal({ lost: 0, duplicate: 0, holes: 0 });
      expect([acked, read], 'every message was acknowledged in the end, and shown to every reader').to.deep.equal([
        tried,
        tried,
      ]);
      expect(tried).to.be.greaterThan(100);
    }).timeout(240_000);
  }
});
