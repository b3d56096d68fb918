import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readSettings } from '../server/app/settings.ts';
import { demoGreeting } from '../server/demo/demo.ts';
import { prepareBalancer } from './balancer.ts';
import { freePort } from './free-port.ts';
import { findNginx, findRedisServer } from './installed.ts';
import { Part, type Say } from './part.ts';
import type { ProgramOptions } from './program.ts';

/** What a stop of one part may take, in milliseconds; a server drains first. */
const STOP_MS = 15_000;
/** Where this module stands among the built ones, and in the tree. */
const BUILT = fileURLToPath(new URL('../', import.meta.url));
const BALANCER = fileURLToPath(new URL('../../deploy/nginx.conf', import.meta.url));

/** A part that did not come to serve; says why in its own words. */
export class PartFailed extends Error {
  override readonly name = 'PartFailed';
}

type PartOptions = Omit<ProgramOptions, 'detached'>;

/**
 * Two servers on this machine, the jobs apart from them, what they share, and a balancer in front, from what is installed. Its settings are those of a
 * server: `PORT` is where people go, `DATA_DIR` gets a folder `cluster`, `MONGODB_URI` and `REDIS_URL` name what runs elsewhere.
 */
export class Cluster {
  readonly #env: NodeJS.ProcessEnv;
  readonly #say: Say;
  readonly #parts: Part[] = [];
  #stopping = false;

  constructor(env: NodeJS.ProcessEnv, say: Say) {
    this.#env = env;
    this.#say = say;
  }

  /** In the order in which they were started. */
  get parts(): readonly Part[] {
    return this.#parts;
  }

  /**
   * Starts all of it, and gives what the person who started it is told.
   * @throws {SettingsError} for settings that no server would take
   * @throws {PartFailed} when a part does not come to serve
   */
  async start(): Promise<string> {
    const settings = readSettings(this.#env, true);
    const { host, demo } = settings;
    const folder = join(settings.dataDir, 'cluster');
    const nginx = findNginx();
    const front = settings.port === 0 ? await freePort() : settings.port;
    const shared = { ...(await this.#database(folder)), ...(await this.#redis(folder)) };
    const common = { ...shared, JOBS: 'apart', DEMO: demo ? '1' : '0', LOG_LEVEL: 'info' };
    const proxied = nginx === undefined ? {} : { HOST: '127.0.0.1', TRUST_PROXY: '1' };
    // One after the other: the first fills the demonstration.
    const first = await this.#server(1, nginx === undefined ? front : await freePort(), { ...common, ...proxied });
    const second = await this.#server(2, await freePort(), { ...common, ...proxied });
    await this.#run({
      name: 'jobs',
      command: [process.execPath, join(BUILT, 'jobs', 'main.js')],
      env: () => common,
      address: /"msg":"(running the jobs)"/,
    });
    let urls: [string, ...string[]] = [first, second];
    if (nginx === undefined) {
      this.#say('No nginx on the path: there is no balancer, and each server has an address of its own.');
    } else {
      const place = { host, port: front, servers: urls, folder: join(folder, 'balancer') };
      const args = await prepareBalancer(BALANCER, place);
      await this.#run({ name: 'balancer', command: [nginx, ...args], address: /(start worker process)/ });
      urls = [`http://${host.includes(':') ? `[${host}]` : host}:${front}`];
    }
    return demo ? demoGreeting(urls) : `Serving at ${urls.join(' and ')}\n`;
  }

  /** Stops what runs, in order: nothing is left without what it needs. Also ends a start that is under way. */
  async stop(): Promise<void> {
    this.#stopping = true;
    const ranks = [['balancer'], ['server 1', 'server 2', 'jobs'], ['redis', 'database']];
    for (const names of ranks)
      await Promise.all(this.#parts.filter(({ name }) => names.includes(name)).map((part) => this.#stopPart(part)));
  }

  async #stopPart(part: Part): Promise<void> {
    if (!part.running) return;
    await part.stop(STOP_MS);
    this.#say(`${part.name} has stopped`);
  }

  async #run(options: PartOptions): Promise<Part> {
    if (this.#stopping) throw new PartFailed('stopped before it was started');
    const part = new Part(options, this.#say);
    this.#parts.push(part);
    if (!(await part.start())) throw new PartFailed(`${part.name} did not start:\n${part.lastWords}`);
    this.#say(`${part.name} runs (process ${part.pid ?? 0})`);
    return part;
  }

  async #server(number: number, port: number, env: NodeJS.ProcessEnv): Promise<string> {
    const { address = '' } = await this.#run({
      name: `server ${number}`,
      command: [process.execPath, join(BUILT, 'server', 'main.js')],
      env: () => ({ ...env, PORT: String(port) }),
      address: /"url":"([^"]+)"[^\n]*"msg":"serving"/,
    });
    return address;
  }

  async #database(folder: string): Promise<{ MONGODB_URI: string }> {
    const given = this.#env['MONGODB_URI'] ?? '';
    if (given !== '') return { MONGODB_URI: given };
    // It keeps its port over a restart, or nobody would find it again.
    const port = this.#env['DB_PORT'] ?? String(await freePort());
    const { address = '' } = await this.#run({
      name: 'database',
      command: [process.execPath, join(BUILT, 'server', 'storage', 'embedded', 'main.js')],
      env: () => ({ DATA_DIR: join(folder, 'database'), DB_PORT: port }),
      address: /(mongodb:\/\/\S+)/,
    });
    return { MONGODB_URI: address };
  }

  async #redis(folder: string): Promise<{ REDIS_URL?: string }> {
    const given = this.#env['REDIS_URL'] ?? '';
    if (given !== '') return { REDIS_URL: given };
    const file = findRedisServer();
    if (file === undefined) {
      this.#say(
        'No redis-server 7 or newer on the path, and no REDIS_URL: each server learns through the database, within seconds, what the other does.',
      );
      return {};
    }
    const dir = join(folder, 'redis');
    await mkdir(dir, { recursive: true });
    const port = String(await freePort());
    const place = ['--port', port, '--bind', '127.0.0.1', '--dir', dir];
    // What passes through it is kept in the database.
    const keepsNothing = ['--save', '', '--appendonly', 'no', '--daemonize', 'no'];
    await this.#run({
      name: 'redis',
      command: [file, ...place, ...keepsNothing],
      address: /(Ready to accept connections)/,
    });
    return { REDIS_URL: `redis://127.0.0.1:${port}` };
  }
}
