import { type Connection, type Model, Schema } from 'mongoose';
import { type CalendarYearInput, calendarYearInput } from '../../shared/contract/calendar.ts';

interface AddedYearDoc {
  /** The year. */
  _id: number;
  holidays: CalendarYearInput['holidays'];
  workdays: string[];
  addedBy: { id: string; name: string };
  addedAt: Date;
  /** Raised by each correction. */
  version: number;
}

const mixed = Schema.Types.Mixed;
const schema = new Schema<AddedYearDoc>(
  { _id: Number, holidays: [mixed], workdays: [String], addedBy: mixed, addedAt: Date, version: Number },
  { collection: 'calendar_years', versionKey: false },
);

/** An added year and how often it was put. */
export interface AddedYear {
  input: CalendarYearInput;
  version: number;
}

/** A range without bounds: not every database takes an index for a sort alone. */
const EVERY_YEAR = { _id: { $gte: 0 } };

/** Years that operators added to the calendar. */
export class AddedYears {
  readonly model: Model<AddedYearDoc>;

  constructor(connection: Connection) {
    this.model = connection.model<AddedYearDoc>('CalendarYear', schema);
  }

  /** Every added year; throws where one does not fit the contract, so that no due instant is computed from it. */
  async all(): Promise<AddedYear[]> {
    const docs = await this.model.find(EVERY_YEAR).sort({ _id: 1 }).lean<AddedYearDoc[]>();
    return docs.map(({ _id, holidays, workdays, version }) => ({
      input: calendarYearInput.parse({ year: _id, holidays, workdays }),
      version,
    }));
  }

  /** A number that every put raises, so that other servers see that there was one. */
  async changes(): Promise<number> {
    const docs = await this.model.find(EVERY_YEAR, { version: 1 }).lean<Pick<AddedYearDoc, 'version'>[]>();
    return changesOf(docs);
  }

  /** Stores a year in place of what was added for it before. */
  async put(
    { year, holidays, workdays }: CalendarYearInput,
    by: { id: string; name: string },
    at: Date,
  ): Promise<void> {
    await this.model.updateOne(
      { _id: year },
      { $set: { holidays, workdays, addedBy: by, addedAt: at }, $inc: { version: 1 } },
      { upsert: true },
    );
  }
}

/** Years are never removed, so that the sum only grows. */
export function changesOf(years: readonly { version: number }[]): number {
  return years.reduce((sum, { version }) => sum + version, 0);
}
