import { officeCalendar } from '../../../server/calendar/office-calendar.ts';
import type { NodeAction } from '../../../shared/contract/projects.ts';
import type { NodeInput, Posting, Template } from '../../../shared/contract/templates.ts';
import { instantAt, localDate, localTime } from '../../../shared/model/calendar/local-date.ts';
import type { WorkingCalendar } from '../../../shared/model/calendar/working-calendar.ts';
import { builtInTemplate } from '../../../shared/model/flow/built-in-templates.ts';
import {
  currentNode,
  type Flow,
  type FlowActor,
  type FlowEntry,
  type FlowFile,
  type Notification,
  type Refusal,
  type Stepped,
  SYSTEM_ACTOR,
} from '../../../shared/model/flow/flow.ts';
import { beginFlow, type FlowEvent, step } from '../../../shared/model/flow/step.ts';
import { completeNodes, snapshotOf } from '../../../shared/model/flow/template-steps.ts';

export const TZ = 'Asia/Shanghai';
export const calendar2026 = officeCalendar({ timeZone: TZ, opening: '09:00', cutoff: '17:30' });

/** '2026-11-16 10:00' in Shanghai. */
export const at = (text: string): number => instantAt(text.slice(0, 10), text.slice(11), TZ);
export const shown = (instant: string | undefined): string =>
  instant === undefined ? 'never' : `${localDate(Date.parse(instant), TZ)} ${localTime(Date.parse(instant), TZ)}`;

export const buyer: FlowActor = { id: 'b1', name: 'Buyer', side: 'buyer', org: 'shop', roles: [] };
export const otherBuyer: FlowActor = { ...buyer, id: 'b9', org: 'elsewhere' };
export const admin: FlowActor = {
  id: 'p-admin',
  name: 'Admin',
  side: 'provider',
  org: 'studio',
  roles: ['provider_admin'],
};
export const manager: FlowActor = {
  id: 'p-am',
  name: 'Manager',
  side: 'provider',
  org: 'studio',
  roles: ['account_manager'],
  dept: 'north',
};
export const manager2: FlowActor = { ...manager, id: 'p-am2', name: 'Manager Two', dept: 'south' };
export const specialist: FlowActor = {
  id: 'p-ds',
  name: 'Specialist',
  side: 'provider',
  org: 'studio',
  roles: ['delivery_specialist'],
};
export const specialist2: FlowActor = { ...specialist, id: 'p-ds2', name: 'Specialist Two' };
export const rivalAdmin: FlowActor = { ...admin, id: 'r-admin', org: 'rival' };
export const vendor: FlowActor = { id: 'v1', name: 'Vendor', side: 'vendor', org: 'maker', roles: ['project_manager'] };
export const vendorClerk: FlowActor = { ...vendor, id: 'v2', roles: [] };
export const operator: FlowActor = { id: 'op', name: 'Operator', side: 'operator', roles: [] };
export const everybody = [
  buyer,
  otherBuyer,
  admin,
  manager,
  manager2,
  specialist,
  specialist2,
  rivalAdmin,
  vendor,
  vendorClerk,
  operator,
  SYSTEM_ACTOR,
];

export const form = {
  contactName: 'Li Lei',
  phone: '+86 138-0013-8000',
  email: 'lilei@example.com',
  address: '1 Example Road, Hangzhou',
  details: 'A shop for tea',
};
export const file = (name = 'result.pdf', size = 1000): FlowFile => ({
  id: `file-${name}`,
  name,
  size,
  type: 'application/pdf',
});

/** A template of its author's own. */
export const customTemplate = (...nodes: NodeInput[]): Template => postingTemplate('any-staff', ...nodes);
export const postingTemplate = (posting: Posting, ...nodes: NodeInput[]): Template => ({
  id: 't',
  name: 'T',
  status: 'published',
  builtIn: false,
  posting,
  nodes: completeNodes(nodes),
});

export const staffOf = ({ id, name, org = '', roles, dept }: FlowActor, free = true) => ({
  userId: id,
  name,
  org,
  roles,
  free,
  ...(dept === undefined ? {} : { dept }),
});

