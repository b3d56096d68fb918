import { freePort } from '../../deploy/free-port.ts';
import { findRedisServer } from '../../deploy/installed.ts';
import { createTestDatabase } from '../support/database.ts';
import type { CompiledService } from './compiled-service.ts';
import { Line } from './line.ts';
import { Mortal } from './mortal.ts';

export interface SetUpPlan {
  /** How many servers; more than one share a database. */
  servers: 1 | 2;
  /** The database in a process of its own, or the embedded engine within the one server. Nothing of it where `MONGODB_URI` is given. */
  database: 'apart' | 'within';
  /** Lines between clients, servers and what is behind them, which can be broken. */
  lines?: boolean;
}

/** What a line leads to. */
export type LineEnd = 'servers' | 'database' | 'redis';

/** The processes of a run, on data of their own. */
export interface SetUp {
  readonly servers: readonly Mortal[];
  /** Undefined where it is not ours to touch. */
  readonly database: Mortal | undefined;
  /** Undefined where none is used: it is for several servers, if there is one. */
  readonly redis: Mortal | undefined;
  readonly all: readonly Mortal[];
  readonly lines: readonly { readonly end: LineEnd; readonly line: Line }[];
  /** Of the database that the servers share, for a look behind them. */
  readonly databaseUri: string | undefined;
  /** Where clients go at this moment: to the servers that serve. */
  urls(): string[];
  drop(): Promise<void>;
}

/** Says whether the database is somebody else's: it is not killed then. */
export const onForeignDatabase = (): boolean => (process.env['MONGODB_URI'] ?? '') !== '';

/** Starts the processes of a set-up. */
export async function startSetUp(plan: SetUpPlan, programs: CompiledService): Promise<SetUp> {
  const data = await createTestDatabase();
  const lines: { end: LineEnd; line: Line }[] = [];
  const behind: Mortal[] = [];
  const servers: Mortal[] = [];
  const drop = async (): Promise<void> => {
    for (const mortal of [...servers, ...behind]) {
      mortal.resume();
      await mortal.kill();
    }
    await Promise.all(lines.map(({ line }) => line.close()));
    await data.drop();
  };
  const through = async (end: LineEnd, name: string, port: () => number | undefined): Promise<Line> => {
    const line = await Line.open(name, () => {
      const at = port();
      return at === undefined ? undefined : { host: '127.0.0.1', port: at };
    });
    lines.push({ end, line });
    return line;
  };
  try {
    const apart =
      plan.database === 'within' || onForeignDatabase()
        ? undefined
        : databaseApart(programs, data.env.DATA_DIR, await freePort());
    const redis = plan.servers === 1 ? undefined : await redisApart(data.env.DATA_DIR);
    for (const one of [apart, redis]) if (one !== undefined) behind.push(one.mortal);
    const shared = apart === undefined ? data.env.MONGODB_URI : `mongodb://127.0.0.1:${apart.port}/rooms`;
    for (let number = 1; number <= plan.servers; number++) {
      const name = plan.servers === 1 ? 'server' : `server ${number}`;
      const own = {
        ...data.env,
        ...(shared === undefined ? {} : { MONGODB_URI: shared }),
        ...(redis === undefined ? {} : { REDIS_URL: urlOfRedis(redis.port) }),
      };
      if (plan.lines === true && apart !== undefined) {
        const line = await through('database', `${name} to the database`, () => apart.port);
        own.MONGODB_URI = `mongodb://127.0.0.1:${line.port}/rooms`;
      }
      if (plan.lines === true && redis !== undefined)
        own.REDIS_URL = urlOfRedis((await through('redis', `${name} to Redis`, () => redis.port)).port);
      servers.push(serverOn(name, programs, own));
    }
    await Promise.all(behind.map((mortal) => mortal.serve()));
    await Promise.all(servers.map((mortal) => mortal.serve()));
    const fronts = new Map<Mortal, string>();
    if (plan.lines === true)
      for (const server of servers) {
        const line = await through('servers', `clients to ${server.name}`, () => portOf(server.address));
        fronts.set(server, `http://127.0.0.1:${line.port}`);
      }
    return {
      servers,
      database: apart?.mortal,
      redis: redis?.mortal,
      all: [...behind, ...servers],
      lines,
      databaseUri: shared,
      urls: () =>
        servers.flatMap((server) => (server.address === undefined ? [] : (fronts.get(server) ?? server.address))),
      drop,
    };
  } catch (error) {
    await drop();
    throw error;
  }
}

const portOf = (address: string | undefined): number | undefined =>
  address === undefined ? undefined : Number(new URL(address).port);
const urlOfRedis = (port: number): string => `redis://127.0.0.1:${port}`;

function serverOn(name: string, programs: CompiledService, env: NodeJS.ProcessEnv): Mortal {
  return new Mortal({
    name,
    command: [process.execPath, programs.server],
    address: /"url":"([^"]+)"[^\n]*"msg":"serving"/,
    env: () => ({
      PORT: '0',
      HOST: '127.0.0.1',
      RATE_LIMIT_FACTOR: '0',
      DEMO: '0',
      LOG_LEVEL: 'info',
      REDIS_URL: '',
      ...env,
    }),
  });
}

interface Apart {
  mortal: Mortal;
  port: number;
}

/** The embedded engine as `npm run db` starts it. It keeps its port, or nobody would find it again. */
function databaseApart(programs: CompiledService, dataDir: string, port: number): Apart {
  const mortal = new Mortal({
    name: 'database',
    command: [process.execPath, programs.database],
    address: /(mongodb:\/\/\S+)/,
    env: () => ({ DATA_DIR: dataDir, DB_HOST: '127.0.0.1', DB_PORT: String(port) }),
  });
  return { mortal, port };
}

/** A Redis of this run's own, where one is installed; one that is given is somebody else's, and not used. */
async function redisApart(dataDir: string): Promise<Apart | undefined> {
  const file = findRedisServer();
  if (file === undefined) return undefined;
  const port = await freePort();
  const place = ['--port', String(port), '--bind', '127.0.0.1', '--dir', dataDir];
  const keepsNothing = ['--save', '', '--appendonly', 'no', '--daemonize', 'no'];
  const mortal = new Mortal({
    name: 'redis',
    command: [file, ...place, ...keepsNothing],
    address: /(Ready to accept connections)/,
  });
  return { mortal, port };
}
