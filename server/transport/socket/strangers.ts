import type { IncomingMessage } from 'node:http';
import type { Socket } from 'socket.io';
import { RoomError } from '../../../shared/contract/errors.ts';
import {
  CONNECTIONS_PER_ADDRESS,
  LARGE_PACKET_CHARS,
  STRANGER_BYTES_MAX,
  STRANGER_PACKETS_MAX,
} from '../../../shared/contract/limits.ts';
import type { Clock } from '../../clock.ts';
import type { Rates } from '../../registry/rates.ts';
import type { AddressOf } from '../client-address.ts';
import type { Cuts } from './cuts.ts';

export interface StrangersParts {
  rates: Rates;
  /** Multiplies the number of connections an address may have; 0: no limit. */
  factor: number;
  /** Milliseconds that a connection has, from its handshake on, to authenticate itself. */
  deadlineMs: number;
  /** The real clock. */
  clock: Clock;
  addressOf: AddressOf;
  cuts: Cuts;
  /** Cuts off a known connection that goes on sending what is no call. */
  onFlood(connection: Engine): void;
}

/** The first character of those of Socket.IO's packets that are calls, and have rates of their own. */
const CALLS = /^[25]/;

/** A transport's session, below Socket.IO's own. */
type Engine = Socket['conn'];

/** One of Engine.IO's packets. */
interface Packet {
  type: string;
  data?: unknown;
}

/** A connection of which nothing is known but its address. */
interface Stranger {
  readonly deadline: number;
  authenticating: boolean;
  packets: number;
  bytes: number;
}

/**
 * Bounds connections before anybody is known: how many an address opens and holds, how long one may take to authenticate itself, and how much it may send
 * until then; afterwards, how much it sends that is no call, or too much for one. What is kept for a stranger is dropped when they are known; an address costs nothing when its last connection has ended. One timer
 * serves all of them, because all have the same time.
 */
export class Strangers {
  readonly #parts: StrangersParts;
  /** In the order of their deadlines. */
  readonly #strangers = new Map<Engine, Stranger>();
  readonly #connections = new Map<string, number>();
  readonly #onPacket: (this: Engine, packet: Packet) => void;
  readonly #onClose: (this: Engine) => void;
  #cancel: (() => void) | undefined;

  constructor(parts: StrangersParts) {
    this.#parts = parts;
    const count = (connection: Engine, packet: Packet) => this.#count(connection, packet);
    const leave = (connection: Engine) => this.#leave(connection);
    // Two functions for all connections, not two for each.
    this.#onPacket = function (packet) {
      count(this, packet);
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

  #count(connection: Engine, { type, data }: Packet): void {
    const stranger = this.#strangers.get(connection);
    if (stranger === undefined) {
      const isCall = type === 'message' && typeof data === 'string' && CALLS.test(data);
      const points = isCall ? Math.floor(data.length / LARGE_PACKET_CHARS) : 1;
      if (points > 0) this.#countExcess(connection, points);
      return;
    }
    stranger.packets += 1;
    stranger.bytes += typeof data === 'string' ? data.length : data instanceof Uint8Array ? data.byteLength : 0;
    if (stranger.packets > STRANGER_PACKETS_MAX || stranger.bytes > STRANGER_BYTES_MAX)
      this.#cut(connection, 'stranger_excess');
  }

  /**
   * A pong now and then is all that a known connection need send beside its calls. Packets that say nothing, acks of nothing and attempts to connect to namespaces
   * that are not there cost this server more than their sender; so do packets as large as can be, which are read before they can be refused.
   */
  #countExcess(connection: Engine, points: number): void {
    try {
      for (let n = 0; n < points; n++) this.#parts.rates.take('excess', idOf(connection));
    } catch {
      this.#parts.onFlood(connection);
    }
  }

  #cut(connection: Engine, reason: 'stranger_late' | 'stranger_excess'): void {
    this.#parts.cuts.stranger(connection.remoteAddress, reason);
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
      this.#cut(connection, 'stranger_late');
    }
  }
}

/** Engine.IO's own name for a connection, which its types keep to themselves. */
const idOf = (connection: Engine): string => String(Reflect.get(connection, 'id'));
