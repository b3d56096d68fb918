import { readFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { isMainThread } from 'node:worker_threads';
import { serveCalls } from './calls.ts';

/** Preloaded into every server under test (`--import`), so that the server itself is the one that is shipped. */

export interface CpuUsage {
  /** Of the whole process: the embedded engine's thread and the garbage collector's included. Microseconds. */
  totalUs: number;
  /** Of the main thread alone, where the system tells it (Linux). Microseconds. */
  mainUs: number | null;
}

export interface MemoryUsage {
  heapUsed: number;
  external: number;
  rss: number;
}

const delay = monitorEventLoopDelay({ resolution: 5 });

function cpu(): CpuUsage {
  const { user, system } = process.cpuUsage();
  return { totalUs: user + system, mainUs: mainThreadUs() };
}

function mainThreadUs(): number | null {
  try {
    // The first figure is the time on a processor in nanoseconds; the main thread's id is the process's.
    return Number(readFileSync(`/proc/self/task/${process.pid}/schedstat`, 'utf8').split(' ')[0]) / 1000;
  } catch {
    return null;
  }
}

/** Collected until nothing more goes: finalizers and weak references need a turn of the event loop in between. */
async function memory(): Promise<MemoryUsage> {
  for (let round = 0; round < 4; round++) {
    globalThis.gc?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const { heapUsed, external, rss } = process.memoryUsage();
  return { heapUsed, external, rss };
}

function watchDelay(): void {
  delay.reset();
  delay.enable();
}

/** The longest delays of the event loop since `watchDelay`, in milliseconds. */
function readDelay(): { p99: number; max: number } {
  delay.disable();
  return { p99: delay.percentile(99) / 1e6, max: delay.max / 1e6 };
}

const offered = { cpu, memory, watchDelay, readDelay };
export type ProbeApi = typeof offered;

if (isMainThread) serveCalls(offered);
