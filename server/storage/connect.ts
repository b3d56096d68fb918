import mongoose, { type Connection, mongo } from 'mongoose';
import { endWaitingWrites } from './end-waiting-writes.ts';
import { isUnreachable } from './unreachable.ts';

export interface Storage {
  connection: Connection;
  /** What is behind it, for the log: never the URI, which may hold a password. */
  kind: 'embedded' | 'mongodb';
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  /** True when there has been none to write to for longer than an operation looks for one. */
  isLost(): boolean;
  /** Settles when the embedded engine has ended by itself: nothing can be stored from then on. */
  failed: Promise<Error>;
  stop(): Promise<void>;
}

const DEFAULT_DATABASE = 'delivery-rooms';
/** The driver would use a database called `test` for a URI that names none. */
const namesDatabase = (uri: string): boolean => /^[^:]+:\/\/[^/]+\/[^?]/.test(uri);

/** A sentence for the person who starts the service. */
export class StorageError extends Error {
  override readonly name = 'StorageError';
}

/**
 * How long an operation looks for one. Short: while there is none, a call waits for those before it too, and has to be refused before its caller gives up.
 */
const SELECTION_TIMEOUT_MS = 2_500;
/** How often a start does. */
const START_TRIES = 2;
const SOCKET_TIMEOUT_MS = 15_000;
/**
 * The database is looked at so often, and has so long to answer: a connection that has died without a word is found within ten seconds, and the others
 * are ended with it. Left to the driver it takes 40, and until then each call waits for a dead one of its own.
 */
const HEARTBEAT_MS = 5_000;

/**
 * Connects the one data layer to MongoDB, or starts the embedded engine in `dataDir` and connects it to that.
 * A write that it acknowledges is on disk (with a replica set: on a majority of them).
 * @throws {StorageError} when there is no database to be had
 */
export async function connectStorage(options: { mongodbUri?: string | undefined; dataDir: string }): Promise<Storage> {
  // Loaded where it is used: a service on MongoDB needs none of it.
  const engine =
    options.mongodbUri === undefined
      ? await (await import('./embedded/start.ts')).startEmbedded({ dataDir: options.dataDir })
      : undefined;
  const uri = engine?.uri ?? options.mongodbUri ?? '';
  let connection: Connection;
  try {
    connection = await connect(uri);
  } catch (error) {
    await engine?.stop();
    const reason = error instanceof Error ? error.message : String(error);
    const within = `within ${(START_TRIES * SELECTION_TIMEOUT_MS) / 1000} s (${reason})`;
    throw new StorageError(
      engine === undefined
        ? `MONGODB_URI: no MongoDB answered ${within}`
        : `DATA_DIR: the embedded database was started and did not answer ${within}: start again, or choose another DATA_DIR`,
    );
  }
  const isLost = watchLoss(connection);
  return {
    connection,
    isLost,
    kind: engine === undefined ? 'mongodb' : 'embedded',
    failed: engine?.failed ?? new Promise<Error>(() => undefined),
    async ping() {
      await connection.db?.command({ ping: 1 }, { timeoutMS: 2000 });
    },
    async stop() {
      await connection.close();
      await engine?.stop();
    },
  };
}

async function connect(uri: string): Promise<Connection> {
  endWaitingWrites();
  for (let tried = 1; ; tried++) {
    const connection = mongoose.createConnection(uri, {
      bufferCommands: false,
      autoIndex: false,
      autoCreate: false,
      serverSelectionTimeoutMS: SELECTION_TIMEOUT_MS,
      socketTimeoutMS: SOCKET_TIMEOUT_MS,
      heartbeatFrequencyMS: HEARTBEAT_MS,
      connectTimeoutMS: HEARTBEAT_MS,
      maxPoolSize: 50,
      writeConcern: { w: 'majority', journal: true },
      // What is read is not undone by a failover either: a repetition is acknowledged with an entry that was found by reading.
      readConcern: { level: 'majority' },
      ...(namesDatabase(uri) ? {} : { dbName: DEFAULT_DATABASE }),
    });
    try {
      return await connection.asPromise();
    } catch (error) {
      await connection.close().catch(() => undefined);
      if (!isUnreachable(error) || tried === START_TRIES) throw error;
    }
  }
}

const WRITABLE: ReadonlySet<string> = new Set([
  mongo.ServerType.Standalone,
  mongo.ServerType.RSPrimary,
  mongo.ServerType.Mongos,
  mongo.ServerType.LoadBalancer,
]);

function watchLoss(connection: Connection): () => boolean {
  let lostAt = Number.POSITIVE_INFINITY;
  connection.getClient().on('topologyDescriptionChanged', ({ newDescription: { servers } }) => {
    if ([...servers.values()].some(({ type }) => WRITABLE.has(type))) lostAt = Number.POSITIVE_INFINITY;
    else if (lostAt === Number.POSITIVE_INFINITY) lostAt = performance.now();
  });
  return () => lostAt !== Number.POSITIVE_INFINITY && performance.now() - lostAt > SELECTION_TIMEOUT_MS;
}
