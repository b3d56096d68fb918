import { readSettings } from '../../server/app/settings.ts';
import type { Overrides } from '../../server/app/overrides.ts';
import { type Service, startService } from '../../server/app/service.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { createTestDatabase, type TestDatabase } from './database.ts';

export interface TestService {
  service: Service;
  database: TestDatabase;
  /** Stops it and removes its data. */
  stop(): Promise<void>;
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
    ...database.env,
    ...options.env,
  });
  const service = await startService(settings, {
    log: createLog(process.env['TEST_LOG'] ?? 'silent'),
    noticeMs: 0,
    ...options.overrides,
  });
  return {
    service,
    database,
    async stop() {
      await service.stop();
      if (options.database === undefined) await database.drop();
    },
  };
}
