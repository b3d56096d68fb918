import type { Log } from '../telemetry/log.ts';

/** What a process runs until it ends. */
export interface Running {
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

/** The first signal stops it in order, a second one ends the process at once. A fault that nobody caught stops it in order too: with exit code 1. */
export function endInOrder(running: Running, log: Log): void {
  let ending = false;
  const end = (code: number): void => {
    ending = true;
    running.stop().then(
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
  running.failed.then(onFault, onFault);
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
}
