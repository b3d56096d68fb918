import '../../../server/app/no-pretenuring.ts';
import { runUntilEnded } from '../../../server/app/run-until-ended.ts';
import { readSettings } from '../../../server/app/settings.ts';
import { startService } from '../../../server/app/service.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { offer } from './probe.ts';

/** The service as it is shipped, that also tells what it holds: which only the process that started it can ask. */
const settings = readSettings(process.env);
const log = createLog(settings.logLevel);
const service = await runUntilEnded(log, () => startService(settings, { log }));
offer({ load: () => service.load() });
