import { parseArgs } from 'node:util';
import { compiledService } from './compiled-service.ts';
import { isSound, table } from './report.ts';
import { type ChaosReport, runChaos } from './run.ts';
import { setUpNames } from './set-up.ts';

/** `npm run chaos -- [--kills 300] [--seed N] [--rate 120] [--only one]`: kills in all set-ups together, a table, and one line of JSON. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '30' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '120' },
      only: { type: 'string' },
      quiet: { type: 'boolean', default: false },
    },
  });
  const whole = (name: 'kills' | 'seed' | 'rate', most: number): number => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < 1 || number > most)
      throw new Error(`--${name} must be a whole number from 1 to ${most}`);
    return number;
  };
  const kills = whole('kills', 10_000);
  const seed = whole('seed', 2 ** 31);
  const rate = whole('rate', 2_000);
  const names = setUpNames().filter((name) => values.only === undefined || name === values.only);
  if (names.length === 0) throw new Error(`--only must be one of ${setUpNames().join(', ')}`);
  const say = (line: string) => void (values.quiet || process.stdout.write(`${line}\n`));
  const programs = await compiledService();
  const reports: ChaosReport[] = [];
  try {
    for (const [index, setUp] of names.entries()) {
      const share = Math.floor((kills * (index + 1)) / names.length) - Math.floor((kills * index) / names.length);
      if (share > 0) reports.push(await runChaos({ setUp, kills: share, seed: seed + index, rate, programs, say }));
    }
  } finally {
    await programs.drop();
  }
  for (const { setUp, faults } of reports) for (const fault of faults) process.stdout.write(`${setUp}: ${fault}\n`);
  process.stdout.write(`\n${table(reports)}\n${JSON.stringify(reports)}\n`);
  if (!reports.every(isSound)) process.exitCode = 1;
}

await main();
