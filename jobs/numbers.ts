import type { Job } from './job.ts';

/** Numbers are wiped within the hour after they are needed no more; a new key is the present one for all of them as soon. */
export const numbers: Job = {
  name: 'numbers',
  schedule: '20 * * * *',
  retry: { times: 3, afterMs: 60_000 },
  async perform({ sweeps, correlationId }) {
    await sweeps.numbers(correlationId);
  },
};
