import { AUTH_EXPIRING_AHEAD_MS } from '../../shared/contract/limits.ts';
import { type Clock, iso } from '../clock.ts';
import { emitTo, type RoomsSocket } from './rooms-socket.ts';

const TICK_MS = 1_000;

/**
 * Warns a connection a minute before its token is over, and ends it when it is. One timer for all connections: they wait in the second in which
 * something is due, by the real clock, because that is what tokens are issued by.
 */
export class Expiry {
  readonly #clock: Clock;
  readonly #due = new Map<number, Set<RoomsSocket>>();
  readonly #onOver: () => void;
  #cancel: (() => void) | undefined;
  #swept: number;

  /**
   * @param clock the real clock
   * @param onOver called for each connection that is ended
   */
  constructor(clock: Clock, onOver: () => void = () => undefined) {
    this.#clock = clock;
    this.#onOver = onOver;
    this.#swept = Math.floor(clock.now() / TICK_MS);
  }

  /** @param everySecond called each second too, so that what else is looked at that often needs no timer of its own */
  start(everySecond: () => void = () => undefined): void {
    this.#cancel = this.#clock.after(TICK_MS, () => {
      this.#sweep();
      everySecond();
      this.start(everySecond);
    });
  }

  /** Begins to watch a connection, also anew after its token was renewed. One that has ended is not watched. */
  watch(socket: RoomsSocket): void {
    this.unwatch(socket);
    if (!socket.connected) return;
    const { expiresAt } = socket.data.caller;
    const warnAt = expiresAt - AUTH_EXPIRING_AHEAD_MS;
    if (warnAt > this.#clock.now()) this.#put(warnAt, socket);
    else this.#warn(socket);
  }

  /** Forgets a connection that has ended. */
  unwatch(socket: RoomsSocket): void {
    const waiting = this.#due.get(socket.data.dueSecond);
    if (waiting?.delete(socket) === true && waiting.size === 0) this.#due.delete(socket.data.dueSecond);
  }

  /** Connections that are watched. */
  get size(): number {
    let size = 0;
    for (const waiting of this.#due.values()) size += waiting.size;
    return size;
  }

  close(): void {
    this.#cancel?.();
    this.#due.clear();
  }

  #put(at: number, socket: RoomsSocket): void {
    const second = Math.max(Math.ceil(at / TICK_MS), this.#swept + 1);
    socket.data.dueSecond = second;
    const waiting = this.#due.get(second);
    if (waiting === undefined) this.#due.set(second, new Set([socket]));
    else waiting.add(socket);
  }

  #sweep(): void {
    const now = this.#clock.now();
    const until = Math.floor(now / TICK_MS);
    while (this.#swept < until) {
      this.#swept += 1;
      const due = this.#due.get(this.#swept);
      this.#due.delete(this.#swept);
      for (const socket of due ?? []) this.#settle(socket, now);
    }
  }

  #settle(socket: RoomsSocket, now: number): void {
    if (socket.data.caller.expiresAt > now) {
      this.#warn(socket);
      return;
    }
    socket.disconnect(true);
    this.#onOver();
  }

  #warn(socket: RoomsSocket): void {
    const { expiresAt } = socket.data.caller;
    emitTo(socket, 'auth.expiring', { at: iso(expiresAt) });
    this.#put(expiresAt, socket);
  }
}
