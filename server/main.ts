import { readSettings, SettingsError } from './app/settings.ts';
import { startService } from './app/service.ts';
import { explainStartFailure } from './app/start-failure.ts';
import { createLog } from './telemetry/log.ts';

/** Starts the service from the environment; `--demo` makes the demonstration the default, as `npm start` does. */
async function main(): Promise<void> {
  const settings = readSettings(process.env, process.argv.includes('--demo'));
  const log = createLog(settings.logLevel);
  const service = await startService(settings, { log });
  if (service.greeting !== undefined) process.stdout.write(`\n${service.greeting}`);
  const stop = (signal: string) => {
    log.info({ signal }, 'stopping');
    service.stop().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once('SIGTERM', stop);
  process.once('SIGINT', stop);
}

main().catch((error: unknown) => {
  const sentence = error instanceof SettingsError ? error.message : explainStartFailure(error);
  process.stderr.write(`Delivery Rooms cannot start:\n${sentence}\n`);
  process.exit(1);
});
