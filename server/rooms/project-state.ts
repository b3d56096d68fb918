import type { QueuedReason } from '../../shared/contract/projects.ts';
import type { Role } from '../../shared/contract/primitives.ts';
import {
  type DemandForm,
  type Flow,
  type FlowFile,
  isProvisional,
  wakeAt,
  wantOf,
  workersOf,
} from '../../shared/model/flow/flow.ts';
import type { ProjectRoom } from './room-doc.ts';

/** The demand that the buyer submitted. The number lies in the vault. */
export interface StoredDemand extends Omit<DemandForm, 'phone' | 'attachments'> {
  nodeId: string;
  visit: number;
  /** Of the number in the vault; missing in demands of before there was one. */
  numberId?: string;
  attachments: FlowFile[];
}

/** What a delivery project is, inside its room's document. */
export interface ProjectState {
  orderId: string;
  bizId?: string;
  /** The opportunity whose deal it delivers. */
  opportunityId?: string;
  product: { id: string; name: string; spec?: string };
  channel?: string;
  vendor: { org: string; name: string };
  /** Whether the provider may see how to reach the buyer. */
  shareContact: boolean;
  /** Of the number that came with the order, in the vault. */
  contactNumberId?: string;
  flow: Flow;
  /** Raised by each change of the project: of two states the higher one is newer. */
  version: number;
  demand: StoredDemand | null;
}

/** A project's place in the queue for a provider or for staff. */
export interface WaitingPlace {
  /** Each list that it stands in: of all, and of its vendor or of its provider. */
  queues: string[];
  /** What it waits for: of two of a kind the second finds nobody where the first found nobody. */
  kind: string;
  since: Date;
  what: 'provider' | 'staff';
  /** Null until it was looked for in vain. */
  reason: QueuedReason | null;
  productId: string;
  /** Of the node at which it waits. */
  visit: number;
  /** The provider whose staff it waits for. */
  org: string | null;
  role: Role | null;
  /** Looked in before the rest of the provider. */
  departmentFirst: string | null;
}

export const QUEUE = {
  all: 'all',
  vendor: (org: string) => `vendor:${org}`,
  staffOf: (org: string) => `staff:${org}`,
} as const;

/** What can be waited for, and the beginnings of its names. */
export const KIND = {
  providers: 'product:',
  providerFor: (productId: string) => `product:${productId}`,
  staff: 'staff:',
  staffOf: (org: string) => `staff:[${JSON.stringify(org)},`,
  staffWith: (org: string, role: Role) => `staff:${JSON.stringify([org, role])}`,
} as const;

function waitingPlace({ flow, product, vendor }: ProjectState): WaitingPlace | null {
  const want = wantOf(flow);
  if (want === null) return null;
  const place = { since: new Date(want.since), reason: flow.queued, productId: product.id, visit: want.visit };
  if (want.what === 'provider') {
    const queues = [QUEUE.all, QUEUE.vendor(vendor.org)];
    const kind = KIND.providerFor(product.id);
    return { ...place, queues, kind, what: 'provider', org: null, role: null, departmentFirst: null };
  }
  if (flow.provider === null) throw new Error('a project waits for the staff of nobody');
  const { org } = flow.provider;
  const { role, departmentFirst } = want;
  const queues = [QUEUE.all, QUEUE.staffOf(org)];
  return { ...place, queues, kind: KIND.staffWith(org, role), what: 'staff', org, role, departmentFirst };
}

/** The fields of a room's document that follow from its project: what indexes and the access table ask. Nobody writes them by another road. */
export function fieldsOf(
  project: ProjectState,
): Pick<ProjectRoom, 'project' | 'status' | 'providerOrg' | 'crew' | 'workers' | 'wakeAt' | 'provisional' | 'waiting'> {
  const { flow } = project;
  const wake = wakeAt(flow);
  return {
    project,
    status: flow.status,
    providerOrg: flow.provider?.org ?? null,
    crew: [...new Set(flow.crew.map(({ userId }) => userId))],
    workers: workersOf(flow),
    wakeAt: wake === null ? null : new Date(wake),
    provisional: isProvisional(flow),
    waiting: waitingPlace(project),
  };
}
