import { type Context, createContext } from '../../server/app/context.ts';
import { readSettings } from '../../server/app/settings.ts';
import { type Clock, systemClock } from '../../server/clock.ts';
import { connectStorage } from '../../server/storage/connect.ts';
import type { Log } from '../../server/telemetry/log.ts';
import { ServiceClock } from '../../server/time/service-clock.ts';
import type { SharedDatabase } from './shared-database.ts';

/** What a worker on a database works with; nobody is connected there, and nothing runs by itself. */
export async function openContext(
  database: SharedDatabase,
  { clock, log }: { clock: Clock; log: Log },
): Promise<{ context: Context; close(): Promise<void> }> {
  const settings = readSettings({ ...database.env, JOBS: 'apart' });
  const storage = await connectStorage({ mongodbUri: settings.mongodbUri, dataDir: settings.dataDir });
  const { connection } = storage;
  const context = await createContext({
    settings,
    storage,
    clock: new ServiceClock({ base: clock, wall: systemClock, connection, movable: false }),
    wall: systemClock,
    dice: Math.random,
    log,
    listeners: { onRoom: () => undefined, onStored: () => undefined, onEntry: () => undefined },
  });
  return {
    context,
    async close() {
      await context.dispatcher.close();
      await context.calls.close();
      for (const [, close] of context.closing) await close();
    },
  };
}
