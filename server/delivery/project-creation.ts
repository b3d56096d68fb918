import { mongo } from 'mongoose';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Template } from '../../shared/contract/templates.ts';
import { type Company, type FlowContext, type Stepped, SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import { beginFlow, step } from '../../shared/model/flow/step.ts';
import { snapshotOf } from '../../shared/model/flow/template-steps.ts';
import type { DirectoryModels, ProductDoc } from '../directory/directory-store.ts';
import type { ReadNumber } from '../numbers/phone-number.ts';
import type { By } from '../numbers/vault-store.ts';
import type { Vault } from '../numbers/vault.ts';
import type { Outbox } from '../rooms/outbox.ts';
import { fieldsOf, type ProjectState } from '../rooms/project-state.ts';
import type { ProjectRoom } from '../rooms/room-doc.ts';
import { outboxOf, type ProjectChange, type RoomStore } from '../rooms/room-store.ts';
import { seatsOf } from '../rooms/seats.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import type { Deliveries } from './deliveries.ts';
import { type Dispatcher, nameOfOrg } from './dispatcher.ts';
import { flowItems } from './flow-entries.ts';

/** An order that was paid, as far as its project keeps it. */
export interface Order {
  orderId: string;
  bizId?: string | undefined;
  productId: string;
  spec?: string | undefined;
  channel?: string | undefined;
  buyer: { id: string; org: string; name: string };
  shareContact?: boolean | undefined;
  /** The number that came with it, as it was written, and who sent it. */
  contactPhone?: { text: string; by: By };
}

/** What a deal has settled before its project is there. */
export interface Settled {
  opportunityId: string;
  /** Delivers it, however much it has in hand already: the buyer chose it and paid. */
  provider: Company;
}

export interface ProjectCreationParts {
  rooms: RoomStore;
  outbox: Outbox;
  directory: DirectoryModels;
  deliveries: Deliveries;
  vault: Pick<Vault, 'keepFor'>;
  readNumber: ReadNumber;
  dispatcher: Pick<Dispatcher, 'serve'>;
  /** A published template, built-in ones included. */
  publishedTemplate(id: string): Promise<Template | undefined>;
  /** The deal of an order, where there is one: a portal may ask for its project as for any other. */
  dealOf(orderId: string): Promise<{ order: Order; settled: Settled } | undefined>;
}

/** Creates the one project of an order: however often, by whatever server it is asked for. */
export class ProjectCreation {
  readonly #parts: ProjectCreationParts;

  constructor(parts: ProjectCreationParts) {
    this.#parts = parts;
  }

  /**
   * Resolves when the order's project stands with its first entries in the timeline, and its queue was served where it waits for a provider. A call
   * that was cut off half way is made good by the next one.
   * @param cause the correlation id of what asks for it
   * @param settled for the project of a deal, which no queue ever sees
   * @returns the project's id
   * @throws {RoomError} `not_found` for an unknown product, `conflict` when the order has a project for something else
   */
  async create(order: Order, cause: string | undefined, settled?: Settled): Promise<string> {
    const { rooms, outbox, dispatcher } = this.#parts;
    const found = (await this.#byOrder(order.orderId)) ?? (await this.#storeFor(order, cause, settled));
    const isAdopted = settled !== undefined && isFreeFor(found, order, settled.provider.org);
    const stored = isAdopted ? await this.#adopt(found, settled, cause) : found;
    const { _id: projectId, project } = stored;
    if (!isFor(stored, order) || (settled !== undefined && project.opportunityId !== settled.opportunityId)) {
      throw new RoomError('conflict', 'This order has a project already, for another product, buyer or deal.', {
        details: { projectId },
      });
    }
    rooms.learn(stored);
    await outbox.carry(stored);
    if (stored.waiting?.what === 'provider')
      await dispatcher.serve([{ for: 'product', productId: order.productId }], cause);
    return projectId;
  }

  /** Makes the project that a portal has created before it reported the payment that of the deal. Left as it is where somebody else was faster. */
  async #adopt(
    found: ProjectRoom,
    { opportunityId, provider }: Settled,
    cause: string | undefined,
  ): Promise<ProjectRoom> {
    const { rooms, deliveries } = this.#parts;
    const decide = (room: ProjectRoom): ProjectChange | undefined => {
      const { project, title } = room;
      if (project.opportunityId !== undefined) return undefined;
      const adopted = { ...project, opportunityId, version: project.version + 1 };
      if (project.flow.provider?.org === provider.org) return { set: fieldsOf(adopted), entries: [] };
      const context = deliveries.context(SYSTEM_ACTOR);
      const assigned = step(project.flow, { type: 'assign_provider', provider: { ...provider, free: true } }, context);
      if (!assigned.ok) return undefined;
      return {
        set: fieldsOf({ ...adopted, flow: assigned.flow }),
        entries: flowItems(title, { before: project.flow, ...assigned }, context),
      };
    };
    return (await rooms.changeOf('project', found._id, decide, cause)) ?? found;
  }

  #byOrder(orderId: string): Promise<ProjectRoom | null> {
    return this.#parts.rooms.model.findOne({ 'project.orderId': orderId }).lean<ProjectRoom>().exec();
  }

  async #storeFor(order: Order, cause: string | undefined, settled: Settled | undefined): Promise<ProjectRoom> {
    const deal = settled === undefined ? await this.#parts.dealOf(order.orderId) : undefined;
    return this.#store({ ...order, ...deal?.order }, cause, settled ?? deal?.settled);
  }

  async #store(order: Order, cause: string | undefined, settled: Settled | undefined): Promise<ProjectRoom> {
    const room = await this.#newRoom(order, cause, settled);
    try {
      return await this.#keep(room, order.contactPhone);
    } catch (error) {
      // Another call for the same order was faster: its project is the project.
      const stored = isDuplicateKey(error) ? await this.#byOrder(order.orderId) : null;
      if (stored === null) throw error;
      return stored;
    }
  }

  /** Stores it with the number that came with the order, which lies in the vault before. */
  async #keep(room: ProjectRoom, phone: Order['contactPhone']): Promise<ProjectRoom> {
    const { rooms, vault, readNumber } = this.#parts;
    if (phone === undefined) {
      await rooms.model.create(room);
      return room;
    }
    const number = readNumber(phone.text, 'buyer.contact.phone');
    return vault.keepFor({ number, owner: { kind: 'project', id: room._id } }, phone.by, (contactNumberId) =>
      this.#keep({ ...room, project: { ...room.project, contactNumberId } }, undefined),
    );
  }

  async #newRoom(order: Order, cause: string | undefined, settled: Settled | undefined): Promise<ProjectRoom> {
    const { orderId, productId, buyer, bizId, spec, channel, shareContact = true } = order;
    const { directory, deliveries, publishedTemplate } = this.#parts;
    const product = await directory.products.findById(productId).lean<ProductDoc>();
    const template = product === null ? undefined : await publishedTemplate(product.templateId);
    if (product === null || template === undefined) {
      throw new RoomError('not_found', 'There is no such product: put it into the directory with product.put first.');
    }
    const vendor = { org: product.vendorOrg, name: await nameOfOrg(directory, product.vendorOrg) };
    const context = deliveries.context(SYSTEM_ACTOR);
    const begun = beginFlow(
      {
        template: snapshotOf(template, product.warrantyDays),
        parties: { buyerOrg: buyer.org, vendorOrg: vendor.org },
      },
      context,
    );
    const stepped = settled === undefined ? begun : withProvider(begun, settled.provider, context);
    const project: ProjectState = {
      orderId,
      ...(bizId === undefined ? {} : { bizId }),
      ...(settled === undefined ? {} : { opportunityId: settled.opportunityId }),
      product: { id: productId, name: product.name, ...(spec === undefined ? {} : { spec }) },
      ...(channel === undefined ? {} : { channel }),
      vendor,
      shareContact,
      flow: stepped.flow,
      version: 1,
      demand: null,
    };
    const title = spec === undefined ? product.name : `${product.name} (${spec})`;
    const now = new Date(context.now);
    const room = {
      _id: new mongo.ObjectId().toHexString(),
      kind: 'project' as const,
      title,
      buyer: { id: buyer.id, org: buyer.org, name: buyer.name },
      vendorOrg: vendor.org,
      members: [],
      ...fieldsOf(project),
      notes: null,
      activity: { buyer: now, provider: now, operator: now },
      outbox: outboxOf(flowItems(title, { before: undefined, ...stepped }, context), cause),
      ...(cause === undefined ? {} : { cause }),
      version: 1,
      // Nobody can know it yet, so nobody has to learn of a change; and the service's clock is not the database's.
      changedAt: new Date(0),
      createdAt: now,
    };
    return { ...room, seats: seatsOf(room) };
  }
}

type Ordered = Pick<ProjectRoom, 'buyer' | 'project'>;

const isFor = ({ project, buyer }: Ordered, order: Pick<Order, 'productId' | 'buyer'>): boolean =>
  project.product.id === order.productId && buyer.id === order.buyer.id && buyer.org === order.buyer.org;

/** Says whether an order's project, created before its deal was known, can be the deal's: nobody else delivers it. */
export function isFreeFor(room: Ordered, order: Pick<Order, 'productId' | 'buyer'>, providerOrg: string): boolean {
  const { opportunityId, flow } = room.project;
  const { provider } = flow;
  return opportunityId === undefined && isFor(room, order) && (provider === null || provider.org === providerOrg);
}

/** The flow as it begins where it is known from the start who delivers. */
function withProvider(begun: Stepped, provider: Company, context: FlowContext): Stepped {
  const assigned = step(begun.flow, { type: 'assign_provider', provider: { ...provider, free: true } }, context);
  if (!assigned.ok) throw new Error(`a flow that has just begun takes no provider: ${assigned.message}`);
  return {
    ...assigned,
    entries: [...begun.entries, ...assigned.entries],
    notifications: [...begun.notifications, ...assigned.notifications],
  };
}
