import { RoomError } from '../../shared/contract/errors.ts';
import { callerFor, PORTAL, type RunAs } from './demo-callers.ts';
import type { DemoPayment } from './demo-pages.ts';
import type { DemoPerson } from './people.ts';

/**
 * The demonstration's checkout: the buyer of a demand pays a proposal, and the portal reports it. No money is moved, and paying twice is one payment.
 * @throws {RoomError} `not_found` to anybody but the buyer, `conflict` when it can be paid no more
 */
export async function payInDemo(
  run: RunAs,
  person: DemoPerson,
  { opportunityId, proposalId }: DemoPayment,
): Promise<{ roomId: string }> {
  if (person.side !== 'buyer') throw new RoomError('not_found', 'There is no such proposal.');
  // Whoever may not know of the demand is told that there is none.
  await run(callerFor(person), 'opportunity.get', { opportunityId });
  const { roomId } = await run(PORTAL, 'opportunity.reportPaid', {
    opportunityId,
    proposalId,
    paymentId: `DEMO-PAY-${proposalId}`,
    orderId: `DEMO-ORDER-${proposalId.slice(0, 8).toUpperCase()}`,
  });
  return { roomId };
}
