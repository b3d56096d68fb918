import type { Job } from './job.ts';

/** A job of its own: what a carrier takes its time with holds up nothing else. */
export const recordings: Job = {
  name: 'recordings',
  schedule: '*/30 * * * * *',
  async perform({ sweeps, correlationId }) {
    await sweeps.recordings(correlationId);
  },
};
