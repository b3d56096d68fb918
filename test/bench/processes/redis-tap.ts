import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** What Redis writes in front of each message of a sharded channel: the words of RESP up to the channel's name, whose length is caught. */
const MESSAGE = /\$8\r\nsmessage\r\n\$(\d+)\r\n/g;
/** A channel's name is shorter. */
const LONGEST = 1_024;

/** A way to Redis for one server, that counts the messages which come down it, by channel. */
export class RedisTap {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  readonly #counts = new Map<string, number>();
  readonly #port: number;

  private constructor(server: Server, port: number) {
    this.#server = server;
    this.#port = port;
  }

  static async open(redisPort: number): Promise<RedisTap> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('a tap has no port');
    const tap = new RedisTap(server, address.port);
    server.on('connection', (client) => tap.#join(client, connect(redisPort, '127.0.0.1')));
    return tap;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.#port}`;
  }

  /** How many messages have come on the channels that a test picks. */
  count(picks: (channel: string) => boolean): number {
    return [...this.#counts].reduce((sum, [channel, count]) => (picks(channel) ? sum + count : sum), 0);
  }

  close(): void {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
  }

  #join(client: Socket, redis: Socket): void {
    for (const [one, other] of [
      [client, redis],
      [redis, client],
    ] as const) {
      this.#sockets.add(one);
      one.pipe(other);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#sockets.delete(one);
        other.destroy();
      });
    }
    let rest = '';
    redis.on('data', (chunk: Buffer) => {
      rest = this.#read(rest + chunk.toString('latin1'));
    });
  }

  /** Counts the messages that have begun; gives what a next one may have begun in. */
  #read(text: string): string {
    let end = 0;
    for (const found of text.matchAll(MESSAGE)) {
      const start = found.index + found[0].length;
      const length = Number(found[1]);
      if (start + length > text.length) return text.slice(found.index);
      const channel = text.slice(start, start + length);
      this.#counts.set(channel, (this.#counts.get(channel) ?? 0) + 1);
      end = start + length;
    }
    return text.slice(Math.max(end, text.length - LONGEST));
  }
}
