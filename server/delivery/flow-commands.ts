import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import { isFree } from '../../shared/model/flow/choose-staff.ts';
import type { ProviderFacts, StaffFacts } from '../../shared/model/flow/assignments.ts';
import { currentNode, type Flow, type FlowFile, presentState } from '../../shared/model/flow/flow.ts';
import { isRunning, mayAssignProvider, mayDispatchStaff, mayDo } from '../../shared/model/flow/permissions.ts';
import type { FlowEvent } from '../../shared/model/flow/step.ts';
import type { Clock } from '../clock.ts';
import type { DirectoryModels, OrgDoc, ProductDoc, StaffDoc } from '../directory/directory-store.ts';
import type { Call, Caller, Handlers } from '../registry/call.ts';
import { flowActorOf, readableStreams } from '../rooms/access.ts';
import { requireRoomOf } from '../rooms/room-access.ts';
import type { ProjectRoom, RoomDoc } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { ApplyOptions, Deliveries } from './deliveries.ts';
import { candidateOf, type Dispatcher } from './dispatcher.ts';
import type { Places } from './places.ts';
import { mayClaim, projectView } from './project-view.ts';

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
  | 'project.close';

/** What happens in a flow is told to everybody in the room. */
export const FLOW_STREAM = 'public';

export function flowCommands(parts: FlowParts): Pick<Handlers, FlowCommands> {
  const { rooms, deliveries, dispatcher, places, directory, clock, timeZone, takeFiles } = parts;

  /** The project, for its room's people, and for those who may claim it now. */
  const requireProject = (caller: Caller, projectId: string): Promise<ProjectRoom> =>
    requireRoomOf('project', rooms, caller, projectId, mayClaim);

  /** Lets it happen, has what follows dispatched, and shows the project as it then stands. */
  async function happen(
    { caller, correlationId: cause }: Call,
    projectId: string,
    event: FlowEvent,
    more: ApplyOptions = { admits: admitting(caller) },
  ): Promise<CommandOutput<'node.act'>> {
    const { room, needs } = await deliveries.apply(projectId, event, flowActorOf(caller), { ...more, cause });
    await dispatcher.serve(needs, cause);
    return shown(caller, room);
  }

  async function shown(caller: Caller, room: ProjectRoom): Promise<CommandOutput<'node.act'>> {
    const now = await rooms.get(room._id);
    return { project: projectView(now?.kind === 'project' ? now : room, caller, clock.now()) };
  }

  /**
   * A claim takes a place of the one who claims, where the directory gives them a maximum. Of two who claim at once one has no place in the room any more,
   * and is told the present state all the same.
   */
  async function claim(call: Call, projectId: string, event: FlowEvent): Promise<CommandOutput<'node.act'>> {
    const { caller, correlationId: cause } = call;
    const listed = await directory.staff.findById(caller.userId).lean<StaffDoc>();
    if (caller.side !== 'provider' || listed === null) return happen(call, projectId, event, {});
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
          { admits: admitting(caller), cause },
        ),
    );
    if (claimed === undefined) {
      const { project } = await requireProject(caller, projectId);
      throw new RoomError('conflict', `You have ${listed.maxLoad} projects, your maximum load.`, {
        details: presentState(project.flow),
      });
    }
    await dispatcher.serve(claimed.needs, cause);
    return shown(caller, claimed.room);
  }

  async function staffFacts(room: ProjectRoom, person: StaffDoc, load: number): Promise<StaffFacts> {
    const { _id: userId, name, org, roles, dept, active } = person;
    const free = active && isFree(candidateOf(person, load), clock.now(), timeZone);
    return { userId, name, org, roles, ...(dept === null ? {} : { dept }), free };
  }

  /** Does with a member of staff what takes one of their places. */
  async function withStaff(
    { caller, correlationId: cause }: Call,
    room: ProjectRoom,
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
          cause,
        }),
    );
    if (done === undefined) throw new Error('a place that was asked for by name was not chosen');
    await dispatcher.serve(done.needs, cause);
    return shown(caller, done.room);
  }

  /** Does with a provider what takes one of its places. */
  async function withProvider(
    { caller, correlationId: cause }: Call,
    room: ProjectRoom,
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
        deliveries.apply(room._id, eventOf({ org, name, free }), flowActorOf(caller), {
          admits: admitting(caller),
          cause,
        }),
    );
    if (done === undefined) throw new Error('a place that was asked for by name was not chosen');
    await dispatcher.serve(done.needs, cause);
    return shown(caller, done.room);
  }

  return {
    async 'node.act'({ projectId, nodeId, action, visit, form, files: ids = [], reason }, call) {
      const { caller } = call;
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
        ? claim(call, projectId, event)
        : happen(call, projectId, event, { files: attached, admits: admitting(caller) });
    },

    async 'project.pause'({ projectId, remark }, call) {
      const { caller } = call;
      await requireProject(caller, projectId);
      return happen(call, projectId, { type: 'pause', ...remarkOf(remark) });
    },

    async 'project.resume'({ projectId, remark }, call) {
      const { caller } = call;
      await requireProject(caller, projectId);
      return happen(call, projectId, { type: 'resume', ...remarkOf(remark) });
    },

    async 'project.changeOperator'({ projectId, nodeId, userId, remark }, call) {
      const { caller } = call;
      const room = await requireProject(caller, projectId);
      requireMay(room, (flow) => mayDo(flow, 'changeOperator', flowActorOf(caller)));
      return withStaff(call, room, userId, (staff) => ({
        type: 'change_operator',
        ...(nodeId === undefined ? {} : { nodeId }),
        staff,
        remark,
      }));
    },

    async 'project.changeProvider'({ projectId, org, remark }, call) {
      const { caller } = call;
      const room = await requireProject(caller, projectId);
      requireMay(room, (flow) => mayDo(flow, 'changeProvider', flowActorOf(caller)));
      return withProvider(call, room, org, (provider) => ({ type: 'change_provider', provider, remark }));
    },

    async 'project.dispatch'({ projectId, org, userId }, call) {
      const { caller } = call;
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
        return withProvider(call, room, org, (provider) => ({ type: 'assign_provider', provider, ...visit }));
      }
      if (userId === undefined) throw invalid('userId', 'is needed: this project does not wait for a provider');
      return withStaff(call, room, userId, (staff) => ({ type: 'dispatch_staff', staff, ...visit }));
    },

    async 'project.close'({ projectId, reason }, call) {
      const { caller } = call;
      await requireProject(caller, projectId);
      return happen(call, projectId, { type: 'close', reason });
    },
  };
}

/** Whom a project is known to when it is changed. */
const admitting =
  (caller: Caller) =>
  (room: ProjectRoom): boolean =>
    readableStreams(caller, room).length > 0 || mayClaim(caller, room);

/** Whoever may not do it learns nothing of the directory by trying. */
function requireMay(room: ProjectRoom, mayDoIt: (flow: Flow) => boolean): void {
  const { flow } = room.project;
  const details = presentState(flow);
  if (!isRunning(flow)) throw new RoomError('read_only', `This project is ${flow.status}.`, { details });
  if (!mayDoIt(flow)) throw new RoomError('forbidden', 'You may not do this to the project.', { details });
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
