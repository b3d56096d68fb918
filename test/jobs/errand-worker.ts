import { startWorker } from '../../jobs/worker.ts';
import { runUntilEnded } from '../../server/app/run-until-ended.ts';
import { readSettings } from '../../server/app/settings.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { errandSweeps } from '../support/errands.ts';

/** How long an effect takes, in milliseconds: long enough for a kill to come in the middle. */
const EFFECT_MS = 3;

// The jobs as `npm run jobs` runs them, over errands.
const settings = readSettings(process.env);
const log = createLog(settings.logLevel);
await runUntilEnded(log, () =>
  startWorker(settings, { log, sweeps: (connection, clock) => errandSweeps(connection, clock, EFFECT_MS) }),
);
