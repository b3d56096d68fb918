import type { Entry } from '../../shared/contract/entries.ts';
import type { ServerEventName, ServerEvents } from '../../shared/contract/events.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from '../registry/call.ts';
import { PUBLIC_STREAM, readableStreams, showsPresence } from '../rooms/access.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { EntryDoc } from '../timeline/entry-store.ts';
import { channelOf, parseChannel } from './channels.ts';
import { Connected } from './connected.ts';
import { fanOut } from './fan-out.ts';
import type { Hearers, Others } from './others.ts';
import { Packet } from './packet.ts';
import { atPlace, placeOf, placesIn, whoKnowsBuyer } from './places.ts';
import { Presence } from './presence.ts';
import { emitTo, joinedRooms, personOf, type RoomsServer, type RoomsSocket } from './rooms-socket.ts';
import { Typing } from './typing.ts';

const ROLES_CHANGED = 'Your roles have changed.';

export interface HubParts {
  /** Called when nobody here listens to a stream any more. */
  onSilent?(roomId: string, stream: string): void;
  /** Called for each event, with how many connections of this server it was sent to. */
  onSent?(name: ServerEventName | undefined, deliveries: number): void;
  /** The other servers, where there may be any. */
  others?: Others | undefined;
}

const SERVES_ALONE = Promise.resolve();

/** Everything that is live on this server: who is connected, what they have joined, and what is sent to them. */
export class Hub {
  readonly presence: Presence;
  readonly typing: Typing;
  readonly connected: Connected;
  readonly #parts: HubParts;
  #io: RoomsServer | undefined;
  #onBehind: ((socket: RoomsSocket) => void) | undefined;
  /** The channels that somebody has joined, as the adapter tells. */
  readonly #channels = new Set<string>();

  constructor(clock: Clock, parts: HubParts = {}) {
    this.#parts = parts;
    const { others } = parts;
    this.connected = new Connected({
      onSeat: (seat, taken) => others?.seat(seat, taken),
      onConnections: (userId, count) => others?.connections(userId, count),
    });
    this.presence = new Presence({
      clock,
      announce: (place, { userId, name, side }, online) => {
        const { roomId, stream } = atPlace(place);
        const packet = Packet.of('presence', { roomId, userId, name, side, online });
        this.sendHere(roomId, stream, packet, side === 'buyer' ? 'who knows the buyer' : 'everybody');
      },
      onHere: (place, person, here) => {
        if (!here) this.typing.drop(atPlace(place).roomId, person);
        others?.presence(place, person, here);
      },
    });
    this.typing = new Typing({
      clock,
      announce: (roomId, stream, userId, typing) =>
        this.sendHere(roomId, stream, Packet.of('typing', { roomId, stream, userId, typing })),
      onHere: (roomId, stream, typist, typing) => others?.typing(roomId, stream, typist, typing),
    });
  }

