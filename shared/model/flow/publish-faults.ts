import type { Role } from '../../contract/primitives.ts';
import type { PublishFault, Template, TemplateStep } from '../../contract/templates.ts';
import { stepsOf } from './template-steps.ts';

/** The publishing rules of domain.md, section 4, and what must hold for a flow to be walked at all. */
export const PUBLISHING_RULES = {
  begins_with_assign_provider: 'A template begins with assign_provider.',
  one_assign_provider: 'assign_provider stands first and nowhere else.',
  ends_with_finish: 'A template ends with finish.',
  one_finish: 'finish stands last and nowhere else.',
  container_has_children: 'A container holds one step at least.',
  container_child: 'A container holds any step but assign_provider and container.',
  only_containers_have_children: 'Only a container holds steps.',
  unique_id: 'Each node has an id of its own.',
  worked_by_people: 'A confirmation and a piece of work are the buyer’s or the provider’s.',
  needs_role: 'A claim and a dispatch name the role that they bring in.',
  provider_role: 'Only a role of the provider works a provider’s step.',
  role_brought_in: 'A provider role is brought in by an earlier claim or dispatch.',
  not_rejectable_after_claim_or_dispatch: 'The node right after a claim or a dispatch cannot be rejected.',
  auto_advance_needs_timeout: 'A node advances by itself only on a timeout above 0.',
} as const;

export type PublishingRule = keyof typeof PUBLISHING_RULES;

const VENDOR_ROLES: ReadonlySet<Role> = new Set(['vendor_admin', 'project_manager']);

const bringsIn = ({ type }: TemplateStep): boolean => type === 'claim_order' || type === 'dispatch_order';

/** Every reason for which a template cannot be published, each with its node and rule; none for one that can. */
export function publishFaults({ nodes }: Pick<Template, 'nodes'>): PublishFault[] {
  const faults: PublishFault[] = [];
  const fault = (node: { id: string; name: string } | undefined, rule: PublishingRule): void => {
    const at = node === undefined ? '' : ` (${node.name})`;
    faults.push({ nodeId: node?.id ?? '', rule, message: `${PUBLISHING_RULES[rule]}${at}` });
  };
  const steps = stepsOf(nodes).map(({ step }) => step);
  const [first] = nodes;
  const last = steps.at(-1);

  if (first?.type !== 'assign_provider') fault(first, 'begins_with_assign_provider');
  if (last?.type !== 'finish') fault(last ?? nodes.at(-1), 'ends_with_finish');

  const ids = new Set<string>();
  for (const node of nodes.flatMap((node) => [node, ...(node.children ?? [])])) {
    if (ids.has(node.id)) fault(node, 'unique_id');
    ids.add(node.id);
  }
  for (const node of nodes) {
    if (node.type !== 'container') {
      if ((node.children ?? []).length > 0) fault(node, 'only_containers_have_children');
      continue;
    }
    if ((node.children ?? []).length === 0) fault(node, 'container_has_children');
    for (const child of node.children ?? []) {
      if (child.type === 'assign_provider' || child.type === 'container') fault(child, 'container_child');
    }
  }

  const present = new Set<Role>(['provider_admin']);
  for (const [index, step] of steps.entries()) {
    if (step.type === 'assign_provider' && step !== steps[0]) fault(step, 'one_assign_provider');
    if (step.type === 'finish' && step !== last) fault(step, 'one_finish');
    if ((step.type === 'confirm' || step.type === 'generic') && step.side === 'system') fault(step, 'worked_by_people');
    const before = steps[index - 1];
    if (before !== undefined && bringsIn(before) && step.rejectable === true)
      fault(step, 'not_rejectable_after_claim_or_dispatch');
    if (step.autoAdvance === true && (step.timeoutDays ?? 0) <= 0 && step.timeoutFrom === undefined)
      fault(step, 'auto_advance_needs_timeout');
    if (bringsIn(step)) {
      if (step.role === undefined) fault(step, 'needs_role');
      else if (VENDOR_ROLES.has(step.role)) fault(step, 'provider_role');
      else present.add(step.role);
    } else if (step.side === 'provider' && step.role !== undefined) {
      if (VENDOR_ROLES.has(step.role)) fault(step, 'provider_role');
      else if (!present.has(step.role)) fault(step, 'role_brought_in');
    }
  }
  return faults;
}
