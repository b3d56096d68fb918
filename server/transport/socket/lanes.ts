import { RoomError } from '../../../shared/contract/errors.ts';
import { CALLS_AT_A_TIME, CALLS_WAITING_MAX, WAITING_CROWD } from '../../../shared/contract/limits.ts';
import type { Lane, Weight } from '../../live/rooms-socket.ts';
import type { Answer, Turn } from '../../registry/call.ts';
import { isTooMuch, unreadOf } from './unread.ts';

/** A connection, as far as it matters here. */
interface Peer {
  readonly connected: boolean;
  readonly conn: object;
  /** Its lane, while it has one. */
  readonly data: { lane?: Lane | undefined };
}

const NOTHING_BEFORE = Promise.resolve();

/**
 * Bounds how many calls of one connection are worked on at a time. The others wait in the order of their arrival, also while the client does not
 * read what it was answered. An idle connection costs nothing.
 */
export class Lanes<Socket extends Peer> {
  /** Those whose calls wait until something is read. */
  #held = new Set<Socket>();
  readonly #waitingMax: number;
  #size = 0;
  #waiting = 0;

  /** @param factor multiplies how many calls may wait; 0: any number */
  constructor(factor: number) {
    this.#waitingMax = factor === 0 ? Number.POSITIVE_INFINITY : Math.max(1, CALLS_WAITING_MAX * factor);
  }

  /**
   * Begins a call when it is its turn. Who calls very often waits for themselves: in a crowd, calls can weigh more,
   * so that what it costs to answer them comes in small pieces, between which everybody else is served. Answers `rate_limited` when too many wait already.
   * @param weight how much of `CALLS_AT_A_TIME` it takes
   */
  run(
    socket: Socket,
    begin: () => Promise<Answer>,
    { usual, inCrowd }: Weight = { usual: 1, inCrowd: 1 },
  ): Promise<Answer> {
    const lane = socket.data.lane ?? this.#open(socket);
    const { waiting } = lane;
    if (waiting.length >= this.#waitingMax) {
      const error = new RoomError('rate_limited', 'Too many calls of this connection wait: read the answers first.', {
        retryAfterMs: 1000,
      });
      return Promise.resolve({ ok: false, error: error.toWire() });
    }
    const answered = new Promise<Answer>((resolve, reject) => {
      waiting.push({
        usual,
        inCrowd,
        async begin() {
          try {
            resolve(await begin());
          } catch (error) {
            reject(error);
          }
        },
      });
    });
    this.#waiting += 1;
    if (inCrowd > usual && ++lane.crowd > WAITING_CROWD) lane.isCrowded = true;
    this.#pump(socket, lane);
    return answered;
  }

  /** Takes the next turn of a connection whose call begins. Whoever takes one passes it on. */
  turn(socket: Socket): Turn {
    const { lane } = socket.data;
    const turn: Turn = { comes: lane?.last ?? NOTHING_BEFORE, pass: () => undefined };
    const passed = new Promise<void>((resolve) => {
      turn.pass = resolve;
    });
    if (lane !== undefined) lane.last = turn.comes.then(() => passed);
    return turn;
  }

  /** Goes on with connections that have read meanwhile, and forgets those that have ended; called once a second. */
  sweep(): void {
    if (this.#held.size === 0) return;
    const held = this.#held;
    // A new one: one that is cleared goes on keeping what was in it, see `UnderWay`.
    this.#held = new Set();
    for (const socket of held) if (socket.data.lane !== undefined) this.#pump(socket, socket.data.lane);
  }

  /** Connections with calls that are worked on or wait. */
  get size(): number {
    return this.#size;
  }

  /** Calls that wait for their turn. */
  get waiting(): number {
    return this.#waiting;
  }

  /** Kept with the connection and not in a map: see `UnderWay`. */
  #open(socket: Socket): Lane {
    const lane: Lane = { running: 0, waiting: [], crowd: 0, isCrowded: false, last: NOTHING_BEFORE };
    socket.data.lane = lane;
    this.#size += 1;
    return lane;
  }

  #pump(socket: Socket, lane: Lane): void {
    if (!socket.connected) {
      this.#waiting -= lane.waiting.splice(0).length;
      lane.crowd = 0;
    }
    for (let next = lane.waiting[0]; next !== undefined; next = lane.waiting[0]) {
      const { begin, usual, inCrowd } = next;
      const weight = lane.isCrowded ? inCrowd : usual;
      if (lane.running + weight > CALLS_AT_A_TIME) break;
      if (isTooMuch(unreadOf(socket.conn))) {
        this.#held.add(socket);
        break;
      }
      lane.waiting.shift();
      this.#waiting -= 1;
      if (inCrowd > usual) lane.crowd -= 1;
      lane.running += weight;
      void begin().finally(() => {
        lane.running -= weight;
        this.#pump(socket, lane);
      });
    }
    if (lane.crowd === 0) lane.isCrowded = false;
    if (lane.waiting.length > 0 || lane.running > 0 || socket.data.lane !== lane) return;
    socket.data.lane = undefined;
    this.#size -= 1;
  }
}
