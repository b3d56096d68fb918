import { z } from 'zod';
import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import { isFree } from '../../shared/model/flow/choose-staff.ts';
import type { ProviderFacts, StaffFacts } from '../../shared/model/flow/assignments.ts';
import { currentNode, type Flow, type FlowFile, presentState } from '../../shared/model/flow/flow.ts';
import { isRunning, mayAssignProvider, mayDispatchStaff, mayDo } from '../../shared/model/flow/permissions.ts';
import type { FlowEvent } from '../../shared/model/flow/step.ts';
import type { Clock } from '../clock.ts';
import type { DirectoryModels, OrgDoc, ProductDoc, StaffDoc } from '../directory/directory-store.ts';
import type { Caller, Handlers } from '../registry/call.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { flowActorOf, readableStreams } from '../rooms/access.ts';
import { QUEUE } from '../rooms/project-state.ts';
import { requireReadable, requireRoom } from '../rooms/room-access.ts';
import type { RoomDoc, RoomStore } from '../rooms/room-store.ts';
import type { Pages } from '../timeline/pages.ts';
import type { ApplyOptions, Deliveries } from './deliveries.ts';
import { candidateOf, type Dispatcher } from './dispatcher.ts';
import type { Places } from './places.ts';
import { mayClaim, projectView } from './project-view.ts';
import { queuePage } from './queues.ts';

/** Finds files that a caller attaches, by id. @throws {RoomError} `invalid` naming each id that is not theirs to attach there */
export type TakeFiles = (
  caller: Caller,
  room: RoomDoc,
  stream: string,
  ids: readonly string[],
  /** The field of the input that names them. */
  path: string,
) => Promise<FlowFile[]>;

export interface FlowParts {
  rooms: RoomStore;
  deliveries: Deliveries;
  dispatcher: Dispatcher;
  places: Places;
  directory: DirectoryModels;
  pages: Pages;
  clock: Clock;
  timeZone: string;
  takeFiles: TakeFiles;
}

type FlowCommands =
  | 'node.act'
  | 'project.pause'
  | 'project.resume'
  | 'project.changeOperator'
  | 'project.changeProvider'
  | 'project.dispatch'
  | 'project.close'
  | 'project.log'
  | 'queue.list';

/** What happens in a flow is told to everybody in the room. */
const FLOW_STREAM = 'public';
const logCursor = z.tuple([z.int().min(0)]);
const queueCursor = z.tuple([cursorInstant, z.string(), z.int().min(0)]);

