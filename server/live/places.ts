import type { Person } from '../../shared/contract/primitives.ts';
import type { Caller } from '../registry/call.ts';
import { knowsBuyer, seenIn, showsPresence } from '../rooms/access.ts';
import { channelOf, parseChannel } from './channels.ts';
import type { Presence } from './presence.ts';
import type { RoomsSocket } from './rooms-socket.ts';

/** The place (see `Presence`) of a connection that has joined a room. It follows from what it has joined, so that nothing is kept for it. */
export function placeOf(socket: RoomsSocket, roomId: string): string {
  return channelOf(roomId, seenIn(socket.data.caller, joinedIn(socket, roomId)));
}

/** The room and the stream of a place. */
export function atPlace(place: string): { roomId: string; stream: string } {
  const parsed = parseChannel(place);
  if (parsed === undefined) throw new Error('a place is the channel of a stream');
  return parsed;
}

/** The places of a room that a reader of some of its streams is told of. */
export const placesIn = (roomId: string, streams: readonly string[]): string[] =>
  streams.filter(showsPresence).map((stream) => channelOf(roomId, stream));

/** Who has a room open, of those that somebody who reads these streams of it is told of. */
export function peopleFor(presence: Presence, roomId: string, caller: Caller, streams: readonly string[]): Person[] {
  const reads = (stream: string): boolean => streams.includes(stream);
  // Somebody sees their own company, also where it is not told of to itself.
  const places = new Set([...placesIn(roomId, streams), channelOf(roomId, seenIn(caller, reads))]);
  const people = [...places].flatMap((place) => presence.online(place));
  return knowsBuyer(caller, reads) ? people : people.filter(({ side }) => side !== 'buyer');
}

/** Those of some connections that have joined a room who may be shown who the buyer is. */
export function whoKnowsBuyer(
  ids: Iterable<string>,
  sockets: { get(id: string): RoomsSocket | undefined },
  roomId: string,
): ReadonlySet<string> {
  const knowing = [...ids].filter((id) => {
    const socket = sockets.get(id);
    return socket !== undefined && knowsBuyer(socket.data.caller, joinedIn(socket, roomId));
  });
  return new Set(knowing);
}

const joinedIn =
  (socket: RoomsSocket, roomId: string) =>
  (stream: string): boolean =>
    socket.rooms.has(channelOf(roomId, stream));
