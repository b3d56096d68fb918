import type { QueuedReason } from '../../contract/projects.ts';
import { localDate, localTime } from '../calendar/local-date.ts';

/** Leave in half days of the office's zone: `YYYY-MM-DD`, or with `T00:00` or `T12:00`. */
export interface Leave {
  readonly from: string;
  /** A date alone includes that day; with a time it is the instant at which the leave is over. */
  readonly to: string;
}

/** An active member of a provider's staff who has the role that is wanted. */
export interface StaffCandidate {
  readonly userId: string;
  readonly dept: string | null;
  readonly maxLoad: number;
  /** Executing and paused projects that they hold a role in. */
  readonly load: number;
  readonly accepting: boolean;
  readonly leave: Leave | null;
}

/** Says whether somebody is on leave at an instant. */
export function isOnLeave({ leave }: Pick<StaffCandidate, 'leave'>, now: number, timeZone: string): boolean {
  if (leave === null) return false;
  const [firstDate = '', firstTime = '00:00'] = leave.from.split('T');
  const [lastDate = '', lastTime] = leave.to.split('T');
  // By what the clocks on the wall show, as it is written: the last day that can be written has no day after it.
  const date = localDate(now, timeZone);
  const here = `${date}T${localTime(now, timeZone)}`;
  const isOver = lastTime === undefined ? lastDate < date : `${lastDate}T${lastTime}` <= here;
  return `${firstDate}T${firstTime}` <= here && !isOver;
}

/** Says whether somebody can take one more project: accepts, is not on leave, and is below the maximum. */
export function isFree(candidate: StaffCandidate, now: number, timeZone: string): boolean {
  return candidate.accepting && candidate.load < candidate.maxLoad && !isOnLeave(candidate, now, timeZone);
}

/**
 * Picks staff for a dispatch: of those who are free the one with the smallest load / maximum, ties by the dice; of one department before the
 * rest (domain.md, section 6).
 * @param candidates everybody of the role, free or not
 * @param departmentFirst the department that is looked in before the others, or null
 * @param dice a number from 0 (included) to 1 (excluded)
 */
export function chooseStaff<Candidate extends StaffCandidate>(
  candidates: readonly Candidate[],
  { now, timeZone, departmentFirst }: { now: number; timeZone: string; departmentFirst: string | null },
  dice: () => number,
): { staff: Candidate } | { queued: Extract<QueuedReason, 'no_staff_with_role' | 'staff_full'> } {
  if (candidates.length === 0) return { queued: 'no_staff_with_role' };
  const free = candidates.filter((candidate) => isFree(candidate, now, timeZone));
  const near = departmentFirst === null ? [] : free.filter(({ dept }) => dept === departmentFirst);
  const choices = near.length > 0 ? near : free;
  const [first] = choices;
  if (first === undefined) return { queued: 'staff_full' };
  // Cross-multiplied, so that equal shares are equal and not nearly so.
  const less = (a: StaffCandidate, b: StaffCandidate): number => a.load * b.maxLoad - b.load * a.maxLoad;
  const best = choices.reduce((least, candidate) => (less(candidate, least) < 0 ? candidate : least), first);
  const ties = choices.filter((candidate) => less(candidate, best) === 0);
  return { staff: ties[Math.floor(dice() * ties.length)] ?? best };
}
