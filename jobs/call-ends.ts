import type { Job } from './job.ts';

/** A job of its own: what a carrier takes its time with keeps no call from being settled. */
export const callEnds: Job = {
  name: 'call-ends',
  schedule: '*/10 * * * * *',
  async perform({ sweeps, correlationId }) {
    await sweeps.callEnds(correlationId);
  },
};
