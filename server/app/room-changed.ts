import { isDeepStrictEqual } from 'node:util';
import type { Opportunity } from '../../shared/contract/opportunities.ts';
import type { Project } from '../../shared/contract/projects.ts';
import { projectView } from '../delivery/project-view.ts';
import type { Hub } from '../live/hub.ts';
import { opportunityView } from '../opportunities/opportunity-view.ts';
import type { Caller } from '../registry/call.ts';
import { PUBLIC_STREAM } from '../rooms/access.ts';
import type { OpportunityRoom, ProjectRoom, RoomDoc } from '../rooms/room-doc.ts';

/** Says what a room's change means to those who have it open: first who loses it, then, to the others, the new state of what it is about. */
export function roomChanged(hub: Hub, now: () => number, room: RoomDoc, before: RoomDoc | undefined): void {
  hub.recheck(room, 'You are no longer in this room.');
  if (!hub.hasListeners(room._id)) return;
  if (room.kind === 'project') projectChanged(hub, now(), room, before?.kind === 'project' ? before : undefined);
  else opportunityChanged(hub, now(), room, before?.kind === 'opportunity' ? before : undefined);
}

function projectChanged(hub: Hub, now: number, room: ProjectRoom, before: ProjectRoom | undefined): void {
  if (before !== undefined && isDeepStrictEqual(before.project, room.project)) return;
  // Each viewer is told what they may do; those who may do the same are told the same object.
  const views = new Map<string, Project>();
  hub.sendEach(room._id, PUBLIC_STREAM, 'project', (caller) => {
    const view = projectView(room, caller, now);
    const key = JSON.stringify([view.actions, view.projectActions]);
    const known = views.get(key) ?? view;
    views.set(key, known);
    return known;
  });
}

/**
 * Whoever is shown the same as before is not told: that something happened would be news of what they cannot read. Where it is not known what they were shown, operators
 * alone are told; the others learn it from the entry that they read.
 */
function opportunityChanged(hub: Hub, now: number, room: OpportunityRoom, before: OpportunityRoom | undefined): void {
  const views = new Map<string, Opportunity | undefined>();
  hub.sendEach(room._id, PUBLIC_STREAM, 'opportunity', (caller) => {
    const key = JSON.stringify([caller.side, caller.org, caller.roles]);
    if (!views.has(key)) views.set(key, newView(caller, now, room, before));
    return views.get(key);
  });
}

function newView(
  caller: Caller,
  now: number,
  room: OpportunityRoom,
  before: OpportunityRoom | undefined,
): Opportunity | undefined {
  const view = opportunityView(room, caller, now);
  if (before === undefined) return caller.side === 'operator' ? view : undefined;
  // As it was last told: what became due since has been told to nobody.
  const told = opportunityView(before, caller, Date.parse(before.opportunity.createdAt));
  return isDeepStrictEqual(told, view) ? undefined : view;
}
