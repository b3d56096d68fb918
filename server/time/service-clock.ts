import { type Connection, type Model, Schema } from 'mongoose';
import type { Clock } from '../clock.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';

interface ClockDoc {
  _id: 'service';
  /** How far the service's time is ahead of the real one, in milliseconds. Only grows. */
  ahead?: number;
  /** Who moves the clock just now, and until when that holds if nothing more is heard of it, by the real clock. */
  mover?: string;
  until?: Date;
}

const schema = new Schema<ClockDoc>(
  { _id: String, ahead: Number, mover: String, until: Date },
  { collection: 'clock', versionKey: false },
);
const ONE = { _id: 'service' } as const;
const UPSERT = { upsert: true, returnDocument: 'after' } as const;

/** A mover of which nothing is heard for so long has died, in milliseconds. */
const MOVER_MS = 30_000;

export interface ServiceClockParts {
  /** The time that the service's is ahead of. */
  base: Clock;
  /** The real time. */
  wall: Clock;
  connection: Connection;
  /** False outside demonstrations: the clock is then its base, whatever is stored. */
  movable: boolean;
}

/**
 * The service's time: a base clock and how far it is ahead of that, which is one number in the database, so that it survives a restart and holds for every
 * server. What is timed from now on (a typing mark, a connection's grace) is timed by the base: a jump does not end it.
 */
export class ServiceClock implements Clock {
  readonly movable: boolean;
  readonly #base: Clock;
  readonly #wall: Clock;
  readonly #model: Model<ClockDoc>;
  #ahead = 0;

  constructor({ base, wall, connection, movable }: ServiceClockParts) {
    this.movable = movable;
    this.#base = base;
    this.#wall = wall;
    this.#model = connection.model<ClockDoc>('Clock', schema);
  }

  now(): number {
    return this.#base.now() + this.#ahead;
  }

  after(ms: number, callback: () => void): () => void {
    return this.#base.after(ms, callback);
  }

  /** Takes over how far other servers have moved the clock. */
  async learn(): Promise<void> {
    if (!this.movable) return;
    this.#adopt(await this.#model.findOne(ONE).lean<ClockDoc>());
  }

  /**
   * Makes this mover the only one, of all servers, that moves the clock; false while another one does.
   * @param mover unique for each move
   */
  async claim(mover: string): Promise<boolean> {
    const now = this.#wall.now();
    try {
      // Where another mover's time is not over, the upsert meets its document.
      const doc = await this.#model
        .findOneAndUpdate({ ...ONE, until: { $lte: new Date(now) } }, { $set: this.#claimOf(mover) }, UPSERT)
        .lean<ClockDoc>();
      this.#adopt(doc);
      return true;
    } catch (error) {
      if (isDuplicateKey(error)) return false;
      throw error;
    }
  }

  /**
   * Moves the clock ahead until it shows at least `instant`; a clock that is there already is not moved.
   * @returns false when the mover's claim was lost: nothing is moved then
   */
  async moveTo(instant: number, mover: string): Promise<boolean> {
    const update = { $max: { ahead: Math.max(0, instant - this.#base.now()) }, $set: this.#claimOf(mover) };
    const doc = await this.#model
      .findOneAndUpdate({ ...ONE, mover }, update, { returnDocument: 'after' })
      .lean<ClockDoc>();
    this.#adopt(doc);
    return doc !== null;
  }

  /** Lets the next one move it. */
  async release(mover: string): Promise<void> {
    await this.#model.updateOne({ ...ONE, mover }, { $set: { until: new Date(0) } });
  }

  #claimOf(mover: string): Pick<ClockDoc, 'mover' | 'until'> {
    return { mover, until: new Date(this.#wall.now() + MOVER_MS) };
  }

  /** An answer that comes late does not set the clock back. */
  #adopt(doc: ClockDoc | null): void {
    this.#ahead = Math.max(this.#ahead, doc?.ahead ?? 0);
  }
}
