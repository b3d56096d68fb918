import { freePort } from '../../deploy/free-port.ts';
import { createTestDatabase } from '../support/database.ts';
import type { CompiledService } from './compiled-service.ts';
import { Mortal } from './mortal.ts';

/**
 * `one`: a server with its embedded engine, or alone on `MONGODB_URI`. `two`: two servers on one database. `database`: a server whose database, the
 * embedded engine in a process of its own, is killed as well.
 */
export type SetUpName = 'one' | 'two' | 'database';

/** The set-ups that there are with this environment: a database that is not ours is not killed. */
export function setUpNames(): SetUpName[] {
  return onForeignDatabase() ? ['one', 'two'] : ['one', 'two', 'database'];
}

export interface SetUp {
  readonly name: SetUpName;
  /** What is killed, in turn. */
  readonly victims: readonly Mortal[];
  readonly all: readonly Mortal[];
  readonly servers: readonly Mortal[];
  drop(): Promise<void>;
}

const onForeignDatabase = (): boolean => (process.env['MONGODB_URI'] ?? '') !== '';

/** Starts the processes of a set-up on data of its own. */
export async function startSetUp(name: SetUpName, programs: CompiledService): Promise<SetUp> {
  const data = await createTestDatabase();
  const apart = name === 'one' || onForeignDatabase() ? undefined : await databaseApart(programs, data.env.DATA_DIR);
  const server = (label: string): Mortal =>
    new Mortal({
      name: label,
      command: [process.execPath, programs.server],
      address: /"url":"([^"]+)"[^\n]*"msg":"serving"/,
      env: () => ({
        PORT: '0',
        HOST: '127.0.0.1',
        RATE_LIMIT_FACTOR: '0',
        DEMO: '0',
        LOG_LEVEL: 'info',
        ...data.env,
        ...(apart === undefined ? {} : { MONGODB_URI: `${apart.uri}rooms` }),
      }),
    });
  const servers = name === 'two' ? [server('server 1'), server('server 2')] : [server('server')];
  const all = apart === undefined ? servers : [apart.mortal, ...servers];
  const killAll = () => Promise.all(all.map((mortal) => mortal.kill()));
  try {
    for (const mortal of all) await mortal.serve();
  } catch (error) {
    await killAll();
    throw error;
  }
  return {
    name,
    all,
    servers,
    victims: name === 'database' ? all : servers,
    async drop() {
      await killAll();
      await data.drop();
    },
  };
}

/** The embedded engine as `npm run db` starts it. It keeps its port, or nobody would find it again. */
async function databaseApart(programs: CompiledService, dataDir: string): Promise<{ mortal: Mortal; uri: string }> {
  const port = await freePort();
  const mortal = new Mortal({
    name: 'database',
    command: [process.execPath, programs.database],
    address: /(mongodb:\/\/\S+)/,
    env: () => ({ DATA_DIR: dataDir, DB_HOST: '127.0.0.1', DB_PORT: String(port) }),
  });
  return { mortal, uri: `mongodb://127.0.0.1:${port}/` };
}
