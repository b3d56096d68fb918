import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, afterEach, before } from 'mocha';
import type { CommandInput } from '../../shared/contract/registry.ts';
import type { Role } from '../../shared/contract/primitives.ts';
import type { NodeInput, Posting } from '../../shared/contract/templates.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import type { Who } from '../support/tokens.ts';

/** One demonstration service, on a database of its own, whose injected clock begins at an instant and is moved over the wire. */
export class Stage {
  readonly portal: Portal;
  readonly database: SharedDatabase;
  readonly #clock: ManualClock;
  readonly #service: TestService;
  #now: number;

  private constructor(parts: { service: TestService; database: SharedDatabase; clock: ManualClock }) {
    this.#service = parts.service;
    this.database = parts.database;
    this.#clock = parts.clock;
    this.#now = parts.clock.now();
    this.portal = new Portal(parts.service.service.url);
  }

  static async open(start: string): Promise<Stage> {
    const database = await createSharedDatabase();
    const clock = new ManualClock(Date.parse(start));
    const service = await startTestService({ database, env: { DEMO: '1' }, overrides: { clock } });
    const stage = new Stage({ service, database, clock });
    await stage.portal.seed();
    return stage;
  }

  /** The service's time. */
  get now(): number {
    return this.#now;
  }

  /** Moves the service's time to an instant; what became due on the way is done, each at its own time. */
  async moveTo(instant: string): Promise<void> {
    const { now } = await this.portal.call('operator', 'clock.advance', { to: instant });
    this.#now = Date.parse(now);
  }

  /** Moves the clock under the service, and has its sweeps look once: what a late start does. */
  async tickTo(instant: string): Promise<void> {
    this.#clock.advance(Date.parse(instant) - this.#now);
    const { now } = await this.portal.call('operator', 'clock.advance', { ms: 0 });
    expect(now).to.equal(new Date(instant).toISOString());
    this.#now = Date.parse(now);
  }

  /** Has the vendor's admin write and publish a template of their own. @returns its id */
  async template(posting: Posting, nodes: NodeInput[]): Promise<string> {
    const { template } = await this.portal.call('vendor', 'template.create', { name: 'Ours', posting, nodes });
    await this.portal.call('vendor', 'template.publish', { templateId: template.id });
    return template.id;
  }

  /** Puts a product that is delivered by a template, by the studio unless told otherwise. @returns its id */
  async product(templateId: string, more: Partial<CommandInput<'product.put'>> = {}): Promise<string> {
    const { productId = randomUUID() } = more;
    await this.portal.call('service', 'product.put', {
      productId,
      name: 'Website',
      vendorOrg: 'maker',
      templateId,
      providers: [{ org: 'studio', maxLoad: 100 }],
      ...more,
    });
    return productId;
  }

  /** Puts somebody of a provider into the directory, and gives them as they sign in. */
  async staff(sub: string, role: Role, more: { org?: string; dept?: string; maxLoad?: number } = {}): Promise<Who> {
    const { org = 'studio', maxLoad = 5, dept } = more;
    const listed = { name: sub, org, roles: [role], ...(dept === undefined ? {} : { dept }) };
    await this.portal.call('service', 'staff.put', { userId: sub, maxLoad, ...listed });
    return { sub, side: 'provider', ...listed };
  }

  async order(productId: string): Promise<{ projectId: string; orderId: string }> {
    const { sub: id, org, name } = people.buyer;
    const orderId = randomUUID();
    const { projectId } = await this.portal.call('service', 'project.create', {
      orderId,
      productId,
      buyer: { id, org, name },
    });
    return { projectId, orderId };
  }

  async close(): Promise<void> {
    await this.#service.stop();
    await this.database.drop();
  }
}

/** Opens a stage for the tests of a block; after each of them every event that arrived must have been of the contract. */
export function stageFrom(start: string): () => Stage {
  let stage: Stage | undefined;
  before(async () => {
    stage = await Stage.open(start);
  });
  afterEach(() => {
    expect(stage?.portal.faults() ?? [], 'events that are not of the contract').to.deep.equal([]);
    stage?.portal.close();
  });
  after(() => stage?.close());
  return () => {
    if (stage === undefined) throw new Error('the stage has not been opened yet');
    return stage;
  };
}
