import { RoomError, type WireError } from '../../shared/contract/errors.ts';
import { UnderWay } from '../under-way.ts';

interface Refused {
  ok: false;
  error: WireError;
}

/** Calls that are being answered, so that a stop can wait for them. */
export class InFlight {
  readonly #running = new UnderWay();
  #closed = false;

  /** Begins a call, or answers `unavailable` once this is closed. Calls that reject are the caller's to handle. */
  run<Answer>(call: () => Promise<Answer>): Promise<Answer | Refused> {
    if (this.#closed) {
      const error = new RoomError('unavailable', 'This server is stopping: connect to another, or again in a moment.', {
        retryAfterMs: 1000,
      });
      return Promise.resolve({ ok: false, error: error.toWire() });
    }
    const work = call();
    this.#running.add(work);
    return work;
  }

  /** Calls that are being answered now. */
  get size(): number {
    return this.#running.size;
  }

  /** Takes nothing more and resolves when everything that was taken is answered. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#running.idle();
  }
}
