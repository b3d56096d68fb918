import type { Connection } from 'mongoose';
import { openNumbers, type Numbers, type NumberSettings } from '../../server/app/open-numbers.ts';
import { readSettings } from '../../server/app/settings.ts';
import { type Clock, systemClock } from '../../server/clock.ts';
import type { CodeSender } from '../../server/numbers/code-sender.ts';
import { createLog } from '../../server/telemetry/log.ts';

/** What is done with numbers over a database, under the demonstration's key unless told otherwise. */
export function testNumbers(
  connection: Connection,
  more: { settings?: Partial<NumberSettings>; clock?: Clock; wall?: Clock; sender?: CodeSender } = {},
): Promise<Numbers> {
  const { settings, clock = systemClock, wall = systemClock, sender } = more;
  return openNumbers({
    connection,
    settings: { ...readSettings({}), ...settings },
    clock,
    wall,
    sender,
    log: createLog('silent'),
  });
}
