import { HANDSHAKE_DEADLINE_MS } from '../../shared/contract/limits.ts';
import { createTokens } from '../auth/tokens.ts';
import { systemClock } from '../clock.ts';
import { FileLinks, linkKey, secretModel } from '../files/file-links.ts';
import { FileSweeper } from '../files/file-sweeper.ts';
import { prepareDemo } from '../demo/demo.ts';
import { Expiry } from '../live/expiry.ts';
import { Hub } from '../live/hub.ts';
import { Inbox, newsOf } from '../live/inbox.ts';
import { DeskNews } from '../opportunities/desk-news.ts';
import type { RoomsSocket } from '../live/rooms-socket.ts';
import { roomChanged } from './room-changed.ts';
import type { Cluster } from '../cluster/cluster.ts';
import { createAdmit } from '../registry/admit.ts';
import { createExecute, type ExecuteParts } from '../registry/execute.ts';
import { InFlight } from '../registry/in-flight.ts';
import { createRates } from '../registry/rates.ts';
import { ReadGate } from '../registry/read-gate.ts';
import { connectStorage, type Storage } from '../storage/connect.ts';
import { codeOutlet } from '../numbers/code-sender.ts';
import { webhookSender } from '../numbers/webhook-sender.ts';
import { Figures, UNKNOWN } from '../telemetry/figures.ts';
import { createLog, type Log } from '../telemetry/log.ts';
import { Follower } from '../timeline/follower.ts';
import { clientAddress } from '../transport/client-address.ts';
import { callRoutes } from '../transport/http/call-routes.ts';
import { fileRoutes } from '../transport/http/file-routes.ts';
import { createHttpApp } from '../transport/http/http-app.ts';
import { Cuts } from '../transport/socket/cuts.ts';
import { Deaf } from '../transport/socket/deaf.ts';
import { Lanes } from '../transport/socket/lanes.ts';
import { createSocketServer } from '../transport/socket/socket-server.ts';
import { Strangers } from '../transport/socket/strangers.ts';
import { ServiceClock } from '../time/service-clock.ts';
import { Changes } from './changes.ts';
import { createContext } from './context.ts';
import { closeConnections, drain, NOTICE_MS } from './drain.ts';
import { type FrontDoor, listen, tcpPerAddress } from './front-door.ts';
import { createHandlers } from './handlers.ts';
import type { Overrides } from './overrides.ts';
import { createReadiness } from './readiness.ts';
import type { Settings } from './settings.ts';
import { showMetrics } from './show-metrics.ts';
import { createStanding } from './standing.ts';
import { startJobs } from './start-jobs.ts';
import { type Step, stopInOrder } from './stop-in-order.ts';
import { waking } from './waking.ts';

export interface Load {
  connections: number;
  strangers: number;
  addresses: number;
  /** Of Socket.IO: streams that somebody has joined, and one for each connection. */
  rooms: number;
  /** With Redis: channels of rooms and of people that are heard. */
  subscriptions?: number;
}

export interface Service {
  readonly url: string;
  readonly port: number;
  /** With `DEMO`: what the person who started the service is told. */
  readonly greeting?: string;
  /** Settles when the embedded database has ended by itself: the service can only be stopped then. */
  readonly failed: Promise<Error>;
  /** What is held at this moment: all of it goes back to zero when the last client has gone. */
  load(): Load;
  stop(): Promise<void>;
}

/** How long a stop waits for each of its steps, in milliseconds. */
const STEP_MS = 5_000;

/**
 * Starts the service: listener, database, indexes, what a crash left behind. The listener comes first, so that a wrong address changes nothing; until all of
 * it is there, it answers `unavailable`.
 * @throws when a step fails; what had been started is stopped again
 */
export async function startService(settings: Settings, overrides: Overrides = {}): Promise<Service> {
  const log = overrides.log ?? createLog(settings.logLevel);
  const headersMs = overrides.handshakeMs ?? HANDSHAKE_DEADLINE_MS;
  const door = await listen({
    port: settings.port,
    host: settings.host,
    headersMs,
    perAddress: tcpPerAddress(settings),
  });
  let storage: Storage | undefined;
  let cluster: Cluster | undefined;
  try {
    storage = await connectStorage({ mongodbUri: settings.mongodbUri, dataDir: settings.dataDir });
    const databaseKey = await linkKey(secretModel(storage.connection));
    // Loaded where it is used: a server that serves alone needs none of it.
    if (settings.redisUrl !== undefined)
      cluster = await (await import('./join-cluster.ts')).joinCluster({
        settings,
        redisUrl: settings.redisUrl,
        databaseKey,
        log,
        timing: overrides.cluster,
      });
    return await serve({ settings, storage, databaseKey, cluster, door, log, overrides });
  } catch (error) {
    await cluster?.close();
    door.http.close();
    door.http.closeAllConnections();
    await storage
      ?.stop()
      .catch((stopError: unknown) => log.error({ err: stopError }, 'the database could not be closed'));
    throw error;
  }
}

