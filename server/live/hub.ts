import type { Server, Socket } from 'socket.io';
import type { Entry } from '../../shared/contract/entries.ts';
import type { ServerEventName, ServerEvents } from '../../shared/contract/events.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from '../registry/call.ts';
import { readableStreams, STREAMS_OF_PROJECT } from '../rooms/access.ts';
import { type RoomDoc, type RoomStore, seatOf } from '../rooms/room-store.ts';
import { channelOf, parseChannel, PRESENCE_STREAM } from './channels.ts';
import { fanOut, type Road } from './fan-out.ts';
import { Presence } from './presence.ts';
import { Typing } from './typing.ts';

/** What the service keeps for a connection. One object, dropped with it. */
export interface ConnectionData {
  caller: Caller;
  /** The second in which the token's expiry is looked at next; kept by `Expiry`. */
  dueSecond: number;
  /** The way to the connection; kept by `fanOut`. */
  road?: Road | undefined;
}

export type RoomsServer = Server<Record<string, never>, Record<string, never>, Record<string, never>, ConnectionData>;
export type RoomsSocket = Socket<Record<string, never>, Record<string, never>, Record<string, never>, ConnectionData>;

const ROLES_CHANGED = 'Your roles have changed.';

/** Everything that is live on this server: who is connected, what they have joined, and what is sent to them. */
export class Hub {
  readonly presence: Presence;
  readonly typing: Typing;
  #io: RoomsServer | undefined;
  /** The channels that somebody has joined, as the adapter tells. */
  readonly #channels = new Set<string>();
  readonly #seats = new Map<string, Set<RoomsSocket>>();
  readonly #users = new Map<string, Set<RoomsSocket>>();

  readonly #onSilent: (roomId: string, stream: string) => void;

  /** @param onSilent called when nobody listens to a stream any more */
  constructor(clock: Clock, onSilent: (roomId: string, stream: string) => void = () => undefined) {
    this.#onSilent = onSilent;
    this.presence = new Presence(clock, (roomId, person, online) => {
      const { userId, name, side } = person;
      if (!online) this.typing.drop(roomId, person);
      this.send(roomId, PRESENCE_STREAM, 'presence', { roomId, userId, name, side, online });
    });
    this.typing = new Typing(clock, (roomId, stream, userId, typing) => {
      this.send(roomId, stream, 'typing', { roomId, stream, userId, typing });
    });
  }

