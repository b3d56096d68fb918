import type { Call } from '../../../shared/contract/calls.ts';

const SECOND = 1000;

/**
 * Since when the two of each call talk, by the reader's own clock. The service tells it by its own; how far the two clocks are apart, the quickest of its
 * news show. All instants in milliseconds since the epoch.
 */
export class TalkClock {
  /** Of every call that was seen; undefined while the two are not joined. */
  #joined = new Map<string, number | undefined>();
  /** How much the reader's clock is ahead of the service's, at most. */
  #apart = Number.POSITIVE_INFINITY;

  /**
   * Takes in how the calls stand that are not over.
   * @param now by the reader's clock
   * @param ahead how far the service's clock is known to be ahead of that: what counts while no news has come
   */
  see(calls: readonly Call[], now: number, ahead: number): void {
    for (const call of calls) {
      // A room that is opened in the middle of a call tells of what was long before.
      const isNews = call.state === 'requested' || this.#joined.has(call.id);
      if (isNews) this.#apart = Math.min(this.#apart, now - Date.parse(newestInstant(call)));
    }
    const joinedAt = ({ id, state, connectedAt }: Call): number | undefined => {
      if (state !== 'connected' || connectedAt === undefined) return undefined;
      const apart = Number.isFinite(this.#apart) ? this.#apart : -ahead;
      // Told once, so that it counts evenly.
      return this.#joined.get(id) ?? Math.min(now, Date.parse(connectedAt) + apart);
    };
    this.#joined = new Map(calls.map((call) => [call.id, joinedAt(call)]));
  }

  /** Undefined while the two are not joined. */
  joinedAt(callId: string): number | undefined {
    return this.#joined.get(callId);
  }

  /** Milliseconds until one of them has talked for another second; undefined where nobody talks. */
  nextIn(now: number): number | undefined {
    const waits = [...this.#joined.values()]
      .filter((at) => at !== undefined)
      .map((at) => SECOND - ((now - at) % SECOND));
    return waits.length === 0 ? undefined : Math.min(...waits);
  }
}

const newestInstant = ({ at, ringingAt, connectedAt }: Call): string => connectedAt ?? ringingAt ?? at;
