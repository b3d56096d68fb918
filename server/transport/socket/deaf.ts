import { isTooMuch, unreadOf } from './unread.ts';

/** Sweeps in which a connection with too much unread may take none of it. */
const PATIENCE = 4;

/** A connection, as far as it matters here. */
interface Peer {
  readonly conn: { close(discard?: boolean): unknown };
}

/** The least that has been seen waiting for a connection since it became too much, and for how many sweeps it has not become less. */
interface Lag {
  bytes: number;
  packets: number;
  sweeps: number;
}

/**
 * Cuts off connections that do not read. A large answer on a slow line is no reason, as long as what waits becomes less; whoever takes nothing
 * of it for some sweeps is gone. Only those with too much unread cost anything.
 */
export class Deaf<Socket extends Peer> {
  readonly #onCut: (socket: Socket) => void;
  #lagging = new Map<Socket, Lag>();

  /** @param onCut told of each before it is cut off */
  constructor(onCut: (socket: Socket) => void) {
    this.#onCut = onCut;
  }

  /** Looks at every connection; called once a second. */
  sweep(sockets: Iterable<Socket>): void {
    const lagging = new Map<Socket, Lag>();
    for (const socket of sockets) {
      const unread = unreadOf(socket.conn);
      if (!isTooMuch(unread)) continue;
      const before = this.#lagging.get(socket);
      const takes = before === undefined || unread.bytes < before.bytes || unread.packets < before.packets;
      const lag = {
        bytes: Math.min(unread.bytes, before?.bytes ?? unread.bytes),
        packets: Math.min(unread.packets, before?.packets ?? unread.packets),
        sweeps: takes ? 0 : before.sweeps + 1,
      };
      if (lag.sweeps < PATIENCE) {
        lagging.set(socket, lag);
        continue;
      }
      this.#onCut(socket);
      // What waits is dropped: it would wait for a client that does not take it.
      socket.conn.close(true);
    }
    this.#lagging = lagging;
  }
}