export function flowCommands(parts: FlowParts): Pick<Handlers, FlowCommands> {
  const { rooms, deliveries, dispatcher, places, directory, pages, clock, timeZone, takeFiles } = parts;

  /** The project, for its room's people, and for those who may claim it now. */
  const requireProject = (caller: Caller, projectId: string): Promise<RoomDoc> =>
    requireRoom(rooms, caller, projectId, mayClaim);

  /** Lets it happen, has what follows dispatched, and shows the project as it then stands. */
  async function happen(
    caller: Caller,
    projectId: string,
    event: FlowEvent,
    more: ApplyOptions = { admits: admitting(caller) },
  ): Promise<CommandOutput<'node.act'>> {
    const { room, needs } = await deliveries.apply(projectId, event, flowActorOf(caller), more);
    await dispatcher.serve(needs);
    return shown(caller, room);
  }

  async function shown(caller: Caller, room: RoomDoc): Promise<CommandOutput<'node.act'>> {
    return { project: projectView((await rooms.get(room._id)) ?? room, caller, clock.now()) };
  }

  /**
   * A claim takes a place of the one who claims, where the directory gives them a maximum. Of two who claim at once one has no place in the room any more,
   * and is told the present state all the same.
   */
  async function claim(caller: Caller, projectId: string, event: FlowEvent): Promise<CommandOutput<'node.act'>> {
    const listed = await directory.staff.findById(caller.userId).lean<StaffDoc>();
    if (caller.side !== 'provider' || listed === null) return happen(caller, projectId, event, {});
    const claimed = await places.with(
      projectId,
      [{ staff: listed._id }],
      ([load = 0]) => (load < listed.maxLoad ? 0 : undefined),
      // By whose department the order is dispatched on, the directory says.
      () =>
        deliveries.apply(
          projectId,
          event,
          { ...flowActorOf(caller), dept: listed.dept ?? caller.dept },
          {
            admits: admitting(caller),
          },
        ),
    );
    if (claimed === undefined) {
      const { project } = await requireProject(caller, projectId);
      throw new RoomError('conflict', `You have ${listed.maxLoad} projects, your maximum load.`, {
        details: presentState(project.flow),
      });
    }
    await dispatcher.serve(claimed.needs);
    return shown(caller, claimed.room);
  }

  async function staffFacts(room: RoomDoc, person: StaffDoc, load: number): Promise<StaffFacts> {
    const { _id: userId, name, org, roles, dept, active } = person;
    const free = active && isFree(candidateOf(person, load), clock.now(), timeZone);
    return { userId, name, org, roles, ...(dept === null ? {} : { dept }), free };
  }

  /** Does with a member of staff what takes one of their places. */
  async function withStaff(
    caller: Caller,
    room: RoomDoc,
    userId: string,
    eventOf: (staff: StaffFacts) => FlowEvent,
  ): Promise<CommandOutput<'node.act'>> {
    const person = await directory.staff.findById(userId).lean<StaffDoc>();
    if (person === null || person.org !== room.providerOrg) {
      throw invalid('userId', 'must be staff of the provider whom the directory knows');
    }
    let load = 0;
    const done = await places.with(
      room._id,
      [{ staff: userId }],
      ([now = 0]) => {
        load = now;
        return 0;
      },
      async () =>
        deliveries.apply(room._id, eventOf(await staffFacts(room, person, load)), flowActorOf(caller), {
          admits: admitting(caller),
        }),
    );
    if (done === undefined) throw new Error('a place that was asked for by name was not chosen');
    await dispatcher.serve(done.needs);
    return shown(caller, done.room);
  }

  /** Does with a provider what takes one of its places. */
  async function withProvider(
    caller: Caller,
    room: RoomDoc,
    org: string,
    eventOf: (provider: ProviderFacts) => FlowEvent,
  ): Promise<CommandOutput<'node.act'>> {
    const product = await directory.products.findById(room.project.product.id).lean<ProductDoc>();
    // By hand a project may also go to a company that the product does not list: it has no maximum there.
    const listed = product?.providers.find((provider) => provider.org === org);
    const company = await directory.orgs.findById(org).lean<OrgDoc>();
    if (company === null) throw invalid('org', 'must be a company that the directory knows');
    const { name } = company;
    let free = false;
    const done = await places.with(
      room._id,
      [{ provider: org }],
      ([load = 0]) => {
        free = load < (listed?.maxLoad ?? Number.POSITIVE_INFINITY);
        return 0;
      },
      () =>
        deliveries.apply(room._id, eventOf({ org, name, free }), flowActorOf(caller), { admits: admitting(caller) }),
    );
    if (done === undefined) throw new Error('a place that was asked for by name was not chosen');
    await dispatcher.serve(done.needs);
    return shown(caller, done.room);
  }

  return {
    async 'node.act'({ projectId, nodeId, action, visit, form, files: ids = [], reason }, { caller }) {
      const room = await requireProject(caller, projectId);
      const taken = async (named: readonly string[], path: string): Promise<FlowFile[]> =>
        named.length === 0 ? [] : takeFiles(caller, room, FLOW_STREAM, named, path);
      const files = await taken(ids, 'files');
      const attached = await taken(attachmentsOf(form), 'form.attachments');
      const event: FlowEvent = {
        type: 'act',
        nodeId,
        action,
        visit,
        ...(form === undefined ? {} : { form }),
        files,
        ...(reason === undefined ? {} : { reason }),
      };
      return action === 'claim'
        ? claim(caller, projectId, event)
        : happen(caller, projectId, event, { files: attached, admits: admitting(caller) });
    },

    async 'project.pause'({ projectId, remark }, { caller }) {
      await requireProject(caller, projectId);
      return happen(caller, projectId, { type: 'pause', ...remarkOf(remark) });
    },

    async 'project.resume'({ projectId, remark }, { caller }) {
      await requireProject(caller, projectId);
      return happen(caller, projectId, { type: 'resume', ...remarkOf(remark) });
    },

    async 'project.changeOperator'({ projectId, nodeId, userId, remark }, { caller }) {
      const room = await requireProject(caller, projectId);
      requireMay(room, (flow) => mayDo(flow, 'changeOperator', flowActorOf(caller)));
      return withStaff(caller, room, userId, (staff) => ({
        type: 'change_operator',
        ...(nodeId === undefined ? {} : { nodeId }),
        staff,
        remark,
      }));
    },

    async 'project.changeProvider'({ projectId, org, remark }, { caller }) {
      const room = await requireProject(caller, projectId);
      requireMay(room, (flow) => mayDo(flow, 'changeProvider', flowActorOf(caller)));
      return withProvider(caller, room, org, (provider) => ({ type: 'change_provider', provider, remark }));
    },

    async 'project.dispatch'({ projectId, org, userId }, { caller }) {
      const room = await requireProject(caller, projectId);
      const node = currentNode(room.project.flow);
      const waitsForProvider = node?.type === 'assign_provider';
      // What is asked for decides who may: whoever comes after somebody else was faster is told that, and not that it is not for them.
      const toProvider = (org === undefined) === (userId === undefined) ? waitsForProvider : org !== undefined;
      const may = toProvider ? mayAssignProvider : mayDispatchStaff;
      requireMay(room, (flow) => may(flow, flowActorOf(caller)));
      const visit = node === undefined || toProvider !== waitsForProvider ? {} : { visit: node.visit };
      if (toProvider) {
        if (org === undefined) throw invalid('org', 'is needed: this project waits for a provider');
        return withProvider(caller, room, org, (provider) => ({ type: 'assign_provider', provider, ...visit }));
      }
      if (userId === undefined) throw invalid('userId', 'is needed: this project does not wait for a provider');
      return withStaff(caller, room, userId, (staff) => ({ type: 'dispatch_staff', staff, ...visit }));
    },

    async 'project.close'({ projectId, reason }, { caller }) {
      await requireProject(caller, projectId);
      return happen(caller, projectId, { type: 'close', reason });
    },

    async 'project.log'({ projectId, run, cursor, limit }, { caller }) {
      await requireReadable(rooms, caller, projectId, FLOW_STREAM);
      const after = cursor === undefined ? 0 : decodeCursor(cursor, logCursor)[0];
      const items = await pages.flowLog(projectId, FLOW_STREAM, { run, after }, limit + 1);
      const page = items.slice(0, limit);
      const end = page.at(-1);
      return {
        items: page,
        ...(items.length > limit && end !== undefined ? { nextCursor: encodeCursor([end.seq]) } : {}),
      };
    },

    async 'queue.list'({ cursor, limit }, { caller }) {
      const queue = queueOf(caller);
      if (queue === undefined) return { items: [] };
      const [since, id, place] = cursor === undefined ? [0, '', 0] : decodeCursor(cursor, queueCursor);
      const behind = cursor === undefined ? undefined : { since: new Date(since), id };
      const where = { 'waiting.queues': queue, 'waiting.reason': { $ne: null } };
      const found = await queuePage(rooms.model, where, behind, limit + 1);
      const items = found.slice(0, limit).flatMap(({ _id, orderId, waiting }, index) =>
        waiting.reason === null
          ? []
          : [
              {
                projectId: _id,
                orderId,
                reason: waiting.reason,
                ...(waiting.role === null ? {} : { role: waiting.role }),
                since: waiting.since.toISOString(),
                place: place + index + 1,
              },
            ],
      );
      const end = found[limit - 1];
      return {
        items,
        ...(found.length > limit && end !== undefined
          ? { nextCursor: encodeCursor([end.waiting.since.getTime(), end._id, place + limit]) }
          : {}),
      };
    },
  };
}

