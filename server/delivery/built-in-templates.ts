import type { NodeType } from '../../shared/contract/projects.ts';
import type { Role } from '../../shared/contract/primitives.ts';

export interface TemplateNode {
  id: string;
  type: NodeType;
  name: string;
  side?: 'buyer' | 'provider' | 'system';
  role?: Role;
}

export interface Template {
  id: string;
  name: string;
  nodes: readonly TemplateNode[];
}

const assign: TemplateNode = { id: 'assign', type: 'assign_provider', name: 'Assign Provider', side: 'system' };
const demand: TemplateNode = { id: 'demand', type: 'submit_demand', name: 'Submit Demand', side: 'buyer' };
const dispatch: TemplateNode = {
  id: 'dispatch',
  type: 'dispatch_order',
  name: 'Dispatch',
  side: 'system',
  role: 'delivery_specialist',
};
const work = (id: string, name: string, role: Role = 'provider_admin'): TemplateNode => ({
  id,
  type: 'generic',
  name,
  side: 'provider',
  role,
});
const confirm = (id: string, name: string): TemplateNode => ({ id, type: 'confirm', name, side: 'buyer' });
const finish = (name: string): TemplateNode => ({ id: 'finish', type: 'finish', name, side: 'buyer' });

/** The public templates that come with the service (domain.md, section 4). */
export const builtInTemplates: readonly Template[] = [
  {
    id: 'basic',
    name: 'Basic delivery',
    nodes: [assign, demand, work('delivery', 'Project Delivery'), finish('Confirm Delivery')],
  },
  {
    id: 'double-check',
    name: 'Double check',
    nodes: [
      assign,
      demand,
      work('delivery', 'Project Delivery'),
      confirm('confirm', 'Confirm Delivery'),
      finish('Confirm Warranty'),
    ],
  },
  {
    id: 'contract',
    name: 'Signing a contract',
    nodes: [
      assign,
      demand,
      work('contract', 'Upload Contract'),
      work('delivery', 'Project Delivery'),
      finish('Confirm Delivery'),
    ],
  },
  {
    id: 'step-by-step',
    name: 'Step by step',
    nodes: [
      assign,
      demand,
      work('design', 'Functional Design'),
      confirm('confirm-design', 'Confirm Functional Design'),
      work('ued', 'User Experience Design'),
      confirm('confirm-ued', 'Confirm UED'),
      work('development', 'Development and Testing'),
      confirm('inspection', 'Inspection and Acceptance'),
      finish('Confirm Delivery'),
    ],
  },
  {
    id: 'simplest',
    name: 'Simplest',
    nodes: [
      assign,
      demand,
      dispatch,
      work('deliverable', 'Submit Deliverable', 'delivery_specialist'),
      finish('Confirm'),
    ],
  },
  {
    id: 'bespoke',
    name: 'Bespoke order',
    nodes: [
      assign,
      demand,
      { id: 'claim', type: 'claim_order', name: 'Claim', side: 'provider', role: 'account_manager' },
      dispatch,
      { id: 'confirm-demand', type: 'confirm', name: 'Confirm Demand', side: 'provider', role: 'delivery_specialist' },
      work('implementation', 'Implementation', 'delivery_specialist'),
      finish('Confirm Delivery'),
    ],
  },
];

export function builtInTemplate(id: string): Template | undefined {
  return builtInTemplates.find((template) => template.id === id);
}
