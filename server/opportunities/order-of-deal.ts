import type { Order, Settled } from '../delivery/project-creation.ts';
import type { OpportunityRoom } from '../rooms/room-doc.ts';

/** What a deal comes to: the order whose project delivers it, and what is settled of that project already. */
export function orderOfDeal({ _id: opportunityId, buyer, opportunity }: OpportunityRoom): {
  order: Order;
  settled: Settled;
} {
  const { deal, engagements, shareContact } = opportunity;
  const won = engagements.find(({ id }) => id === deal?.engagementId);
  const paid = won?.proposals.find(({ id }) => id === deal?.proposalId);
  if (deal === null || won === undefined || paid === undefined)
    throw new Error('a deal is made of a proposal of an engagement');
  const { id, org, name } = buyer;
  return {
    order: { orderId: deal.orderId, productId: paid.product.id, buyer: { id, org, name }, shareContact },
    settled: { opportunityId, provider: { org: won.provider.org, name: won.provider.name } },
  };
}