/** Whom a project is known to when it is changed. */
const admitting =
  (caller: Caller) =>
  (room: RoomDoc): boolean =>
    readableStreams(caller, room).length > 0 || mayClaim(caller, room);

/** Whoever may not do it learns nothing of the directory by trying. */
function requireMay(room: RoomDoc, mayDoIt: (flow: Flow) => boolean): void {
  const { flow } = room.project;
  const details = presentState(flow);
  if (!isRunning(flow)) throw new RoomError('read_only', `This project is ${flow.status}.`, { details });
  if (!mayDoIt(flow)) throw new RoomError('forbidden', 'You may not do this to the project.', { details });
}

/** The queue that somebody sees: the platform all, a provider's admin that of their staff, a vendor its projects without a provider. */
function queueOf({ side, org = '', roles }: Caller): string | undefined {
  if (side === 'operator' || side === 'service') return QUEUE.all;
  if (side === 'provider') return roles.includes('provider_admin') ? QUEUE.staffOf(org) : undefined;
  const supervises = roles.includes('vendor_admin') || roles.includes('project_manager');
  return side === 'vendor' && supervises ? QUEUE.vendor(org) : undefined;
}

const remarkOf = (remark: string | undefined): { remark?: string } => (remark === undefined ? {} : { remark });

/** The file ids that a demand form names; whether the form fits at all is the flow's to say. */
function attachmentsOf(form: Record<string, unknown> | undefined): string[] {
  const { attachments } = form ?? {};
  return Array.isArray(attachments)
    ? attachments.filter((id): id is string => typeof id === 'string').slice(0, 10)
    : [];
}

function invalid(path: string, reason: string): RoomError {
  return new RoomError('invalid', `${path}: ${reason}`, { details: [{ path, reason }] });
}
