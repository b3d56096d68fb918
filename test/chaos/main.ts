import { parseArgs } from 'node:util';
import { compiledService } from './compiled-service.ts';
import { FAULT_KINDS } from './faults.ts';
import { isInTime, isSound, table } from './report.ts';
import { type ChaosReport, runChaos } from './run.ts';
import { ATTACKED, trialNames, TRIALS } from './trials.ts';

const USAGE = `npm run chaos -- [--kills 30] [--faults 10] [--seed 1] [--rate 120] [--only one,two] [--attack servers,redis] [--with pause] [--quiet]
  --kills    kills, in all trials that kill together
  --faults   faults, withdrawals and restarts, in each trial of these
  --rate     messages a second
  --only     trials: ${trialNames().join(', ')}
  --attack   what the trials "behind" and "faults" strike at: ${ATTACKED.join(', ')}
  --with     what the trial "faults" does: ${FAULT_KINDS.join(', ')}
`;

/** Arguments that make no sense. */
class Misused extends Error {}

/** `npm run chaos`: the trials one after the other, a table, and one line of JSON. */
async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      kills: { type: 'string', default: '30' },
      faults: { type: 'string', default: '10' },
      seed: { type: 'string', default: '1' },
      rate: { type: 'string', default: '120' },
      only: { type: 'string' },
      attack: { type: 'string' },
      with: { type: 'string' },
      quiet: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) return void process.stdout.write(USAGE);
  const whole = (name: 'kills' | 'faults' | 'seed' | 'rate', least: number, most: number): number => {
    const number = Number(values[name]);
    if (!Number.isInteger(number) || number < least || number > most)
      throw new Misused(`--${name} must be a whole number from ${least} to ${most}`);
    return number;
  };
  const some = <Name extends string>(name: 'only' | 'attack' | 'with', known: readonly Name[]): readonly Name[] => {
    const wanted = values[name]?.split(',') ?? known;
    const unknown = wanted.filter((one) => !known.some((name) => name === one));
    if (unknown.length > 0) throw new Misused(`--${name} knows ${known.join(', ')}, and not ${unknown.join(', ')}`);
    return known.filter((one) => wanted.includes(one));
  };
  const kills = whole('kills', 0, 10_000);
  const faults = whole('faults', 0, 1_000);
  const seed = whole('seed', 1, 2 ** 31);
  const rate = whole('rate', 1, 2_000);
  const names = some('only', trialNames());
  const [attack, kinds] = [some('attack', ATTACKED), some('with', FAULT_KINDS)];
  const say = (line: string) => void (values.quiet || process.stdout.write(`${line}\n`));
  const killing = names.filter((name) => TRIALS[name].strikesBy === 'kills');
  const share = (index: number): number => Math.floor((kills * index) / killing.length);
  const programs = await compiledService();
  const reports: ChaosReport[] = [];
  try {
    for (const [index, trial] of names.entries()) {
      const place = killing.indexOf(trial);
      const strikes = place < 0 ? faults : share(place + 1) - share(place);
      const plan = { trial, strikes, seed: seed + index, rate, programs, attack, kinds, say };
      if (strikes > 0) reports.push(await runChaos(plan));
    }
  } finally {
    await programs.drop();
  }
  for (const { trial, faults } of reports) for (const fault of faults) process.stdout.write(`${trial}: ${fault}\n`);
  process.stdout.write(`\n${table(reports)}\n${JSON.stringify(reports)}\n`);
  if (!reports.every((report) => isSound(report) && isInTime(report))) process.exitCode = 1;
}

await main().catch((error: unknown) => {
  const isMisuse = error instanceof Misused || (error instanceof TypeError && 'code' in error);
  process.stderr.write(
    isMisuse ? `${error.message}\n${USAGE}` : `${String(error instanceof Error ? error.stack : error)}\n`,
  );
  process.exitCode = 1;
});
