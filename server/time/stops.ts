import { addDays, instantAt, localDate } from '../../shared/model/calendar/local-date.ts';

/** How many half days are stopped at; a longer way is divided into as many longer stretches. */
const HALF_DAYS_MAX = 120;

/**
 * Where a clock that jumps from one instant to a later one stops for the queues: at noon and midnight of the office, where leave begins and ends and
 * nothing else can free a place that no due instant frees. Ends with `to`.
 */
export function halfDaysBetween(from: number, to: number, timeZone: string): number[] {
  const halfDays: number[] = [];
  for (let date = localDate(from, timeZone); ; date = addDays(date, 1)) {
    const instants = ['00:00', '12:00'].map((time) => instantAt(date, time, timeZone));
    halfDays.push(...instants.filter((instant) => instant > from && instant < to));
    if (instants.some((instant) => instant >= to)) break;
  }
  const every = Math.ceil(halfDays.length / HALF_DAYS_MAX);
  return [...halfDays.filter((_instant, index) => (index + 1) % every === 0), to];
}
