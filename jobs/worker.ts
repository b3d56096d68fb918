import type { Connection } from 'mongoose';
import { Changes } from '../server/app/changes.ts';
import { createContext } from '../server/app/context.ts';
import { processReadings } from '../server/app/readings.ts';
import type { Settings } from '../server/app/settings.ts';
import { stopInOrder } from '../server/app/stop-in-order.ts';
import { type Clock, systemClock } from '../server/clock.ts';
import type { Sweeps } from '../server/delivery/sweeps.ts';
import { InactivePeople } from '../server/directory/inactive-people.ts';
import { linkKey, secretModel } from '../server/files/file-links.ts';
import { connectStorage, type Storage, StorageError } from '../server/storage/connect.ts';
import { Figures } from '../server/telemetry/figures.ts';
import { createLog, type Log } from '../server/telemetry/log.ts';
import { createMetrics } from '../server/telemetry/metrics.ts';
import { ServiceClock } from '../server/time/service-clock.ts';
import { type MetricsDoor, openMetricsDoor } from './metrics-door.ts';
import { Runner, type Timing } from './runner.ts';

/** What a test may put in the place of the machine's own. */
export interface WorkerOverrides {
  log?: Log;
  sweeps?: (connection: Connection, clock: Clock) => Sweeps;
  timing?: Partial<Timing>;
}

export interface Worker {
  /** Settles when it can only be stopped. */
  readonly failed: Promise<Error>;
  /** Where it shows its metrics, with `METRICS_PORT`. */
  readonly metricsUrl?: string;
  stop(): Promise<void>;
}

/** How long a stop waits for each of its steps, in milliseconds. */
const STEP_MS = 5_000;

/**
 * Starts the jobs apart from the servers, on the database that they share.
 * @throws {StorageError} where there is no such database: the embedded one in a data directory is one process's own
 */
export async function startWorker(settings: Settings, overrides: WorkerOverrides = {}): Promise<Worker> {
  const log = overrides.log ?? createLog(settings.logLevel);
  if (settings.mongodbUri === undefined)
    throw new StorageError(
      'MONGODB_URI: needed to run the jobs apart from the server, because the embedded database in DATA_DIR is for one process; give both the same MongoDB, or the URI that "npm run db" prints',
    );
  const { metricsPort } = settings;
  const door = metricsPort === undefined ? undefined : await openMetricsDoor(metricsPort, settings, log);
  let storage: Storage | undefined;
  try {
    storage = await connectStorage({ mongodbUri: settings.mongodbUri, dataDir: settings.dataDir });
    return await work({ settings, storage, door, log, overrides });
  } catch (error) {
    door?.close();
    await storage
      ?.stop()
      .catch((stopError: unknown) => log.error({ err: stopError }, 'the database could not be closed'));
    throw error;
  }
}

interface Parts {
  settings: Settings;
  storage: Storage;
  door: MetricsDoor | undefined;
  log: Log;
  overrides: WorkerOverrides;
}

async function work({ settings, storage, door, log, overrides }: Parts): Promise<Worker> {
  const { connection } = storage;
  const figures = new Figures();
  const clock = new ServiceClock({ base: systemClock, wall: systemClock, connection, movable: settings.demo });
  await clock.learn();
  const { redisUrl } = settings;
  const telling =
    redisUrl === undefined
      ? undefined
      : await (await import('../server/app/join-cluster.ts')).tellCluster({
          redisUrl,
          databaseKey: await linkKey(secretModel(connection)),
          log,
          rooms: () => context.rooms,
        });
  const context = await createContext({
    settings,
    storage,
    clock,
    wall: systemClock,
    dice: Math.random,
    log,
    // Nobody is connected here. Without Redis servers learn of what changes as they do of each other's changes.
    listeners: {
      onRoom: () => undefined,
      onStored: (room) => telling?.listeners.onStored(room),
      onEntry: (doc, entry, writtenHere) => telling?.listeners.onEntry(doc, entry, writtenHere),
    },
    sweeps: overrides.sweeps,
    figures,
  });
  const { rooms, directory, outbox, officeTime, dispatcher, sweeps, onError } = context;
  const changes = new Changes({
    rooms,
    staff: directory.staff,
    inactive: new InactivePeople(directory.staff, () => undefined),
    outbox,
    officeTime,
    clock,
    hasListeners: () => false,
    elapsed: () => performance.now(),
    onError,
  });
  const { timing = {} } = overrides;
  const runner = new Runner({ connection, sweeps, clock, timeZone: settings.calendarTimeZone, log, figures, timing });
  const metrics = createMetrics({ figures, process: processReadings(context, storage, telling), onError });
  door?.open(metrics);
  changes.start();
  await runner.start();
  log.info({ database: storage.kind }, 'running the jobs');

  let stopping: Promise<void> | undefined;
  return {
    failed: storage.failed,
    ...(door === undefined ? {} : { metricsUrl: door.url }),
    stop() {
      stopping ??= stopInOrder(
        log,
        [
          [
            'jobs',
            () => {
              context.stopWork();
              return runner.stop();
            },
          ],
          ['dispatch', () => dispatcher.close()],
          ['calls', () => context.calls.close()],
          ['changes', () => changes.stop()],
          [
            'cluster',
            async () => {
              // What is written last is told as well.
              await context.appender.close();
              await telling?.close();
            },
          ],
          [
            'metrics',
            () => {
              door?.close();
              metrics.close();
            },
          ],
          ...context.closing,
        ],
        STEP_MS,
      );
      return stopping;
    },
  };
}
