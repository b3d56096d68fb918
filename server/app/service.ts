import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Model } from 'mongoose';
import { authCommands } from '../auth/commands.ts';
import { createTokens } from '../auth/tokens.ts';
import { type Clock, systemClock } from '../clock.ts';
import { projectCommands } from '../delivery/commands.ts';
import { prepareDemo } from '../demo/demo.ts';
import { directoryCommands } from '../directory/commands.ts';
import { directoryModels } from '../directory/directory-store.ts';
import { InactivePeople } from '../directory/inactive-people.ts';
import { Expiry } from '../live/expiry.ts';
import { Hub, type RoomsServer } from '../live/hub.ts';
import { Inbox } from '../live/inbox.ts';
import { roomChanged } from '../live/room-changed.ts';
import { createExecute } from '../registry/execute.ts';
import { InFlight } from '../registry/in-flight.ts';
import { createRates } from '../registry/rates.ts';
import { Activity } from '../rooms/activity.ts';
import { roomCommands } from '../rooms/commands.ts';
import { memberCommands } from '../rooms/member-commands.ts';
import { Outbox } from '../rooms/outbox.ts';
import { RoomStore, roomModel } from '../rooms/room-store.ts';
import { connectStorage, type Storage } from '../storage/connect.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { Appender } from '../timeline/appender.ts';
import { entryModel } from '../timeline/entry-store.ts';
import { Follower } from '../timeline/follower.ts';
import { messageCommands } from '../timeline/message-commands.ts';
import { createPages } from '../timeline/pages.ts';
import { createReadMarks, readMarkModel } from '../timeline/read-marks.ts';
import { WordingEraser } from '../timeline/wording-eraser.ts';
import { createHttpApp } from '../transport/http/http-app.ts';
import { announceDraining, createSocketServer } from '../transport/socket/socket-server.ts';
import { Changes } from './changes.ts';
import type { Settings } from './settings.ts';

/** What a test or a demonstration may put in the place of the machine's own. */
export interface Overrides {
  clock?: Clock;
  dice?: () => number;
  log?: Log;
}

export interface Service {
  readonly url: string;
  readonly port: number;
  /** With `DEMO`: what the person who started the service is told. */
  readonly greeting?: string;
  stop(): Promise<void>;
}

/** How long a stop waits, in milliseconds: for clients to go elsewhere, and for each later step. */
const DRAIN_MS = 1_000;
const STEP_MS = 5_000;

/** Recalls older than this have had their wording erased by a server that was alive. */
const ERASED_WITHIN_MS = 24 * 60 * 60_000;

/**
 * Starts the service: database, then indexes, then what a crash left behind, then the listener. Nothing is served before all of it is there.
 * @throws when a step fails; what had been started is stopped again
 */
export async function startService(settings: Settings, overrides: Overrides = {}): Promise<Service> {
  const log = overrides.log ?? createLog(settings.logLevel);
  const clock = overrides.clock ?? systemClock;
  const storage = await connectStorage({ mongodbUri: settings.mongodbUri, dataDir: settings.dataDir });
  try {
    return await serve(settings, storage, log, clock, overrides.dice ?? Math.random);
  } catch (error) {
    await storage
      .stop()
      .catch((stopError: unknown) => log.error({ err: stopError }, 'the database could not be closed'));
    throw error;
  }
}