interface Parts {
  settings: Settings;
  storage: Storage;
  /** Known to every server on the database, and to nobody else. */
  databaseKey: Buffer;
  cluster: Cluster | undefined;
  door: FrontDoor;
  log: Log;
  overrides: Overrides;
}

async function serve({ settings, storage, databaseKey, cluster, door, log, overrides }: Parts): Promise<Service> {
  const { clock: base = systemClock, wall = systemClock, dice = Math.random } = overrides;
  const clock = new ServiceClock({ base, wall, connection: storage.connection, movable: settings.demo });
  await clock.learn();
  const figures = new Figures();
  const hub = new Hub(clock, {
    onSilent: (roomId, stream) => context.appender.unwatch(roomId, stream),
    onSent: (name, deliveries) => figures.deliveries.add(name ?? UNKNOWN, deliveries),
    others: cluster?.others,
  });
  const { smsWebhook } = settings;
  const outlet = overrides.onCode === undefined ? undefined : codeOutlet(overrides.onCode);
  const context = await createContext({
    settings,
    storage,
    clock,
    wall,
    dice,
    log,
    sweeps: overrides.sweeps,
    standIn: overrides.standIn,
    codeSender: smsWebhook === undefined ? outlet : webhookSender(smsWebhook, wall),
    figures,
    listeners: {
      onRoom: (room, before) => roomChanged(hub, () => clock.now(), room, before),
      onStored: (room) => cluster?.teller.changed(room),
      onEntry(doc, entry, writtenHere) {
        hub.sendEntry(doc, entry, writtenHere);
        inbox.note(newsOf(doc));
      },
    },
  });
  overrides.onContext?.(context);
  const { rooms, pages, marks, outbox, appender, eraser, directory, dispatcher, officeTime, onError } = context;
  const standing = await createStanding(context, hub, settings, figures);
  const { barred } = standing;
  const inbox = new Inbox({ hub, rooms, pages, marks, onError });
  const { desks, notifications } = context;
  const deskNews = new DeskNews({
    desks,
    rooms,
    notifications,
    tell: (item) => hub.sendToOperators('desk', item),
    wake: () => cluster?.teller.wake(),
  });
  const links = new FileLinks(databaseKey, () => wall.now());
  const fileSweeper = new FileSweeper(context.gridFiles, wall, onError);
  const tokens = createTokens(settings, { now: () => wall.now(), log });
  const rates = createRates(settings.rateLimitFactor, () => wall.now(), cluster?.rates);
  const executeParts: Omit<ExecuteParts, 'rates'> = {
    barred,
    isDatabaseLost: () => storage.isLost(),
    now: () => wall.now(),
    handlers: waking(createHandlers(context, { ...standing, hub, tokens, links, deskNews }), () =>
      cluster?.teller.wake(),
    ),
  };
  const execute = createExecute({ ...executeParts, rates });

  await outbox.sweep();
  // The rest is for the job: a carrier that does not answer must not hold up a start.
  await context.calls.sweep();
  const alone = storage.kind === 'embedded';
  const follower = new Follower({
    appender,
    streams: () => hub.listened(),
    alone,
    everyMs: overrides.repairMs,
    onError,
  });
  const changes = new Changes({
    rooms,
    staff: directory.staff,
    ...standing,
    desks: { model: desks.model, learn: (desk) => deskNews.learn(desk) },
    outbox,
    officeTime,
    clock,
    hasListeners: (roomId) => hub.hasListeners(roomId),
    elapsed: () => performance.now(),
    alone,
    everyMs: overrides.repairMs,
    onError,
  });

  // The demonstration is this server's own: however low the rates are set, it is not slowed down.
  const unlimited = createExecute({ ...executeParts, rates: createRates(0, () => wall.now()) });
  const demo = settings.demo ? await prepareDemo(settings, unlimited, log) : undefined;

  let stopping: Promise<void> | undefined;
  const inFlight = new InFlight();
  const readGate = new ReadGate();
  const expiry = new Expiry(wall, () => figures.cuts.add('token_over'));
  const lanes = new Lanes<RoomsSocket>(settings.rateLimitFactor);
  const cuts = new Cuts({
    clock: wall,
    log,
    tellOthers: (user, told) => cluster?.teller.cut(user, told),
    onCut: (reason) => figures.cuts.add(reason),
  });
  const deaf = new Deaf<RoomsSocket>((socket, unread) => cuts.slowReader(socket, unread));
  const addressOf = clientAddress(settings.trustProxy);
  const strangers = new Strangers({
    rates,
    factor: settings.rateLimitFactor,
    deadlineMs: overrides.handshakeMs ?? HANDSHAKE_DEADLINE_MS,
    clock: wall,
    addressOf,
    cuts,
    onFlood(connection) {
      for (const socket of io.of('/').sockets.values()) if (socket.conn === connection) cuts.flood(socket);
    },
  });
  const filesOverHttp = fileRoutes({
    files: context.files,
    links,
    tokens,
    admit: createAdmit({ ...executeParts, rates }),
    barred,
    rates,
    factor: settings.rateLimitFactor,
    addressOf,
    clock: wall,
    figures,
    log,
  });
  const metrics = showMetrics({
    settings,
    figures,
    context,
    storage,
    redis: cluster,
    server: { io: () => io, streams: () => hub.listened(), strangers, lanes, inFlight },
    rates,
    addressOf,
  });
  const app = createHttpApp({
    settings,
    tokens,
    execute,
    inFlight,
    rates,
    readGate,
    addressOf,
    ready: createReadiness({
      ping: () => storage.ping(),
      isStopping: () => stopping !== undefined,
      isTogether: () => cluster?.up !== false,
    }),
    figures,
    log,
    metrics: metrics.route,
    files: filesOverHttp.router,
    callbacks: callRoutes({
      bridge: context.calls.bridge,
      calls: context.calls,
      isDatabaseLost: () => storage.isLost(),
      inFlight,
      clock: wall,
      rates,
      addressOf,
      figures,
      log,
    }),
    ...(demo?.router === undefined ? {} : { demo: demo.router }),
  });
  const io = createSocketServer(door.http, {
    settings,
    tokens,
    execute,
    inFlight,
    lanes,
    cuts,
    rates,
    readGate,
    hub,
    expiry,
    strangers,
    deaf,
    barred,
    isStopping: () => stopping !== undefined,
    adapter: cluster?.createAdapter(),
    ...(cluster === undefined ? {} : { connectionsElsewhere: cluster.connectionsElsewhere }),
    rooms,
    figures,
    log,
  });
  await cluster?.serve({ hub, appender, rooms, inbox, changes, follower, cuts });
  const runner = settings.jobs === 'server' ? await startJobs(settings, context, figures) : undefined;
  door.open(app);
  expiry.start(() => {
    deaf.sweep(io.of('/').sockets.values());
    lanes.sweep();
  });
  changes.start();
  follower.start();
  eraser.start();
  fileSweeper.start();
  const { url, port } = door;
  log.info({ url, database: storage.kind }, 'serving');

  return {
    url,
    port,
    ...(demo === undefined ? {} : { greeting: demo.greeting(url) }),
    failed: storage.failed,
    load: () => ({
      connections: io.engine.clientsCount,
      ...strangers.size,
      rooms: io.of('/').adapter.rooms.size,
      ...(cluster === undefined ? {} : { subscriptions: cluster.subscriptions }),
    }),
    stop() {
      const steps: Step[] = [
        ['draining', () => drain(io, systemClock, overrides.noticeMs ?? NOTICE_MS)],
        ['calls', () => Promise.all([inFlight.close(), filesOverHttp.close()]).then(() => undefined)],
        [
          'jobs',
          () => {
            context.stopWork();
            return runner?.stop();
          },
        ],
        ['dispatch', () => dispatcher.close()],
        ['calls over bridges', () => context.calls.close()],
        ['connections', () => closeConnections(door, io, systemClock)],
        [
          'timers',
          async () => {
            strangers.close();
            expiry.close();
            hub.close();
            metrics.close();
            await Promise.all([inbox.close(), changes.stop(), follower.stop(), eraser.stop(), fileSweeper.stop()]);
          },
        ],
        [
          'cluster',
          async () => {
            // What is written last is told as well.
            await appender.close();
            await cluster?.close();
          },
        ],
        ...context.closing,
      ];
      stopping ??= stopInOrder(log, steps, STEP_MS);
      return stopping;
    },
  };
}
