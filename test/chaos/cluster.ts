import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { within } from '../support/client.ts';
import { createTestDatabase } from '../support/database.ts';
import { programOf } from '../support/program.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { pause } from './dice.ts';

/** Where the servers keep their data: each in its own process (one server), beside it in a process of its own, or on `MONGODB_URI`. */
export type Engine = 'embedded' | 'embedded-apart' | 'mongodb';

const SERVER = programOf('server/main.ts');
const DATABASE = programOf('server/storage/embedded/main.ts');

interface Slot {
  /** Where it serves; undefined while it is down or starting. */
  url: string | undefined;
  child: ChildProcess | undefined;
}

/** Servers as processes that are started again whenever they die. */
export class Cluster {
  readonly #env: NodeJS.ProcessEnv;
  readonly #slots: Slot[];
  readonly #release: () => Promise<void>;
  readonly #keeping: Promise<void>[] = [];
  #stopped = false;
  /** How often a server was started. */
  starts = 0;
  /** What a server said that ended without being killed. */
  readonly deaths: string[] = [];

  private constructor(servers: number, env: NodeJS.ProcessEnv, release: () => Promise<void>) {
    this.#env = env;
    this.#release = release;
    this.#slots = Array.from({ length: servers }, () => ({ url: undefined, child: undefined }));
  }

  static async start(engine: Engine, servers: number): Promise<Cluster> {
    const { env, release } = await openDatabase(engine);
    const cluster = new Cluster(servers, env, release);
    for (const slot of cluster.#slots) cluster.#keeping.push(cluster.#keep(slot));
    try {
      await cluster.allUp();
    } catch (error) {
      await cluster.stop();
      throw error;
    }
    return cluster;
  }

  /** Where servers serve now. */
  urls(): string[] {
    return this.#slots.flatMap(({ url }) => url ?? []);
  }

  async allUp(): Promise<void> {
    const up = async () => {
      while (this.urls().length < this.#slots.length && !this.#stopped) await pause(20);
    };
    await within(up(), 'all servers to serve', 60_000);
  }

  /** Kills the server at a URL, or any that is starting when there is none; says whether there was one. */
  kill(url: string | undefined): boolean {
    const slot = this.#slots.find((one) => one.child !== undefined && one.url === url);
    if (slot === undefined) return false;
    slot.url = undefined;
    slot.child?.kill('SIGKILL');
    slot.child = undefined;
    return true;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    for (const { child } of this.#slots) child?.kill('SIGKILL');
    await Promise.all(this.#keeping);
    await this.#release();
  }

  async #keep(slot: Slot): Promise<void> {
    while (!this.#stopped) {
      let child: ChildProcess | undefined;
      let killed = false;
      try {
        this.starts += 1;
        const server = await startServiceProcess(
          { PORT: '0', LOG_LEVEL: 'info', ...this.#env },
          {
            program: SERVER,
            onSpawn(spawned) {
              child = spawned;
              slot.child = spawned;
            },
          },
        );
        if (slot.child === child && child?.exitCode === null && child.signalCode === null) {
          slot.url = server.url;
          await once(child, 'exit');
        }
      } catch (error) {
        killed = child?.signalCode === 'SIGKILL';
        if (!killed) this.deaths.push(String(error));
      }
      if (slot.child === child) {
        slot.child = undefined;
        slot.url = undefined;
      }
      if (child?.signalCode !== 'SIGKILL' && !this.#stopped) {
        if (!killed) this.deaths.push(`ended with ${String(child?.exitCode)}`);
        await pause(500);
      }
    }
  }
}

async function openDatabase(engine: Engine): Promise<{ env: NodeJS.ProcessEnv; release: () => Promise<void> }> {
  if (engine === 'mongodb') {
    const database = await createTestDatabase();
    return { env: { ...database.env }, release: () => database.drop() };
  }
  const folder = await mkdtemp(join(tmpdir(), 'delivery-rooms-chaos-'));
  const remove = () => rm(folder, { recursive: true, force: true });
  if (engine === 'embedded') return { env: { DATA_DIR: folder, MONGODB_URI: '' }, release: remove };
  const child = spawn(process.execPath, DATABASE, {
    env: { ...process.env, DATA_DIR: folder, DB_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [line] = (await within(once(child.stdout, 'data'), 'the database to say where it is', 30_000)) as [Buffer];
  const uri = line.toString('utf8').trim();
  return {
    env: { DATA_DIR: folder, MONGODB_URI: uri },
    async release() {
      const exit = once(child, 'exit');
      child.kill('SIGTERM');
      await exit;
      await remove();
    },
  };
}
