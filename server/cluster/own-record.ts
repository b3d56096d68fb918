import { inTime } from './in-time.ts';
import type { Names } from './names.ts';
import type { RedisLink } from './redis-link.ts';

/** Stands in a record that is whole. */
export const WHOLE = '#';
const ANSWER_MS = 2_000;
const ignore = (): void => undefined;

/**
 * What this server says of itself in Redis: one hash, that goes when the server does. It is kept here too, so that a Redis that has lost it, or was away, is told
 * all of it again.
 */
export class OwnRecord {
  readonly #link: RedisLink;
  readonly #key: string;
  readonly #goneMs: number;
  readonly #fields = new Map<string, string>();

  constructor(parts: { link: RedisLink; names: Names; server: string; goneMs: number }) {
    this.#link = parts.link;
    this.#key = parts.names.at(parts.server);
    this.#goneMs = parts.goneMs;
  }

  put(field: string, value: string): void {
    this.#fields.set(field, value);
    if (!this.#link.up) return;
    void this.#link.commands.hset(this.#key, field, value, ignore);
    // It may have gone, and be made by this: then it must go again.
    void this.#link.commands.pexpire(this.#key, this.#goneMs, ignore);
  }

  remove(field: string): void {
    if (this.#fields.delete(field) && this.#link.up) void this.#link.commands.hdel(this.#key, field, ignore);
  }

  /** Puts the whole of it there, in the place of what is there. Resolves when it stands, or is not known to. */
  async renew(): Promise<void> {
    if (!this.#link.up) return;
    const transaction = this.#link.commands.multi().del(this.#key);
    for (const [field, value] of this.#fields) transaction.hset(this.#key, field, value);
    transaction.hset(this.#key, WHOLE, '').pexpire(this.#key, this.#goneMs);
    await inTime(transaction.exec(), ANSWER_MS).catch(ignore);
  }
}
