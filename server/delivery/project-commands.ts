import { mongo } from 'mongoose';
import { z } from 'zod';
import { RoomError } from '../../shared/contract/errors.ts';
import type { Clock } from '../clock.ts';
import type { DirectoryModels, OrgDoc, ProductDoc } from '../directory/directory-store.ts';
import type { Handlers } from '../registry/call.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { readableStreams } from '../rooms/access.ts';
import type { Outbox } from '../rooms/outbox.ts';
import { requireRoom } from '../rooms/room-access.ts';
import { outboxOf, type OutboxItem, type RoomDoc, type RoomStore, seatOf, seatsOf } from '../rooms/room-store.ts';
import { builtInTemplate, type Template } from './built-in-templates.ts';
import type { NodeState } from '../rooms/project-state.ts';
import { projectView } from './project-view.ts';
import { ProviderClaims } from './provider-claims.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';

export interface DeliveryParts {
  rooms: RoomStore;
  outbox: Outbox;
  directory: DirectoryModels;
  clock: Clock;
  /** A number from 0 (included) to 1 (excluded). */
  dice: () => number;
}

const SYSTEM = { id: 'system', name: 'Delivery Rooms', side: 'service' } as const;
const cursorShape = z.tuple([cursorInstant, z.string()]);

export function projectCommands({
  rooms,
  outbox,
  directory,
  clock,
  dice,
}: DeliveryParts): Pick<Handlers, 'project.create' | 'project.get' | 'project.list'> {
  const byOrder = (orderId: string) => rooms.model.findOne({ 'project.orderId': orderId }).lean<RoomDoc>();

  const claims = new ProviderClaims({ connection: rooms.model.db, rooms: rooms.model, clock, dice });

  async function nameOf(org: string): Promise<string> {
    return (await directory.orgs.findById(org).lean<OrgDoc>())?.name ?? org;
  }

  return {
    async 'project.create'(input) {
      const { orderId, productId, buyer } = input;
      let stored = await byOrder(orderId);
      if (stored === null) {
        const product = await directory.products.findById(productId).lean<ProductDoc>();
        const template = product === null ? undefined : builtInTemplate(product.templateId);
        if (product === null || template === undefined) {
          throw new RoomError(
            'not_found',
            'There is no such product: put it into the directory with product.put first.',
          );
        }
        const roomId = new mongo.ObjectId().toHexString();
        const choice = await claims.claim(product, { orderId, roomId });
        const provider = 'org' in choice ? { org: choice.org, name: await nameOf(choice.org) } : null;
        const vendor = { org: product.vendorOrg, name: await nameOf(product.vendorOrg) };
        const now = new Date(clock.now());
        const flow = begin(template, provider !== null, now);
        const parties = {
          buyer: { id: buyer.id, org: buyer.org, name: buyer.name },
          providerOrg: provider?.org ?? null,
          vendorOrg: vendor.org,
          members: [],
        };
        const doc: RoomDoc = {
          _id: roomId,
          kind: 'project',
          title: input.spec === undefined ? product.name : `${product.name} (${input.spec})`,
          status: 'executing',
          ...parties,
          seats: seatsOf(parties),
          project: {
            orderId,
            ...(input.bizId === undefined ? {} : { bizId: input.bizId }),
            product: { id: productId, name: product.name, ...(input.spec === undefined ? {} : { spec: input.spec }) },
            ...(input.channel === undefined ? {} : { channel: input.channel }),
            provider,
            vendor,
            overdue: false,
            queued: 'queued' in choice ? choice.queued : null,
            run: 1,
            template: { id: template.id, name: template.name },
            ...flow,
          },
          activity: { buyer: now, provider: now, operator: now },
          outbox: outboxOf(firstEntries(orderId, provider, flow.nodes, flow.current)),
          version: 1,
          // Nobody can know it yet, so nobody has to learn of a change; and the service's clock is not the database's.
          changedAt: new Date(0),
          createdAt: now,
        };
        try {
          await rooms.model.create(doc);
          stored = doc;
        } catch (error) {
          // Another call for the same order was faster: its project is the project.
          if (!isDuplicateKey(error)) throw error;
          stored = await byOrder(orderId);
        }
        // Only when it is known what is stored; what is not released is forgotten in time.
        if ('org' in choice) await claims.release(choice.org, roomId).catch(() => undefined);
      }
      if (stored === null) throw new Error('a project that was just stored is not there');
      if (stored.project.product.id !== productId || stored.buyer.id !== buyer.id || stored.buyer.org !== buyer.org) {
        throw new RoomError('conflict', 'This order has a project already, for another product or buyer.', {
          details: { projectId: stored._id },
        });
      }
      rooms.learn(stored);
      await outbox.carry(stored);
      return { projectId: stored._id, roomId: stored._id };
    },

    async 'project.get'({ projectId }, { caller }) {
      const room = await requireRoom(rooms, caller, projectId);
      return { project: projectView(room) };
    },

    async 'project.list'({ status, orderId, buyer, productId, from, to, cursor, limit }, { caller }) {
      const seat = seatOf(caller);
      if (seat === undefined) return { items: [] };
      const created: Record<string, Date> = {};
      if (from !== undefined) created['$gte'] = new Date(from);
      if (to !== undefined) created['$lt'] = new Date(to);
      const filter: Record<string, unknown> = {
        seats: seat,
        ...(status === undefined ? {} : { status }),
        ...(orderId === undefined ? {} : { 'project.orderId': orderId }),
        ...(buyer === undefined ? {} : { 'buyer.id': buyer }),
        ...(productId === undefined ? {} : { 'project.product.id': productId }),
      };
      if (cursor !== undefined) {
        const [at, id] = decodeCursor(cursor, cursorShape);
        if (created['$lt'] === undefined || created['$lt'].getTime() > at) created['$lte'] = new Date(at);
        filter['$or'] = [{ createdAt: { $lt: new Date(at) } }, { _id: { $lt: id } }];
      }
      if (Object.keys(created).length > 0) filter['createdAt'] = created;
      const found = await rooms.model
        .find(filter)
        .sort({ createdAt: -1, _id: -1 })
        .limit(limit + 1)
        .lean<RoomDoc[]>();
      const page = found.slice(0, limit);
      const end = page.at(-1);
      return {
        items: page.filter((room) => readableStreams(caller, room).length > 0).map(projectView),
        ...(found.length > limit && end !== undefined
          ? { nextCursor: encodeCursor([end.createdAt.getTime(), end._id]) }
          : {}),
      };
    },
  };
}

