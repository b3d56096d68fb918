import { PLAZA_REFRESH_MS } from '../../shared/contract/limits.ts';
import { isListed, isOver, type Opportunity, wakeAt } from '../../shared/model/opportunity/opportunity.ts';
import type { OpportunityRoom, PlazaPlace } from './room-doc.ts';
import { presentOrgs } from './standing.ts';

/**
 * The fields of a room's document that follow from its opportunity: what indexes, lists and the access table ask. Nobody writes them by another road.
 */
export function opportunityFields(
  opportunity: Opportunity,
  { members }: Pick<OpportunityRoom, 'members'>,
): Pick<OpportunityRoom, 'opportunity' | 'status' | 'title' | 'members' | 'wakeAt' | 'plaza' | 'seeking'> {
  const plaza = plazaPlace(opportunity);
  const wake = wakeAt(opportunity);
  const instants = [...(wake === null ? [] : [new Date(wake)]), ...(plaza?.dueAt === undefined ? [] : [plaza.dueAt])];
  const present = presentOrgs(opportunity);
  return {
    opportunity,
    status: opportunity.status,
    title: opportunity.demand.title,
    // Whom a company added has no place any more when it has gone, nor when it comes again.
    members: members.filter(({ side, org = '' }) => side === 'buyer' || present.includes(org)),
    wakeAt: instants.reduce<Date | null>((first, at) => (first === null || at < first ? at : first), null),
    plaza,
    seeking: opportunity.seeking === null ? null : { since: new Date(opportunity.seeking) },
  };
}

/** The full hour that an instant belongs to, in milliseconds since the epoch: when the plaza was refreshed last. */
export const plazaHour = (at: number): number => Math.floor(at / PLAZA_REFRESH_MS) * PLAZA_REFRESH_MS;

function plazaPlace(opportunity: Opportunity): PlazaPlace | null {
  const { plaza, createdAt } = opportunity;
  if (plaza === null || isOver(opportunity)) return null;
  // What is published on the hour waits for the next one.
  if (plaza === 'waiting') return { dueAt: new Date(plazaHour(Date.parse(createdAt)) + PLAZA_REFRESH_MS) };
  return isListed(opportunity) ? { since: new Date(plaza.since) } : null;
}
