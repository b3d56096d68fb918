import type { Job } from './job.ts';

/** Demands appear in the plaza at the next full hour (domain.md, section 7). */
export const plaza: Job = {
  name: 'plaza',
  schedule: '0 * * * *',
  retry: { times: 5, afterMs: 60_000 },
  async perform({ sweeps, correlationId }) {
    await sweeps.plaza(correlationId);
  },
};
