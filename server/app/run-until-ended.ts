import type { Log } from '../telemetry/log.ts';

/** What a process runs until it ends. */
export interface Running {
  readonly failed: Promise<Error>;
  stop(): Promise<void>;
}

/** How long a start may go on when the process is asked to end meanwhile, in milliseconds. */
const START_MS = 5_000;

/**
 * Runs what a process is for. The first signal stops it in order, also while it starts; a second one ends the process at once. A fault that nobody caught stops it
 * in order too: with exit code 1.
 * @throws what `start` throws
 */
export async function runUntilEnded<What extends Running>(log: Log, start: () => Promise<What>): Promise<What> {
  let ending = false;
  const end = async (code: number): Promise<void> => {
    ending = true;
    // One that hangs has nothing to lose: nobody is served yet.
    const late = setTimeout(() => process.exit(1), START_MS);
    const running = await starting.catch(() => undefined);
    // Whoever asked for the start is told why it failed, and says so.
    if (running === undefined) return;
    clearTimeout(late);
    running.stop().then(
      () => process.exit(code),
      () => process.exit(1),
    );
  };
  const onSignal = (signal: NodeJS.Signals): void => {
    if (ending) process.exit(1);
    log.info({ signal }, 'stopping');
    void end(0);
  };
  const onFault = (error: unknown): void => {
    log.fatal({ err: error }, 'a fault that nobody caught: stopping');
    if (!ending) void end(1);
  };
  // Before it begins: whoever waits for it to say that it serves may ask it to end at that very moment.
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  process.on('uncaughtException', onFault);
  process.on('unhandledRejection', onFault);
  const starting = start();
  const running = await starting;
  running.failed.then(onFault, onFault);
  return running;
}
