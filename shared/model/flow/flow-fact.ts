import type { Side } from '../../contract/primitives.ts';
import type { NodeAction, QueuedReason } from '../../contract/projects.ts';
import type { Because } from '../calendar/due.ts';
import type { Company, CrewMember, Flow, FlowEntry, FlowFile, FlowNode } from './flow.ts';
import type { TemplateSnapshot } from './template-steps.ts';

interface AtNode {
  readonly node: { readonly id: string; readonly name: string };
  readonly visit: number;
}

/** A node's clock, as data. */
export interface Clocked {
  readonly dueAt: string;
  readonly due: { readonly provisional: boolean; readonly because: Because };
  readonly remindAt?: string;
}

/** Who is named in the log when it was not the side whose turn it was. */
interface InPlace {
  /** An operator of the platform acted for this side. */
  readonly onBehalfOf?: Side;
  /** The provider's admin acted for a late operator. */
  readonly late?: true;
}

/**
 * What happened to a flow: the body of an entry, complete enough to fold the flow from (domain.md, section 2: the flow log is a view over the
 * timeline, not a second truth). `at` is the instant of the decision, ISO 8601; the entry's own `at` is that of its writing.
 */
export type FlowFact = { readonly at: string } & (
  | { readonly event: 'project.created'; readonly template: TemplateSnapshot; readonly parties: Flow['parties'] }
  | ({ readonly event: 'project.queued'; readonly reason: QueuedReason } & AtNode)
  | { readonly event: 'project.paused'; readonly remark?: string; readonly left?: number }
  | { readonly event: 'project.resumed'; readonly remark?: string; readonly clock?: Clocked }
  | { readonly event: 'project.completed' }
  | { readonly event: 'project.closed'; readonly reason: string }
  | ({ readonly event: 'provider.assigned'; readonly provider: Company; readonly manual?: true } & AtNode)
  | {
      readonly event: 'provider.changed';
      readonly from: Company | null;
      readonly to: Company;
      readonly remark: string;
      readonly run: number;
    }
  | ({
      readonly event: 'operator.changed';
      readonly from: CrewMember | null;
      readonly to: CrewMember;
      readonly remark: string;
    } & AtNode)
  | ({ readonly event: 'order.claimed'; readonly operator?: CrewMember; readonly department: string | null } & AtNode &
      InPlace)
  | ({ readonly event: 'order.dispatched'; readonly operator: CrewMember; readonly manual?: true } & AtNode)
  | ({
      readonly event: 'node.entered';
      readonly operator?: FlowNode['operator'];
      readonly clock?: Clocked;
    } & AtNode)
  | ({
      readonly event: 'node.done';
      readonly action: NodeAction;
      readonly auto?: true;
      readonly operator?: FlowNode['operator'];
      readonly attachments?: readonly string[];
    } & AtNode &
      InPlace)
  | ({ readonly event: 'node.rejected'; readonly reason: string; readonly operator?: FlowNode['operator'] } & AtNode &
      InPlace)
  | ({ readonly event: 'node.due_changed'; readonly clock: Clocked } & AtNode)
  | ({ readonly event: 'node.due_soon' } & AtNode)
  | ({ readonly event: 'node.timed_out' } & AtNode)
  | ({ readonly event: 'file.added'; readonly files: readonly FlowFile[] } & AtNode & InPlace)
);

/** The kind of entry that each event is told in: every event of a flow, and no other. */
export const FLOW_EVENT_KINDS: Readonly<Record<FlowFact['event'], FlowEntry['kind']>> = {
  'project.created': 'project',
  'project.queued': 'project',
  'project.paused': 'project',
  'project.resumed': 'project',
  'project.completed': 'project',
  'project.closed': 'project',
  'provider.assigned': 'project',
  'provider.changed': 'project',
  'operator.changed': 'project',
  'order.claimed': 'node',
  'order.dispatched': 'node',
  'node.entered': 'node',
  'node.done': 'node',
  'node.rejected': 'node',
  'node.due_changed': 'node',
  'node.due_soon': 'node',
  'node.timed_out': 'node',
  'file.added': 'file',
};

/** Says whether an entry's body tells of the flow: a project's timeline holds other events as well. */
export function isFlowFact(body: { readonly event: string }): body is FlowFact {
  return Object.hasOwn(FLOW_EVENT_KINDS, body.event);
}
