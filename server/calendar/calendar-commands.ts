import { CALENDAR_YEARS_MAX, type CalendarYearInput } from '../../shared/contract/calendar.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import { localDate, yearOf } from '../../shared/model/calendar/local-date.ts';
import type { Clock } from '../clock.ts';
import type { Handlers } from '../registry/call.ts';
import type { AddedYears } from './added-years.ts';
import type { OfficeTime } from './office-time.ts';

export function calendarCommands(parts: {
  years: AddedYears;
  officeTime: OfficeTime;
  clock: Clock;
  /** Computes anew what was due in a year that was not known. What it leaves the next sweep does. */
  onExtended(cause: string): Promise<unknown>;
}): Pick<Handlers, 'calendar.get' | 'calendar.extend'> {
  const { years, officeTime, clock, onExtended } = parts;

  return {
    async 'calendar.get'(asked) {
      const { current } = officeTime;
      const { timeZone, opening, cutoff } = current;
      const { from, to } = span(asked, yearOf(localDate(clock.now(), timeZone)));
      const shown = Array.from({ length: to - from + 1 }, (_, i) => current.year(from + i));
      return { calendar: { timeZone, opening, cutoff, years: shown } };
    },

    async 'calendar.extend'(input: CalendarYearInput, { caller, correlationId }) {
      const { year } = input;
      if (officeTime.current.published(year)) {
        throw new RoomError(
          'conflict',
          `The holidays of ${year} are published and in force: only a missing year is added.`,
          {
            details: { year: officeTime.current.year(year) },
          },
        );
      }
      await years.put(input, { id: caller.userId, name: caller.name }, new Date(clock.now()));
      await officeTime.follow();
      await onExtended(correlationId);
      return { year: officeTime.current.year(year) };
    },
  };
}

/** The years that are shown: those asked for; of an end that was left out, this year and the next. */
function span(asked: { from?: number | undefined; to?: number | undefined }, thisYear: number) {
  const from = asked.from ?? Math.min(thisYear, asked.to ?? thisYear);
  const to = asked.to ?? Math.max(thisYear + 1, from);
  // An end far away in either direction: as many years as may be asked for, at the end that was named.
  if (to - from <= CALENDAR_YEARS_MAX) return { from, to };
  return asked.from === undefined ? { from: to - CALENDAR_YEARS_MAX, to } : { from, to: from + CALENDAR_YEARS_MAX };
}
