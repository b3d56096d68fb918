import type { Project } from '../../../shared/contract/projects.ts';

type Node = Project['nodes'][number];

const STEPS = [
  { id: 'assign', type: 'assign_provider', name: 'Assign Provider', side: 'system' },
  { id: 'demand', type: 'submit_demand', name: 'Submit Demand', side: 'buyer' },
  { id: 'delivery', type: 'generic', name: 'Project Delivery', side: 'provider', role: 'provider_admin' },
  { id: 'finish', type: 'finish', name: 'Confirm Delivery', side: 'buyer' },
] as const;

/** Nodes of the basic template with this one active. */
export function nodesAt(current: string, active: Partial<Node> = {}): Node[] {
  const at = STEPS.findIndex(({ id }) => id === current);
  return STEPS.map((step, index): Node => {
    const base = { ...step, overdue: false, files: [] };
    if (index < at) {
      const when = { enteredAt: '2026-09-25T01:00:00.000Z', endedAt: '2026-09-25T02:00:00.000Z' };
      return { ...base, status: 'done', visit: 1, ...when };
    }
    if (index > at) return { ...base, status: 'pending', visit: 0 };
    return { ...base, status: 'active', visit: 1, enteredAt: '2026-09-25T09:10:00.000Z', ...active };
  });
}

/** A project of the basic template whose buyer is to submit the demand. */
export function flowProject(more: Partial<Project> = {}): Project {
  return {
    id: 'project-1',
    roomId: 'room-1',
    orderId: 'ORDER-1',
    product: { id: 'website', name: 'Website design' },
    buyer: { id: 'ann', org: 'acme', name: 'Ann' },
    provider: { org: 'studio', name: 'Studio' },
    vendor: { org: 'cloud', name: 'Cloud' },
    status: 'executing',
    overdue: false,
    queued: null,
    run: 1,
    template: { id: 'basic', name: 'Basic delivery' },
    nodes: nodesAt('demand'),
    current: 'demand',
    createdAt: '2026-09-25T01:00:00.000Z',
    paused: null,
    version: 2,
    projectActions: ['pause'],
    actions: [{ nodeId: 'demand', visit: 1, action: 'submit', label: 'Submit demand' }],
    ...more,
  };
}
