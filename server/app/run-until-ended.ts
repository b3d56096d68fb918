import type { Log } from '../telemetry/log.ts';

/** What a process runs until it ends. */
export interface Running {
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

/**
 * Runs what a process is for. The first signal stops it in order, also while it starts; a second one ends the process at once. A fault that nobody caught stops it
 * in order too: with exit code 1.
 * @throws what `start` throws
 */
export async function runUntilEnded<What extends Running>(log: Log, start: () => Promise<What>): Promise<What> {
  let running: What | undefined;
  let exitCode: number | undefined;
  const end = (code: number): void => {
    exitCode = code;
    running?.stop().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (exitCode !== undefined) process.exit(1);
    log.info({ signal }, 'stopping');
    end(0);
  };
  const onFault = (error: unknown): void => {
    log.fatal({ err: error }, 'a fault that nobody caught: stopping');
    if (exitCode === undefined) end(1);
  };
  const listeners = [
    ['SIGTERM', onSignal],
    ['SIGINT', onSignal],
    ['uncaughtException', onFault],
    ['unhandledRejection', onFault],
  ] as const;
  // Before it begins: whoever waits for it to say that it serves may ask it to end at that very moment.
  for (const [event, listener] of listeners) process.on(event, listener);
  try {
    running = await start();
  } catch (error) {
    for (const [event, listener] of listeners) process.off(event, listener);
    throw error;
  }
  running.failed.then(onFault, onFault);
  if (exitCode !== undefined) end(exitCode);
  return running;
}
