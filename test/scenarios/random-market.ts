import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import type { ProductDoc, StaffDoc } from '../../server/directory/directory-store.ts';
import { fieldsOf } from '../../server/rooms/project-state.ts';
import type { ProjectRoom } from '../../server/rooms/room-doc.ts';
import type { NodeAction } from '../../shared/contract/projects.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import { isOnLeave } from '../../shared/model/flow/choose-staff.ts';
import { currentNode, type FlowActor } from '../../shared/model/flow/flow.ts';
import { allowedActions, allowedProjectActions } from '../../shared/model/flow/permissions.ts';
import { until } from '../support/client.ts';
import { people } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { DEMAND, type TwoOffices } from '../support/two-offices.ts';

const HOUR = 3_600_000;
const TIME_ZONE = 'Asia/Shanghai';
const COMPANIES = ['one', 'two'] as const;
/** Of each company, beside its admin. */
const STAFF = ['ann', 'ben'] as const;
export const PRODUCTS = 3;
export const PROJECT_ACTS = ['pause', 'resume', 'changeOperator', 'changeProvider', 'dispatch', 'close'] as const;
/** What may be refused, and what a race may be answered with; anything else is a fault. */
const EXPECTED = ['forbidden', 'not_found', 'conflict', 'read_only', 'invalid', 'unavailable', 'unauthenticated'];

/** One thing that somebody does, or that time does. Numbers are taken by the remainder of what there is. */
export type Act =
  | { do: 'order'; product: number }
  /** What somebody is offered. */
  | { do: 'turn'; project: number; nth: number }
  /** Whatever anybody may think of. */
  | { do: 'try'; project: number; who: number; action: NodeAction; stale: boolean }
  | { do: 'project'; project: number; who: number; fits: boolean; action: (typeof PROJECT_ACTS)[number]; whom: number }
  | { do: 'staff'; whom: number; change: { maxLoad: number } | { accepting: boolean } | { leaveDays: number } }
  | { do: 'active'; whom: number; active: boolean }
  | { do: 'provider'; product: number; company: number; maxLoad: number }
  | { do: 'later'; hours: number };

/** The projects, people and products of one history, as they are stored. */
interface State {
  rooms: ProjectRoom[];
  staff: StaffDoc[];
  products: ProductDoc[];
}

/** A small market of its own on two servers: three products, two companies with two people each, and whatever was ordered. */
export class RandomMarket {
  /** What happened in any flow. */
  readonly told = new Set<string>();
  readonly #offices: TwoOffices;
  readonly #name: string;
  readonly #projects: string[] = [];
  readonly #versions = new Map<string, number>();
  #calls = 0;

  private constructor(offices: TwoOffices, name: string) {
    this.#offices = offices;
    this.#name = name;
  }

  /** @param templates one for each product */
  static async open(offices: TwoOffices, templates: readonly string[]): Promise<RandomMarket> {
    const market = new RandomMarket(offices, randomUUID().slice(0, 8));
    for (const org of market.#companies) await offices.call(0, 'service', 'org.put', { orgId: org, name: org });
    for (const person of market.#staff)
      await offices.call(0, 'service', 'staff.put', { ...market.#listed(person), maxLoad: 3 });
    for (const [index, productId] of market.#products.entries()) {
      const providers = market.#companies.map((org) => ({ org, maxLoad: 3 }));
      await offices.product(productId, templates[index] ?? '', providers);
    }
    return market;
  }

  get #companies(): string[] {
    return COMPANIES.map((company) => `${this.#name}-${company}`);
  }

  get #products(): string[] {
    return Array.from({ length: PRODUCTS }, (_, index) => `${this.#name}-${index}`);
  }

  get #staff(): (Who & { org: string })[] {
    const roles = ['account_manager', 'delivery_specialist'] as const;
    return this.#companies.flatMap((org) =>
      STAFF.map((name) => ({ sub: `${org}-${name}`, side: 'provider' as const, org, name, roles, dept: name })),
    );
  }

