import { countBack, dueAt, workingDayMs } from '../calendar/due.ts';
import { type Clocked, FLOW_EVENT_KINDS, type FlowFact } from './flow-fact.ts';
import {
  currentNode,
  type Flow,
  type FlowContext,
  type FlowEntry,
  type FlowNode,
  type Notification,
  settingsOf,
  type Stepped,
  wantOf,
} from './flow.ts';
import { applyFact } from './fold-flow.ts';

type WithoutTime<Fact> = Fact extends unknown ? Omit<Fact, 'at'> : never;

/** One decision in the making: each fact that is added changes the flow at once and becomes an entry. */
export class Course {
  readonly #context: FlowContext;
  readonly #at: string;
  readonly #entries: FlowEntry[] = [];
  readonly #notifications: Notification[] = [];
  #flow: Flow | undefined;

  constructor(flow: Flow | undefined, context: FlowContext) {
    this.#flow = flow;
    this.#context = context;
    this.#at = new Date(context.now).toISOString();
  }

  get flow(): Flow {
    if (this.#flow === undefined) throw new Error('a flow begins with project.created');
    return this.#flow;
  }

  add(fact: WithoutTime<FlowFact>): void {
    const { id, name, side, org } = this.#context.actor;
    const body: FlowFact = { ...fact, at: this.#at };
    const actor = { id, name, side, ...(org === undefined ? {} : { org }) };
    const entry: FlowEntry = { stream: 'public', kind: FLOW_EVENT_KINDS[fact.event], actor, body };
    this.#entries.push(entry);
    this.#flow = applyFact(this.#flow, entry);
  }

  /** Enters the step at a place in walking order; past the last one the project is completed. */
  enter(index: number): void {
    const node = this.flow.nodes[index];
    if (node === undefined) {
      this.add({ event: 'project.completed' });
      return;
    }
    const holder =
      node.side === 'provider' && node.type !== 'claim_order'
        ? this.flow.crew.find(({ role }) => role === node.role)
        : undefined;
    const clock = this.clockOf(node, this.#context.now, []);
    const visit = node.visit + 1;
    this.add({
      event: 'node.entered',
      ...at(node, visit),
      ...(holder === undefined ? {} : { operator: { userId: holder.userId, name: holder.name } }),
      ...(clock === undefined ? {} : { clock }),
    });
    this.notify(node.id, 'entered');
    if (clock?.due.provisional === true) this.tell(node.id, 'operator', 'provisional', 'provisional_due');
  }

  /** Goes on from a step that is done. */
  enterAfter(node: FlowNode): void {
    this.enter(this.flow.nodes.findIndex(({ id }) => id === node.id) + 1);
  }

  /** A visit's due instant and the reminder before it, or undefined for a node without a timeout. */
  clockOf(node: FlowNode, enteredAt: number, pauses: FlowNode['pauses']): Clocked | undefined {
    const days = settingsOf(this.flow, node.id)?.timeoutDays ?? 0;
    if (days <= 0) return undefined;
    const { calendar } = this.#context;
    const { dueAt: instant, provisional, because } = dueAt(calendar, enteredAt, days, pauses);
    // Half a working day ahead; a step that has less than a day is its own reminder.
    const remindAt =
      days < 1 || provisional
        ? undefined
        : new Date(countBack(calendar, Date.parse(instant), workingDayMs(calendar) / 2)).toISOString();
    return {
      dueAt: instant,
      due: { provisional, because },
      ...(remindAt === undefined ? {} : { remindAt }),
    };
  }

  /** Sends what the template says of a node for this occasion. */
  notify(nodeId: string, when: 'entered' | 'timed_out'): void {
    for (const { to, when: wanted, message } of settingsOf(this.flow, nodeId)?.notify ?? []) {
      if (wanted === when) this.tell(nodeId, to, when, message);
    }
  }

  tell(nodeId: string, to: Notification['to'], when: Notification['when'], message: string): void {
    const visit = this.flow.nodes.find(({ id }) => id === nodeId)?.visit ?? 0;
    this.#notifications.push({ to, when, message, nodeId, visit });
  }

  done(form?: Stepped['form']): Stepped {
    const { flow } = this;
    return {
      ok: true,
      flow,
      entries: this.#entries,
      notifications: this.#notifications,
      wants: wantOf(flow),
      ...(form === undefined ? {} : { form }),
    };
  }
}

/** How a fact names the node and the visit that it is about. */
export const at = ({ id, name }: { id: string; name: string }, visit: number) => ({ node: { id, name }, visit });

/** The node that works now, for an event that cannot come otherwise. */
export function requireCurrent(flow: Flow): FlowNode {
  const node = currentNode(flow);
  if (node === undefined) throw new Error('the flow has no current node');
  return node;
}
