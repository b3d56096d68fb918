import { expect } from 'chai';
import { jobs } from '../../jobs/jobs.ts';
import { startWorker } from '../../jobs/worker.ts';
import { readSettings } from '../../server/app/settings.ts';
import { StorageError } from '../../server/storage/connect.ts';
import { until } from '../support/client.ts';
import { errand, errandsOf, errandSweeps } from '../support/errands.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { Portal } from '../support/portal.ts';
import { startTestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import { createLog } from '../../server/telemetry/log.ts';

const log = createLog('silent');

describe('where the jobs run', () => {
  let database: SharedDatabase;
  beforeEach(async () => {
    database = await createSharedDatabase();
  });
  afterEach(() => database.drop());

  const scheduled = () => database.connection.collection('jobs').countDocuments();
  const locked = () => database.connection.collection('jobs').countDocuments({ lockedAt: { $ne: null } });
  const isDone = async (_id: string) =>
    ((await errandsOf(database.connection).findOne({ _id }))?.done.length ?? 0) === 1;
  const due = (_id: string) => errandsOf(database.connection).insertOne(errand(_id, { dueAt: new Date(1), left: 1 }));

  it('is the server, which leaves nothing locked when it stops', async () => {
    await due('server');
    const overrides = { clock: new ManualClock(), sweeps: errandSweeps };
    const { stop } = await startTestService({ database, env: { JOBS: 'server' }, overrides });
    await until('it is done', () => isDone('server'));
    await stop();
    expect(await scheduled()).to.equal(jobs.length);
    expect(await locked()).to.equal(0);
  });

  it('is not the server with JOBS=apart, but a worker on the same database', async () => {
    await due('apart');
    const service = await startTestService({ database, env: { JOBS: 'apart' }, overrides: { sweeps: errandSweeps } });
    expect(await scheduled()).to.equal(0);
    expect(await isDone('apart')).to.equal(false);
    const worker = await startWorker(readSettings(database.env), { log, sweeps: errandSweeps });
    await until('it is done', () => isDone('apart'));
    await worker.stop();
    await service.stop();
    expect(await locked()).to.equal(0);
  });

  it("follows the service's clock, which a server has moved", async () => {
    const service = await startTestService({ database, env: { DEMO: '1' } });
    const portal = new Portal(service.service.url);
    const { now } = await portal.call('operator', 'clock.advance', { ms: 86_400_000 });
    await errandsOf(database.connection).insertOne(errand('tomorrow', { dueAt: new Date(now), left: 1 }));
    const worker = await startWorker(readSettings({ ...database.env, DEMO: '1' }), { log, sweeps: errandSweeps });
    await until('it is done', () => isDone('tomorrow'));
    await worker.stop();
    await service.stop();
  });

  it('needs a database that both can reach, and says so', async () => {
    const refused: unknown = await startWorker(readSettings({ DATA_DIR: database.env.DATA_DIR }), { log }).catch(
      (error: unknown) => error,
    );
    expect(refused).to.be.instanceOf(StorageError);
    expect(String(refused)).to.match(/MONGODB_URI: needed .* "npm run db"/);
  });
});
