import type { Job } from './job.ts';

/** A call of which nothing more is heard is settled by its bound, not by the next turn. */
export const calls: Job = {
  name: 'calls',
  schedule: '*/10 * * * * *',
  async perform({ sweeps, correlationId, again }) {
    await sweeps.calls(correlationId);
    const next = await sweeps.nextCallAt();
    if (next !== null) again(next);
  },
};
