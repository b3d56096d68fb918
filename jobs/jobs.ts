import { callEnds } from './call-ends.ts';
import { calls } from './calls.ts';
import type { Job } from './job.ts';
import { numbers } from './numbers.ts';
import { plaza } from './plaza.ts';
import { providerQueue } from './provider-queue.ts';
import { provisional } from './provisional.ts';
import { recordings } from './recordings.ts';
import { staffQueue } from './staff-queue.ts';
import { timeouts } from './timeouts.ts';

/** Every job, in the order in which a late start catches up. */
export const jobs: readonly Job[] = [
  provisional,
  timeouts,
  calls,
  plaza,
  providerQueue,
  staffQueue,
  numbers,
  callEnds,
  recordings,
];
