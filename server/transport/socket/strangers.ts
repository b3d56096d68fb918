import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';
import { RoomError } from '../../../shared/contract/errors.ts';
import { CONNECTIONS_PER_ADDRESS, STRANGER_BYTES_MAX, STRANGER_PACKETS_MAX } from '../../../shared/contract/limits.ts';
import type { Clock } from '../../clock.ts';
import type { Rates } from '../../registry/rates.ts';
import type { Log } from '../../telemetry/log.ts';
import type { AddressOf } from '../client-address.ts';

export interface StrangersParts {
  rates: Rates;
  /** Multiplies the number of connections an address may have; 0: no limit. */
  factor: number;
  /** Milliseconds that a connection has, from its handshake on, to authenticate itself. */
  deadlineMs: number;
  /** The real clock. */
  clock: Clock;
  addressOf: AddressOf;
  log: Log;
}

/** The first character of Socket.IO's packet of that name. */
const CONNECT = '0';

/** A transport's session, below Socket.IO's own. */
type Engine = Socket['conn'];

/** A connection of which nothing is known but its address. */
interface Stranger {
  readonly deadline: number;
  authenticating: boolean;
  packets: number;
  bytes: number;
}

/**
 * Bounds connections before anybody is known: how many an address opens and holds, how long one may take to authenticate itself, and how much it may send
 * until then; afterwards, how often it connects again. What is kept for a stranger is dropped when they are known; an address costs nothing when its last connection has ended. One timer
 * serves all of them, because all have the same time.
 */
export class Strangers {
  readonly #parts: StrangersParts;
  /** In the order of their deadlines. */
  readonly #strangers = new Map<Engine, Stranger>();
  readonly #connections = new Map<string, number>();
  readonly #onPacket: (this: Engine, packet: { data?: unknown }) => void;
  readonly #onClose: (this: Engine) => void;
  #cancel: (() => void) | undefined;

  constructor(parts: StrangersParts) {
    this.#parts = parts;
    const count = (connection: Engine, data: unknown) => this.#count(connection, data);
    const leave = (connection: Engine) => this.#leave(connection);
    // Two functions for all connections, not two for each.
    this.#onPacket = function (packet) {
      count(this, packet.data);
    };
    this.#onClose = function () {
      leave(this);
    };
  }

  /**
   * Decides whether an address may open one more connection.
   * @throws {RoomError} `rate_limited`
   */
  admit(request: IncomingMessage): void {
    const { rates, factor, addressOf } = this.#parts;
    const address = addressOf(request);
    const most = Math.max(1, Math.round(CONNECTIONS_PER_ADDRESS * factor));
    if (factor > 0 && this.connectionsOf(address) >= most) {
      throw new RoomError('rate_limited', `At most ${most} connections an address: close one first.`, {
        retryAfterMs: 5_000,
      });
    }
    rates.take('handshake', address);
  }

  /** Begins to watch a connection whose handshake is done. */
  watch(connection: Engine): void {
    const { addressOf, clock, deadlineMs } = this.#parts;
    const address = addressOf(connection.request);
    // Behind a proxy the connection's own address is the proxy's.
    Object.assign(connection, { remoteAddress: address });
    this.#connections.set(address, this.connectionsOf(address) + 1);
    connection.on('close', this.#onClose);
    connection.prependListener('packet', this.#onPacket);
    this.#strangers.set(connection, {
      deadline: clock.now() + deadlineMs,
      authenticating: false,
      packets: 0,
      bytes: 0,
    });
    if (this.#cancel === undefined) this.#arm(deadlineMs);
  }

  /**
   * Runs a stranger's authentication, one at a time; afterwards they are no stranger any more.
   * @throws {RoomError} `conflict` when the connection is authenticated, or being authenticated, already
   */
  async authenticate<Known>(connection: Engine, check: () => Promise<Known>): Promise<Known> {
    const stranger = this.#strangers.get(connection);
    if (stranger === undefined || stranger.authenticating)
      throw new RoomError('conflict', 'A connection authenticates itself once: renew it with auth.refresh.');
    stranger.authenticating = true;
    try {
      const known = await check();
      this.#forget(connection);
      return known;
    } finally {
      stranger.authenticating = false;
    }
  }

  connectionsOf(address: string): number {
    return this.#connections.get(address) ?? 0;
  }

  /** What is held at this moment. */
  get size(): { strangers: number; addresses: number } {
    return { strangers: this.#strangers.size, addresses: this.#connections.size };
  }

  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }

  #count(connection: Engine, data: unknown): void {
    const stranger = this.#strangers.get(connection);
    if (stranger === undefined) {
      if (typeof data === 'string' && data.startsWith(CONNECT)) this.#countConnect(connection);
      return;
    }
    stranger.packets += 1;
    stranger.bytes += typeof data === 'string' ? data.length : data instanceof Uint8Array ? data.byteLength : 0;
    if (stranger.packets > STRANGER_PACKETS_MAX || stranger.bytes > STRANGER_BYTES_MAX)
      this.#cut(connection, 'too much before authentication');
  }

  /** A known connection has nothing to connect to: each attempt is answered with an error, which costs this server more than it costs them. */
  #countConnect(connection: Engine): void {
    try {
      this.#parts.rates.take('excess', connection.remoteAddress);
    } catch {
      this.#cut(connection, 'connects to namespaces that are not there');
    }
  }

  #cut(connection: Engine, reason: string): void {
    this.#parts.log.info({ address: connection.remoteAddress, reason }, 'a connection was cut off');
    this.#forget(connection);
    // At once: a polling client that does not poll would otherwise keep its session for another half minute.
    connection.close(true);
  }

  #forget(connection: Engine): void {
    this.#strangers.delete(connection);
  }

  #leave(connection: Engine): void {
    this.#forget(connection);
    connection.off('packet', this.#onPacket);
    const address = connection.remoteAddress;
    const left = this.connectionsOf(address) - 1;
    if (left > 0) this.#connections.set(address, left);
    else this.#connections.delete(address);
  }

  #arm(ms: number): void {
    this.#cancel = this.#parts.clock.after(ms, () => this.#sweep());
  }

  #sweep(): void {
    this.#cancel = undefined;
    const now = this.#parts.clock.now();
    for (const [connection, { deadline }] of this.#strangers) {
      if (deadline > now) {
        this.#arm(deadline - now);
        return;
      }
      this.#cut(connection, 'not authenticated in time');
    }
  }
}
