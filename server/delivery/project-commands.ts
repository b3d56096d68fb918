import { EXPORT_ROWS_MAX, PAGE_MAX } from '../../shared/contract/limits.ts';
import type { Project } from '../../shared/contract/projects.ts';
import type { Clock } from '../clock.ts';
import type { Caller, Handlers } from '../registry/call.ts';
import { byOf } from '../numbers/vault-store.ts';
import { requireRoomOf } from '../rooms/room-access.ts';
import type { ProjectRoom } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { ProjectCreation } from './project-creation.ts';
import { CSV_HEADING, csvLine } from './project-csv.ts';
import { listProjects } from './project-list.ts';
import { mayClaim, projectView } from './project-view.ts';

export interface ProjectParts {
  rooms: RoomStore;
  creation: ProjectCreation;
  clock: Clock;
}

type ProjectCommands = 'project.create' | 'project.get' | 'project.list' | 'project.export' | 'demand.get';

export function projectCommands(parts: ProjectParts): Pick<Handlers, ProjectCommands> {
  const { rooms, creation, clock } = parts;
  const viewFor =
    (caller: Caller) =>
    (room: ProjectRoom): Project =>
      projectView(room, caller, clock.now());

  return {
    async 'project.create'(input, { caller, correlationId }) {
      const text = input.buyer.contact?.phone?.trim() ?? '';
      const projectId = await creation.create(
        { ...input, ...(text === '' ? {} : { contactPhone: { text, by: byOf(caller) } }) },
        correlationId,
      );
      return { projectId, roomId: projectId };
    },

    async 'project.get'({ projectId }, { caller }) {
      return { project: viewFor(caller)(await requireRoomOf('project', rooms, caller, projectId, mayClaim)) };
    },

    async 'project.list'({ cursor, limit, ...filters }, { caller }) {
      const { rooms: page, ...next } = await listProjects(rooms.model, caller, filters, { cursor, limit });
      return { items: page.map(viewFor(caller)), ...next };
    },

    async 'project.export'(filters, { caller }) {
      // A page at a time becomes lines: thousands of whole projects are more than a server should hold for one who asks.
      const lines: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await listProjects(rooms.model, caller, filters, { cursor, limit: PAGE_MAX });
        lines.push(...page.rooms.map(viewFor(caller)).map(csvLine));
        cursor = page.nextCursor;
      } while (cursor !== undefined && lines.length < EXPORT_ROWS_MAX);
      const kept = lines.slice(0, EXPORT_ROWS_MAX);
      const truncated = cursor !== undefined || lines.length > kept.length;
      return { csv: CSV_HEADING + kept.join(''), rows: kept.length, truncated };
    },

    async 'demand.get'({ projectId }, { caller }) {
      const { project } = await requireRoomOf('project', rooms, caller, projectId);
      if (project.demand === null) return { demand: null };
      const { email, address, numberId: _numberId, ...demand } = project.demand;
      // The platform's and the buyer's own people see it; the provider where the buyer shares it; a vendor only watches.
      const shared =
        caller.side === 'buyer' || caller.side === 'operator' || (caller.side === 'provider' && project.shareContact);
      return { demand: { ...demand, ...(shared ? { email, address } : {}) } };
    },
  };
}
