import { LRUCache } from 'lru-cache';
import type { CutReason, MemberCutReason } from '../../../shared/contract/cuts.ts';
import type { ServerEvents } from '../../../shared/contract/events.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import { CUT_TOLD_MS, FLOOD_PAUSE_MS } from '../../../shared/contract/limits.ts';
import { type Clock, iso } from '../../clock.ts';
import { roadTo } from '../../live/fan-out.ts';
import { emitTo, type RoomsSocket } from '../../live/rooms-socket.ts';
import type { Caller } from '../../registry/call.ts';
import type { Log } from '../../telemetry/log.ts';
import type { Unread } from './unread.ts';

/** Users of whom it is remembered why a connection of theirs was cut off. */
const USERS_MAX = 1_000;

export interface CutsParts {
  /** The real clock. */
  clock: Clock;
  log: Log;
  /** Says to other servers, to which the client may come back, what it is to be told. */
  tellOthers?: ((user: string, told: ServerEvents['connection.cut']) => void) | undefined;
  /** Told of each cut, for whoever counts. */
  onCut?: ((reason: CutReason) => void) | undefined;
}

/** The one way in which this server cuts off a connection for what its client does: written down with its reason, and told to the client. */
export class Cuts {
  readonly #parts: CutsParts;
  readonly #told: LRUCache<string, ServerEvents['connection.cut']>;
  /** Until when users open no connection, by this server's clock. */
  readonly #keptOut: LRUCache<string, number>;

  constructor(parts: CutsParts) {
    this.#parts = parts;
    this.#told = new LRUCache({ max: USERS_MAX, ttl: CUT_TOLD_MS, ttlResolution: 0, perf: parts.clock });
    this.#keptOut = new LRUCache({ max: USERS_MAX, ttl: FLOOD_PAUSE_MS, ttlResolution: 0, perf: parts.clock });
  }

  /** Cuts off who does not read. What waits is dropped, and not a moment is waited for: the closing would wait behind it. The client learns of it when it comes back. */
  slowReader(socket: RoomsSocket, unread: Unread): void {
    const { open } = roadTo(socket);
    this.#note(socket, 'slow_reader', unread);
    socket.conn.close(true);
    open?.webSocket.terminate();
  }

  /** Cuts off who goes on although it is refused. What was answered before is still sent. */
  flood(socket: RoomsSocket): void {
    const told = this.#note(socket, 'flood');
    if (told === undefined) return;
    emitTo(socket, 'connection.cut', told);
    socket.conn.close();
  }

  /** Writes down that a connection of nobody known is cut off. */
  stranger(address: string, reason: Exclude<CutReason, MemberCutReason>): void {
    const { log, onCut } = this.#parts;
    log.info({ address, reason }, 'a connection is cut off');
    onCut?.(reason);
  }

  /** Tells a new connection why an earlier one of the same user was cut off, where one was. */
  tell(socket: RoomsSocket): void {
    const told = this.#told.get(userOf(socket.data.caller));
    if (told !== undefined) emitTo(socket, 'connection.cut', told);
  }

  /**
   * Lets a user open a connection, or not yet, where one of theirs was cut off for a flood.
   * @throws {RoomError} `rate_limited`
   */
  admit(caller: Caller): void {
    const left = (this.#keptOut.get(userOf(caller)) ?? 0) - this.#parts.clock.now();
    if (left <= 0) return;
    throw new RoomError('rate_limited', 'A connection of this user called far too often: come back a little later.', {
      retryAfterMs: left,
    });
  }

  /** Another server has cut off a connection of a user. */
  hear(user: string, told: ServerEvents['connection.cut']): void {
    this.#remember(user, told);
  }

  #remember(user: string, told: ServerEvents['connection.cut']): void {
    this.#told.set(user, told);
    if (told.reason === 'flood') this.#keptOut.set(user, this.#parts.clock.now() + FLOOD_PAUSE_MS);
  }

  /** Answers what the client is to be told; nothing where the connection was ending already. */
  #note(socket: RoomsSocket, reason: MemberCutReason, unread?: Unread): ServerEvents['connection.cut'] | undefined {
    if (socket.conn.readyState !== 'open') return undefined;
    const { clock, log, tellOthers, onCut } = this.#parts;
    const { caller } = socket.data;
    const told = { connection: socket.id, reason, at: iso(clock.now()) };
    this.#remember(userOf(caller), told);
    tellOthers?.(userOf(caller), told);
    log.warn({ user: caller.userId, connection: socket.id, reason, unread }, 'a connection is cut off');
    onCut?.(reason);
    return told;
  }
}

const userOf = ({ side, userId }: Caller): string => `${side}:${userId}`;
