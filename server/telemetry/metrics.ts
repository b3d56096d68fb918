import type { Durations } from './durations.ts';
import { Exposition, type Sample } from './exposition.ts';
import type { Figures } from './figures.ts';
import { processFigures } from './process-figures.ts';

type Reading = number | Promise<number>;

/** What is not counted but looked at when somebody asks, in every process. */
export interface ProcessReadings {
  /** Resolves when the database answers. */
  ping(): Promise<void>;
  /** Whether Redis answers; absent where there is none. */
  redisUp?: (() => boolean) | undefined;
  /** Projects that wait, by what for. */
  queued: { provider(): Reading; staff(): Reading };
  /** How late the earliest step or reminder is that the clock is to see to, in milliseconds; 0 when none is due. */
  overdueMs(): Reading;
  /** Entries that wait until those before them in their stream are stored. */
  appendsWaiting(): number;
}

/** And in a server, which clients are connected to. */
export interface ServerReadings {
  /** Connections of people who are known, by transport and side. */
  connections(): Iterable<Sample>;
  strangers(): number;
  /** Streams that somebody has open here. */
  streams(): number;
  calls(): { running: number; waiting: number };
  /** What waits because clients have not read it yet. */
  unread(): { packets: number; bytes: number };
}

export interface MetricsParts {
  figures: Figures;
  process: ProcessReadings;
  server?: ServerReadings;
  onError(error: unknown): void;
}

/** Metrics that can be read until they are closed. */
export interface Metrics {
  readonly contentType: string;
  text(): Promise<string>;
  close(): void;
}

/** Puts the figures of one service or worker together, each with its name. Nothing in them names a person, a company, a room or a file. */
export function createMetrics({ figures, process, server, onError }: MetricsParts): Metrics {
  const exposition = new Exposition(onError);
  const endProcess = processFigures(exposition);
  sharedMetrics(exposition, figures, process);
  if (server !== undefined) serverMetrics(exposition, figures, server);
  return {
    contentType: exposition.contentType,
    text: () => exposition.text(),
    close: endProcess,
  };
}

const named = (label: string, counts: Iterable<readonly [string, number]>): Sample[] =>
  Array.from(counts, ([name, value]) => ({ labels: { [label]: name }, value }));
const alone = (value: Durations): Sample<Durations>[] => [{ value }];

function sharedMetrics(to: Exposition, figures: Figures, process: ProcessReadings): void {
  const { appends, fanOuts, lateness, jobs } = figures;
  to.histogram('delivery_rooms_append_duration_seconds', 'From the call for an entry to its being on disk.', [], () =>
    alone(appends),
  );
  to.histogram(
    'delivery_rooms_fan_out_duration_seconds',
    'From an entry being on disk to its being written to every reader of this server.',
    [],
    () => alone(fanOuts),
  );
  to.gauge(
    'delivery_rooms_appends_waiting',
    'Entries that wait until those before them in their stream are stored.',
    [],
    () => [{ value: process.appendsWaiting() }],
  );
  to.gauge(
    'delivery_rooms_queued_projects',
    'Projects of all servers that wait for a provider or for staff; 10000 stands for as many or more.',
    ['queue'],
    async () => [
      { labels: { queue: 'provider' }, value: await process.queued.provider() },
      { labels: { queue: 'staff' }, value: await process.queued.staff() },
    ],
  );
  to.gauge(
    'delivery_rooms_step_overdue_seconds',
    'How late the earliest step or reminder is that the clock is to see to, of all servers; 0 when none is due.',
    [],
    async () => [{ value: (await process.overdueMs()) / 1_000 }],
  );
  to.histogram(
    'delivery_rooms_step_lateness_seconds',
    'How late steps and reminders were that a sweep saw to.',
    [],
    () => alone(lateness),
  );
  to.counter('delivery_rooms_job_runs_total', 'Runs of jobs, by how they ended.', ['job_name', 'outcome'], () =>
    [...jobs].flatMap(([job, { outcomes }]) =>
      Array.from(outcomes, ([outcome, value]) => ({ labels: { job_name: job, outcome }, value })),
    ),
  );
  to.histogram('delivery_rooms_job_duration_seconds', 'How long runs of jobs took.', ['job_name'], () =>
    Array.from(jobs, ([job, { durations: value }]) => ({ labels: { job_name: job }, value })),
  );
  to.gauge('delivery_rooms_database_up', 'Whether the database answers.', [], async () => [
    {
      value: await process.ping().then(
        () => 1,
        () => 0,
      ),
    },
  ]);
  to.gauge('delivery_rooms_database_ping_seconds', 'How long the database took to answer.', [], async () => {
    const begun = performance.now();
    await process.ping();
    return [{ value: (performance.now() - begun) / 1_000 }];
  });
  const { redisUp } = process;
  to.gauge('delivery_rooms_redis_up', 'Whether Redis answers; without a value where there is none.', [], () =>
    redisUp === undefined ? [] : [{ value: redisUp() ? 1 : 0 }],
  );
}

function serverMetrics(to: Exposition, figures: Figures, server: ServerReadings): void {
  const { commands, handshakes, cuts, deliveries } = figures;
  to.gauge('delivery_rooms_connections', 'Connections of people who are known.', ['transport', 'side'], () =>
    server.connections(),
  );
  to.gauge('delivery_rooms_connections_unauthenticated', 'Connections of nobody known yet.', [], () => [
    { value: server.strangers() },
  ]);
  to.counter('delivery_rooms_handshakes_total', 'Handshakes, by how they ended.', ['outcome'], () =>
    named('outcome', handshakes),
  );
  to.counter('delivery_rooms_cuts_total', 'Connections that this server has ended, by why.', ['reason'], () =>
    named('reason', cuts),
  );
  to.counter('delivery_rooms_commands_total', 'Calls answered, by how they ended.', ['command', 'outcome'], () =>
    [...commands].flatMap(([command, { outcomes }]) =>
      Array.from(outcomes, ([outcome, value]) => ({ labels: { command, outcome }, value })),
    ),
  );
  to.histogram('delivery_rooms_command_duration_seconds', 'From a call to its answer.', ['command'], () =>
    Array.from(commands, ([command, { durations: value }]) => ({ labels: { command }, value })),
  );
  to.counter('delivery_rooms_deliveries_total', 'Events written to readers of a stream.', ['event'], () =>
    named('event', deliveries),
  );
  to.gauge('delivery_rooms_streams_open', 'Streams that somebody has open here.', [], () => [
    { value: server.streams() },
  ]);
  to.gauge('delivery_rooms_calls', 'Calls that are worked on, and that wait for their turn.', ['state'], () =>
    named('state', Object.entries(server.calls())),
  );
  to.gauge('delivery_rooms_unread_packets', 'Packets that wait because clients have not read them yet.', [], () => [
    { value: server.unread().packets },
  ]);
  to.gauge('delivery_rooms_unread_bytes', 'Bytes that wait because clients have not read them yet.', [], () => [
    { value: server.unread().bytes },
  ]);
}
