import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { freePort } from '../../deploy/free-port.ts';
import { until } from './client.ts';

/** The first that knows sharded publish and subscribe. */
const OLDEST = 7;
const PORTS_TRIED = 5;
const ANSWER_MS = 1_000;

/** A Redis of the test's own, in a process that can be killed, paused and brought back. It keeps nothing through a kill. */
export class RedisServer {
  readonly port: number;
  readonly #file: string;
  readonly #dir: string;
  #child: ChildProcess | undefined;

  private constructor(file: string, dir: string, port: number) {
    this.#file = file;
    this.#dir = dir;
    this.port = port;
  }

  /** Starts one on a free loopback port; resolves when it answers. Undefined where none is installed: say so, see `sayWithoutRedis`. */
  static async start(): Promise<RedisServer | undefined> {
    const file = findRedisServer();
    if (file === undefined) return undefined;
    const dir = await mkdtemp(join(tmpdir(), 'delivery-rooms-redis-'));
    for (let tried = 1; ; tried++) {
      const server = new RedisServer(file, dir, await freePort());
      try {
        await server.restart();
        return server;
      } catch (error) {
        // Somebody else may have taken the port meanwhile.
        await server.kill();
        if (tried === PORTS_TRIED) throw error;
      }
    }
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /** Of the process that runs; undefined between a kill and a restart. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts it again on the same port after a kill; resolves when it answers. */
  async restart(): Promise<void> {
    await this.kill();
    const place = ['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#dir];
    const nothingKept = ['--save', '', '--appendonly', 'no', '--daemonize', 'no', '--loglevel', 'warning'];
    const child = spawn(this.#file, [...place, ...nothingKept], { stdio: 'ignore' });
    child.once('exit', () => process.off('exit', this.#end));
    process.on('exit', this.#end);
    this.#child = child;
    await until('Redis answers', async () => {
      if (child.exitCode !== null) throw new Error(`redis-server ended with ${child.exitCode}`);
      return answers(this.port);
    });
  }

  /** Ends it without a chance to say goodbye, and waits until it is gone. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const gone = once(child, 'exit');
    child.kill('SIGKILL');
    await gone;
  }

  /** Stops it in the middle of what it does: connections stay open and nothing answers, until it is resumed. */
  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  /** Ends it and removes its folder. */
  async stop(): Promise<void> {
    await this.kill();
    await rm(this.#dir, { recursive: true, force: true });
  }

  readonly #end = (): void => {
    this.#child?.kill('SIGKILL');
  };
}

/** Says, where nobody can miss it, that tests did not run. */
export function sayWithoutRedis(suite: string): void {
  const what = `No redis-server ${OLDEST} or newer on the path (apt-get install redis-server), and no REDIS_URL.`;
  process.stderr.write(`\n*** ${suite}: DID NOT RUN. ${what}\n\n`);
}

function findRedisServer(): string | undefined {
  return ['redis-server', '/usr/bin/redis-server'].find((file) => {
    const { stdout } = spawnSync(file, ['--version'], { encoding: 'utf8' });
    return Number(/\bv=(\d+)/.exec(stdout ?? '')?.[1] ?? 0) >= OLDEST;
  });
}

/** Says whether something on this port answers as Redis does. */
function answers(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const settle = (is: boolean) => {
      socket.destroy();
      resolve(is);
    };
    socket.setTimeout(ANSWER_MS, () => settle(false));
    socket.once('error', () => settle(false));
    socket.once('connect', () => socket.write('PING\r\n'));
    socket.once('data', (data) => settle(data.toString().startsWith('+PONG')));
  });
}
