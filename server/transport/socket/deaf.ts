import { randomBytes } from 'node:crypto';
import type { Socket as TcpSocket } from 'node:net';
import type { WebSocket } from 'ws';
import { UNREAD_BYTES_MAX } from '../../../shared/contract/limits.ts';
import { type Peer, type Road, roadTo } from '../../live/fan-out.ts';
import { isTooMuch, queueOf, type Unread, unreadOf } from './unread.ts';

/** Sweeps in which a connection with too much unread may take next to nothing of it. */
const PATIENCE = 4;
/** Next to nothing, in bytes a sweep: who takes less is waiting for the memory to run out, or gone. */
const PACE_BYTES = 16 * 1024;
/** However fast a client takes what it asked for, so much is not kept for it, in bytes. */
const HELD_BYTES_MAX = 64 * 1024 * 1024;

/** After so many bytes of events a client is asked whether it has read them. */
const ASK_AFTER_BYTES = 256 * 1024;
/** Sweeps that an answer may take. Two, because after a pause of ours the first one comes before what has arrived is read. */
const ANSWER_SWEEPS = 2;
const TOKEN_BYTES = 8;

/** A connection with too much unread, as it was at the last sweep. */
interface Lag {
  queue: unknown;
  /** Bytes that the system has taken. */
  handed: number;
  /** For how many sweeps next to nothing was taken. */
  sweeps: number;
}

/** A question that is not answered yet. */
interface Question {
  readonly token: Buffer;
  sweeps: number;
}

/**
 * Finds connections that do not read what they are sent, by three signs:
 * - more events wait for one in this process than may: at once (`look`);
 * - more events than that were sent behind a WebSocket ping that it has not answered: then they wait in this process, in the systems of both ends or in a
 *   proxy between them, and what the systems take would hide that for long;
 * - too much of anything waits in this process, and for some sweeps next to nothing of it was taken. A large answer on a slow line is no reason.
 * Only connections that are sent much cost anything.
 */
export class Deaf<Socket extends Peer> {
  readonly #onFound: (socket: Socket, unread: Unread) => void;
  #lagging = new Map<Socket, Lag>();
  readonly #asked = new Map<WebSocket, Question>();
  /** One function for all connections. */
  readonly #onPong: (this: WebSocket, token: Buffer) => void;

  /** @param onFound told of each with what waits for it here; it is to cut them off */
  constructor(onFound: (socket: Socket, unread: Unread) => void) {
    this.#onFound = onFound;
    const asked = this.#asked;
    this.#onPong = function (token) {
      // Only who has read the question knows its token.
      if (asked.get(this)?.token.equals(token) === true) asked.delete(this);
    };
  }

  /** Counts the events that wait for a connection, when there may be too many. */
  look(socket: Socket): void {
    const road = roadTo(socket);
    const unread = unreadOf(socket.conn);
    road.behind = Math.min(road.behind, unread.bytes);
    if (road.behind > UNREAD_BYTES_MAX) this.#onFound(socket, unread);
  }

  /** Looks at every connection; called once a second. */
  sweep(sockets: Iterable<Socket>): void {
    const lagging = new Map<Socket, Lag>();
    for (const socket of sockets) {
      if (this.#isAtRest(socket)) continue;
      const unread = unreadOf(socket.conn);
      const lag = isTooMuch(unread) ? this.#lagOf(socket) : undefined;
      const isLost = lag !== undefined && (lag.sweeps >= PATIENCE || unread.bytes > HELD_BYTES_MAX);
      if (isLost || this.#isSilent(socket.data.road)) this.#onFound(socket, unread);
      else if (lag !== undefined) lagging.set(socket, lag);
    }
    this.#lagging = lagging;
    for (const webSocket of this.#asked.keys()) {
      if (webSocket.readyState !== webSocket.OPEN) this.#asked.delete(webSocket);
    }
  }

  /** Questions that wait for their answer. */
  get size(): number {
    return this.#asked.size;
  }

  #lagOf(socket: Socket): Lag {
    const { open } = roadTo(socket);
    const before = this.#lagging.get(socket);
    const queue = queueOf(socket.conn);
    const handed = open === undefined ? 0 : handedOn(open.stream);
    const takes = before === undefined || queue !== before.queue || handed - before.handed >= PACE_BYTES;
    return { queue, handed, sweeps: takes ? 0 : before.sweeps + 1 };
  }

  /** Most are: nothing waits for them here, and they were sent too little to be asked. This is as little as can be looked at. */
  #isAtRest({ conn, data: { road } }: Socket): boolean {
    const open = road?.open;
    return (
      open !== undefined &&
      road?.transport === conn.transport &&
      open.session.writeBuffer.length === 0 &&
      open.stream.writableLength === 0 &&
      road.sent <= ASK_AFTER_BYTES &&
      (this.#asked.size === 0 || !this.#asked.has(open.webSocket))
    );
  }

  /** @param road undefined where no event was sent yet */
  #isSilent(road: Road | undefined): boolean {
    if (road?.open === undefined) return false;
    const question = this.#asked.get(road.open.webSocket);
    if (question !== undefined) return ++question.sweeps >= ANSWER_SWEEPS && road.sent > UNREAD_BYTES_MAX;
    if (road.sent > ASK_AFTER_BYTES) this.#ask(road, road.open.webSocket);
    return false;
  }

  #ask(road: Road, webSocket: WebSocket): void {
    const token = randomBytes(TOKEN_BYTES);
    if (webSocket.listenerCount('pong') === 0) webSocket.on('pong', this.#onPong);
    this.#asked.set(webSocket, { token, sweeps: 0 });
    road.sent = 0;
    webSocket.ping(token);
  }
}

/** Bytes that the system has taken from a stream, those of a write that is half done included: the stream itself counts whole writes. */
function handedOn(stream: TcpSocket): number {
  const handle: unknown = Reflect.get(stream, '_handle');
  if (typeof handle !== 'object' || handle === null) return 0;
  return Number(Reflect.get(handle, 'bytesWritten')) - Number(Reflect.get(handle, 'writeQueueSize'));
}
