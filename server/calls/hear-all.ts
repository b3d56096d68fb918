import { isUnreachable } from '../storage/unreachable.ts';
import type { BridgeEvent } from './bridges/call-bridge.ts';
import type { Calls } from './calls.ts';

/** A carrier waits for the answer to all that it pushes at once; more at a time would take the database from others. */
const CALLS_AT_A_TIME = 8;

/**
 * Has all that one callback tells heard: what it tells of one call in its order, of several calls at a time.
 * @param cause the callback's correlation id
 * @throws what hearing one of them threw; the others were heard all the same, but where there is no database to store them
 */
export async function hearAll(
  calls: Pick<Calls, 'hear'>,
  events: readonly BridgeEvent[],
  cause: string,
): Promise<void> {
  const byCall = new Map<string, BridgeEvent[]>();
  for (const event of events) {
    const own = byCall.get(event.callId);
    if (own === undefined) byCall.set(event.callId, [event]);
    else own.push(event);
  }
  const left = byCall.values();
  const faults: unknown[] = [];
  const worker = async (): Promise<void> => {
    for (const own of left)
      for (const event of own) {
        try {
          await calls.hear(event, cause);
        } catch (error) {
          if (isUnreachable(error)) throw error;
          faults.push(error);
        }
      }
  };
  await Promise.all(Array.from({ length: CALLS_AT_A_TIME }, worker));
  if (faults.length > 0) throw faults[0];
}
