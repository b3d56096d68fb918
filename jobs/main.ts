import '../server/app/no-pretenuring.ts';
import { runUntilEnded } from '../server/app/run-until-ended.ts';
import { readSettings } from '../server/app/settings.ts';
import { sayWhyNot } from '../server/app/start-failure.ts';
import { createLog } from '../server/telemetry/log.ts';
import { startWorker } from './worker.ts';

/** `npm run jobs`: the jobs in a process of their own. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLog(settings.logLevel);
  await runUntilEnded(log, () => startWorker(settings, { log }));
}

main().catch(sayWhyNot);
