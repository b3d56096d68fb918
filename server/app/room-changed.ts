import { isDeepStrictEqual } from 'node:util';
import type { Project } from '../../shared/contract/projects.ts';
import { projectView } from '../delivery/project-view.ts';
import type { RoomDoc } from '../rooms/room-store.ts';
import type { Hub } from '../live/hub.ts';

/** Says what a room's change means to those who have it open: first who loses it, then, to the others, the project's new state. */
export function roomChanged(hub: Hub, now: () => number, room: RoomDoc, before: RoomDoc | undefined): void {
  hub.recheck(room, 'You are no longer in this room.');
  if (!hub.hasListeners(room._id)) return;
  if (before !== undefined && isDeepStrictEqual(before.project, room.project)) return;
  // Each viewer is told what they may do; those who may do the same are told the same object.
  const views = new Map<string, Project>();
  hub.sendEach(room._id, 'public', 'project', (caller) => {
    const view = projectView(room, caller, now());
    const key = JSON.stringify([view.actions, view.projectActions]);
    const known = views.get(key) ?? view;
    views.set(key, known);
    return known;
  });
}
