import { RoomError } from '../../shared/contract/errors.ts';
import type { WorkingCalendar } from '../../shared/model/calendar/working-calendar.ts';
import {
  type Flow,
  type FlowActor,
  type FlowContext,
  type FlowFile,
  type Refusal,
  type Stepped,
  SYSTEM_ACTOR,
  wakeAt,
} from '../../shared/model/flow/flow.ts';
import { isRunning } from '../../shared/model/flow/permissions.ts';
import { type FlowEvent, step } from '../../shared/model/flow/step.ts';
import type { Clock } from '../clock.ts';
import type { Outbox } from '../rooms/outbox.ts';
import { fieldsOf, type ProjectState, type StoredDemand } from '../rooms/project-state.ts';
import { unknownRoom } from '../rooms/room-access.ts';
import type { Member, RoomChange, RoomDoc, RoomStore } from '../rooms/room-store.ts';
import { flowItems } from './flow-entries.ts';

/** What a change of a flow leaves to be dispatched: projects that wait for somebody, or somebody who has become free. */
export type Need =
  | { readonly for: 'product'; readonly productId: string }
  | { readonly for: 'staff'; readonly org: string }
  | { readonly for: 'provider'; readonly org: string };

export interface DeliveriesParts {
  rooms: RoomStore;
  outbox: Outbox;
  /** The service's time. */
  clock: Clock;
  /** The calendar in force at the moment. */
  calendar: () => WorkingCalendar;
  /** Dispatches what a clock that struck on the way leaves to be dispatched. */
  follow: (needs: readonly Need[], cause: string | undefined) => void;
}

export interface ApplyOptions {
  /** The attachments that a submitted demand names. */
  files?: readonly FlowFile[] | undefined;
  /** Asked of the room that is changed: whoever was let in by an older state of it may have no place there any more. */
  admits?: (room: RoomDoc) => boolean;
  /** The correlation id of the call, or of the run of a job, that it follows from. */
  cause?: string | undefined;
}

/** The one road for every change of a delivery project: the flow's rules decide on the room as it stands, and the decision is stored by compare-and-set. */
export class Deliveries {
  readonly #parts: DeliveriesParts;

  constructor(parts: DeliveriesParts) {
    this.#parts = parts;
  }

  context(actor: FlowActor): FlowContext {
    const { clock, calendar } = this.#parts;
    return { now: clock.now(), calendar: calendar(), actor };
  }

  /**
   * Lets something happen to a project, after what is due by then: a due instant holds whether a sweep has come by already or not.
   * @returns the room as it then stands, its entries in the timeline, and what is to be dispatched now
   * @throws {RoomError} what the flow refuses it with; nothing is changed then
   */
  async apply(
    roomId: string,
    event: FlowEvent,
    actor: FlowActor,
    more: ApplyOptions = {},
  ): Promise<{ room: RoomDoc; needs: readonly Need[] }> {
    for (;;) {
      const { room, needs, isDue } = await this.#applyOnce(roomId, event, actor, more);
      if (!isDue) {
        await this.#parts.outbox.carry(room);
        return { room: this.#parts.rooms.cached(roomId) ?? room, needs };
      }
      const { cause } = more;
      this.#parts.follow((await this.apply(roomId, { type: 'tick' }, SYSTEM_ACTOR, { cause })).needs, cause);
    }
  }

  async #applyOnce(
    roomId: string,
    event: FlowEvent,
    actor: FlowActor,
    { files = [], admits = () => true, cause }: ApplyOptions,
  ): Promise<{ room: RoomDoc; needs: readonly Need[]; isDue: boolean }> {
    let needs: Need[] = [];
    let isDue = false;
    const decide = (current: RoomDoc): RoomChange | undefined => {
      if (!admits(current)) throw unknownRoom();
      const { title, project, members } = current;
      const context = this.context(actor);
      needs = [];
      isDue = event.type !== 'tick' && isDueBy(project.flow, context.now);
      if (isDue) return undefined;
      const result = step(project.flow, event, context);
      if (!result.ok) throw errorOf(result);
      if (result.entries.length === 0 && result.notifications.length === 0) return undefined;
      const next: ProjectState = {
        ...project,
        flow: result.flow,
        version: project.version + 1,
        demand: result.form === undefined ? project.demand : demandOf(result.form, files),
      };
      needs = needsOf(project, next);
      const handing = next.flow.run === project.flow.run ? undefined : handOver(next.flow, members);
      return {
        set: { ...fieldsOf(next), ...handing?.set },
        entries: [...(handing?.entries ?? []), ...flowItems(title, { before: project.flow, ...result }, context)],
      };
    };
    const room = await this.#parts.rooms.change(roomId, decide, cause);
    if (room === undefined) throw unknownRoom();
    return { room, needs, isDue };
  }
}

function isDueBy(flow: Flow, now: number): boolean {
  const wake = wakeAt(flow);
  return wake !== null && Date.parse(wake) <= now;
}

/** What a change of provider takes from the earlier one beside the flow. */
function handOver(
  { provider, run }: Flow,
  members: readonly Member[],
): Pick<RoomChange, 'entries'> & { set: RoomChange['set'] } {
  if (provider === null) throw new Error('a change of provider names the next one');
  const { id, name, side } = SYSTEM_ACTOR;
  return {
    set: {
      // Whom the earlier provider added has no place at the next one, nor at the earlier one when it is appointed again.
      members: members.filter((member) => member.side !== 'provider'),
      notes: { org: provider.org, run, floor: null },
    },
    entries: [
      {
        stream: 'provider',
        kind: 'notice',
        actor: { id, name, side },
        body: { event: 'notes.handed_over', provider },
        run,
        holder: provider.org,
      },
    ],
  };
}

function errorOf({ code, message, details }: Refusal): RoomError {
  return new RoomError(code, message, { details });
}

function demandOf(
  { nodeId, visit, values: { phone: _phone, attachments, ...values } }: NonNullable<Stepped['form']>,
  files: readonly FlowFile[],
): StoredDemand {
  return { nodeId, visit, ...values, attachments: files.filter(({ id }) => attachments.includes(id)) };
}

/** Who carries a running project: its provider, and the staff who hold a role in it. */
const carriers = (flow: Flow): { provider: string | null; staff: readonly string[] } =>
  isRunning(flow)
    ? { provider: flow.provider?.org ?? null, staff: flow.crew.map(({ userId }) => userId) }
    : { provider: null, staff: [] };

function needsOf(before: ProjectState, after: ProjectState): Need[] {
  const needs: Need[] = [];
  const [had, has] = [carriers(before.flow), carriers(after.flow)];
  if (had.provider !== null) {
    if (had.provider !== has.provider) needs.push({ for: 'provider', org: had.provider });
    if (had.staff.some((userId) => !has.staff.includes(userId))) needs.push({ for: 'staff', org: had.provider });
  }
  const { waiting } = fieldsOf(after);
  const was = fieldsOf(before).waiting;
  if (waiting !== null && (was?.since.getTime() !== waiting.since.getTime() || was.what !== waiting.what)) {
    if (waiting.what === 'provider') needs.push({ for: 'product', productId: waiting.productId });
    else if (waiting.org !== null) needs.push({ for: 'staff', org: waiting.org });
  }
  return needs;
}
