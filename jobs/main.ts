import { endInOrder } from '../server/app/end-in-order.ts';
import { readSettings } from '../server/app/settings.ts';
import { sayWhyNot } from '../server/app/start-failure.ts';
import { createLog } from '../server/telemetry/log.ts';
import { startWorker } from './worker.ts';

/** `npm run jobs`: the jobs in a process of their own. */
async function main(): Promise<void> {
  const settings = readSettings(process.env);
  const log = createLog(settings.logLevel);
  endInOrder(await startWorker(settings, { log }), log);
}

main().catch(sayWhyNot);