  get #everybody(): Who[] {
    const admins = this.#companies.map(
      (org): Who => ({ sub: `${org}-admin`, side: 'provider', org, name: 'Admin', roles: ['provider_admin'] }),
    );
    return [people.buyer, people.operator, people.vendor, people.stranger, ...admins, ...this.#staff];
  }

  /** Some acts at once, each at another server; then everything that must hold of what became of them. */
  async carryOut(acts: readonly Act[]): Promise<void> {
    const before = await this.#state();
    await Promise.all(acts.map((one) => this.#do(one, before)));
    const after = await this.#settled();
    this.#expectLoads(before, after);
    await this.#expectQueues(after);
    for (const room of after.rooms) await this.#expectProject(room);
  }

  /** Gives everybody room enough: whoever waits then was lost. */
  async makeRoom(): Promise<void> {
    for (const person of this.#staff)
      await this.#offices.call(0, 'service', 'staff.put', { ...this.#listed(person), maxLoad: 50 });
    for (const index of this.#products.keys())
      for (const company of COMPANIES.keys())
        await this.#do({ do: 'provider', product: index, company, maxLoad: 100 }, await this.#state());
    const { rooms } = await this.#settled();
    expect(rooms.filter(({ waiting }) => waiting !== null).map(({ waiting }) => waiting?.reason)).to.deep.equal([]);
  }

  /** It counts as load, and is looked at by every sweep, until it is over. */
  async close(): Promise<void> {
    for (const projectId of this.#projects)
      await this.#try('operator', 'project.close', { projectId, reason: 'The history is over' });
  }

  async #do(one: Act, { rooms, staff, products }: State): Promise<void> {
    // Mostly one that is not over: there are more and more of the others.
    const running = rooms.filter(
      (room) => isRunning(room) && (one.do !== 'project' || !one.fits || isOpenTo(room, one.action)),
    );
    const among = running.length > 0 && 'project' in one && one.project % 8 > 0 ? running : rooms;
    const room = 'project' in one ? pick(among, one.project) : undefined;
    const projectId = room?._id ?? 'nothing';
    switch (one.do) {
      case 'order': {
        const productId = this.#products[one.product] ?? '';
        this.#projects.push(await this.#offices.order(this.#calls++, productId, randomUUID()));
        return;
      }
      case 'turn': {
        const offers = this.#everybody.flatMap((who) =>
          room === undefined
            ? []
            : allowedActions(room.project.flow, actorOf(who), this.#offices.clock.now()).map((offer) => ({
                who,
                offer,
              })),
        );
        const { who, offer } = pick(offers, one.nth) ?? {};
        if (who === undefined || offer === undefined) return;
        const { label: _label, ...at } = offer;
        await this.#act(who, { projectId, ...at });
        return;
      }
      case 'try': {
        const node = room === undefined ? undefined : currentNode(room.project.flow);
        const visit = Math.max(1, (node?.visit ?? 1) - (one.stale ? 1 : 0));
        await this.#act(this.#person(one.who), { projectId, nodeId: node?.id ?? 'finish', visit, action: one.action });
        return;
      }
      case 'project':
        await this.#actOnProject(one, room);
        return;
      case 'staff': {
        const userId = pick(staff, one.whom)?._id ?? '';
        const change = 'leaveDays' in one.change ? { leave: this.#leave(one.change.leaveDays) } : one.change;
        await this.#try('service', 'staff.update', { userId, ...change });
        return;
      }
      case 'active': {
        const known = pick(staff, one.whom);
        const person = this.#staff.find(({ sub }) => sub === known?._id);
        if (person === undefined || known === undefined) return;
        const { maxLoad, accepting } = known;
        const { active } = one;
        await this.#try('service', 'staff.put', { ...this.#listed(person), maxLoad, accepting, active });
        return;
      }
      case 'provider': {
        const known = products.find(({ _id }) => _id === this.#products[one.product]);
        if (known === undefined) return;
        const { _id: productId, name, vendorOrg, templateId } = known;
        const providers = known.providers.map((line) =>
          line.org === this.#companies[one.company] ? { ...line, maxLoad: one.maxLoad } : line,
        );
        await this.#try('service', 'product.put', { productId, name, vendorOrg, templateId, providers });
        return;
      }
      case 'later': {
        const { clock, sweeps } = this.#offices;
        clock.advance(one.hours * HOUR);
        // What both workers' timers do, at once.
        await Promise.all(
          sweeps.map(async (sweep) => {
            while ((await sweep.timeouts()) > 0);
            await Promise.all([sweep.providerQueue(), sweep.staffQueue()]);
          }),
        );
        const { rooms: now } = await this.#state();
        const late = now.filter(({ wakeAt }) => wakeAt !== null && wakeAt.getTime() <= clock.now());
        expect(
          late.map(({ _id }) => _id),
          'due and not done',
        ).to.deep.equal([]);
      }
    }
  }

  async #actOnProject(one: Extract<Act, { do: 'project' }>, room: ProjectRoom | undefined): Promise<void> {
    const projectId = room?._id ?? 'nothing';
    // What is paused would mostly stay so.
    const action = room?.status === 'paused' && one.fits && one.whom % 2 === 0 ? 'resume' : one.action;
    const entitled = this.#everybody.filter(
      (person) => room !== undefined && allowedProjectActions(room.project.flow, actorOf(person)).includes(action),
    );
    const who = (one.fits ? pick(entitled, one.who) : undefined) ?? this.#person(one.who);
    const remark = 'As agreed';
    // Mostly somebody to whom it can be given.
    const near = this.#staff.filter(({ sub, org }) => org === room?.providerOrg && !room.crew.includes(sub));
    const far = this.#companies.filter((org) => org !== room?.providerOrg);
    const userId = pick(one.fits && near.length > 0 ? near : this.#staff, one.whom)?.sub ?? '';
    const org = pick(one.fits ? far : this.#companies, one.whom) ?? '';
    switch (action) {
      case 'pause':
      case 'resume':
        await this.#try(who, `project.${action}`, { projectId, remark });
        return;
      case 'changeOperator':
        await this.#try(who, 'project.changeOperator', { projectId, userId, remark, ...heldNode(room) });
        return;
      case 'changeProvider':
        await this.#try(who, 'project.changeProvider', { projectId, org, remark });
        return;
      case 'dispatch':
        await this.#try(who, 'project.dispatch', { projectId, org, userId });
        return;
      case 'close':
        await this.#try(who, 'project.close', { projectId, reason: remark });
    }
  }

  #act(who: Who, input: CommandInput<'node.act'>): Promise<unknown> {
    const form = input.action === 'submit' ? { form: DEMAND } : {};
    const reason = input.action === 'reject' ? { reason: 'Not yet' } : {};
    return this.#try(who, 'node.act', { ...input, ...form, ...reason });
  }

  async #try<Name extends CommandName>(
    who: Who | 'service' | 'operator',
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name> | undefined> {
    const answer = await this.#offices.try(this.#calls++, who, name, input);
    if ('data' in answer) return answer.data;
    expect(answer.refused.code, String(answer.refused)).to.be.oneOf(EXPECTED);
    return undefined;
  }

  async #state(): Promise<State> {
    const { connection } = this.#offices.database;
    const [rooms, staff, products] = await Promise.all([
      connection
        .collection<ProjectRoom>('rooms')
        .find({ _id: { $in: this.#projects } })
        .sort({ createdAt: 1 })
        .toArray(),
      connection
        .collection<StaffDoc>('staff')
        .find({ org: { $in: this.#companies } })
        .sort({ _id: 1 })
        .toArray(),
      connection
        .collection<ProductDoc>('products')
        .find({ _id: { $in: this.#products } })
        .toArray(),
    ]);
    return { rooms, staff, products };
  }

  /** The state when what follows from the last acts is done: nobody waits who could be served, and everything is told. */
  async #settled(): Promise<State> {
    let state = await this.#state();
    const open = (): string[] =>
      state.rooms.flatMap((room) => {
        if (room.outbox.length > 0) return [`${room._id} has not told everything`];
        if (room.waiting === null) return [];
        if (room.waiting.reason === null) return [`${room._id} was not looked at`];
        return this.#couldServe(room, state) ? [`${room._id} waits (${room.waiting.reason}) for who is free`] : [];
      });
    await until('nothing is left to do', async () => {
      state = await this.#state();
      return open().length === 0;
    }).catch(() => undefined);
    expect(open()).to.deep.equal([]);
    return state;
  }

  #couldServe({ _id, waiting }: ProjectRoom, { rooms, staff, products }: State): boolean {
    const others = rooms.filter((room) => room._id !== _id);
    if (waiting?.what === 'provider') {
      const product = products.find((one) => one._id === waiting.productId);
      return product?.providers.some(({ org, maxLoad }) => loadOf(others, org) < maxLoad) === true;
    }
    const now = this.#offices.clock.now();
    return staff.some(
      (person) =>
        person.org === waiting?.org &&
        person.active &&
        person.accepting &&
        !isOnLeave(person, now, TIME_ZONE) &&
        loadOf(others, person._id) < person.maxLoad,
    );
  }

  /** Nobody was given more than the maximum that held before or after; who had more keeps it. */
  #expectLoads(before: State, after: State): void {
    const highest = (who: string, { staff, products }: State): number => {
      const person = staff.find(({ _id }) => _id === who);
      const lines = products.flatMap(({ providers }) => providers.filter(({ org }) => org === who));
      return Math.max(0, person?.maxLoad ?? 0, ...lines.map(({ maxLoad }) => maxLoad));
    };
    for (const who of [...this.#companies, ...this.#staff.map(({ sub }) => sub)]) {
      const most = Math.max(loadOf(before.rooms, who), highest(who, before), highest(who, after));
      expect(loadOf(after.rooms, who), `the load of ${who}`).to.be.at.most(most);
    }
  }

  /** Everybody who waits stands in the queue with the reason, in turn; nobody else does. */
  async #expectQueues({ rooms }: State): Promise<void> {
    const items: CommandOutput<'queue.list'>['items'] = [];
    let cursor: string | undefined;
    do {
      const page = await this.#offices.call(this.#calls++, 'operator', 'queue.list', {
        limit: 200,
        ...(cursor === undefined ? {} : { cursor }),
      });
      items.push(...page.items);
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    const waiting = rooms
      .flatMap(({ _id: projectId, waiting: place }) => (place === null ? [] : [{ projectId, place }]))
      .toSorted((a, b) => a.place.since.getTime() - b.place.since.getTime() || (a.projectId < b.projectId ? -1 : 1));
    const listed = items.filter(({ projectId }) => this.#projects.includes(projectId));
    expect(listed.map(({ projectId, reason }) => [projectId, reason])).to.deep.equal(
      waiting.map(({ projectId, place }) => [projectId, place.reason]),
    );
  }

  async #expectProject(room: ProjectRoom): Promise<void> {
    const { _id: projectId, version, project } = room;
    const known = this.#versions.get(projectId) ?? 0;
    expect(version).to.be.at.least(known);
    const { flow } = project;
    const active = flow.nodes.filter(({ status }) => status === 'active').map(({ id }) => id);
    expect(active, `${flow.status}: active`).to.deep.equal(isRunning(flow) ? [flow.current] : []);
    if (version === known) return;
    this.#versions.set(projectId, version);
    for (const [field, value] of Object.entries(fieldsOf(project)))
      expect(room[field as keyof ProjectRoom], `the field ${field}`).to.deep.equal(value);
    const { shown, folded, log } = await this.#offices.shownAndFolded(this.#calls++, projectId);
    expect(folded).to.deep.equal(shown);
    for (const { body } of log) this.told.add(body.event);
  }

  #person(who: number): Who {
    return pick(this.#everybody, who) ?? people.stranger;
  }

  #listed({ sub: userId, org, name = '', roles = [], dept = '' }: Who & { org: string }) {
    return { userId, org, name, roles: [...roles], dept };
  }

  #leave(days: number): { from: string; to: string } | null {
    if (days === 0) return null;
    const day = (at: number): string => new Date(at).toISOString().slice(0, 10);
    const now = this.#offices.clock.now();
    return { from: day(now), to: day(now + days * 24 * HOUR) };
  }
}

const pick = <Item>(items: readonly Item[], nth: number): Item | undefined => items[nth % Math.max(1, items.length)];

/** Running projects of a company, or in which a person holds a role. */
const loadOf = (rooms: readonly ProjectRoom[], who: string): number =>
  rooms.filter((room) => isRunning(room) && (room.providerOrg === who || room.crew.includes(who))).length;

/** An operator of the platform may do everything that the project's state leaves room for. */
const isOpenTo = ({ project }: ProjectRoom, action: (typeof PROJECT_ACTS)[number]): boolean =>
  allowedProjectActions(project.flow, actorOf(people.operator)).includes(action);

/** A node whose role somebody holds. */
function heldNode(room: ProjectRoom | undefined): { nodeId?: string } {
  const { nodes = [], crew = [] } = room?.project.flow ?? {};
  const node = nodes.find(({ side, role }) => side === 'provider' && crew.some((member) => member.role === role));
  return node === undefined ? {} : { nodeId: node.id };
}

const isRunning = ({ status }: Pick<ProjectRoom, 'status'>): boolean => status === 'executing' || status === 'paused';

const actorOf = ({ sub: id, name = id, side, org, roles = [], dept }: Who): FlowActor => ({
  id,
  name,
  side,
  org,
  roles,
  dept,
});
