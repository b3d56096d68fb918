import type { Job } from './job.ts';

/** What falls due between two turns is not left to the next one. */
export const timeouts: Job = {
  name: 'timeouts',
  schedule: '*/15 * * * * *',
  async perform({ sweeps, correlationId, again, stopping }) {
    // A sweep does a part at a time.
    while ((await sweeps.timeouts(correlationId)) > 0 && !stopping());
    const next = await sweeps.nextDueAt();
    if (next !== null) again(next);
  },
};
