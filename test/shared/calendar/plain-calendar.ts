import { isWeekend } from '../../../shared/model/calendar/local-date.ts';
import type { HolidayName, WorkingCalendar } from '../../../shared/model/calendar/working-calendar.ts';

/** A calendar made by hand: plain weeks but for what is named. */
export function plainCalendar(
  more: Partial<Pick<WorkingCalendar, 'timeZone' | 'opening' | 'cutoff'>> & {
    off?: Record<string, HolidayName | null>;
    worked?: readonly string[];
    unknownFrom?: number;
  } = {},
): WorkingCalendar {
  const {
    off = {},
    worked = [],
    unknownFrom = 9999,
    timeZone = 'Asia/Shanghai',
    opening = '09:00',
    cutoff = '17:30',
  } = more;
  return {
    timeZone,
    opening,
    cutoff,
    isWorkingDay: (date) => worked.includes(date) || (!isWeekend(date) && !Object.hasOwn(off, date)),
    known: (year) => year < unknownFrom,
    nameOf: (date) => off[date] ?? undefined,
  };
}
