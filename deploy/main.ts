import { createInterface } from 'node:readline';
import { explainStartFailure } from '../server/app/start-failure.ts';
import { SettingsError } from '../server/app/settings.ts';
import { Cluster, PartFailed } from './cluster.ts';

const say = (line: string): void => void process.stdout.write(`${line}\n`);

/** `npm run cluster`: several servers on this machine, to look at and to break. */
async function main(): Promise<void> {
  const cluster = new Cluster(process.env, say);
  let stopping: Promise<void> | undefined;
  const stop = (code: number): void => {
    if (stopping === undefined) say('stopping (once more ends all at once)');
    else for (const part of cluster.parts) void part.kill();
    stopping ??= cluster.stop();
    stopping.then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  process.on('SIGINT', () => stop(0));
  process.on('SIGTERM', () => stop(0));
  try {
    const greeting = await cluster.start();
    say(`\n${greeting}`);
  } catch (error) {
    if (stopping !== undefined) return;
    const known = error instanceof SettingsError || error instanceof PartFailed;
    process.stderr.write(`The cluster cannot start:\n${known ? error.message : explainStartFailure(error)}\n`);
    stop(1);
    return;
  }
  createInterface({ input: process.stdin }).on('line', (line) => void startAgain(cluster, line.trim()));
}

/** Starts one part that has ended, as the person at the terminal asks. */
async function startAgain(cluster: Cluster, wanted: string): Promise<void> {
  const part = cluster.parts.find(({ name }) => name === wanted);
  if (part === undefined) return say(`There are ${cluster.parts.map(({ name }) => name).join(', ')}.`);
  if (part.running) return say(`${part.name} is running (process ${part.pid ?? 0})`);
  const serves = await part.start();
  say(serves ? `${part.name} runs (process ${part.pid ?? 0})` : `${part.name} did not start:\n${part.lastWords}`);
}

await main();