  attach(io: RoomsServer): void {
    this.#io = io;
    const { adapter } = io.of('/');
    adapter.on('create-room', (channel: string) => {
      if (parseChannel(channel) !== undefined) this.#channels.add(channel);
    });
    adapter.on('delete-room', (channel: string) => {
      if (!this.#channels.delete(channel)) return;
      const silent = parseChannel(channel);
      if (silent !== undefined) this.#onSilent(silent.roomId, silent.stream);
    });
  }

  /** The streams that somebody listens to on this server. */
  *listened(): Generator<{ roomId: string; stream: string }> {
    for (const channel of this.#channels) {
      const stream = parseChannel(channel);
      if (stream !== undefined) yield stream;
    }
  }

  /** Says whether anybody has opened this room on this server. */
  hasListeners(roomId: string): boolean {
    return STREAMS_OF_PROJECT.some((stream) => this.#channels.has(channelOf(roomId, stream)));
  }

  /** Sends an event to everyone who has joined a stream. */
  send<Name extends ServerEventName>(roomId: string, stream: string, name: Name, payload: ServerEvents[Name]): void {
    const namespace = this.#io?.of('/');
    const ids = namespace?.adapter.rooms.get(channelOf(roomId, stream));
    if (namespace !== undefined && ids !== undefined) fanOut(ids, namespace.sockets, name, payload);
  }

  /** Sends everyone who has joined a stream an event of their own; whoever is given the same payload shares one broadcast. */
  sendEach<Name extends ServerEventName>(
    roomId: string,
    stream: string,
    name: Name,
    payloadOf: (caller: Caller) => ServerEvents[Name],
  ): void {
    const namespace = this.#io?.of('/');
    const groups = new Map<ServerEvents[Name], string[]>();
    for (const id of namespace?.adapter.rooms.get(channelOf(roomId, stream)) ?? []) {
      const socket = namespace?.sockets.get(id);
      if (socket === undefined) continue;
      const payload = payloadOf(socket.data.caller);
      const group = groups.get(payload);
      if (group === undefined) groups.set(payload, [id]);
      else group.push(id);
    }
    // Each server sends to its own connections: it learns of the change by itself.
    for (const [payload, ids] of groups) emitTo(this.#io?.local.to(ids), name, payload);
  }

  sendEntry(entry: Entry): void {
    this.send(entry.roomId, entry.stream, 'entry', entry);
  }

  add(socket: RoomsSocket): void {
    const { caller } = socket.data;
    put(this.#users, caller.userId, socket);
    const seat = seatOf(caller);
    if (seat !== undefined) put(this.#seats, seat, socket);
  }

  /** Called while the connection still knows what it has joined. A connection that is closed while it closes is told of twice: once counts. */
  remove(socket: RoomsSocket): void {
    const { caller } = socket.data;
    if (!take(this.#users, caller.userId, socket)) return;
    const seat = seatOf(caller);
    if (seat !== undefined) take(this.#seats, seat, socket);
    const person = personOf(caller);
    for (const roomId of joinedRooms(socket)) this.presence.drop(roomId, person);
  }

  connectionsOf(userId: string): number {
    return this.#users.get(userId)?.size ?? 0;
  }

  /** Connections of a room's people that have not joined one of its streams. A portal's backend has no unread entries and is passed over. */
  *outside(room: RoomDoc, stream: string): Generator<RoomsSocket> {
    const inside = this.#io?.of('/').adapter.rooms.get(channelOf(room._id, stream));
    for (const seat of room.seats) {
      for (const socket of this.#seats.get(seat) ?? []) {
        // Most have joined: they are passed over before anything dearer is asked.
        if (inside?.has(socket.id) !== true && this.isOutside(socket, room, stream)) yield socket;
      }
    }
  }

  isOutside(socket: RoomsSocket, room: RoomDoc, stream: string): boolean {
    const { caller } = socket.data;
    return (
      socket.connected &&
      caller.side !== 'service' &&
      !socket.rooms.has(channelOf(room._id, stream)) &&
      readableStreams(caller, room).includes(stream)
    );
  }

  hasOutside(room: Pick<RoomDoc, 'seats'>): boolean {
    return room.seats.some((seat) => this.#seats.has(seat));
  }

  /** Takes from every connection what its bearer may no longer read of a room. */
  recheck(room: RoomDoc, reason: string): void {
    const namespace = this.#io?.of('/');
    const ids = new Set<string>();
    for (const stream of STREAMS_OF_PROJECT) {
      for (const id of namespace?.adapter.rooms.get(channelOf(room._id, stream)) ?? []) ids.add(id);
    }
    for (const id of ids) {
      const socket = namespace?.sockets.get(id);
      if (socket !== undefined) this.#recheckSocket(socket, room, reason);
    }
  }

  #recheckSocket(socket: RoomsSocket, room: RoomDoc, reason: string): void {
    const readable = readableStreams(socket.data.caller, room);
    if (readable.length === 0) {
      if (!this.leave(socket, room._id)) return;
      emitTo(socket, 'access.revoked', { roomId: room._id, reason });
      return;
    }
    for (const channel of [...socket.rooms]) {
      const joined = parseChannel(channel);
      if (joined?.roomId !== room._id || readable.includes(joined.stream)) continue;
      void socket.leave(channel);
      emitTo(socket, 'access.revoked', { roomId: room._id, stream: joined.stream, reason });
    }
  }

  /** Says whether the connection had joined the room. */
  leave(socket: RoomsSocket, roomId: string): boolean {
    const channels = [...socket.rooms].filter((channel) => channel.startsWith(`${roomId}/`));
    if (channels.length === 0) return false;
    for (const channel of channels) void socket.leave(channel);
    this.presence.leave(roomId, personOf(socket.data.caller));
    return true;
  }

  /**
   * Puts a newer token's bearer in the place of the old one: what the new one may not read is taken away. Resolves when every joined room was
   * looked at, also those that are not remembered any more; a room that cannot be read is taken away, and said to be.
   */
  async renew(socket: RoomsSocket, caller: Caller, rooms: Pick<RoomStore, 'cached' | 'get'>): Promise<void> {
    // It may have ended while the token was checked: what is put in its name now, nothing would take away.
    if (!socket.connected) return;
    const before = seatOf(socket.data.caller);
    if (before !== undefined) take(this.#seats, before, socket);
    socket.data.caller = caller;
    const seat = seatOf(caller);
    if (seat !== undefined) put(this.#seats, seat, socket);
    const forgotten: Promise<void>[] = [];
    for (const roomId of joinedRooms(socket)) {
      const room = rooms.cached(roomId);
      if (room === undefined) forgotten.push(this.#recheckForgotten(socket, roomId, rooms));
      else this.#recheckSocket(socket, room, ROLES_CHANGED);
    }
    await Promise.all(forgotten);
  }

  async #recheckForgotten(socket: RoomsSocket, roomId: string, rooms: Pick<RoomStore, 'get'>): Promise<void> {
    const room = await rooms.get(roomId).catch(() => undefined);
    if (room !== undefined) this.#recheckSocket(socket, room, ROLES_CHANGED);
    else if (this.leave(socket, roomId))
      emitTo(socket, 'access.revoked', { roomId, reason: 'The room could not be checked: open it again.' });
  }

  /** Ends every connection of a person. */
  expel(userId: string, reason: string): void {
    for (const socket of [...(this.#users.get(userId) ?? [])]) {
      for (const roomId of joinedRooms(socket)) {
        // Left first, so that nobody sees them as present for the grace of a reload.
        this.leave(socket, roomId);
        emitTo(socket, 'access.revoked', { roomId, reason });
      }
      socket.disconnect(true);
    }
  }

  enter(socket: RoomsSocket, roomId: string, streams: readonly string[]): void {
    // It may have ended while the room was read: joined now, it would be a ghost that nothing removes.
    if (!socket.connected || streams.length === 0) return;
    const again = joinedRooms(socket).has(roomId);
    void socket.join(streams.map((stream) => channelOf(roomId, stream)));
    if (!again) this.presence.enter(roomId, personOf(socket.data.caller));
  }

  close(): void {
    this.presence.close();
    this.typing.close();
  }
}

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
