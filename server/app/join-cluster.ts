import { CONNECTIONS_UNSHARED } from '../../shared/contract/limits.ts';
import { Cluster } from '../cluster/cluster.ts';
import { CLUSTER_TIMING, type ClusterTiming } from '../cluster/members.ts';
import { Names, newServerId } from '../cluster/names.ts';
import { RedisLink } from '../cluster/redis-link.ts';
import { SeatNews } from '../cluster/seat-news.ts';
import { Teller } from '../cluster/teller.ts';
import { Packet } from '../live/packet.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { Log } from '../telemetry/log.ts';
import type { Listeners } from './context.ts';
import type { Settings } from './settings.ts';

interface JoinParts {
  redisUrl: string;
  databaseKey: Buffer;
  log: Log;
}

/**
 * Connects a server to the others through Redis.
 * @throws {RedisRefused} for a Redis that answers and does not serve. One that does not answer is waited for in the background.
 */
export async function joinCluster(
  parts: JoinParts & { settings: Pick<Settings, 'rateLimitFactor'>; timing?: Partial<ClusterTiming> | undefined },
): Promise<Cluster> {
  const { settings, redisUrl, databaseKey, log, timing } = parts;
  const link = new RedisLink(redisUrl, log);
  await link.connect();
  const { rateLimitFactor: factor } = settings;
  return new Cluster({
    link,
    databaseKey,
    timing: { ...CLUSTER_TIMING, ...timing },
    unsharedConnections: factor === 0 ? Number.POSITIVE_INFINITY : Math.floor(CONNECTIONS_UNSHARED * factor),
    onError: (error) => log.warn({ err: error }, 'what other servers say could not be looked at'),
  });
}

/** What a process without clients tells the servers. */
export interface Telling {
  listeners: Pick<Listeners, 'onStored' | 'onEntry'>;
  /** Whether Redis answers. */
  readonly up: boolean;
  close(): Promise<void>;
}

/** Connects a process without clients to the servers, so that their clients learn at once what it does. @throws {RedisRefused} */
export async function tellCluster(parts: JoinParts & { rooms(): RoomStore }): Promise<Telling> {
  const { redisUrl, databaseKey, log, rooms } = parts;
  const link = new RedisLink(redisUrl, log, { hears: false });
  await link.connect();
  const names = new Names(databaseKey);
  const teller = new Teller({ link, names, server: newServerId() });
  const news = new SeatNews({
    link,
    names,
    frames: teller.frames,
    rooms: { get: (roomId) => rooms().get(roomId) },
    onError: (error) => log.warn({ err: error }, 'servers could not be told of an entry'),
  });
  link.watch((up) => {
    if (up) news.tellKept();
  });
  return {
    get up() {
      return link.up;
    },
    listeners: {
      onStored: (room) => teller.changed(room),
      onEntry(doc, entry, writtenHere) {
        if (!writtenHere) return;
        teller.entry(doc, Packet.of('entry', entry));
        news.note(doc);
      },
    },
    async close() {
      await news.close();
      link.close();
    },
  };
}
