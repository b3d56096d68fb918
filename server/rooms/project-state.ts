import type { z } from 'zod';
import type { nodeStatus, NodeType, QueuedReason } from '../../shared/contract/projects.ts';
import type { Role } from '../../shared/contract/primitives.ts';

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
