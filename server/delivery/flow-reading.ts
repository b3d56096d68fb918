import { z } from 'zod';
import type { Caller, Handlers } from '../registry/call.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { QUEUE } from '../rooms/project-state.ts';
import { requireReadable } from '../rooms/room-access.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { Pages } from '../timeline/pages.ts';
import { FLOW_STREAM } from './flow-commands.ts';
import { queuePage } from './queues.ts';

const logCursor = z.tuple([z.int().min(0)]);
const queueCursor = z.tuple([cursorInstant, z.string(), z.int().min(0)]);

/** What has happened in a flow, and what waits. */
export function flowReading({
  rooms,
  pages,
}: {
  rooms: RoomStore;
  pages: Pages;
}): Pick<Handlers, 'project.log' | 'queue.list'> {
  return {
    async 'project.log'({ projectId, run, cursor, limit }, { caller }) {
      await requireReadable(rooms, caller, projectId, FLOW_STREAM);
      const after = cursor === undefined ? 0 : decodeCursor(cursor, logCursor)[0];
      const items = await pages.flowLog(projectId, FLOW_STREAM, { run, after }, limit + 1);
      const page = items.slice(0, limit);
      const end = page.at(-1);
      return {
        items: page,
        ...(items.length > limit && end !== undefined ? { nextCursor: encodeCursor([end.seq]) } : {}),
      };
    },

    async 'queue.list'({ cursor, limit }, { caller }) {
      const queue = queueOf(caller);
      if (queue === undefined) return { items: [] };
      const [since, id, place] = cursor === undefined ? [0, '', 0] : decodeCursor(cursor, queueCursor);
      const behind = cursor === undefined ? undefined : { since: new Date(since), id };
      const where = { 'waiting.queues': queue, 'waiting.reason': { $ne: null } };
      const found = await queuePage(rooms.model, where, behind, limit + 1);
      const items = found.slice(0, limit).flatMap(({ _id, orderId, waiting }, index) =>
        waiting.reason === null
          ? []
          : [
              {
                projectId: _id,
                orderId,
                reason: waiting.reason,
                ...(waiting.role === null ? {} : { role: waiting.role }),
                since: waiting.since.toISOString(),
                place: place + index + 1,
              },
            ],
      );
      const end = found[limit - 1];
      return {
        items,
        ...(found.length > limit && end !== undefined
          ? { nextCursor: encodeCursor([end.waiting.since.getTime(), end._id, place + limit]) }
          : {}),
      };
    },
  };
}

/** The queue that somebody sees: the platform all, a provider's admin that of their staff, a vendor its projects without a provider. */
function queueOf({ side, org = '', roles }: Caller): string | undefined {
  if (side === 'operator' || side === 'service') return QUEUE.all;
  if (side === 'provider') return roles.includes('provider_admin') ? QUEUE.staffOf(org) : undefined;
  const supervises = roles.includes('vendor_admin') || roles.includes('project_manager');
  return side === 'vendor' && supervises ? QUEUE.vendor(org) : undefined;
}
