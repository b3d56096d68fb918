import { expect } from 'chai';
import { jobs } from '../../jobs/jobs.ts';
import { startWorker } from '../../jobs/worker.ts';
import { readSettings, SettingsError } from '../../server/app/settings.ts';
import type { Sweeps } from '../../server/delivery/sweeps.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { until } from '../support/client.ts';
import { readExposition } from '../support/exposition.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';

const log = createLog('silent');

describe('the metrics of the jobs apart', () => {
  let database: SharedDatabase;
  before(async () => {
    database = await createSharedDatabase();
  });
  after(() => database.drop());

  const nothing = () => Promise.resolve(0);
  const sweeps = (): Sweeps => ({
    timeouts: nothing,
    providerQueue: nothing,
    provisional: nothing,
    calls: nothing,
    callEnds: nothing,
    nextCallAt: () => Promise.resolve(null),
    numbers: nothing,
    recordings: nothing,
    plaza: nothing,
    staffQueue: () => Promise.reject(new Error('broken')),
    nextDueAt: () => Promise.resolve(null),
  });
  const settings = (env: NodeJS.ProcessEnv) => readSettings({ ...database.env, JOBS: 'apart', ...env });

  it('are shown on METRICS_PORT: what ran and how it ended, and nothing of clients', async () => {
    const worker = await startWorker(settings({ METRICS_PORT: '0' }), { log, sweeps });
    const url = worker.metricsUrl ?? '';
    try {
      const read = async () => readExposition(await (await fetch(`${url}/metrics`)).text());
      const runs = async () =>
        [...(await read()).samples.keys()].filter((sample) => sample.startsWith('delivery_rooms_job_runs_total'));
      await until('each job has run', async () => (await runs()).length === jobs.length);
      expect(await runs()).to.have.members(
        [
          ['provisional', 'ok'],
          ['timeouts', 'ok'],
          ['calls', 'ok'],
          ['plaza', 'ok'],
          ['provider-queue', 'ok'],
          ['staff-queue', 'failed'],
          ['numbers', 'ok'],
          ['call-ends', 'ok'],
          ['recordings', 'ok'],
        ].map(([job, outcome]) => `delivery_rooms_job_runs_total{job_name="${job}",outcome="${outcome}"}`),
      );
      const { types, samples } = await read();
      expect(samples.get('delivery_rooms_database_up')).to.equal(1);
      expect(types.has('process_cpu_user_seconds_total')).to.equal(true);
      expect(types.has('delivery_rooms_connections')).to.equal(false);
      expect((await fetch(`${url}/healthz`)).status).to.equal(200);
      expect((await fetch(`${url}/v1/room.list`, { method: 'POST' })).status).to.equal(404);
      // A port that is taken is said to be, before anything is touched.
      const taken: unknown = await startWorker(settings({ METRICS_PORT: new URL(url).port }), { log, sweeps }).catch(
        (error: unknown) => error,
      );
      expect(taken).to.be.instanceOf(SettingsError);
      expect(String(taken)).to.match(/METRICS_PORT cannot be listened on/);
    } finally {
      await worker.stop();
    }
    expect(await fetch(`${url}/metrics`).catch(() => 'closed')).to.equal('closed');
  });

  it('are for who shows METRICS_TOKEN, where there is one', async () => {
    const token = 'a-token-for-whoever-reads-metrics';
    const worker = await startWorker(settings({ METRICS_PORT: '0', METRICS_TOKEN: token }), { log, sweeps });
    try {
      const status = async (authorization?: string) =>
        (
          await fetch(
            `${worker.metricsUrl ?? ''}/metrics`,
            authorization === undefined ? {} : { headers: { authorization } },
          )
        ).status;
      expect([await status(), await status('Bearer x'), await status(`Bearer ${token}`)]).to.deep.equal([
        401, 401, 200,
      ]);
    } finally {
      await worker.stop();
    }
  });
});
