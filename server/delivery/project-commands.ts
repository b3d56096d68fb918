import { mongo } from 'mongoose';
import { RoomError } from '../../shared/contract/errors.ts';
import { EXPORT_ROWS_MAX, PAGE_MAX } from '../../shared/contract/limits.ts';
import type { Project } from '../../shared/contract/projects.ts';
import type { Template } from '../../shared/contract/templates.ts';
import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import { beginFlow } from '../../shared/model/flow/step.ts';
import { snapshotOf } from '../../shared/model/flow/template-steps.ts';
import type { Clock } from '../clock.ts';
import type { DirectoryModels, ProductDoc } from '../directory/directory-store.ts';
import type { Caller, Handlers } from '../registry/call.ts';
import type { Outbox } from '../rooms/outbox.ts';
import { fieldsOf, type ProjectState } from '../rooms/project-state.ts';
import { requireRoom } from '../rooms/room-access.ts';
import { outboxOf, type RoomDoc, type RoomStore, seatsOf } from '../rooms/room-store.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import type { Deliveries } from './deliveries.ts';
import { type Dispatcher, nameOfOrg } from './dispatcher.ts';
import { flowItems } from './flow-entries.ts';
import { CSV_HEADING, csvLine } from './project-csv.ts';
import { listProjects } from './project-list.ts';
import { mayClaim, projectView } from './project-view.ts';

export interface ProjectParts {
  rooms: RoomStore;
  outbox: Outbox;
  directory: DirectoryModels;
  deliveries: Deliveries;
  dispatcher: Dispatcher;
  /** A published template, built-in ones included. */
  publishedTemplate(id: string): Promise<Template | undefined>;
  clock: Clock;
}

type ProjectCommands = 'project.create' | 'project.get' | 'project.list' | 'project.export' | 'demand.get';

export function projectCommands(parts: ProjectParts): Pick<Handlers, ProjectCommands> {
  const { rooms, outbox, directory, deliveries, dispatcher, publishedTemplate, clock } = parts;
  const byOrder = (orderId: string) => rooms.model.findOne({ 'project.orderId': orderId }).lean<RoomDoc>();

  async function newRoom(input: Parameters<Handlers['project.create']>[0], cause: string): Promise<RoomDoc> {
    const { orderId, productId, buyer, bizId, spec, channel, shareContact = true } = input;
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
    const project: ProjectState = {
      orderId,
      ...(bizId === undefined ? {} : { bizId }),
      product: { id: productId, name: product.name, ...(spec === undefined ? {} : { spec }) },
      ...(channel === undefined ? {} : { channel }),
      vendor,
      shareContact,
      flow: begun.flow,
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
      outbox: outboxOf(flowItems(title, { before: undefined, ...begun }, context), cause),
      cause,
      version: 1,
      // Nobody can know it yet, so nobody has to learn of a change; and the service's clock is not the database's.
      changedAt: new Date(0),
      createdAt: now,
    };
    return { ...room, seats: seatsOf(room) };
  }

  const viewFor =
    (caller: Caller) =>
    (room: RoomDoc): Project =>
      projectView(room, caller, clock.now());

  return {
    async 'project.create'(input, { correlationId: cause }) {
      const { orderId, productId, buyer } = input;
      let stored = await byOrder(orderId);
      if (stored === null) {
        const room = await newRoom(input, cause);
        try {
          await rooms.model.create(room);
          stored = room;
        } catch (error) {
          // Another call for the same order was faster: its project is the project.
          if (!isDuplicateKey(error)) throw error;
          stored = await byOrder(orderId);
        }
      }
      if (stored === null) throw new Error('a project that was just stored is not there');
      const { _id: projectId, project } = stored;
      if (project.product.id !== productId || stored.buyer.id !== buyer.id || stored.buyer.org !== buyer.org) {
        throw new RoomError('conflict', 'This order has a project already, for another product or buyer.', {
          details: { projectId },
        });
      }
      rooms.learn(stored);
      await outbox.carry(stored);
      if (stored.waiting?.what === 'provider') await dispatcher.serve([{ for: 'product', productId }], cause);
      return { projectId, roomId: projectId };
    },

    async 'project.get'({ projectId }, { caller }) {
      return { project: viewFor(caller)(await requireRoom(rooms, caller, projectId, mayClaim)) };
    },

    async 'project.list'({ cursor, limit, ...filters }, { caller }) {
      const { rooms: page, ...next } = await listProjects(rooms.model, caller, filters, { cursor, limit });
      return { items: page.map(viewFor(caller)), ...next };
    },

    async 'project.export'(filters, { caller }) {
      // A page at a time becomes lines: thousands of whole projects are more than a server should hold for one who asks.
      const lines: string[] = [];
      let cursor: string | undefined;
      do {
        const page = await listProjects(rooms.model, caller, filters, { cursor, limit: PAGE_MAX });
        lines.push(...page.rooms.map(viewFor(caller)).map(csvLine));
        cursor = page.nextCursor;
      } while (cursor !== undefined && lines.length < EXPORT_ROWS_MAX);
      const kept = lines.slice(0, EXPORT_ROWS_MAX);
      const truncated = cursor !== undefined || lines.length > kept.length;
      return { csv: CSV_HEADING + kept.join(''), rows: kept.length, truncated };
    },

    async 'demand.get'({ projectId }, { caller }) {
      const { project } = await requireRoom(rooms, caller, projectId);
      if (project.demand === null) return { demand: null };
      const { email, address, ...demand } = project.demand;
      // The platform's and the buyer's own people see it; the provider where the buyer shares it; a vendor only watches.
      const shared =
        caller.side === 'buyer' || caller.side === 'operator' || (caller.side === 'provider' && project.shareContact);
      return { demand: { ...demand, ...(shared ? { email, address } : {}) } };
    },
  };
}
