import { createHash, randomBytes } from 'node:crypto';

/** So long is the name of a server. */
export const SERVER_ID_LENGTH = 8;

/** A name for a server that nobody else has, also not the one that ran here before. */
export const newServerId = (): string => randomBytes(6).toString('base64url');

/**
 * What is called how in Redis. The names begin with a mark of the database, so that services on other databases may share the Redis. Channels of rooms are those
 * of Socket.IO's sharded adapter.
 */
export class Names {
  readonly #prefix: string;

  /** @param databaseKey a secret that every server on the database knows; the mark does not give it away */
  constructor(databaseKey: Buffer) {
    const mark = createHash('sha256').update('redis').update(databaseKey).digest('base64url').slice(0, 12);
    this.#prefix = `rooms:${mark}`;
  }

  /** What Socket.IO's adapter puts in front of its own. */
  get adapterPrefix(): string {
    return this.#prefix;
  }

  /** The adapter's channel of a Socket.IO room of the main namespace. */
  channel(room: string): string {
    return `${this.#prefix}#/#${room}#`;
  }

  /** The Socket.IO room that one of the adapter's channels belongs to; undefined for another channel. */
  roomOf(channel: string): string | undefined {
    const start = `${this.#prefix}#/#`;
    return channel.length > start.length && channel.startsWith(start) && channel.endsWith('#')
      ? channel.slice(start.length, -1)
      : undefined;
  }

  /** Hears of what happens in the rooms of a seat. */
  seat(seat: string): string {
    return `${this.#prefix}:seat:${seat}`;
  }

  /** Every server hears it. */
  get everyone(): string {
    return `${this.#prefix}:everyone`;
  }

  /** One server hears it: itself. */
  echo(server: string): string {
    return `${this.#prefix}:echo:${server}`;
  }

  /** The servers that live, by when they were last heard of. */
  get servers(): string {
    return `${this.#prefix}:servers`;
  }

  /** What a server says of itself: who is in which room, and who has how many connections. Gone when the server is. */
  at(server: string): string {
    return `${this.#prefix}:at:${server}`;
  }

  /** What somebody has taken of a rate. */
  rate(rate: string, key: string): string {
    return `${this.#prefix}:rate:${rate}:${key}`;
  }
}
