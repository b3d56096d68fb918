import type { Job } from './job.ts';

/** What was due in a year whose calendar was not known is computed anew when it is: with a new library, or a year that was added. */
export const provisional: Job = {
  name: 'provisional',
  schedule: '5 0 * * *',
  async perform({ sweeps, correlationId }) {
    await sweeps.provisional(correlationId);
  },
};
