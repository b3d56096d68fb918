import { runUntilEnded } from '../../server/app/run-until-ended.ts';
import { startService } from '../../server/app/service.ts';
import { readSettings } from '../../server/app/settings.ts';
import { createLog } from '../../server/telemetry/log.ts';

/** How long a carrier's answer is waited for, in milliseconds. */
const TIMEOUT_MS = 5_000;

// The service as `server/main.ts` starts it, but that its bridge speaks to `CARRIER`: so that a test can kill it.
const settings = readSettings(process.env);
const log = createLog(settings.logLevel);
const endpoint = process.env['CARRIER'] ?? '';
await runUntilEnded(log, () => startService(settings, { log, standIn: { endpoint, timeoutMs: TIMEOUT_MS } }));
