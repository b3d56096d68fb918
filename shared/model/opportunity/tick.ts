import { OpportunityCourse } from './course.ts';
import { dueAt, type Engagement, isOver, type Opportunity, runningOf } from './opportunity.ts';
import { SYSTEM_ACTOR } from '../flow/flow.ts';
import { laneOf } from './streams.ts';

/**
 * Does what became due by now: an offer that nobody answered expires, and so does an engagement whose window ran out; the demand goes back to the
 * operators. Each is told at its own due instant, so that it does not matter when a sweep comes, or how often.
 */
export function settle(course: OpportunityCourse, now: number): void {
  if (isOver(course.opportunity)) return;
  const due = runningOf(course.opportunity).flatMap((engagement) => {
    const at = dueAt(engagement);
    return at !== undefined && Date.parse(at) <= now ? [{ engagement, at }] : [];
  });
  for (const { engagement, at } of due.toSorted((a, b) => Date.parse(a.at) - Date.parse(b.at)))
    expire(course, engagement, at);
}

function expire(course: OpportunityCourse, engagement: Engagement, at: string): void {
  const isOffer = engagement.status === 'offered';
  course.addDue(
    laneOf(engagement.provider.org),
    {
      event: 'engagement.ended',
      engagementId: engagement.id,
      status: 'expired',
      reason: isOffer ? 'unanswered' : 'window',
    },
    at,
  );
  course.tellOperators(engagement, isOffer ? 'offer_expired' : 'window_expired');
  course.tellProvider(engagement, isOffer ? 'offer_lapsed' : 'window_lapsed');
  if (!isOffer) course.tellBuyer(engagement, 'provider_left');
}

/** The opportunity as it stands at an instant, whether a sweep has come by since or not. */
export function settled(opportunity: Opportunity, now: number): Opportunity {
  const course = new OpportunityCourse(opportunity, { now, actor: SYSTEM_ACTOR });
  settle(course, now);
  return course.opportunity;
}
