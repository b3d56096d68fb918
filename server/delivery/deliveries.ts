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
import type { ReadNumber } from '../numbers/phone-number.ts';
import type { Vault } from '../numbers/vault.ts';
import type { Outbox } from '../rooms/outbox.ts';
import { fieldsOf, type ProjectState, type StoredDemand } from '../rooms/project-state.ts';
import { unknownRoom } from '../rooms/room-access.ts';
import type { Member, ProjectRoom } from '../rooms/room-doc.ts';
import type { ProjectChange, RoomStore } from '../rooms/room-store.ts';
import { flowItems } from './flow-entries.ts';

/** What a change of a flow leaves to be dispatched: projects that wait for somebody, or somebody who has become free. */
export type Need =
  | { readonly for: 'product'; readonly productId: string }
  | { readonly for: 'staff'; readonly org: string }
  | { readonly for: 'provider'; readonly org: string };

export interface DeliveriesParts {
  rooms: RoomStore;
  outbox: Outbox;
  vault: Vault;
  readNumber: ReadNumber;
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
  /** Of the number that a submitted demand brings, once it is in the vault. */
  numberId?: string;
  /** Asked of the room that is changed: whoever was let in by an older state of it may have no place there any more. */
  admits?: (room: ProjectRoom) => boolean;
  /** The correlation id of the call, or of the run of a job, that it follows from. */
  cause?: string | undefined;
}

/** What came of one attempt: it was stored, or, first, what is due must happen, or a number that it brings must be kept. */
type Once =
  | {
      readonly next: 'done';
      readonly room: ProjectRoom;
      readonly needs: readonly Need[];
      /** The number in whose place the demand's came. */
      readonly replaced: string | undefined;
    }
  | { readonly next: 'tick' }
  | { readonly next: 'keep'; readonly phone: string };

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
  ): Promise<{ room: ProjectRoom; needs: readonly Need[] }> {
    const { outbox, rooms, vault, follow } = this.#parts;
    for (;;) {
      const once = await this.#applyOnce(roomId, event, actor, more);
      if (once.next === 'keep')
        return this.#keepFor(roomId, once.phone, actor, (numberId) =>
          this.apply(roomId, event, actor, { ...more, numberId }),
        );
      if (once.next === 'done') {
        const { room, needs, replaced } = once;
        await outbox.carry(room);
        // What is left of an earlier number, the vault's upkeep wipes.
        await vault.drop(replaced).catch(() => undefined);
        const now = rooms.cached(roomId);
        return { room: now?.kind === 'project' ? now : room, needs };
      }
      const { cause } = more;
      follow((await this.apply(roomId, { type: 'tick' }, SYSTEM_ACTOR, { cause })).needs, cause);
    }
  }

  #keepFor<Result>(
    roomId: string,
    phone: string,
    { id, side, org }: FlowActor,
    store: (numberId: string) => Promise<Result>,
  ): Promise<Result> {
    const { vault, readNumber } = this.#parts;
    const number = readNumber(phone, 'form.phone');
    return vault.keepFor({ number, owner: { kind: 'demand', id: roomId } }, { id, side, org }, store);
  }

  async #applyOnce(
    roomId: string,
    event: FlowEvent,
    actor: FlowActor,
    { files = [], admits = () => true, cause, numberId }: ApplyOptions,
  ): Promise<Once> {
    let needs: Need[] = [];
    let isDue = false;
    let phone: string | undefined;
    let replaced: string | undefined;
    const decide = (current: ProjectRoom): ProjectChange | undefined => {
      if (!admits(current)) throw unknownRoom();
      const { title, project, members } = current;
      const context = this.context(actor);
      needs = [];
      isDue = event.type !== 'tick' && isDueBy(project.flow, context.now);
      if (isDue) return undefined;
      const result = step(project.flow, event, context);
      if (!result.ok) throw errorOf(result);
      if (result.entries.length === 0 && result.notifications.length === 0) return undefined;
      phone = numberId === undefined ? result.form?.values.phone : undefined;
      if (phone !== undefined) return undefined;
      replaced = result.form === undefined ? undefined : project.demand?.numberId;
      const next: ProjectState = {
        ...project,
        flow: result.flow,
        version: project.version + 1,
        demand: result.form === undefined ? project.demand : demandOf(result.form, files, numberId),
      };
      needs = needsOf(project, next);
      const handing = next.flow.run === project.flow.run ? undefined : handOver(next.flow, members);
      return {
        set: { ...fieldsOf(next), ...handing?.set },
        entries: [...(handing?.entries ?? []), ...flowItems(title, { before: project.flow, ...result }, context)],
      };
    };
    const room = await this.#parts.rooms.changeOf('project', roomId, decide, cause);
    if (room === undefined) throw unknownRoom();
    if (isDue) return { next: 'tick' };
    return phone === undefined ? { next: 'done', room, needs, replaced } : { next: 'keep', phone };
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
): Pick<ProjectChange, 'entries'> & { set: ProjectChange['set'] } {
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
  numberId: string | undefined,
): StoredDemand {
  return {
    nodeId,
    visit,
    ...values,
    ...(numberId === undefined ? {} : { numberId }),
    attachments: files.filter(({ id }) => attachments.includes(id)),
  };
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
