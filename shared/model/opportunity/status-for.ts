import type { OpportunityStatus } from '../../contract/opportunities.ts';
import type { FlowActor } from '../flow/flow.ts';
import { engagementOf, type Opportunity } from './opportunity.ts';

/**
 * The status of a demand for a provider: what follows from its own engagement, and nothing of any other's. Once that has ended nothing that happens
 * later moves it.
 */
export function statusForProvider(opportunity: Opportunity, org: string | undefined): OpportunityStatus {
  const own = engagementOf(opportunity, org);
  switch (own?.status) {
    case 'offered':
      return 'open';
    case 'following':
      return own.proposals.some(({ status }) => status === 'open') ? 'quoted' : 'talking';
    case 'won':
      return 'won';
    case 'lost':
      return own.ended?.reason === 'revoked' ? 'revoked' : 'closed';
    default:
      return 'closed';
  }
}

/** The status of a demand as somebody is told it. */
export const statusFor = (opportunity: Opportunity, { side, org }: FlowActor): OpportunityStatus =>
  side === 'provider' ? statusForProvider(opportunity, org) : opportunity.status;
