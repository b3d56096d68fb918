import type { Context } from '../../server/app/context.ts';
import { readSettings } from '../../server/app/settings.ts';
import type { Overrides } from '../../server/app/overrides.ts';
import { type Service, startService } from '../../server/app/service.ts';
import { createLog, type Log } from '../../server/telemetry/log.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';
import { look } from './number-net.ts';

export interface TestService {
  service: Service;
  database: TestDatabase;
  /** The codes that were asked for by phone.sendCode, in their order. */
  readonly codes: readonly string[];
  /** What the service works on: for what no command does. */
  context: Context;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
}

/** To standard output as `TEST_LOG` says, else to nobody but the net over the suite. */
function testLog(): Log {
  const level = process.env['TEST_LOG'];
  return level === undefined ? createLog('debug', { write: (line) => look('the log', line) }) : createLog(level);
}

/** Starts the real service in this process on a free port, over a database of its own. */
export async function startTestService(
  options: { env?: NodeJS.ProcessEnv; overrides?: Overrides; database?: TestDatabase } = {},
): Promise<TestService> {
  const database = options.database ?? (await createTestDatabase());
  // Jobs follow the real clock: a test that wants them says so.
  const settings = readSettings({
    PORT: '0',
    RATE_LIMIT_FACTOR: '0',
    JOBS: 'apart',
    // Nor is a phone verified for each demand of a test.
    DEMAND_PHONE: 'optional',
    ...database.env,
    ...options.env,
  });
  const codes: string[] = [];
  let context: Context | undefined;
  const service = await startService(settings, {
    log: testLog(),
    noticeMs: 0,
    onCode: (code) => void codes.push(code),
    onContext: (made) => {
      context = made;
    },
    ...options.overrides,
  });
  if (context === undefined) throw new Error('the service has no context');
  return {
    service,
    context,
    database,
    codes,
    async stop() {
      await service.stop();
      if (options.database === undefined) await database.drop();
    },
  };
}
