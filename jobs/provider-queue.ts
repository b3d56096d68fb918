import type { Job } from './job.ts';

/** Looked at every 10 minutes (domain.md, section 6). */
export const providerQueue: Job = {
  name: 'provider-queue',
  schedule: '*/10 * * * *',
  retry: { times: 3, afterMs: 30_000 },
  async perform({ sweeps, correlationId }) {
    await sweeps.providerQueue(correlationId);
  },
};
