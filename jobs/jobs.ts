import type { Job } from './job.ts';
import { providerQueue } from './provider-queue.ts';
import { provisional } from './provisional.ts';
import { staffQueue } from './staff-queue.ts';
import { timeouts } from './timeouts.ts';

/** Every job, in the order in which a late start catches up. */
export const jobs: readonly Job[] = [provisional, timeouts, providerQueue, staffQueue];
