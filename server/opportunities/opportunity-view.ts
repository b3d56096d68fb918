import type { Opportunity } from '../../shared/contract/opportunities.ts';
import type { FlowActor } from '../../shared/model/flow/flow.ts';
import { opportunityView as viewOf } from '../../shared/model/opportunity/opportunity-view.ts';
import type { Caller } from '../registry/call.ts';
import { flowActorOf } from '../rooms/access.ts';
import type { OpportunityRoom } from '../rooms/room-doc.ts';

/** The opportunity as it travels to somebody: as much of its state as they may know, and what they may do now. Undefined for who may not know of it. */
export function opportunityView(
  { _id: id, opportunity, contact }: OpportunityRoom,
  viewer: Caller | FlowActor,
  now: number,
): Opportunity | undefined {
  const beside = { id, ...(contact === undefined ? {} : { contact }) };
  return viewOf(opportunity, beside, 'userId' in viewer ? flowActorOf(viewer) : viewer, now);
}
