import './app/no-pretenuring.ts';
import { codeLine } from './app/code-line.ts';
import { runUntilEnded } from './app/run-until-ended.ts';
import { readSettings } from './app/settings.ts';
import { startService } from './app/service.ts';
import { sayWhyNot } from './app/start-failure.ts';
import { createLog } from './telemetry/log.ts';

/** Starts the service from the environment; `--demo` makes the demonstration the default, as `npm start` does. */
async function main(): Promise<void> {
  const settings = readSettings(process.env, process.argv.includes('--demo'));
  const log = createLog(settings.logLevel);
  const onCode = (code: string) => void process.stdout.write(`${codeLine(code)}\n`);
  const service = await runUntilEnded(log, () => startService(settings, { log, ...(settings.demo ? { onCode } : {}) }));
  if (service.greeting !== undefined) process.stdout.write(`\n${service.greeting}`);
}

main().catch(sayWhyNot);
