import type { z } from 'zod';
import type { nodeStatus, NodeType, Project, QueuedReason } from '../../shared/contract/projects.ts';
import type { Role } from '../../shared/contract/primitives.ts';
import type { RoomDoc } from '../rooms/room-store.ts';

/** One node of a project's flow, with its latest visit. */
export interface NodeState {
  id: string;
  type: NodeType;
  name: string;
  side?: 'buyer' | 'provider' | 'system';
  role?: Role;
  status: z.infer<typeof nodeStatus>;
  visit: number;
  operator?: { userId: string; name: string };
  enteredAt?: Date;
  dueAt?: Date;
  endedAt?: Date;
}

/** What a delivery project is, inside its room's document. */
export interface ProjectState {
  orderId: string;
  bizId?: string;
  product: { id: string; name: string; spec?: string };
  channel?: string;
  provider: { org: string; name: string } | null;
  vendor: { org: string; name: string };
  overdue: boolean;
  queued: QueuedReason | null;
  run: number;
  template: { id: string; name: string };
  nodes: NodeState[];
  current: string | null;
}

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
