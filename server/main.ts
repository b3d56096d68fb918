import { readSettings, SettingsError } from './app/settings.ts';
import { type Service, startService } from './app/service.ts';
import { explainStartFailure } from './app/start-failure.ts';
import { createLog, type Log } from './telemetry/log.ts';

/** Starts the service from the environment; `--demo` makes the demonstration the default, as `npm start` does. */
async function main(): Promise<void> {
  const settings = readSettings(process.env, process.argv.includes('--demo'));
  const log = createLog(settings.logLevel);
  const service = await startService(settings, { log });
  endInOrder(service, log);
  if (service.greeting !== undefined) process.stdout.write(`\n${service.greeting}`);
}

/** The first signal stops the service in order, a second one ends the process at once. A fault that nobody caught stops it in order too: with exit code 1. */
function endInOrder(service: Service, log: Log): void {
  let ending = false;
  const end = (code: number): void => {
    ending = true;
    service.stop().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (ending) process.exit(1);
    log.info({ signal }, 'stopping');
    end(0);
  };
  const onFault = (error: unknown): void => {
    log.fatal({ err: error }, 'a fault that nobody caught: stopping');
    if (!ending) end(1);
  };
  service.failed.then(onFault, onFault);
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}

main().catch((error: unknown) => {
  const sentence = error instanceof SettingsError ? error.message : explainStartFailure(error);
  process.stderr.write(`Delivery Rooms cannot start:\n${sentence}\n`);
  process.exit(1);
});