async function serve(
  settings: Settings,
  storage: Storage,
  log: Log,
  clock: Clock,
  dice: () => number,
): Promise<Service> {
  const { connection } = storage;
  const onError = (error: unknown) => log.error({ err: error }, 'work in the background failed');

  const entries = entryModel(connection);
  const readMarks = readMarkModel(connection);
  const roomDocs = roomModel(connection);
  const directory = directoryModels(connection);
  await createIndexes([entries, readMarks, roomDocs, directory.orgs, directory.staff, directory.products]);

  const hub = new Hub(clock, (roomId, stream) => appender.unwatch(roomId, stream));
  const inactive = new InactivePeople(directory.staff, (userId) =>
    hub.expel(userId, 'This account is not active any more.'),
  );
  const rooms = new RoomStore(roomDocs, (room, before) => roomChanged(hub, room, before));
  const pages = createPages(entries);
  const marks = createReadMarks({ entries, marks: readMarks });
  const activity = new Activity(roomDocs, onError);
  const inbox = new Inbox({ hub, rooms, pages, marks, onError });
  const appender = new Appender({
    entries,
    clock,
    log,
    onEntry(doc, entry) {
      hub.sendEntry(entry);
      activity.note(doc.roomId, doc.stream, doc.at);
      inbox.note(doc);
    },
  });
  const outbox = new Outbox(roomDocs, appender);
  const eraser = new WordingEraser(entries);
  const tokens = createTokens(settings);
  const execute = createExecute({
    rates: createRates(settings.rateLimitFactor),
    isInactive: (userId) => inactive.has(userId),
    handlers: {
      ...roomCommands({ rooms, activity, appender, directory, pages, marks, hub }),
      ...memberCommands({ rooms, directory, outbox }),
      ...messageCommands({ rooms, appender, pages, eraser, clock }),
      ...projectCommands({ rooms, outbox, directory, clock, dice }),
      ...directoryCommands({ directory, inactive }),
      ...authCommands({ tokens }),
    },
  });

  await inactive.load();
  await outbox.sweep();
  await eraser.sweep(new Date(clock.now() - ERASED_WITHIN_MS));
  const follower = new Follower({ appender, streams: () => hub.listened(), onError });
  const changes = new Changes({ rooms, staff: directory.staff, inactive, outbox, onError });

  const demo = settings.demo ? await prepareDemo(settings, execute, log) : undefined;

  const inFlight = new InFlight();
  const expiry = new Expiry(() => systemClock.now());
  const http = createServer(
    createHttpApp({
      settings,
      tokens,
      execute,
      inFlight,
      ready: () => storage.ping(),
      log,
      ...(demo?.router === undefined ? {} : { demo: demo.router }),
    }),
  );
  http.headersTimeout = 10_000;
  http.requestTimeout = 30_000;
  const io = createSocketServer(http, {
    settings,
    tokens,
    execute,
    inFlight,
    hub,
    expiry,
    isInactive: (userId) => inactive.has(userId),
    cachedRoom: (roomId) => rooms.cached(roomId),
    log,
  });
  await listen(http, settings.port, settings.host);
  changes.start();
  follower.start();
  const { port } = http.address() as AddressInfo;
  const url = `http://${settings.host.includes(':') ? `[${settings.host}]` : settings.host}:${port}`;
  log.info({ url, database: storage.kind }, 'serving');

  let stopping: Promise<void> | undefined;
  return {
    url,
    port,
    ...(demo === undefined ? {} : { greeting: demo.greeting(url) }),
    stop() {
      stopping ??= stopInOrder(log, [
        ['draining', () => drain(http, io)],
        ['calls', () => inFlight.idle()],
        ['connections', async () => io.close()],
        [
          'timers',
          () => {
            expiry.close();
            inbox.close();
            hub.close();
            return Promise.all([changes.stop(), follower.stop()]).then(() => undefined);
          },
        ],
        ['appends', () => appender.close()],
        ['activity', () => activity.flush()],
        ['database', () => storage.stop()],
      ]);
      return stopping;
    },
  };
}

async function createIndexes(
  models: readonly Pick<Model<unknown>, 'createIndexes' | 'createCollection'>[],
): Promise<void> {
  for (const model of models) {
    await model.createCollection();
    await model.createIndexes();
  }
}

async function listen(http: HttpServer, port: number, host: string): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    http.once('error', reject);
    http.listen(port, host, () => {
      http.off('error', reject);
      resolve();
    });
  });
}

/** Tells the clients to go elsewhere and gives them a moment to; new ones are not taken. */
async function drain(http: HttpServer, io: RoomsServer): Promise<void> {
  http.close();
  if (io.of('/').sockets.size === 0) return;
  announceDraining(io, new Date(systemClock.now() + DRAIN_MS).toISOString());
  await new Promise<void>((resolve) => systemClock.after(DRAIN_MS, resolve));
}

/** Runs the steps one after the other; a step that fails or does not end in time is logged and the next one begins. */
async function stopInOrder(log: Log, steps: readonly (readonly [string, () => Promise<void>])[]): Promise<void> {
  for (const [step, run] of steps) {
    let cancel = (): void => undefined;
    const late = new Promise<void>((_resolve, reject) => {
      const timer = setTimeout(() => reject(new Error(`took longer than ${STEP_MS} ms`)), STEP_MS);
      cancel = () => clearTimeout(timer);
    });
    try {
      await Promise.race([run(), late]);
    } catch (error) {
      log.error({ err: error, step }, 'a step of the stop failed');
    } finally {
      cancel();
    }
  }
  log.info('stopped');
}
