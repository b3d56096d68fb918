import type { InFlight } from '../registry/in-flight.ts';
import { KIND } from '../rooms/project-state.ts';
import type { RoomsServer, RoomsSocket } from '../live/rooms-socket.ts';
import type { Storage } from '../storage/connect.ts';
import type { Sample } from '../telemetry/exposition.ts';
import type { ProcessReadings, ServerReadings } from '../telemetry/metrics.ts';
import type { Lanes } from '../transport/socket/lanes.ts';
import type { Strangers } from '../transport/socket/strangers.ts';
import { unreadOf } from '../transport/socket/unread.ts';
import type { Context } from './context.ts';

/** Queued projects are counted up to here: more cost the database more than they tell. */
const QUEUED_MAX = 10_000;

/** What is looked at for the metrics of a server and of the jobs alike. */
export function processReadings(
  { rooms, sweeps, clock, appender }: Pick<Context, 'rooms' | 'sweeps' | 'clock' | 'appender'>,
  storage: Pick<Storage, 'ping'>,
  /** What knows whether Redis answers, where there is one. */
  redis: { readonly up: boolean } | undefined,
): ProcessReadings {
  const queued = (kind: string): Promise<number> =>
    rooms.model.countDocuments({ 'waiting.kind': { $gte: kind, $lt: `${kind}\uffff` } }, { limit: QUEUED_MAX });
  return {
    ping: () => storage.ping(),
    redisUp: redis === undefined ? undefined : () => redis.up,
    queued: { provider: () => queued(KIND.providers), staff: () => queued(KIND.staff) },
    async overdueMs() {
      const dueAt = await sweeps.nextDueAt();
      return dueAt === null ? 0 : Math.max(0, clock.now() - dueAt);
    },
    appendsWaiting: () => appender.waiting,
  };
}

export interface ServerReadingsParts {
  io(): RoomsServer;
  streams(): Iterable<unknown>;
  strangers: Strangers;
  lanes: Lanes<RoomsSocket>;
  inFlight: InFlight;
}

/** And for those of a server, of which clients are a part. */
export function serverReadings({ io, streams, strangers, lanes, inFlight }: ServerReadingsParts): ServerReadings {
  let seen: ReturnType<typeof lookAt> | undefined;
  // All that is asked in one turn is answered by one look.
  const look = (): ReturnType<typeof lookAt> => {
    if (seen === undefined) {
      seen = lookAt(io().of('/').sockets.values());
      queueMicrotask(() => {
        seen = undefined;
      });
    }
    return seen;
  };
  return {
    connections: () => look().connections,
    unread: () => look().unread,
    strangers: () => strangers.size.strangers,
    streams: () => [...streams()].length,
    calls: () => ({ running: inFlight.size, waiting: lanes.waiting }),
  };
}

function lookAt(sockets: Iterable<RoomsSocket>): {
  connections: Sample[];
  unread: { packets: number; bytes: number };
} {
  const counts = new Map<string, Required<Sample>>();
  const unread = { packets: 0, bytes: 0 };
  for (const { conn, data } of sockets) {
    const { side } = data.caller;
    const transport = conn.transport.name;
    const key = `${transport} ${side}`;
    const count = counts.get(key);
    if (count === undefined) counts.set(key, { labels: { transport, side }, value: 1 });
    else count.value += 1;
    const { packets, bytes } = unreadOf(conn);
    unread.packets += packets;
    unread.bytes += bytes;
  }
  return { connections: [...counts.values()], unread };
}
