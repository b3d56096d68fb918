/**
 * The embedded database: a MongoDB-compatible engine in a thread of this process, for one machine.
 *
 *     const database = await startEmbedded({ dataDir: './data' });
 *     await mongoose.connect(database.uri);
 *     ...
 *     await database.stop();
 */
import { realpathSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { Worker } from 'node:worker_threads';
import type { ServerOptions } from './server.ts';
import { SOCKET_FILE, StartRefused } from './store/data-directory.ts';
import type { Listen } from './wire/listener.ts';
import type { WorkerMessage } from './worker.ts';

export { StartRefused };

export interface EmbeddedOptions {
  /** The directory of the database, made if need be; it belongs to one engine at a time. */
  readonly dataDir: string;
  /**
   * Where clients connect. Default: a Unix socket in `dataDir`, which only the owner of the process can open because the directory is
   * made for the owner alone; where that is not possible (Windows, a path over 100 bytes) a free loopback port. There is no
   * password: a loopback port can be used by every user of the machine.
   */
  readonly listen?: Listen;
  /** Milliseconds between two looks for documents that a TTL index lets expire; default 60,000, as in MongoDB. */
  readonly ttlIntervalMs?: number;
  /** Milliseconds for which the end of another process that owns `dataDir` is waited for; default 3,000. */
  readonly waitForOwnerMs?: number;
}

export interface EmbeddedDatabase {
  /** A `mongodb://` URI without a database name; any driver of MongoDB takes it. */
  readonly uri: string;
  /** Settles when the engine is gone without having been asked to: with the reason. Never rejects. */
  readonly failed: Promise<Error>;
  /** Answers what is under way, closes all connections and releases the directory. May be called again. Bounded to ten seconds. */
  stop(): Promise<void>;
}

/** The system's limit for the path of a Unix socket is 108 bytes on Linux and 104 on macOS, with the closing zero. */
const MAX_SOCKET_PATH_BYTES = 100;
const STOP_WITHIN_MS = 10_000;
const DEFAULT_TTL_INTERVAL_MS = 60_000;
const DEFAULT_WAIT_FOR_OWNER_MS = 3_000;

/** Directories in use by this process: its own pid cannot tell two of its engines apart. */
const inUse = new Set<string>();

/**
 * Starts the engine and resolves when it takes connections. Rejects with `StartRefused`, whose message is one sentence for the
 * operator, when the directory is in use, not writable, foreign, damaged or of a newer format, or the socket cannot be opened.
 */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedDatabase> {
  const dataDir = canonical(options.dataDir);
  if (inUse.has(dataDir))
    throw new StartRefused(`The data directory ${dataDir} is in use by this process; start only one database in it.`);
  inUse.add(dataDir);
  const server: ServerOptions = {
    dataDir,
    listen: options.listen ?? defaultListen(dataDir),
    ttlIntervalMs: options.ttlIntervalMs ?? DEFAULT_TTL_INTERVAL_MS,
    waitForOwnerMs: options.waitForOwnerMs ?? DEFAULT_WAIT_FOR_OWNER_MS,
  };
  try {
    return await runThread(server, () => inUse.delete(dataDir));
  } catch (error) {
    inUse.delete(dataDir);
    throw error;
  }
}

function canonical(dataDir: string): string {
  try {
    return realpathSync(dataDir);
  } catch {
    return resolve(dataDir);
  }
}

function defaultListen(dataDir: string): Listen {
  const socketPath = join(dataDir, SOCKET_FILE);
  if (process.platform !== 'win32' && Buffer.byteLength(socketPath) <= MAX_SOCKET_PATH_BYTES) return { socketPath };
  return { host: '127.0.0.1', port: 0 };
}

/**
 * The thread's file is `worker.ts` under a TypeScript loader and `worker.js` when compiled. A thread does not inherit the loader, so it
 * begins with a line of JavaScript that registers it.
 */
function spawn(workerData: ServerOptions): Worker {
  if (!import.meta.url.endsWith('.ts'))
    return new Worker(new URL('./worker.js', import.meta.url), { workerData, execArgv: [] });
  // Not import.meta.resolve: a loader that compiles this file to CommonJS knows only import.meta.url.
  const manifest = createRequire(import.meta.url).resolve('tsx/package.json');
  const loader = new URL('./dist/esm/api/index.mjs', pathToFileURL(manifest)).href;
  const entry = new URL('./worker.ts', import.meta.url).href;
  const line = `import(${JSON.stringify(loader)}).then((tsx) => { tsx.register(); return import(${JSON.stringify(entry)}); });`;
  return new Worker(line, { eval: true, workerData, execArgv: [] });
}

async function runThread(options: ServerOptions, release: () => void): Promise<EmbeddedDatabase> {
  const worker = spawn(options);
  let stopping = false;
  let reportFailure: (error: Error) => void = () => undefined;
  const failed = new Promise<Error>((settle) => {
    reportFailure = settle;
  });
  const exited = new Promise<void>((settle) => {
    worker.once('exit', () => {
      release();
      settle();
    });
  });
  const uri = await new Promise<string>((settle, reject) => {
    worker.once('message', (message: WorkerMessage) => {
      if (message.kind === 'started') settle(message.uri);
      else if (message.kind === 'refused')
        reject(
          message.expected
            ? new StartRefused(message.sentence)
            : new Error(`The embedded database failed to start: ${message.sentence}`),
        );
    });
    worker.on('error', (error: Error) => {
      reject(error);
      reportFailure(error);
    });
    worker.once('exit', (code) => {
      const error = new Error(`The thread of the embedded database ended with code ${code}.`);
      reject(error);
      if (!stopping) reportFailure(error);
    });
  }).catch(async (error: unknown) => {
    await exited;
    throw error;
  });
  return {
    uri,
    failed,
    stop: async () => {
      if (!stopping) {
        stopping = true;
        // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has no origin
        worker.postMessage('stop');
      }
      const timer = setTimeout(() => void worker.terminate(), STOP_WITHIN_MS);
      await exited;
      clearTimeout(timer);
    },
  };
}
