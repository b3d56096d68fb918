import type { Redis } from 'ioredis';
import type { Log } from '../telemetry/log.ts';
import { connectFirst, giveUp, reasonOf, redisClient } from './redis-client.ts';

export type OnMessage = (message: Buffer, channel: Buffer) => void;

/** How long the start waits for Redis, in milliseconds. */
const START_MS = 2_000;
const CHANNELS_AT_ONCE = 500;
/** What may wait to be written to Redis, in bytes: a Redis that takes nothing is as good as away. */
const UNWRITTEN_MAX = 8 * 1024 * 1024;
const FAULTS_SAID_EVERY_MS = 10_000;

const ignore = (): void => undefined;

/**
 * This process's two connections to Redis: one to say, one to hear. Nothing is kept for a Redis that is away, but the list of what is to be heard: it is asked
 * for again when it is back.
 */
export class RedisLink {
  readonly commands: Redis;
  readonly #hearing: Redis | undefined;
  readonly #log: Log;
  readonly #handlers = new Map<string, OnMessage>();
  /** What the present connection was asked to hear. */
  readonly #asked = new Set<string>();
  #changed = new Set<string>();
  /** How many connections to hear with there were before. */
  #connection = 0;
  #gathering = false;
  /** Questions that are not answered. */
  #asking = 0;
  #settling: Promise<unknown> = Promise.resolve();
  #heard = false;
  #up = false;
  #closed = false;
  #corked = false;
  #faultSaid = Number.NEGATIVE_INFINITY;
  #onChange: (up: boolean) => void = ignore;

  /** @param hears false for a process that only tells */
  constructor(url: string, log: Log, { hears = true }: { hears?: boolean } = {}) {
    this.#log = log;
    this.commands = redisClient(url, log);
    this.#hearing = hears ? redisClient(url, log) : undefined;
    this.commands.on('ready', () => this.#look());
    this.commands.on('close', () => this.#look());
    this.#hearing?.on('smessageBuffer', (channel: Buffer, message: Buffer) => this.#hear(channel, message));
    this.#hearing?.on('ready', () => void this.#hearAgain());
    this.#hearing?.on('close', () => {
      this.#heard = false;
      this.#asked.clear();
      // What was asked of this connection is never answered.
      this.#connection += 1;
      this.#asking = 0;
      this.#look();
    });
  }

  /** Connects. A Redis that does not answer in time is waited for in the background. @throws {RedisRefused} */
  async connect(): Promise<void> {
    const there = await connectFirst(this.commands, START_MS);
    if (this.#hearing !== undefined) await connectFirst(this.#hearing, there ? START_MS : 0);
    if (!there) this.#log.warn('Redis does not answer: this process goes on alone until it does');
  }

  /** True while both connections are ready and everything that is to be heard is heard. */
  get up(): boolean {
    return this.#up;
  }

  /** @param onChange called when Redis is there, and when it is not any more */
  watch(onChange: (up: boolean) => void): void {
    this.#onChange = onChange;
  }

  /** Sends a message to whoever hears the channel. Says whether it was sent: whether it arrives nobody knows. */
  publish(channel: string, message: string | Buffer): boolean {
    const { commands } = this;
    if (!this.#up || commands.stream.writableLength > UNWRITTEN_MAX) return false;
    if (!this.#corked) {
      // What is said in one turn of the event loop is one write.
      this.#corked = true;
      const { stream } = commands;
      stream.cork();
      process.nextTick(() => {
        this.#corked = false;
        stream.uncork();
      });
    }
    // Given a callback, what becomes of it is nobody's unhandled rejection.
    void commands.spublish(channel, message, ignore);
    return true;
  }

  /** Channels that are to be heard. */
  get channels(): number {
    return this.#handlers.size;
  }

  subscribe(channel: string, onMessage: OnMessage): void {
    this.#handlers.set(channel, onMessage);
    this.#change(channel);
  }

  unsubscribe(channel: string): void {
    this.#handlers.delete(channel);
    this.#change(channel);
  }

  /** Resolves when everything that was asked for up to now is heard; perhaps never, when Redis goes away meanwhile. */
  settled(): Promise<unknown> {
    return this.#settling;
  }

  /** Says whether that is so now. */
  get isSettled(): boolean {
    return this.#asking === 0 || !this.#up;
  }

  /** A connection does not answer: it is ended, and made anew. */
  distrust(which: 'saying' | 'hearing'): void {
    const client = which === 'saying' ? this.commands : this.#hearing;
    if (client === undefined || client.status !== 'ready') return;
    this.#log.warn({ connection: which }, 'Redis is silent: the connection is made anew');
    giveUp(client);
  }

  close(): void {
    this.#closed = true;
    this.#handlers.clear();
    for (const client of [this.commands, this.#hearing]) client?.disconnect();
  }

  #look(): void {
    const up = this.commands.status === 'ready' && (this.#hearing === undefined || this.#heard);
    if (up === this.#up) return;
    this.#up = up;
    if (this.#closed) return;
    if (up) this.#log.info('Redis is there');
    else this.#log.warn('Redis is away: this process goes on alone');
    this.#onChange(up);
  }

  async #hearAgain(): Promise<void> {
    for (const channel of this.#handlers.keys()) this.#changed.add(channel);
    const settled = await this.#ask();
    if (!settled || this.#hearing?.status !== 'ready') return;
    this.#heard = true;
    this.#look();
  }

  #change(channel: string): void {
    this.#changed.add(channel);
    // What comes and goes within a turn of the event loop is one question, or none.
    if (this.#gathering) return;
    this.#gathering = true;
    this.#asking += 1;
    this.#settling = new Promise((resolve) => setImmediate(resolve)).then(async () => {
      this.#gathering = false;
      const connection = this.#connection;
      await this.#ask();
      if (connection === this.#connection) this.#asking -= 1;
    });
  }

  /** Asks for what has changed; says whether it was all answered. */
  async #ask(): Promise<boolean> {
    const client = this.#hearing;
    if (client?.status !== 'ready') return false;
    const come: string[] = [];
    const gone: string[] = [];
    for (const channel of this.#changed) {
      if (this.#handlers.has(channel)) {
        if (!this.#asked.has(channel)) come.push(channel);
        this.#asked.add(channel);
      } else if (this.#asked.delete(channel)) gone.push(channel);
    }
    this.#changed.clear();
    const asking: Promise<unknown>[] = [];
    for (let i = 0; i < come.length; i += CHANNELS_AT_ONCE)
      asking.push(client.ssubscribe(...come.slice(i, i + CHANNELS_AT_ONCE)));
    for (let i = 0; i < gone.length; i += CHANNELS_AT_ONCE)
      asking.push(client.sunsubscribe(...gone.slice(i, i + CHANNELS_AT_ONCE)));
    try {
      await Promise.all(asking);
      return true;
    } catch (error) {
      if (client.status === 'ready' && !this.#closed) this.#fault(reasonOf(error), 'channels of Redis cannot be heard');
      return false;
    }
  }

  #hear(channel: Buffer, message: Buffer): void {
    try {
      this.#handlers.get(channel.toString())?.(message, channel);
    } catch (error) {
      this.#fault(reasonOf(error), 'a message from Redis is passed over: it is none of a server');
    }
  }

  /** Somebody who floods the channels does not flood the log. */
  #fault(reason: string, what: string): void {
    const now = performance.now();
    if (now - this.#faultSaid < FAULTS_SAID_EVERY_MS) return;
    this.#faultSaid = now;
    this.#log.warn({ reason }, what);
  }
}
