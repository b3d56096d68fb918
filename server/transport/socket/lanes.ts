import { RoomError } from '../../../shared/contract/errors.ts';
import { CALLS_AT_A_TIME, CALLS_WAITING_MAX } from '../../../shared/contract/limits.ts';
import type { Answer, Turn } from '../../registry/call.ts';
import { isTooMuch, unreadOf } from './unread.ts';

/** A connection, as far as it matters here. */
interface Peer {
  readonly connected: boolean;
  readonly conn: object;
}

interface Lane {
  running: number;
  waiting: (() => Promise<unknown>)[];
  /** Resolves when the last call that took a turn has passed it on. */
  last: Promise<void>;
}

const NOTHING_BEFORE = Promise.resolve();

/**
 * Bounds how many calls of one connection are worked on at a time. The others wait in the order of their arrival, also while the client does not
 * read what it was answered. An idle connection costs nothing.
 */
export class Lanes<Socket extends Peer> {
  readonly #lanes = new Map<Socket, Lane>();

  /** Begins a call when it is its turn. Answers `rate_limited` when too many wait already. */
  run(socket: Socket, begin: () => Promise<Answer>): Promise<Answer> {
    let lane = this.#lanes.get(socket);
    if (lane === undefined) this.#lanes.set(socket, (lane = { running: 0, waiting: [], last: NOTHING_BEFORE }));
    const { waiting } = lane;
    if (waiting.length >= CALLS_WAITING_MAX) {
      const error = new RoomError('rate_limited', 'Too many calls of this connection wait: read the answers first.', {
        retryAfterMs: 1000,
      });
      return Promise.resolve({ ok: false, error: error.toWire() });
    }
    const answered = new Promise<Answer>((resolve, reject) => {
      waiting.push(async () => {
        try {
          resolve(await begin());
        } catch (error) {
          reject(error);
        }
      });
    });
    this.#pump(socket, lane);
    return answered;
  }

  /** Takes the next turn of a connection whose call begins. Whoever takes one passes it on. */
  turn(socket: Socket): Turn {
    const lane = this.#lanes.get(socket);
    const turn: Turn = { comes: lane?.last ?? NOTHING_BEFORE, pass: () => undefined };
    const passed = new Promise<void>((resolve) => {
      turn.pass = resolve;
    });
    if (lane !== undefined) lane.last = turn.comes.then(() => passed);
    return turn;
  }

  /** Goes on with connections that have read meanwhile, and forgets those that have ended; called once a second. */
  sweep(): void {
    for (const [socket, lane] of this.#lanes) this.#pump(socket, lane);
  }

  /** Connections with calls that are worked on or wait. */
  get size(): number {
    return this.#lanes.size;
  }

  #pump(socket: Socket, lane: Lane): void {
    if (!socket.connected) lane.waiting = [];
    while (lane.running < CALLS_AT_A_TIME && lane.waiting.length > 0 && !isTooMuch(unreadOf(socket.conn))) {
      const begin = lane.waiting.shift();
      if (begin === undefined) break;
      lane.running += 1;
      void begin().finally(() => {
        lane.running -= 1;
        this.#pump(socket, lane);
      });
    }
    if (lane.running === 0 && lane.waiting.length === 0) this.#lanes.delete(socket);
  }
}
