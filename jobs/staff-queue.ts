import type { Job } from './job.ts';

/** Looked at every hour, on the hour (domain.md, section 6). */
export const staffQueue: Job = {
  name: 'staff-queue',
  schedule: '0 * * * *',
  retry: { times: 5, afterMs: 60_000 },
  async perform({ sweeps, correlationId }) {
    await sweeps.staffQueue(correlationId);
  },
};
