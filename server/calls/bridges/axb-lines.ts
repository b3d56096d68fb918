import { type Connection, type Model, Schema } from 'mongoose';
import type { Clock } from '../../clock.ts';
import { PhoneNumber } from '../../numbers/phone-number.ts';
import type { Vault } from '../../numbers/vault.ts';
import { isDuplicateKey } from '../../storage/duplicate-key.ts';
import { CallFailed, type CallToPlace } from './call-bridge.ts';

/** What one call holds of the privacy numbers. Digests under the vault's secret: no number is in it. */
interface AxbLineDoc {
  /** The call's. */
  _id: string;
  /** The number that was given to it. */
  line: string;
  /** That number with each of the two phones. No two documents have one in common, so that no phone has the same number for two calls. */
  seats: string[];
  /** The carrier's name of the binding; null until it has given it. */
  subsId: string | null;
  /** When the carrier drops the binding by itself, by the real clock. */
  until: Date;
}

const schema = new Schema<AxbLineDoc>(
  { _id: String, line: String, seats: [String], subsId: String, until: Date },
  { collection: 'axbLines', versionKey: false },
);
schema.index({ seats: 1 }, { name: 'seats', unique: true });
schema.index({ until: 1 }, { name: 'until' });

export type AxbLineModel = Model<AxbLineDoc>;

export function axbLineModel(connection: Connection): AxbLineModel {
  return connection.model<AxbLineDoc>('AxbLine', schema);
}

export interface AxbLinesParts {
  readonly model: AxbLineModel;
  readonly mac: Vault['mac'];
  /** The privacy numbers of the pool, as the carrier writes them. */
  readonly numbers: readonly string[];
  readonly wall: Pick<Clock, 'now'>;
}

export interface HeldLine {
  readonly number: PhoneNumber;
  readonly subsId: string | null;
}

/**
 * Which privacy number which call has. A phone that rings one is joined with whom it is bound to: if two calls of one phone shared a number, it would be
 * joined with the wrong person. A unique index sees to it, so that it holds for all servers.
 */
export class AxbLines {
  readonly #parts: AxbLinesParts;

  constructor(parts: AxbLinesParts) {
    this.#parts = parts;
  }

  /**
   * Holds a number for a call until an instant, by the real clock.
   * @throws {CallFailed} `no_line_free`
   */
  async hold(
    { callId, caller, callee }: Pick<CallToPlace, 'callId' | 'caller' | 'callee'>,
    until: number,
  ): Promise<PhoneNumber> {
    const { model, numbers, wall } = this.#parts;
    await model.deleteMany({ until: { $lte: new Date(wall.now()) } });
    for (const number of numbers) {
      const line = this.#lineOf(number);
      // One phone for both would hold one seat; the carrier refuses it.
      const seats = [...new Set([caller, callee].map((phone) => this.#digest('seat', number, phone.reveal())))];
      try {
        await model.create({ _id: callId, line, seats, subsId: null, until: new Date(until) });
        return new PhoneNumber(number);
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    }
    throw new CallFailed('no_line_free', 'every privacy number is in use for one of the two phones');
  }

  /** Remembers what the carrier calls the binding. */
  async bound(callId: string, subsId: string): Promise<void> {
    await this.#parts.model.updateOne({ _id: callId }, { $set: { subsId } });
  }

  /** What a call holds; undefined for nothing, of what the carrier has dropped by itself, and of a number that is not in the pool any more. */
  async of(callId: string): Promise<HeldLine | undefined> {
    const { model, numbers, wall } = this.#parts;
    const doc = await model.findById(callId).lean<AxbLineDoc>();
    if (doc === null || doc.until.getTime() <= wall.now()) return undefined;
    const number = numbers.find((one) => this.#lineOf(one) === doc.line);
    return number === undefined ? undefined : { number: new PhoneNumber(number), subsId: doc.subsId };
  }

  async release(callId: string): Promise<void> {
    await this.#parts.model.deleteOne({ _id: callId });
  }

  #lineOf(number: string): string {
    return this.#digest('line', number);
  }

  #digest(...texts: readonly string[]): string {
    return this.#parts.mac('axb', ...texts).toString('base64url');
  }
}
