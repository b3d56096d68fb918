import type { Caller } from '../registry/call.ts';
import { seatOf } from '../rooms/seats.ts';
import type { RoomsSocket } from './rooms-socket.ts';

export interface ConnectedParts {
  /** Told when the first connection of a seat comes, and when the last one has gone. */
  onSeat?(seat: string, taken: boolean): void;
  /** Told of each change in the number of a person's connections. */
  onConnections?(userId: string, count: number): void;
}

const NOBODY: ReadonlySet<RoomsSocket> = new Set();

/** The connections of this server, by person and by the seat under which a room knows them. */
export class Connected {
  readonly #parts: ConnectedParts;
  readonly #seats = new Map<string, Set<RoomsSocket>>();
  readonly #users = new Map<string, Set<RoomsSocket>>();

  constructor(parts: ConnectedParts = {}) {
    this.#parts = parts;
  }

  add(socket: RoomsSocket): void {
    const { caller } = socket.data;
    put(this.#users, caller.userId, socket);
    this.#parts.onConnections?.(caller.userId, this.count(caller.userId));
    this.#sit(socket, caller);
  }

  /** Says whether it was there. */
  remove(socket: RoomsSocket): boolean {
    const { caller } = socket.data;
    if (!take(this.#users, caller.userId, socket)) return false;
    this.#parts.onConnections?.(caller.userId, this.count(caller.userId));
    this.#rise(socket, caller);
    return true;
  }

  /** The connection's bearer is another from now on: the same person, perhaps of another seat. */
  renew(socket: RoomsSocket, caller: Caller): void {
    this.#rise(socket, socket.data.caller);
    socket.data.caller = caller;
    this.#sit(socket, caller);
  }

  count(userId: string): number {
    return this.#users.get(userId)?.size ?? 0;
  }

  of(userId: string): ReadonlySet<RoomsSocket> {
    return this.#users.get(userId) ?? NOBODY;
  }

  at(seat: string): ReadonlySet<RoomsSocket> {
    return this.#seats.get(seat) ?? NOBODY;
  }

  isTaken(seat: string): boolean {
    return this.#seats.has(seat);
  }

  users(): IterableIterator<string> {
    return this.#users.keys();
  }

  #sit(socket: RoomsSocket, caller: Caller): void {
    const seat = seatOf(caller);
    if (seat === undefined) return;
    if (!this.#seats.has(seat)) this.#parts.onSeat?.(seat, true);
    put(this.#seats, seat, socket);
  }

  #rise(socket: RoomsSocket, caller: Caller): void {
    const seat = seatOf(caller);
    if (seat === undefined || !take(this.#seats, seat, socket)) return;
    if (!this.#seats.has(seat)) this.#parts.onSeat?.(seat, false);
  }
}

function put(map: Map<string, Set<RoomsSocket>>, key: string, socket: RoomsSocket): void {
  const set = map.get(key);
  if (set === undefined) map.set(key, new Set([socket]));
  else set.add(socket);
}

function take(map: Map<string, Set<RoomsSocket>>, key: string, socket: RoomsSocket): boolean {
  const set = map.get(key);
  if (set === undefined) return false;
  const taken = set.delete(socket);
  if (set.size === 0) map.delete(key);
  return taken;
}