interface BenchOptions {
  start?: string;
  calendar?: WorkingCalendar;
  warrantyDays?: number | null;
}

/** One project's flow with its clock, its log and everything that was sent; a refusal that was not asked for fails the test. */
export class FlowBench {
  flow: Flow;
  now: number;
  readonly calendar: WorkingCalendar;
  readonly entries: FlowEntry[] = [];
  readonly notifications: Notification[] = [];
  last: Stepped;

  constructor(
    template: Template,
    { start = '2026-11-16 10:00', calendar = calendar2026, warrantyDays = null }: BenchOptions = {},
  ) {
    this.calendar = calendar;
    this.now = at(start);
    const parties = { buyerOrg: 'shop', vendorOrg: 'maker' };
    this.last = beginFlow({ template: snapshotOf(template, warrantyDays), parties }, this.#context(SYSTEM_ACTOR));
    this.flow = this.#take(this.last);
  }

  static of(id: string, options: BenchOptions = {}): FlowBench {
    const template = builtInTemplate(id);
    if (template === undefined) throw new Error(`no template ${id}`);
    const bench = new FlowBench(template, options);
    bench.assign('studio');
    return bench;
  }

  #context(actor: FlowActor) {
    return { now: this.now, calendar: this.calendar, actor };
  }

  #take(stepped: Stepped): Flow {
    this.last = stepped;
    this.entries.push(...stepped.entries);
    this.notifications.push(...stepped.notifications);
    this.flow = stepped.flow;
    return stepped.flow;
  }

  get node() {
    const node = currentNode(this.flow);
    if (node === undefined) throw new Error(`no current node: ${this.flow.status}`);
    return node;
  }

  /** Where the flow stands: 'delivery/2' is the second visit of the delivery. */
  get place(): string {
    const node = currentNode(this.flow);
    return node === undefined ? this.flow.status : `${node.id}/${node.visit}`;
  }

  /** Tries an event; takes it over where it is accepted. */
  try(event: FlowEvent, actor: FlowActor = SYSTEM_ACTOR): Stepped | Refusal {
    const result = step(this.flow, event, this.#context(actor));
    if (result.ok) this.#take(result);
    return result;
  }

  do(event: FlowEvent, actor: FlowActor = SYSTEM_ACTOR): this {
    const result = this.try(event, actor);
    if (!result.ok) throw new Error(`${JSON.stringify(event)} by ${actor.id}: ${result.code} ${result.message}`);
    return this;
  }

  act(actor: FlowActor, action: NodeAction, more: { files?: FlowFile[]; reason?: string; form?: unknown } = {}): this {
    const { id, visit } = this.node;
    return this.do(
      { type: 'act', nodeId: id, visit, action, ...(action === 'submit' ? { form } : {}), ...more },
      actor,
    );
  }

  tryAct(
    actor: FlowActor,
    action: NodeAction,
    more: { nodeId?: string; visit?: number; files?: FlowFile[]; reason?: string; form?: unknown } = {},
  ): Stepped | Refusal {
    const { nodeId = this.node.id, visit = this.node.visit, ...content } = more;
    return this.try(
      { type: 'act', nodeId, visit, action, ...(action === 'submit' ? { form } : {}), ...content },
      actor,
    );
  }

  assign(org: string): this {
    return this.do({ type: 'assign_provider', provider: { org, name: org, free: true } });
  }

  dispatch(staff: FlowActor): this {
    return this.do({ type: 'dispatch_staff', staff: staffOf(staff) });
  }

  /** Moves the clock and lets the service do what became due. */
  until(time: string): this {
    this.now = at(time);
    return this.do({ type: 'tick' });
  }

  events(): string[] {
    return this.entries.map(({ body }) => body.event);
  }
}

/** What somebody is answered; a refusal must leave the flow as it was. */
export function codeOf(bench: FlowBench, event: FlowEvent, by: FlowActor): string {
  const before = bench.flow;
  const result = bench.try(event, by);
  if (!result.ok && bench.flow !== before) throw new Error('refused, and changed');
  return result.ok ? 'ok' : result.code;
}
