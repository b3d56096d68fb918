import type { ServerEvents } from '../../shared/contract/events.ts';
import type { RoomItem } from '../../shared/contract/rooms.ts';
import type { RoomSnapshot } from '../index.ts';

/** Something happened in a room that is not open. Undefined when the list does not know the room, and must be asked anew. */
export function applyInbox(rooms: readonly RoomItem[], inbox: ServerEvents['inbox']): RoomItem[] | undefined {
  const known = rooms.find(({ id }) => id === inbox.roomId);
  if (known === undefined) return undefined;
  const newer = known.last === undefined || Date.parse(known.last.at) <= Date.parse(inbox.last.at);
  return sorted(rooms, {
    ...known,
    unread: { ...known.unread, [inbox.stream]: inbox.unread },
    ...(newer ? { last: inbox.last, updatedAt: inbox.last.at } : {}),
  });
}

/** The open room shows itself as it is: what is unread, and the newest entry of all its streams. */
export function applySnapshot(rooms: readonly RoomItem[], snapshot: RoomSnapshot): RoomItem[] | undefined {
  const known = rooms.find(({ id }) => id === snapshot.roomId);
  if (known === undefined || snapshot.room === undefined) return undefined;
  const views = Object.values(snapshot.streams);
  const newest = views
    .flatMap(({ entries }) => entries.at(-1) ?? [])
    .sort((a, b) => Date.parse(b.at) - Date.parse(a.at))[0];
  return sorted(rooms, {
    ...known,
    title: snapshot.room.title,
    status: snapshot.room.status,
    unread: Object.fromEntries(views.map(({ stream, unread }) => [stream, unread])),
    ...(newest === undefined ? {} : { last: newest, updatedAt: newest.at }),
  });
}

export const unreadOf = ({ unread }: RoomItem): number => Object.values(unread).reduce((sum, count) => sum + count, 0);

/** Newest activity first. */
function sorted(rooms: readonly RoomItem[], changed: RoomItem): RoomItem[] {
  return rooms
    .map((room) => (room.id === changed.id ? changed : room))
    .sort((a, b) => Date.parse(b.updatedAt) - Date.parse(a.updatedAt));
}
