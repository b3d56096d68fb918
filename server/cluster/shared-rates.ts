import type { Result } from 'ioredis';
import type { RateClass } from '../../shared/contract/limits.ts';
import type { Learn, SharedLimit, Sharing } from '../registry/rates.ts';
import { inTime } from './in-time.ts';
import type { Names } from './names.ts';
import type { RedisLink } from './redis-link.ts';

/** A server tells of what somebody took when it is this part of what the rate lets through at once. */
const SHARE = 1 / 20;
const KEYS_AT_ONCE = 200;
const ANSWER_MS = 2_000;

/**
 * Adds what was taken to what all servers have taken of it, and answers for how long each key is paid ahead, in milliseconds. As on a server (GCRA), a key is one
 * instant, by Redis's own clock, and goes when it has passed.
 */
const TAKE = `
local time = redis.call('TIME')
local now = time[1] * 1000 + time[2] / 1000
local ahead = {}
for i, key in ipairs(KEYS) do
  local paid = math.max(tonumber(redis.call('GET', key) or 0), now) + tonumber(ARGV[i])
  redis.call('SET', key, string.format('%.3f', paid), 'PX', math.ceil(paid - now))
  ahead[i] = math.ceil(paid - now)
end
return ahead`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    roomsTake(keyCount: number, ...keysThenCosts: (string | number)[]): Result<number[], Context>;
  }
}

interface Taken {
  rate: RateClass;
  key: string;
  count: number;
}

/** What is shared of one class. */
interface Class {
  readonly shareFrom: number;
  readonly stepMs: number;
  readonly windowMs: number;
  /** What keys took since they were told of, in this window and in the one before. What is older is paid, and forgotten. */
  untold: Map<string, number>;
  before: Map<string, number>;
  turnAt: number;
}

/**
 * Holds the rates over all servers. Each server decides at once by what it knows, and tells of what was taken when it is a twentieth of what the rate lets through; the
 * answer is what all of them together have let through. So somebody who spreads over n servers gets at most n - 1 twentieths more at once than on one, beside what
 * passes while Redis is asked; in the long run no more, because what was too much is paid off. Without Redis each server holds the rates for itself.
 */
export class SharedRates implements Sharing {
  readonly #link: RedisLink;
  readonly #names: Names;
  readonly #now: () => number;
  readonly #classes = new Map<RateClass, Class>();
  #told: Taken[] = [];
  #learn: Learn = () => undefined;

  /** @param now milliseconds of a clock that is never set */
  constructor(parts: { link: RedisLink; names: Names; now: () => number }) {
    this.#link = parts.link;
    this.#names = parts.names;
    this.#now = parts.now;
    parts.link.commands.defineCommand('roomsTake', { lua: TAKE });
  }

  begin(limits: readonly SharedLimit[], learn: Learn): void {
    this.#learn = learn;
    for (const { rate, points, windowMs } of limits) {
      this.#classes.set(rate, {
        shareFrom: Math.max(1, Math.floor(points * SHARE)),
        stepMs: windowMs / points,
        windowMs,
        untold: new Map(),
        before: new Map(),
        turnAt: this.#now() + windowMs,
      });
    }
  }

  took(rate: RateClass, key: string): void {
    const of = this.#classes.get(rate);
    if (of === undefined) return;
    if (this.#now() >= of.turnAt) turn(of, this.#now());
    const count = (of.untold.get(key) ?? of.before.get(key) ?? 0) + 1;
    if (count < of.shareFrom) {
      of.untold.set(key, count);
      return;
    }
    of.untold.set(key, 0);
    if (this.#told.length === 0) setImmediate(() => this.#tell());
    this.#told.push({ rate, key, count });
  }

  #tell(): void {
    const told = this.#told;
    this.#told = [];
    if (!this.#link.up) return;
    for (let i = 0; i < told.length; i += KEYS_AT_ONCE) {
      this.#ask(told.slice(i, i + KEYS_AT_ONCE)).catch(() => undefined);
    }
  }

  async #ask(told: readonly Taken[]): Promise<void> {
    const keys = told.map(({ rate, key }) => this.#names.rate(rate, key));
    const costs = told.map(({ rate, count }) => count * (this.#classes.get(rate)?.stepMs ?? 0));
    const ahead = await inTime(this.#link.commands.roomsTake(keys.length, ...keys, ...costs), ANSWER_MS);
    told.forEach(({ rate, key }, i) => {
      const of = this.#classes.get(rate);
      // What was taken since is not in the answer.
      if (of !== undefined) this.#learn(rate, key, (ahead[i] ?? 0) + (of.untold.get(key) ?? 0) * of.stepMs);
    });
  }
}

function turn(of: Class, now: number): void {
  of.before = now >= of.turnAt + of.windowMs ? new Map() : of.untold;
  of.untold = new Map();
  of.turnAt = now + of.windowMs;
}
