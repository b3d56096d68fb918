import { addDays, instantAt, localDate, localTime } from '../calendar/local-date.ts';

/** Times of day, `HH:MM`, between which nobody's phone is rung; over midnight where `to` is not after `from`. */
export interface QuietHours {
  readonly from: string;
  readonly to: string;
}

/**
 * The instant at which the quiet hours that an instant lies in are over, null for one outside of them.
 * @param now milliseconds since the epoch
 * @param timeZone the office's, of the IANA database
 */
export function quietUntil(now: number, quiet: QuietHours | null, timeZone: string): number | null {
  if (quiet === null) return null;
  const { from, to } = quiet;
  const time = localTime(now, timeZone);
  const today = localDate(now, timeZone);
  if (from < to) return time >= from && time < to ? instantAt(today, to, timeZone) : null;
  if (time >= from) return instantAt(addDays(today, 1), to, timeZone);
  return time < to ? instantAt(today, to, timeZone) : null;
}

/**
 * The instant at which the next quiet hours begin, null where there are none.
 * @param now milliseconds since the epoch, outside of them
 * @param timeZone the office's, of the IANA database
 */
export function quietFrom(now: number, quiet: QuietHours | null, timeZone: string): number | null {
  if (quiet === null) return null;
  const today = localDate(now, timeZone);
  const day = localTime(now, timeZone) < quiet.from ? today : addDays(today, 1);
  return instantAt(day, quiet.from, timeZone);
}

/** The next midnight of a zone, in milliseconds since the epoch. */
export function nextMidnight(now: number, timeZone: string): number {
  return instantAt(addDays(localDate(now, timeZone), 1), '00:00', timeZone);
}
