import { type AddedYear, type AddedYears, changesOf } from './added-years.ts';
import { chinaYear, type PublishedYear } from './china-year.ts';
import { type OfficeCalendar, type OfficeHours, officeCalendar } from './office-calendar.ts';

export interface OfficeTimeParts {
  years: AddedYears;
  hours: OfficeHours;
  /** Called for each year that this server takes into its calendar after the start, whichever server it was added at; again for a correction. */
  onYearAdded(year: number): void;
  publishedYear?: (year: number) => PublishedYear | undefined;
}

/** The calendar in force on this server: from the settings and the library, and with the years that operators added anywhere. */
export class OfficeTime {
  readonly #parts: OfficeTimeParts;
  #current: OfficeCalendar;
  #added: readonly AddedYear[] = [];

  constructor(parts: OfficeTimeParts) {
    this.#parts = parts;
    this.#current = this.#calendarWith([]);
  }

  /** Replaced as a whole when a year is added: who computes several instants that belong together takes it once. */
  get current(): OfficeCalendar {
    return this.#current;
  }

  /** Takes the years that were added before the start. */
  async load(): Promise<void> {
    this.#take(await this.#parts.years.all());
  }

  /** Looks whether a year was added at any server, and takes it. */
  async follow(): Promise<void> {
    if ((await this.#parts.years.changes()) <= changesOf(this.#added)) return;
    const added = await this.#parts.years.all();
    const before = new Map(this.#added.map(({ input, version }) => [input.year, version]));
    if (!this.#take(added)) return;
    for (const { input, version } of added) {
      if (before.get(input.year) !== version && !this.#current.published(input.year))
        this.#parts.onYearAdded(input.year);
    }
  }

  /** @returns false for what is no newer than what is known: two looks may end in the other order */
  #take(added: readonly AddedYear[]): boolean {
    if (changesOf(added) <= changesOf(this.#added)) return false;
    this.#added = added;
    this.#current = this.#calendarWith(added);
    return true;
  }

  #calendarWith(added: readonly AddedYear[]): OfficeCalendar {
    const inputs = added.map(({ input }) => input);
    return officeCalendar(this.#parts.hours, inputs, this.#parts.publishedYear ?? chinaYear);
  }
}
