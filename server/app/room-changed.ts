import { isDeepStrictEqual } from 'node:util';
import { projectView } from '../delivery/project-view.ts';
import type { RoomDoc } from '../rooms/room-store.ts';
import type { Hub } from '../live/hub.ts';

/** Says what a room's change means to those who have it open: first who loses it, then, to the others, the project's new state. */
export function roomChanged(hub: Hub, room: RoomDoc, before: RoomDoc | undefined): void {
  hub.recheck(room, 'You are no longer in this room.');
  if (!hub.hasListeners(room._id)) return;
  const project = projectView(room);
  if (before === undefined || !isDeepStrictEqual(projectView(before), project))
    hub.send(room._id, 'public', 'project', project);
}
