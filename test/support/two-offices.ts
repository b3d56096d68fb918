import type { EventEntry } from '../../shared/contract/entries.ts';
import type { Project } from '../../shared/contract/projects.ts';
import type { CommandInput, CommandName, CommandOutput } from '../../shared/contract/registry.ts';
import type { NodeInput } from '../../shared/contract/templates.ts';
import { type FlowFact, isFlowFact } from '../../shared/model/flow/flow-fact.ts';
import { flowView } from '../../shared/model/flow/flow-view.ts';
import { foldFlow } from '../../shared/model/flow/fold-flow.ts';
import type { Sweeps } from '../../server/delivery/sweeps.ts';
import type { ProjectRoom } from '../../server/rooms/room-doc.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { type Refused, until } from './client.ts';
import { ManualClock } from './manual-clock.ts';
import { people, type PersonName, Portal } from './portal.ts';
import { startTestService, type TestService } from './service.ts';
import { createSharedDatabase, type SharedDatabase } from './shared-database.ts';
import type { Who } from './tokens.ts';
import { openContext } from './worker-context.ts';

/** A demand as a buyer fills it in; the number is of a range that is reserved for examples. */
export const DEMAND = {
  contactName: 'Bao',
  phone: '+1 202 555 0123',
  email: 'bao@example.com',
  address: '1 Example Road',
  details: 'A site with eight pages',
};

/** An entry that tells what happened in a flow. */
export type Told = Omit<EventEntry, 'body'> & { body: FlowFact };

/** Two servers and two workers on one database, under one clock that the test moves. */
export class TwoOffices {
  readonly clock = new ManualClock();
  readonly database: SharedDatabase;
  /** What a server or a worker logged as a fault of its own. */
  readonly faults: string[] = [];
  /** What each worker's timers would do. */
  readonly sweeps: Sweeps[] = [];
  readonly #portals: Portal[] = [];
  readonly #servers: TestService[] = [];
  readonly #stops: (() => Promise<void>)[] = [];

  private constructor(database: SharedDatabase) {
    this.database = database;
  }

  static async open(): Promise<TwoOffices> {
    const offices = new TwoOffices(await createSharedDatabase());
    for (const _ of [1, 2]) {
      await offices.#startServer();
      await offices.#startWorker();
    }
    await offices.at(0).seed();
    return offices;
  }

  /** The portal of a server, counted on and on. */
  at(server: number): Portal {
    const portal = this.#portals[server % this.#portals.length];
    if (portal === undefined) throw new Error('no server has been started');
    return portal;
  }

  call<Name extends CommandName>(
    server: number,
    who: PersonName | Who,
    name: Name,
    input: CommandInput<Name>,
  ): Promise<CommandOutput<Name>> {
    return this.at(server).call(who, name, input);
  }

  /** Calls, and gives a refusal as an answer. */
  try<Name extends CommandName>(
    server: number,
    who: PersonName | Who,
    name: Name,
    input: CommandInput<Name>,
  ): Promise<{ data: CommandOutput<Name> } | { refused: Refused }> {
    return this.at(server).try(who, name, input);
  }

  /** Publishes a template of the platform, and gives its id. */
  async template(name: string, nodes: NodeInput[]): Promise<string> {
    const { template } = await this.call(0, 'operator', 'template.create', { name, nodes });
    await this.call(0, 'operator', 'template.publish', { templateId: template.id });
    return template.id;
  }

  /** A product of `maker`, with these providers. */
  async product(
    productId: string,
    templateId: string,
    providers: CommandInput<'product.put'>['providers'] = [{ org: 'studio', maxLoad: 100_000 }],
  ): Promise<void> {
    const product = { productId, name: productId, vendorOrg: 'maker', templateId, providers };
    await this.call(0, 'service', 'product.put', product);
  }

  /** An order of `buyer`. No two come at the same instant, so that queues have one order. */
  async order(server: number, productId: string, orderId: string): Promise<string> {
    this.clock.advance(1);
    const { sub: id, org, name } = people.buyer;
    const { projectId } = await this.call(server, 'service', 'project.create', {
      orderId,
      productId,
      buyer: { id, org, name },
    });
    return projectId;
  }

  async project(server: number, projectId: string, who: PersonName | Who = 'operator'): Promise<Project> {
    return (await this.call(server, who, 'project.get', { projectId })).project;
  }

  /** The public log, whole. */
  async log(server: number, projectId: string): Promise<Told[]> {
    const told: Told[] = [];
    let cursor: string | undefined;
    do {
      const page = await this.call(server, 'operator', 'project.log', {
        projectId,
        limit: 200,
        ...(cursor === undefined ? {} : { cursor }),
      });
      for (const { body, ...entry } of page.items) if (isFlowFact(body)) told.push({ ...entry, body });
      cursor = page.nextCursor;
    } while (cursor !== undefined);
    return told;
  }

  /** What an operator is shown of a project, and what its log folds to; both come to the same, or its history is not its state. */
  async shownAndFolded(server: number, projectId: string): Promise<{ shown: unknown; folded: unknown; log: Told[] }> {
    const log = await this.log(server, projectId);
    const flow = foldFlow(log.map(({ actor: { id, name, side }, body }) => ({ actor: { id, name, side }, body })));
    if (flow === undefined) throw new Error('the project has no log');
    const { sub: id, side, name } = people.operator;
    const view = flowView(flow, { id, side, name, roles: [] }, this.clock.now());
    const project = await this.latest(server, projectId);
    const shown = Object.fromEntries(Object.entries(project).filter(([key]) => key in view));
    return {
      shown: { ...shown, provider: project.provider ?? null },
      folded: { ...view, provider: flow.provider },
      log,
    };
  }

  /** The project as it is stored: a server learns of what another one changed a little later. */
  async latest(server: number, projectId: string): Promise<Project> {
    const rooms = this.database.connection.collection<ProjectRoom>('rooms');
    const stored = await rooms.findOne({ _id: projectId }, { projection: { project: 1 } });
    const version = stored?.project.version ?? 0;
    let project = await this.project(server, projectId);
    await until(`server ${server} has learnt of the change`, async () => {
      if (project.version < version) project = await this.project(server, projectId);
      return project.version >= version;
    });
    return project;
  }

  async close(): Promise<void> {
    for (const portal of this.#portals) portal.close();
    for (const stop of this.#stops) await stop();
    for (const server of this.#servers) await server.stop();
    await this.database.drop();
  }

  get #logger() {
    return createLog('error', { write: (line: string) => void this.faults.push(line) });
  }

  async #startServer(): Promise<void> {
    const { database, clock } = this;
    const server = await startTestService({ database, overrides: { clock, log: this.#logger } });
    this.#servers.push(server);
    this.#portals.push(new Portal(server.service.url));
  }

  async #startWorker(): Promise<void> {
    const { context, close } = await openContext(this.database, { clock: this.clock, log: this.#logger });
    this.sweeps.push(context.sweeps);
    this.#stops.push(close);
  }
}
