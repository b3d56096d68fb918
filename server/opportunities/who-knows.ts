import { isShown } from '../../shared/model/opportunity/opportunity.ts';
import { mayKnow } from '../../shared/model/opportunity/permissions.ts';
import type { Caller } from '../registry/call.ts';
import { flowActorOf, readableStreams } from '../rooms/access.ts';
import type { OpportunityRoom } from '../rooms/room-doc.ts';

/**
 * A provider's admin whose engagement has ended reads nothing of the demand any more. What it does there is answered all the same, with no more than how it ended:
 * whoever did not learn of it may ask again.
 */
export function wasThere(caller: Caller, { opportunity }: OpportunityRoom): boolean {
  return (
    caller.side === 'provider' && caller.roles.includes('provider_admin') && mayKnow(opportunity, flowActorOf(caller))
  );
}

/** To whom a demand is known when it is changed. */
export const admitting =
  (caller: Caller) =>
  (room: OpportunityRoom): boolean =>
    readableStreams(caller, room).length > 0 || wasThere(caller, room);

/** Providers know what the plaza has shown. */
export const mayGrab = (caller: Caller, room: OpportunityRoom): boolean =>
  caller.side === 'provider' && (isShown(room.opportunity) || admitting(caller)(room));
