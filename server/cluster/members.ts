import type { Redis, Result } from 'ioredis';
import { inTime } from './in-time.ts';
import type { Names } from './names.ts';
import { WHOLE } from './own-record.ts';
import type { RedisLink } from './redis-link.ts';

/** In milliseconds. */
export interface ClusterTiming {
  /** How often a server says that it lives. */
  beatMs: number;
  /** A server that has not said so for this long counts as gone. */
  goneMs: number;
}

export const CLUSTER_TIMING: ClusterTiming = { beatMs: 3_000, goneMs: 12_000 };

/** Says that a server lives, counts as gone who has not for a while, and answers with all who live. Instants are Redis's own: clocks of servers may differ. */
const BEAT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now, ARGV[1])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[2] * 10)
local whole = redis.call('HEXISTS', KEYS[2], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[2])
redis.call('SPUBLISH', KEYS[3], ARGV[3])
return {whole, now, redis.call('ZRANGE', KEYS[1], 0, -1, 'WITHSCORES')}`;

/** Leaves a server's word standing for a while only. */
const LEAVE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZADD', KEYS[1], now - ARGV[2] + ARGV[3], ARGV[1])
return redis.call('PEXPIRE', KEYS[2], ARGV[3])`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    roomsBeat(
      servers: string,
      at: string,
      echo: string,
      server: string,
      goneMs: number,
      word: string,
      whole: string,
    ): Result<[whole: number, now: number, heardOf: string[]], Context>;
    roomsLeave(servers: string, at: string, server: string, goneMs: number, standsMs: number): Result<number, Context>;
  }
}

export interface MembersParts {
  link: RedisLink;
  names: Names;
  server: string;
  timing: ClusterTiming;
  /** Called after each beat that was answered, with whether the record of this server is still there, and whole. */
  onBeat(isWhole: boolean): void;
  /** A server has come, or come back. */
  onCome(server: string): void;
  onGone(server: string): void;
}

/**
 * Which other servers live. Each says so every few seconds; one that was killed, or of which nothing can be heard, is gone after `goneMs`, found within a beat. A
 * beat is heard by its own sender: so it also finds connections that look alive and are not.
 */
export class Members {
  readonly #parts: MembersParts;
  readonly #redis: Redis;
  /** When each other server was last heard of, by this process's own clock. */
  readonly #heardOf = new Map<string, number>();
  #beats = 0;
  #echoed = 0;
  #timer: NodeJS.Timeout | undefined;
  #beating: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(parts: MembersParts) {
    this.#parts = parts;
    const { link, names, server } = parts;
    this.#redis = link.commands;
    this.#redis.defineCommand('roomsBeat', { numberOfKeys: 3, lua: BEAT });
    this.#redis.defineCommand('roomsLeave', { numberOfKeys: 2, lua: LEAVE });
    link.subscribe(names.echo(server), (message) => {
      this.#echoed = Number(message.toString());
    });
  }

  /** The other servers that live. */
  get others(): readonly string[] {
    return [...this.#heardOf.keys()];
  }

  start(): void {
    const { beatMs } = this.#parts.timing;
    this.#timer = setTimeout(() => {
      void this.beat().then(() => {
        if (!this.#stopped) this.start();
      });
    }, beatMs).unref();
  }

  /** Beats now. */
  beat(): Promise<void> {
    this.#beating = this.#beating.then(() => this.#beat());
    return this.#beating;
  }

  /** Ends the beats. What this server has said of itself stands for `standsMs` more. */
  async leave(standsMs: number): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#timer);
    await this.#beating;
    const { link, names, server, timing } = this.#parts;
    if (!link.up) return;
    await inTime(
      this.#redis.roomsLeave(names.servers, names.at(server), server, timing.goneMs, standsMs),
      timing.beatMs,
    ).catch(() => undefined);
  }

  async #beat(): Promise<void> {
    const { link, names, server, timing, onBeat } = this.#parts;
    if (!link.up) {
      this.#age();
      return;
    }
    // The one before was not heard: what this server is told does not reach it.
    if (this.#beats - this.#echoed > 1) {
      link.distrust('hearing');
      this.#echoed = this.#beats;
    }
    this.#beats += 1;
    try {
      const { servers } = names;
      const word = String(this.#beats);
      const beating = this.#redis.roomsBeat(
        servers,
        names.at(server),
        names.echo(server),
        server,
        timing.goneMs,
        word,
        WHOLE,
      );
      const [whole, now, scores] = await inTime(beating, timing.beatMs);
      this.#learn(now, scores);
      onBeat(whole === 1);
    } catch {
      if (link.up) link.distrust('saying');
    }
    this.#age();
  }

  /** @param scores each server and when it was heard of last, by Redis's clock */
  #learn(now: number, scores: readonly string[]): void {
    const { server, timing, onCome } = this.#parts;
    for (let i = 0; i + 1 < scores.length; i += 2) {
      const [other = '', score] = scores.slice(i, i + 2);
      const ago = now - Number(score);
      if (other === server || !(ago <= timing.goneMs)) continue;
      const isNew = !this.#heardOf.has(other);
      this.#heardOf.set(other, performance.now() - ago);
      if (isNew) onCome(other);
    }
  }

  /** Forgets servers of which nothing was heard for too long, whether they, Redis or this one's connection is to blame. */
  #age(): void {
    const { timing, onGone } = this.#parts;
    const oldest = performance.now() - timing.goneMs;
    for (const [other, at] of this.#heardOf) {
      if (at > oldest) continue;
      this.#heardOf.delete(other);
      onGone(other);
    }
  }
}
