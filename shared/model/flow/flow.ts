import type { EntryKind } from '../../contract/entries.ts';
import type { ErrorCode } from '../../contract/errors.ts';
import type { Role, Side } from '../../contract/primitives.ts';
import type { NodeStatus, NodeType, ProjectStatus, QueuedReason } from '../../contract/projects.ts';
import type { Receiver, TemplateStep } from '../../contract/templates.ts';
import type { Because, Pause } from '../calendar/due.ts';
import type { WorkingCalendar } from '../calendar/working-calendar.ts';
import type { FlowFact } from './flow-fact.ts';
import { stepsOf, type TemplateSnapshot } from './template-steps.ts';

/** Who does something to a flow, or looks at it. */
export interface FlowActor {
  readonly id: string;
  readonly name: string;
  readonly side: Side;
  readonly org?: string | undefined;
  readonly roles: readonly Role[];
  readonly dept?: string | undefined;
}

/** The service itself: its timers and its dispatch. */
export const SYSTEM_ACTOR: FlowActor = { id: 'system', name: 'Delivery Rooms', side: 'service', roles: [] };

export interface Company {
  readonly org: string;
  readonly name: string;
}

export interface CrewMember {
  readonly role: Role;
  readonly userId: string;
  readonly name: string;
}

export interface FlowFile {
  readonly id: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
}

/** One step of a project's flow, with its latest visit. Instants are ISO 8601. */
export interface FlowNode {
  readonly id: string;
  readonly type: NodeType;
  readonly name: string;
  readonly side?: 'buyer' | 'provider' | 'system';
  readonly role?: Role;
  /** The container that it stands in. */
  readonly within?: { readonly id: string; readonly name: string };
  readonly status: NodeStatus;
  /** Counts entries into this node over all runs, so that what somebody saw in an earlier run never fits a later one. */
  readonly visit: number;
  readonly operator?: { readonly userId: string; readonly name: string };
  readonly enteredAt?: string;
  readonly endedAt?: string;
  /** Missing while a project is paused before it. */
  readonly dueAt?: string;
  readonly due?: { readonly provisional: boolean; readonly because: Because };
  readonly remindAt?: string;
  readonly reminded?: true;
  readonly overdue: boolean;
  /** Files of this visit. */
  readonly files: readonly FlowFile[];
  /** Pauses of this visit that are over. */
  readonly pauses: readonly Pause[];
}

/** A delivery project's flow: everything that its rules ask (domain.md, sections 3 and 4). It is folded from the entries that `step` makes. */
export interface Flow {
  readonly status: ProjectStatus;
  /** The current node is past due. */
  readonly overdue: boolean;
  /** Why it waits for a provider or for staff. */
  readonly queued: QueuedReason | null;
  readonly run: number;
  readonly template: TemplateSnapshot;
  /** In walking order, without containers. */
  readonly nodes: readonly FlowNode[];
  /** The one active node; null when completed or closed. */
  readonly current: string | null;
  readonly parties: { readonly buyerOrg: string; readonly vendorOrg: string };
  readonly provider: Company | null;
  /** Who holds which role in this run: brought in by a claim or a dispatch. */
  readonly crew: readonly CrewMember[];
  /** The department that owns it after a claim. */
  readonly department: string | null;
  /** `left`: milliseconds of working time that the current node had left; missing where it had no timeout or was past it. */
  readonly paused: { readonly at: string; readonly by: string; readonly bySide: Side; readonly left?: number } | null;
}

/** What a rule may know beside the flow and the event. */
export interface FlowContext {
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly calendar: WorkingCalendar;
  readonly actor: FlowActor;
}

/** An entry for the timeline; its body is a fact from which, with its actor, the flow can be folded. */
export interface FlowEntry {
  readonly stream: 'public';
  readonly kind: Extract<EntryKind, 'node' | 'project' | 'file'>;
  readonly actor: { readonly id: string; readonly name: string; readonly side: Side; readonly org?: string };
  readonly body: FlowFact;
}

export interface Notification {
  readonly to: Receiver;
  readonly when: 'entered' | 'due_soon' | 'timed_out' | 'provisional';
  /** The name of a preset message, or a template's own words. */
  readonly message: string;
  readonly nodeId: string;
  readonly visit: number;
}

/** What a flow needs from outside to go on; `since` orders its queue: first in, first out. */
export type Want =
  | { readonly what: 'provider'; readonly nodeId: string; readonly visit: number; readonly since: string }
  | {
      readonly what: 'staff';
      readonly nodeId: string;
      readonly visit: number;
      readonly since: string;
      readonly role: Role;
      /** Looked in before the rest of the provider. */
      readonly departmentFirst: string | null;
    };

