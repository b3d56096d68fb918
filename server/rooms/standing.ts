import type { EngagementStatus } from '../../shared/contract/opportunities.ts';
import { engagementOf, isPresent, type Opportunity } from '../../shared/model/opportunity/opportunity.ts';

/** How far a company has come in an opportunity; undefined for one that was never engaged, and for one whose engagement has ended. */
export function standingOf(opportunity: Opportunity, org: string | undefined): EngagementStatus | undefined {
  const engagement = engagementOf(opportunity, org);
  return engagement !== undefined && isPresent(engagement) ? engagement.status : undefined;
}

/** The companies that have ever engaged, in the order in which they first did. */
export function orgsOf({ engagements }: Opportunity): string[] {
  return [...new Set(engagements.map(({ provider }) => provider.org))];
}

/** Those of them that are engaged now. */
export function presentOrgs(opportunity: Opportunity): string[] {
  return orgsOf(opportunity).filter((org) => standingOf(opportunity, org) !== undefined);
}
