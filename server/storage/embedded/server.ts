/** A running engine behind a socket, in the present thread. */
import { dispatcher, refusal } from './commands/dispatch.ts';
import { type World, openEngine } from './engine.ts';
import { MongoError } from './errors.ts';
import { sweepExpired } from './ttl.ts';
import type { EnvironmentOptions } from './store/open-environment.ts';
import { type Listen, Listener } from './wire/listener.ts';

export interface ServerOptions extends EnvironmentOptions {
  readonly dataDir: string;
  readonly listen: Listen;
  /** Between two looks for expired documents; MongoDB's is 60 s. */
  readonly ttlIntervalMs: number;
}

export interface RunningServer {
  readonly uri: string;
  stop(): Promise<void>;
}

/** Dropped collections are freed in steps of so many records, so that nobody waits long behind one. */
const GARBAGE_STEP = 2000;
const GARBAGE_INTERVAL_MS = 500;
const GARBAGE_PAUSE_MS = 20;
const CURSOR_INTERVAL_MS = 30_000;

/** Opens the engine, then the socket. */
export async function startServer(options: ServerOptions, world: World): Promise<RunningServer> {
  const engine = await openEngine(options.dataDir, world, options);
  const listener = new Listener(dispatcher(engine), refusal);
  let uri: string;
  try {
    uri = await listener.open(options.listen);
  } catch (error) {
    await engine.env.close();
    throw error;
  }
  let stopped = false;
  let collecting: NodeJS.Timeout | undefined;
  const collectGarbage = (): void => {
    engine.queue.push({
      run: () => engine.catalog.collectGarbage(GARBAGE_STEP),
      done: (failure) => {
        // A full disk is tried again at the next interval.
        collecting =
          failure === undefined && engine.catalog.hasGarbage() && !stopped
            ? setTimeout(collectGarbage, GARBAGE_PAUSE_MS)
            : undefined;
      },
    });
  };
  const timers = [
    setInterval(() => sweepExpired(engine), options.ttlIntervalMs),
    setInterval(() => engine.cursors.endIdle(), CURSOR_INTERVAL_MS),
    setInterval(() => {
      if (!collecting && engine.catalog.hasGarbage()) collectGarbage();
    }, GARBAGE_INTERVAL_MS),
  ];
  return {
    uri,
    stop: async () => {
      stopped = true;
      for (const timer of timers) clearInterval(timer);
      clearTimeout(collecting);
      listener.close();
      await engine.queue.end(new MongoError('ShutdownInProgress', 'The database is being shut down.'));
      // The replies of the last group are in the sockets' buffers; the sockets are closed behind them.
      await new Promise((resolve) => setImmediate(resolve));
      listener.end();
      await engine.env.close();
    },
  };
}
