import { RoomError } from '../../shared/contract/errors.ts';
import type { Readiness } from '../transport/http/http-app.ts';

export interface ReadinessParts {
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  isStopping(): boolean;
  /** False while other servers cannot be told of anything. */
  isTogether(): boolean;
}

/** Makes the question how well a server can serve. Anybody may ask, however often: one question to the database answers all who wait. */
export function createReadiness({ ping, isStopping, isTogether }: ReadinessParts): () => Promise<Readiness> {
  let asking: Promise<Readiness> | undefined;
  return () => {
    if (isStopping()) return Promise.reject(new RoomError('unavailable', 'This server is stopping.'));
    asking ??= ping()
      .then((): Readiness => (isTogether() ? 'ok' : 'degraded'))
      .finally(() => {
        asking = undefined;
      });
    return asking;
  };
}
