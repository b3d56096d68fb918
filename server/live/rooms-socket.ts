import type { Server, Socket } from 'socket.io';
import type { ServerEventName, ServerEvents } from '../../shared/contract/events.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import type { Caller } from '../registry/call.ts';
import { parseChannel } from './channels.ts';
import type { Road } from './fan-out.ts';

/** What a call takes of what a connection may have worked on at a time, and what it takes in a crowd of calls. */
export interface Weight {
  usual: number;
  inCrowd: number;
}

interface LaneCall extends Weight {
  begin: () => Promise<unknown>;
}

/** Calls of one connection. */
export interface Lane {
  /** The weight of what is worked on. */
  running: number;
  waiting: LaneCall[];
  /** Of those that wait, how many weigh more in a crowd. */
  crowd: number;
  /** Very many of those wait, or did and some of them wait still. */
  isCrowded: boolean;
  /** Resolves when the last call that took a turn has passed it on. */
  last: Promise<void>;
}

/** What the service keeps for a connection. One object, dropped with it. */
export interface ConnectionData {
  caller: Caller;
  /** The second in which the token's expiry is looked at next; kept by `Expiry`. */
  dueSecond: number;
  /** The calls that are worked on; kept by `Lanes`. */
  lane?: Lane | undefined;
  /** The way to the connection; kept by `fanOut`. */
  road?: Road | undefined;
}

export type RoomsServer = Server<Record<string, never>, Record<string, never>, Record<string, never>, ConnectionData>;
export type RoomsSocket = Socket<Record<string, never>, Record<string, never>, Record<string, never>, ConnectionData>;

export function personOf({ userId, name, side, org, roles }: Caller): Person {
  return {
    userId,
    name,
    side,
    ...(org === undefined ? {} : { org }),
    ...(roles.length === 0 ? {} : { roles: [...roles] }),
  };
}

/** The rooms that a connection has joined, as Socket.IO itself remembers them. */
export function joinedRooms(socket: RoomsSocket): Set<string> {
  const rooms = new Set<string>();
  for (const channel of socket.rooms) {
    const parsed = parseChannel(channel);
    if (parsed !== undefined) rooms.add(parsed.roomId);
  }
  return rooms;
}

/** Sends an event of the contract. Names and payloads are tied here, so that Socket.IO's own event typing need not repeat the contract. */
export function emitTo<Name extends ServerEventName>(
  target: { emit(name: string, payload: unknown): unknown } | undefined,
  name: Name,
  payload: ServerEvents[Name],
): void {
  target?.emit(name, payload);
}