export interface Fault {
  readonly path: string;
  readonly reason: string;
}

/** What a loser of a race is told. */
export interface PresentState {
  readonly status: ProjectStatus;
  readonly overdue: boolean;
  readonly queued: QueuedReason | null;
  readonly run: number;
  readonly current: string | null;
  /** Of the current node. */
  readonly visit: number | null;
}

export interface Refusal {
  readonly ok: false;
  readonly code: ErrorCode;
  readonly message: string;
  /** Of `invalid` and its kin each fault, of everything else the present state. */
  readonly details: PresentState | readonly Fault[];
}

export interface Stepped {
  readonly ok: true;
  readonly flow: Flow;
  readonly entries: readonly FlowEntry[];
  readonly notifications: readonly Notification[];
  readonly wants: Want | null;
  /** A demand that was submitted. It stands in no entry: it holds contact details. */
  readonly form?: { readonly nodeId: string; readonly visit: number; readonly values: DemandForm };
}

export interface DemandForm {
  readonly contactName: string;
  readonly phone: string;
  readonly email: string;
  readonly address: string;
  readonly details: string;
  /** File ids. */
  readonly attachments: readonly string[];
}

export function currentNode(flow: Flow): FlowNode | undefined {
  return flow.current === null ? undefined : flow.nodes.find(({ id }) => id === flow.current);
}

/** A node's settings in the project's snapshot of its template. */
export function settingsOf({ template }: Pick<Flow, 'template'>, nodeId: string): TemplateStep | undefined {
  return stepsOf(template.nodes).find(({ step }) => step.id === nodeId)?.step;
}

export function presentState(flow: Flow): PresentState {
  const { status, overdue, queued, run, current } = flow;
  return { status, overdue, queued, run, current, visit: currentNode(flow)?.visit ?? null };
}

export function refuse(flow: Flow, code: ErrorCode, message: string, faults?: readonly Fault[]): Refusal {
  return { ok: false, code, message, details: faults ?? presentState(flow) };
}

/** Past its due instant, whether a sweep has seen it or not. A provisional instant is a guess, and nobody is late by it. */
export function isLate(node: FlowNode, now: number): boolean {
  return node.dueAt !== undefined && node.due?.provisional !== true && now >= Date.parse(node.dueAt);
}

/** When a project ended, in milliseconds since the epoch; null while it goes on. */
export function endedAt({ status, nodes }: Pick<Flow, 'status' | 'nodes'>): number | null {
  if (status === 'executing' || status === 'paused') return null;
  return Math.max(0, ...nodes.map((node) => (node.endedAt === undefined ? 0 : Date.parse(node.endedAt))));
}

export function wantOf(flow: Flow): Want | null {
  const node = currentNode(flow);
  if (node === undefined || flow.status !== 'executing' || node.enteredAt === undefined) return null;
  const at = { nodeId: node.id, visit: node.visit, since: node.enteredAt };
  if (node.type === 'assign_provider') return { what: 'provider', ...at };
  if (node.type !== 'dispatch_order' || node.role === undefined) return null;
  const departmentFirst = settingsOf(flow, node.id)?.rule === 'department_first' ? flow.department : null;
  return { what: 'staff', ...at, role: node.role, departmentFirst };
}

/** The next instant at which a tick changes something, or null where none will: what a sweep's index holds. */
export function wakeAt(flow: Flow): string | null {
  const node = currentNode(flow);
  if (flow.status !== 'executing' || node?.dueAt === undefined || node.overdue || node.due?.provisional === true)
    return null;
  return node.remindAt !== undefined && node.reminded === undefined ? node.remindAt : node.dueAt;
}

/** Says whether the current step's due instant is a guess that a year's calendar will change. */
export function isProvisional(flow: Flow): boolean {
  return flow.status === 'executing' && currentNode(flow)?.due?.provisional === true;
}

/** The provider's staff who are or were the operator of a step in this run: who holds a role now, and who has worked one. */
export function workersOf({ nodes, crew }: Flow): CrewMember[] {
  const worked = nodes.flatMap(({ side, role, status, operator }): CrewMember[] =>
    side === 'provider' && role !== undefined && operator !== undefined && (status === 'done' || status === 'rejected')
      ? [{ role, userId: operator.userId, name: operator.name }]
      : [],
  );
  return [...new Map([...worked, ...crew].map((member) => [member.userId, member])).values()];
}
