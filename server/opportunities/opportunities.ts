import { randomUUID } from 'node:crypto';
import { RoomError } from '../../shared/contract/errors.ts';
import { type FlowActor, SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import {
  isOver,
  type OpportunityContext,
  type OpportunityRefusal,
} from '../../shared/model/opportunity/opportunity.ts';
import { type OpportunityEvent, step } from '../../shared/model/opportunity/step.ts';
import type { Call } from '../../shared/model/call/call.ts';
import type { Clock } from '../clock.ts';
import { isFreeFor, type ProjectCreation } from '../delivery/project-creation.ts';
import type { Outbox } from '../rooms/outbox.ts';
import { opportunityFields, plazaHour } from '../rooms/opportunity-state.ts';
import type { OpportunityRoom, ProjectRoom } from '../rooms/room-doc.ts';
import { unknownRoom } from '../rooms/room-access.ts';
import type { OpportunityChange, RoomStore } from '../rooms/room-store.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import { orderOfDeal } from './order-of-deal.ts';
import { opportunityItems, refusedPayment } from './opportunity-entries.ts';

export interface OpportunitiesParts {
  rooms: RoomStore;
  outbox: Outbox;
  creation: ProjectCreation;
  /** The service's time. */
  clock: Clock;
}

export interface ApplyOptions {
  /** Asked of the room that is changed: whoever was let in by an older state of it may have no place there any more. */
  admits?: (room: OpportunityRoom) => boolean;
  /** What is stored with it beside the opportunity. */
  beside?: (room: OpportunityRoom) => Pick<OpportunityChange['set'], 'numbers'>;
  /** The correlation id of the call, or of the run of a job, that it follows from. */
  cause?: string | undefined;
}

/** The one road for every change of an opportunity: its rules decide on the room as it stands, and the decision is stored by compare-and-set. */
export class Opportunities {
  readonly #parts: OpportunitiesParts;

  constructor(parts: OpportunitiesParts) {
    this.#parts = parts;
  }

  context(actor: FlowActor): OpportunityContext {
    return { now: this.#parts.clock.now(), actor, newId: randomUUID };
  }

  /**
   * Lets something happen to an opportunity, after what is due by then: a due instant holds whether a sweep has come by already or not.
   * @returns the room as it then stands, its entries in the timeline
   * @throws {RoomError} what its rules refuse it with; nothing is changed then
   */
  async apply(
    roomId: string,
    event: OpportunityEvent,
    actor: FlowActor,
    { admits = () => true, beside = () => ({}), cause }: ApplyOptions = {},
  ): Promise<OpportunityRoom> {
    const { rooms, outbox } = this.#parts;
    const decide = (room: OpportunityRoom): OpportunityChange | undefined => {
      if (!admits(room)) throw unknownRoom();
      const context = this.context(actor);
      const result = step(room.opportunity, event, context);
      if (!result.ok) throw errorOf(result);
      if (result.entries.length === 0 && result.notifications.length === 0) return undefined;
      return {
        set: { ...opportunityFields(result.opportunity, room), ...beside(room) },
        entries: opportunityItems(result, context.now),
      };
    };
    const room = await rooms.changeOf('opportunity', roomId, decide, cause);
    if (room === undefined) throw unknownRoom();
    await outbox.carry(room);
    const known = rooms.cached(roomId);
    return known?.kind === 'opportunity' ? known : room;
  }

  /**
   * Makes the deal of a payment and gives the id of its delivery project. The payment again gives the same project; a call that was cut off half way is made
   * good by the next one, or by the sweep.
   * @throws {RoomError} `not_found` without such a proposal, `conflict` with the present state
   */
  async pay(
    roomId: string,
    payment: { proposalId: string; paymentId: string; orderId: string },
    actor: FlowActor,
    cause: string,
  ): Promise<string> {
    try {
      await this.#requireFree(roomId, payment);
      return await this.finishDeal(await this.apply(roomId, { type: 'pay', ...payment }, actor, { cause }), cause);
    } catch (error) {
      // One order and one payment are one deal's.
      const refusal = isDuplicateKey(error)
        ? new RoomError('conflict', 'This payment or order was reported for another demand.')
        : error;
      if (refusal instanceof RoomError && refusal.code === 'conflict') await this.#tellRefused(roomId, payment, cause);
      throw refusal;
    }
  }

  /** Somebody has paid, and gets nothing for it: a person has to see to that. */
  async #tellRefused(roomId: string, payment: Parameters<typeof refusedPayment>[1], cause: string): Promise<void> {
    const { rooms, outbox, clock } = this.#parts;
    const tell = ({ opportunity }: OpportunityRoom): OpportunityChange => ({
      set: {},
      entries: [refusedPayment(opportunity, payment, clock.now())],
    });
    const room = await rooms.changeOf('opportunity', roomId, tell, cause);
    if (room !== undefined) await outbox.carry(room);
  }

  /** An order that has its project already, for something else or with another provider, is no deal's. */
  async #requireFree(roomId: string, { orderId, proposalId }: { orderId: string; proposalId: string }): Promise<void> {
    const { rooms } = this.#parts;
    const ordered = await rooms.model.findOne({ 'project.orderId': orderId }).lean<ProjectRoom>();
    if (ordered === null || ordered.project.opportunityId === roomId) return;
    const room = await rooms.get(roomId);
    if (room?.kind === 'opportunity') {
      for (const { provider, proposals } of room.opportunity.engagements) {
        const productId = proposals.find(({ id }) => id === proposalId)?.product.id;
        if (productId !== undefined && isFreeFor(ordered, { productId, buyer: room.buyer }, provider.org)) return;
      }
    }
    throw new RoomError('conflict', 'This order has a project already.', { details: { projectId: ordered._id } });
  }

  /** Creates the delivery project of a deal, where it is not there yet, and links the two. @returns the project's id */
  async finishDeal(room: OpportunityRoom, cause: string | undefined): Promise<string> {
    const { deal } = room.opportunity;
    if (deal === null) throw new Error('a demand that is not won has no project');
    if (deal.projectId !== null) return deal.projectId;
    const { order, settled } = orderOfDeal(room);
    const projectId = await this.#parts.creation.create(order, cause, settled);
    await this.apply(room._id, { type: 'link_project', projectId }, SYSTEM_ACTOR, { cause });
    return projectId;
  }

  /** Keeps a call that connected as a communication record of the company in whose lane it was. Of another room nothing is kept, and of the same call nothing more. */
  async keepCall({ id: callId, roomId, stream, from, to, at }: Call, cause: string | undefined): Promise<void> {
    const room = await this.#parts.rooms.get(roomId);
    if (room?.kind !== 'opportunity') return;
    await this.apply(roomId, { type: 'record_call', stream, call: { callId, from, to, at } }, SYSTEM_ACTOR, { cause });
  }

  /** Does whatever is due: what nobody answered, or followed, in time; the plaza's hour; a deal that was left without its project. @returns the room as it then stands */
  async tick(roomId: string, cause?: string): Promise<OpportunityRoom> {
    const { clock } = this.#parts;
    const hour = new Date(plazaHour(clock.now())).toISOString();
    const room = await this.apply(roomId, { type: 'refresh_plaza', hour }, SYSTEM_ACTOR, { cause });
    const { deal } = room.opportunity;
    if (!isOver(room.opportunity) || deal === null || deal.projectId !== null) return room;
    await this.finishDeal(room, cause);
    const linked = await this.#parts.rooms.get(roomId);
    return linked?.kind === 'opportunity' ? linked : room;
  }
}

export function errorOf({ code, message, details }: OpportunityRefusal): RoomError {
  return new RoomError(code, message, { details });
}
