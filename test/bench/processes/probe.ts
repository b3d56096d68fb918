import { readFileSync, writeFileSync } from 'node:fs';
import { Session } from 'node:inspector/promises';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { queryObjects } from 'node:v8';
import { isMainThread } from 'node:worker_threads';
import type { Load } from '../../../server/app/service.ts';
import { type Offered, serveCalls } from './calls.ts';

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

const profiler = new Session();
let profiles = 0;

async function startProfile(): Promise<void> {
  profiler.connect();
  await profiler.post('Profiler.enable');
  await profiler.post('Profiler.start');
}

/** Writes what the main thread did since `startProfile` as a file that Chrome's developer tools open. */
async function stopProfile({ folder, name }: { folder: string; name: string }): Promise<void> {
  const { profile } = await profiler.post('Profiler.stop');
  profiler.disconnect();
  writeFileSync(join(folder, `${name}-${process.pid}-${++profiles}.cpuprofile`), JSON.stringify(profile));
}

/** What a process holds that is not memory. */
export interface Handles {
  /** Timers that wait, or that somebody still holds. */
  timers: number;
  /** What keeps the process alive, by kind: sockets, servers. */
  others: Record<string, number>;
}

/** What every timer is made with; the class has no name to import it by. */
const Timer = setTimeout(() => undefined, 0).constructor;

function handles(): Handles {
  const others: Record<string, number> = {};
  for (const type of process.getActiveResourcesInfo()) {
    if (type !== 'Timeout' && type !== 'Immediate') others[type] = (others[type] ?? 0) + 1;
  }
  return { timers: queryObjects(Timer, { format: 'count' }), others };
}

const offered = { cpu, memory, watchDelay, readDelay, startProfile, stopProfile, handles };
/** What every server offers, and what one does that was made to be watched. */
export type ProbeApi = typeof offered & { load(): Load };

/** Offers more, of the server that is watched. */
export function offer(more: Offered): void {
  Object.assign(offered, more);
}

if (isMainThread) serveCalls(offered);