  /** @param onBehind see `fanOut` */
  attach(io: RoomsServer, onBehind?: (socket: RoomsSocket) => void): void {
    this.#io = io;
    this.#onBehind = onBehind;
    const { adapter } = io.of('/');
    adapter.on('create-room', (channel: string) => {
      const heard = parseChannel(channel);
      if (heard === undefined) return;
      this.#channels.add(channel);
      if (showsPresence(heard.stream)) this.#parts.others?.placeOpen(channel, true);
    });
    adapter.on('delete-room', (channel: string) => {
      if (!this.#channels.delete(channel)) return;
      const silent = parseChannel(channel);
      if (silent === undefined) return;
      this.#parts.onSilent?.(silent.roomId, silent.stream);
      if (!showsPresence(silent.stream)) return;
      this.presence.forgetElsewhere(channel);
      this.#parts.others?.placeOpen(channel, false);
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
    return this.#channels.has(channelOf(roomId, PUBLIC_STREAM));
  }

  /** Sends an event to everyone who has joined a stream, at whatever server. */
  send<Name extends ServerEventName>(
    roomId: string,
    stream: string,
    name: Name,
    payload: ServerEvents[Name],
    to: Hearers = 'everybody',
  ): void {
    const packet = Packet.of(name, payload);
    this.#parts.others?.event(roomId, stream, packet, to);
    this.sendHere(roomId, stream, packet, to);
  }

  /** Sends an event to everyone who has joined a stream at this server. */
  sendHere(roomId: string, stream: string, packet: Packet, to: Hearers = 'everybody'): void {
    const namespace = this.#io?.of('/');
    const joined = namespace?.adapter.rooms.get(channelOf(roomId, stream));
    if (namespace === undefined || joined === undefined) return;
    const ids = to === 'everybody' ? joined : whoKnowsBuyer(joined, namespace.sockets, roomId);
    fanOut(ids, namespace.sockets, packet, this.#onBehind);
    this.#parts.onSent?.(packet.name, ids.size);
  }

  /** Sends an entry to everyone who has joined its stream: at whatever server where it was written here, else at this one. */
  sendEntry(doc: EntryDoc, entry: Entry, writtenHere: boolean): void {
    const others = writtenHere ? this.#parts.others : undefined;
    if (others === undefined && !this.#channels.has(channelOf(entry.roomId, entry.stream))) return;
    const packet = Packet.of('entry', entry);
    others?.entry(doc, packet);
    this.sendHere(entry.roomId, entry.stream, packet);
  }

  /** Resolves when whatever other servers write from then on to what was entered here arrives. What is read after that misses nothing. */
  listening(): Promise<void> {
    return this.#parts.others?.listening() ?? SERVES_ALONE;
  }

  /** Resolves when it is known who has a room open at other servers, of those that a reader of these streams is told of. */
  async peopleKnown(roomId: string, streams: readonly string[]): Promise<void> {
    const { others } = this.#parts;
    if (others === undefined) return;
    await Promise.all(placesIn(roomId, streams).map((place) => others.peopleKnown(place)));
  }

  /** Sends everyone who has joined a stream an event of their own, or none; whoever is given the same payload shares one broadcast. */
  sendEach<Name extends ServerEventName>(
    roomId: string,
    stream: string,
    name: Name,
    payloadOf: (caller: Caller) => ServerEvents[Name] | undefined,
  ): void {
    const namespace = this.#io?.of('/');
    const groups = new Map<ServerEvents[Name], string[]>();
    for (const id of namespace?.adapter.rooms.get(channelOf(roomId, stream)) ?? []) {
      const socket = namespace?.sockets.get(id);
      if (socket === undefined) continue;
      const payload = payloadOf(socket.data.caller);
      if (payload === undefined) continue;
      const group = groups.get(payload);
      if (group === undefined) groups.set(payload, [id]);
      else group.push(id);
    }
    // Each server sends to its own connections: it learns of the change by itself.
    for (const [payload, ids] of groups) {
      emitTo(this.#io?.local.to(ids), name, payload);
      this.#parts.onSent?.(name, ids.length);
    }
  }

  /** Sends an event to every operator who is connected to this server, whatever they have joined. */
  sendToOperators<Name extends ServerEventName>(name: Name, payload: ServerEvents[Name]): void {
    const ids = [...this.connected.at('operator')].flatMap(({ id, data }) =>
      data.caller.side === 'operator' ? [id] : [],
    );
    if (ids.length === 0) return;
    emitTo(this.#io?.local.to(ids), name, payload);
    this.#parts.onSent?.(name, ids.length);
  }

  /** Called while the connection still knows what it has joined. A connection that is closed while it closes is told of twice: once counts. */
  remove(socket: RoomsSocket): void {
    const { caller } = socket.data;
    if (!this.connected.remove(socket)) return;
    const person = personOf(caller);
    for (const roomId of joinedRooms(socket)) this.presence.drop(placeOf(socket, roomId), person);
  }

  /** Connections of a room's people that have not joined one of its streams. A portal's backend has no unread entries and is passed over. */
  *outside(room: RoomDoc, stream: string): Generator<RoomsSocket> {
    const inside = this.#io?.of('/').adapter.rooms.get(channelOf(room._id, stream));
    for (const seat of room.seats) {
      for (const socket of this.connected.at(seat)) {
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
    return room.seats.some((seat) => this.connected.isTaken(seat));
  }

  /** Takes from every connection what its bearer may no longer read of a room. */
  recheck(room: RoomDoc, reason: string): void {
    const namespace = this.#io?.of('/');
    const ids = namespace?.adapter.rooms.get(channelOf(room._id, PUBLIC_STREAM)) ?? [];
    // Who loses it leaves what is gone through.
    for (const id of [...ids]) {
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
    const place = placeOf(socket, roomId);
    for (const channel of channels) void socket.leave(channel);
    this.presence.leave(place, personOf(socket.data.caller));
    return true;
  }

  /**
   * Puts a newer token's bearer in the place of the old one: what the new one may not read is taken away. Resolves when every joined room was
   * looked at, also those that are not remembered any more; a room that cannot be read is taken away, and said to be.
   */
  async renew(socket: RoomsSocket, caller: Caller, rooms: Pick<RoomStore, 'cached' | 'get'>): Promise<void> {
    // It may have ended while the token was checked: what is put in its name now, nothing would take away.
    if (!socket.connected) return;
    this.connected.renew(socket, caller);
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

  /** Ends every connection of a person. @returns how many */
  expel(userId: string, reason: string): number {
    const connections = [...this.connected.of(userId)];
    for (const socket of connections) {
      for (const roomId of joinedRooms(socket)) {
        // Left first, so that nobody sees them as present for the grace of a reload.
        this.leave(socket, roomId);
        emitTo(socket, 'access.revoked', { roomId, reason });
      }
      socket.disconnect(true);
    }
    return connections.length;
  }

  /** Ends those of a person's connections whose token does not count any more; with another one they may come back. @returns how many */
  end(userId: string, isOver: (caller: Caller) => boolean): number {
    const over = [...this.connected.of(userId)].filter((socket) => isOver(socket.data.caller));
    for (const socket of over) socket.disconnect(true);
    return over.length;
  }

  enter(socket: RoomsSocket, roomId: string, streams: readonly string[]): void {
    // It may have ended while the room was read: joined now, it would be a ghost that nothing removes.
    if (!socket.connected || streams.length === 0) return;
    const again = joinedRooms(socket).has(roomId);
    void socket.join(streams.map((stream) => channelOf(roomId, stream)));
    if (!again) this.presence.enter(placeOf(socket, roomId), personOf(socket.data.caller));
  }

  close(): void {
    this.presence.close();
    this.typing.close();
  }
}
