import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import mongoose from 'mongoose';
import type { Load } from '../../../server/app/service.ts';
import { SOCKET_FILE } from '../../../server/storage/embedded/store/data-directory.ts';
import { Calls } from './calls.ts';
import { endChild, firstLine, type Logged, moduleUrl, servingUrl, startChild } from './child.ts';
import type { CpuUsage, Handles, MemoryUsage, ProbeApi } from './probe.ts';

const READY_WITHIN_MS = 120_000;
/** The level from which on pino calls something a warning. */
const WARNING = 40;

/** A server in a process of its own, with a probe in it. */
export interface ServerUnderTest {
  readonly url: string;
  /** What it has logged so far as a warning or worse. */
  readonly warnings: readonly Logged[];
  cpu(): Promise<CpuUsage>;
  memory(): Promise<MemoryUsage>;
  watchDelay(): Promise<void>;
  readDelay(): Promise<{ p99: number; max: number }>;
  handles(): Promise<Handles>;
  /** What a watched server says that it holds. */
  load(): Promise<Load>;
  /** Does some work, and profiles the server meanwhile where profiles are wanted; a profiled run measures the profiler too. */
  profiled<Result>(work: () => Promise<Result>): Promise<Result>;
  stop(): Promise<void>;
}

/** Where one of our servers keeps its data: `MONGODB_URI` under a name of its own, else the embedded engine in a folder of its own. */
export interface BenchDatabase {
  readonly kind: 'embedded' | 'apart' | 'mongodb';
  readonly env: NodeJS.ProcessEnv;
  /** The same database for any driver; the embedded engine's is there while a server runs on it. */
  readonly uri: string;
  drop(): Promise<void>;
}

export async function createBenchDatabase(): Promise<BenchDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rooms-bench-'));
  const removeFolder = () => rm(dataDir, { recursive: true, force: true });
  const base = process.env['MONGODB_URI'];
  if (base === undefined || base === '') {
    const uri = `mongodb://${encodeURIComponent(join(dataDir, SOCKET_FILE))}/`;
    return { kind: 'embedded', env: { DATA_DIR: dataDir, MONGODB_URI: '' }, uri, drop: removeFolder };
  }
  const own = new URL(base);
  own.pathname = `/rooms_bench_${randomBytes(6).toString('hex')}`;
  const uri = own.toString();
  return {
    kind: 'mongodb',
    env: { DATA_DIR: dataDir, MONGODB_URI: uri },
    uri,
    async drop() {
      const connection = await mongoose.createConnection(uri).asPromise();
      await connection.dropDatabase();
      await connection.close();
      await removeFolder();
    },
  };
}

/**
 * The embedded engine in a process of its own, as `npm run db` starts it. A server beside it costs what one beside MongoDB costs: without the
 * engine's thread.
 */
export async function createApartDatabase(): Promise<BenchDatabase> {
  const dataDir = await mkdtemp(join(tmpdir(), 'rooms-bench-'));
  const engine = startChild(moduleUrl('../../../server/storage/embedded/main.ts', import.meta.url), {
    env: { DATA_DIR: dataDir, DB_PORT: '0' },
  });
  const drop = async () => {
    await endChild(engine);
    await rm(dataDir, { recursive: true, force: true });
  };
  try {
    const uri = await firstLine(engine, READY_WITHIN_MS);
    return { kind: 'apart', env: { DATA_DIR: dataDir, MONGODB_URI: uri }, uri, drop };
  } catch (error) {
    await drop();
    throw error;
  }
}

export interface ServerOptions {
  /** The folder that profiles of measured runs go to (`--profile`); none are made when it is undefined. */
  profileInto?: string | undefined;
  /** Settings beside the usual ones. */
  env?: NodeJS.ProcessEnv;
  /** Tells what it holds. */
  watched?: boolean;
}

/** The service as it is shipped, on a database. Its rate limits are off: here somebody sends as fast as can be. */
export function startOurs(database: BenchDatabase, options: ServerOptions = {}): Promise<ServerUnderTest> {
  const env = {
    PORT: '0',
    HOST: '127.0.0.1',
    RATE_LIMIT_FACTOR: '0',
    LOG_LEVEL: 'info',
    DEMO: '0',
    ...database.env,
    ...options.env,
  };
  const main = options.watched === true ? './watched-server.ts' : '../../../server/main.ts';
  return start('ours', moduleUrl(main, import.meta.url), env, options);
}

export function startBare(options: ServerOptions = {}): Promise<ServerUnderTest> {
  return start('bare', moduleUrl('../bare-server.ts', import.meta.url), options.env ?? {}, options);
}

async function start(
  name: string,
  module: URL,
  env: NodeJS.ProcessEnv,
  { profileInto }: ServerOptions,
): Promise<ServerUnderTest> {
  const probe = moduleUrl('./probe.ts', import.meta.url).href;
  const child: ChildProcess = startChild(module, {
    env,
    execArgv: ['--expose-gc', '--disable-warning=ExperimentalWarning', '--import', probe],
  });
  try {
    const warnings: Logged[] = [];
    const url = await servingUrl(child, READY_WITHIN_MS, (logged) => {
      if (Number(logged['level']) >= WARNING) warnings.push(logged);
    });
    const calls = new Calls<ProbeApi>(child);
    return {
      url,
      warnings,
      cpu: () => calls.call('cpu', undefined),
      memory: () => calls.call('memory', undefined),
      watchDelay: () => calls.call('watchDelay', undefined),
      readDelay: () => calls.call('readDelay', undefined),
      handles: () => calls.call('handles', undefined),
      load: () => calls.call('load', undefined),
      async profiled(work) {
        if (profileInto === undefined) return work();
        await calls.call('startProfile', undefined);
        try {
          return await work();
        } finally {
          await calls.call('stopProfile', { folder: profileInto, name });
        }
      },
      stop: () => endChild(child),
    };
  } catch (error) {
    await endChild(child);
    throw error;
  }
}