/** The flow at its beginning: at its first node, or past it when a provider was found at once. */
function begin(template: Template, assigned: boolean, now: Date): { nodes: NodeState[]; current: string | null } {
  const nodes = template.nodes.map((node): NodeState => ({ ...node, status: 'pending', visit: 0 }));
  const [first, second] = nodes;
  if (first === undefined || second === undefined) throw new Error(`template ${template.id} has fewer than two nodes`);
  Object.assign(first, {
    status: assigned ? 'done' : 'active',
    visit: 1,
    enteredAt: now,
    ...(assigned ? { endedAt: now } : {}),
  });
  if (!assigned) return { nodes, current: first.id };
  Object.assign(second, { status: 'active', visit: 1, enteredAt: now });
  return { nodes, current: second.id };
}

function firstEntries(
  orderId: string,
  provider: { org: string; name: string } | null,
  nodes: readonly NodeState[],
  current: string | null,
): Omit<OutboxItem, 'key'>[] {
  const at = nodes.find(({ id }) => id === current);
  const entries: Omit<OutboxItem, 'key'>[] = [
    { stream: 'public', kind: 'project', actor: SYSTEM, body: { event: 'project.created', orderId } },
  ];
  if (provider !== null)
    entries.push({ stream: 'public', kind: 'project', actor: SYSTEM, body: { event: 'provider.assigned', provider } });
  if (at !== undefined) {
    entries.push({
      stream: 'public',
      kind: 'node',
      actor: SYSTEM,
      body: { event: 'node.entered', node: { id: at.id, name: at.name }, visit: at.visit },
    });
  }
  return entries;
}
