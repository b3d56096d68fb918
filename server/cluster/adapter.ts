import { createShardedAdapter } from '@socket.io/redis-adapter';
import { isFrame } from './frames.ts';
import type { Names } from './names.ts';
import type { OnMessage, RedisLink } from './redis-link.ts';

/**
 * Socket.IO's sharded adapter over our connections. It decides what this server hears: a channel of its own for each Socket.IO room that somebody here has joined. What
 * servers of ours say on such a channel is handed to `onFrame` and not to the adapter, which would decode it and encode it again.
 *
 * A room of exactly 20 characters the adapter takes for a connection's id, and gives it no channel: ours are longer.
 */
export function createAdapter(
  link: RedisLink,
  names: Names,
  onFrame: (message: Buffer, room: string) => void,
): ReturnType<typeof createShardedAdapter> {
  return createShardedAdapter(new Saying(link), new Hearing(link, names, onFrame), {
    channelPrefix: names.adapterPrefix,
    subscriptionMode: 'dynamic',
  });
}

/** What the adapter knows of a Redis client that publishes. It never rejects: the adapter's promises are nobody's. */
class Saying {
  readonly #link: RedisLink;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  spublish(channel: string, message: string | Buffer): Promise<void> {
    this.#link.publish(channel, message);
    return Promise.resolve();
  }

  /** The adapter asks how many servers there are, with what it asks of their connections: nothing here does. */
  // biome-ignore lint/style/useNamingConvention: the name is the adapter's
  send_command(_name: string, _args: unknown[], callback: (error: Error) => void): void {
    callback(new Error('other servers are not asked through Socket.IO'));
  }
}

/** What the adapter knows of a Redis client that subscribes. */
class Hearing {
  readonly #link: RedisLink;
  readonly #names: Names;
  readonly #onFrame: (message: Buffer, room: string) => void;
  #adapter: (channel: Buffer, message: Buffer) => void = () => undefined;

  constructor(link: RedisLink, names: Names, onFrame: (message: Buffer, room: string) => void) {
    this.#link = link;
    this.#names = names;
    this.#onFrame = onFrame;
  }

  on(_event: 'smessageBuffer', listener: (channel: Buffer, message: Buffer) => void): void {
    this.#adapter = listener;
  }

  ssubscribe(channel: string): void {
    const room = this.#names.roomOf(channel);
    const onMessage: OnMessage = (message, from) => {
      if (isFrame(message)) {
        if (room !== undefined) this.#onFrame(message, room);
      } else this.#adapter(from, message);
    };
    this.#link.subscribe(channel, onMessage);
  }

  sunsubscribe(channel: string): void {
    this.#link.unsubscribe(channel);
  }
}
