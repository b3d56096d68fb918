import { readdirSync } from 'node:fs';
import {
  constants,
  monitorEventLoopDelay,
  type PerformanceEntry,
  PerformanceObserver,
  performance,
} from 'node:perf_hooks';
import type { Exposition } from './exposition.ts';
import { Tally } from './tally.ts';

/** How often the event loop is looked at, in milliseconds: each time costs some microseconds. */
const LOOK_MS = 50;
const MICRO = 1e6;
const NANO = 1e9;

const COLLECTIONS: Readonly<Record<number, string>> = {
  [constants.NODE_PERFORMANCE_GC_MAJOR]: 'major',
  [constants.NODE_PERFORMANCE_GC_MINOR]: 'minor',
  [constants.NODE_PERFORMANCE_GC_INCREMENTAL]: 'incremental',
  [constants.NODE_PERFORMANCE_GC_WEAKCB]: 'weakcb',
};

/**
 * Shows what the process itself is and uses, under the names that every program's dashboard knows. (prom-client's own collection of these cannot be ended, looks at
 * the loop five times as often, and counts one of several garbage collections.)
 * @returns ends the looking
 */
export function processFigures(exposition: Exposition): () => void {
  const collected = new Tally();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) collected.add(kindOf(entry), entry.duration / 1_000);
  });
  observer.observe({ entryTypes: ['gc'] });
  exposition.counter('nodejs_gc_seconds_total', 'Time spent collecting garbage, by kind.', ['kind'], () =>
    [...collected].map(([kind, value]) => ({ labels: { kind }, value })),
  );
  const endLoop = loopFigures(exposition);

  const one = (name: string, help: string, read: () => number): void =>
    exposition.gauge(name, help, [], () => [{ value: read() }]);
  const counter = (name: string, help: string, read: () => number): void =>
    exposition.counter(name, help, [], () => [{ value: read() }]);
  counter('process_cpu_user_seconds_total', 'CPU time of the process.', () => process.cpuUsage().user / MICRO);
  counter(
    'process_cpu_system_seconds_total',
    'CPU time for it in the system.',
    () => process.cpuUsage().system / MICRO,
  );
  one(
    'process_start_time_seconds',
    'When it started, in seconds since the epoch.',
    () => performance.timeOrigin / 1_000,
  );
  one('process_resident_memory_bytes', 'Its memory.', () => process.memoryUsage.rss());
  one('nodejs_heap_size_total_bytes', 'The heap.', () => process.memoryUsage().heapTotal);
  one('nodejs_heap_size_used_bytes', 'What is used of the heap.', () => process.memoryUsage().heapUsed);
  one('nodejs_external_memory_bytes', 'Memory outside of the heap.', () => process.memoryUsage().external);
  one('nodejs_active_resources', 'What keeps the process alive: sockets, timers, requests.', activeResources);
  if (process.platform === 'linux')
    one('process_open_fds', 'Open file descriptors.', () => readdirSync('/proc/self/fd').length);
  exposition.gauge('nodejs_version_info', 'The version of Node.js.', ['version'], () => [
    { labels: { version: process.version }, value: 1 },
  ]);
  return () => {
    observer.disconnect();
    endLoop();
  };
}

function loopFigures(exposition: Exposition): () => void {
  const delay = monitorEventLoopDelay({ resolution: LOOK_MS });
  delay.enable();
  // What is measured is the time between two looks. It is read and begun anew for all three at once.
  const late = (nanoseconds: number): number => Math.max(0, nanoseconds / NANO - LOOK_MS / 1_000);
  exposition.gauge(
    'nodejs_eventloop_lag_seconds',
    'How late the event loop came to a timer since it was asked last: the median, the 99th percentile, the longest.',
    ['quantile'],
    () => {
      if (delay.count === 0) return [];
      const samples = [0.5, 0.99, 1].map((quantile) => ({
        labels: { quantile: String(quantile) },
        value: late(quantile === 1 ? delay.max : delay.percentile(quantile * 100)),
      }));
      delay.reset();
      return samples;
    },
  );
  let before = performance.eventLoopUtilization();
  exposition.gauge(
    'nodejs_eventloop_utilization',
    'The part of the time since it was asked last in which the event loop had something to do.',
    [],
    () => {
      const now = performance.eventLoopUtilization();
      const { utilization } = performance.eventLoopUtilization(now, before);
      before = now;
      return [{ value: utilization }];
    },
  );
  return () => {
    delay.disable();
  };
}

const activeResources = (): number => process.getActiveResourcesInfo().length;

function kindOf(entry: PerformanceEntry): string {
  // The types know of it for a subclass that they do not say this is.
  const detail: unknown = Reflect.get(entry, 'detail');
  const kind = typeof detail === 'object' && detail !== null && 'kind' in detail ? Number(detail.kind) : -1;
  return COLLECTIONS[kind] ?? 'other';
}
