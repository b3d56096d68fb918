import { type Connection, type Model, Schema } from 'mongoose';
import { type CalendarYearInput, calendarYearInput } from '../../shared/contract/calendar.ts';

interface AddedYearDoc {
  /** The year. */
  _id: number;
  holidays: CalendarYearInput['holidays'];
  workdays: string[];
  addedBy: { id: string; name: string };
  addedAt: Date;
}

const mixed = Schema.Types.Mixed;
const schema = new Schema<AddedYearDoc>(
  { _id: Number, holidays: [mixed], workdays: [String], addedBy: mixed, addedAt: Date },
  { collection: 'calendar_years', versionKey: false },
);

/** Years that operators added to the calendar. */
export class AddedYears {
  readonly #model: Model<AddedYearDoc>;

  constructor(connection: Connection) {
    this.#model = connection.model<AddedYearDoc>('CalendarYear', schema);
  }

  /** Every added year; throws where one does not fit the contract, so that no due instant is computed from it. */
  async all(): Promise<CalendarYearInput[]> {
    const docs = await this.#model.find().sort({ _id: 1 }).lean<AddedYearDoc[]>();
    return docs.map(({ _id, holidays, workdays }) => calendarYearInput.parse({ year: _id, holidays, workdays }));
  }

  /** Stores a year in place of what was added for it before. */
  async put(
    { year, holidays, workdays }: CalendarYearInput,
    by: { id: string; name: string },
    at: Date,
  ): Promise<void> {
    await this.#model.replaceOne({ _id: year }, { holidays, workdays, addedBy: by, addedAt: at }, { upsert: true });
  }
}
