/** A holiday's name in both languages of the product. */
export interface HolidayName {
  readonly zh: string;
  readonly en: string;
}

/**
 * The office's time as the rules ask for it: a zone, working hours and which dates are worked (domain.md, section 5).
 *
 * Dates are `YYYY-MM-DD` of `timeZone`, times of day `HH:MM`; `opening` is earlier than `cutoff`.
 */
export interface WorkingCalendar {
  readonly timeZone: string;
  readonly opening: string;
  readonly cutoff: string;
  /** True for weekdays that are not off and for make-up workdays; in a year without data, for weekdays. */
  isWorkingDay(date: string): boolean;
  /** Says whether the year's holidays are known, so that its dates are not a guess. */
  known(year: number): boolean;
  /** The holiday that a date is off for. */
  nameOf?(date: string): HolidayName | undefined;
}
