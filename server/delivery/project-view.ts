import type { Project } from '../../shared/contract/projects.ts';
import type { RoomDoc } from '../rooms/room-store.ts';

/** The project as it travels. */
export function projectView(room: RoomDoc): Project {
  const { project } = room;
  const { bizId, channel, provider } = project;
  return {
    id: room._id,
    roomId: room._id,
    orderId: project.orderId,
    ...(bizId === undefined ? {} : { bizId }),
    product: project.product,
    ...(channel === undefined ? {} : { channel }),
    buyer: room.buyer,
    ...(provider === null ? {} : { provider }),
    vendor: project.vendor,
    status: room.status,
    overdue: project.overdue,
    queued: project.queued,
    run: project.run,
    template: project.template,
    nodes: project.nodes.map(({ enteredAt, dueAt, endedAt, ...node }) => ({
      ...node,
      ...(enteredAt === undefined ? {} : { enteredAt: enteredAt.toISOString() }),
      ...(dueAt === undefined ? {} : { dueAt: dueAt.toISOString() }),
      ...(endedAt === undefined ? {} : { endedAt: endedAt.toISOString() }),
    })),
    current: project.current,
    createdAt: room.createdAt.toISOString(),
  };
}
