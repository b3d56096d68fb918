import type { OpenLoopReport } from '../load/open-loop.ts';
import type { Seat } from '../load/group.ts';
import type { Bench } from '../plan.ts';
import { bareSeats, Portal, seatsOf } from '../portal.ts';
import { type BenchDatabase, type ServerUnderTest, startBare, startOurs } from '../processes/server-under-test.ts';

/** Ours and bare, one server each or several, as far as they are measured while they work. */
export interface Sides {
  ours: Pick<ServerUnderTest, 'cpu' | 'profiled'>;
  bare: Pick<ServerUnderTest, 'cpu' | 'profiled'>;
  /** Several bare servers number a room's messages each for itself: readers see no order. */
  bareHasNoOrder?: boolean;
  database: BenchDatabase;
  /** Has ours store what it holds back: each of our servers writes a room's activity some seconds after the entry that it is of. */
  settle(): Promise<unknown>;
}

export interface Both extends Sides {
  ours: ServerUnderTest;
  bare: ServerUnderTest;
  rooms: readonly string[];
}

/** Our server on a database of its own and a bare one, gone again whatever happens. */
export async function withServers<Result>(
  bench: Bench,
  work: (both: Omit<Both, 'rooms' | 'settle'>) => Promise<Result>,
): Promise<Result> {
  const database = await bench.newDatabase();
  try {
    const ours = await startOurs(database, bench.server);
    try {
      const bare = await startBare(bench.server);
      try {
        return await work({ ours, bare, database });
      } finally {
        await bare.stop();
      }
    } finally {
      await ours.stop();
    }
  } finally {
    await database.drop();
  }
}

/** The same with the same people in the same rooms of both, each room of a party of its own. The groups are called `ours` and `bare`. */
export function withBoth<Result>(
  bench: Bench,
  { rooms, size }: { rooms: number; size: number },
  work: (both: Both) => Promise<Result>,
): Promise<Result> {
  return withServers(bench, async (servers) => {
    const { load } = bench;
    const portal = new Portal(servers.ours.url);
    const { ids, seats } = await furnish(portal, rooms, size);
    await load.call('open', { group: 'ours', url: servers.ours.url, seats });
    await load.call('open', { group: 'bare', url: servers.bare.url, seats: bareSeats(seats) });
    try {
      return await work({ ...servers, settle: () => portal.listRooms(), rooms: ids });
    } finally {
      await load.call('close', { group: 'ours' });
      await load.call('close', { group: 'bare' });
    }
  });
}

/** A fast run that lost a message is a failed run. */
export function checkWhole({
  refused,
  delivered,
  expected,
  disorder,
}: Pick<OpenLoopReport, 'refused' | 'delivered' | 'expected' | 'disorder'>): void {
  if (refused === 0 && delivered === expected && disorder === 0) return;
  throw new Error(
    `a run lost something: ${delivered} of ${expected} delivered, ${refused} refused, ${disorder} out of order`,
  );
}

/** How many rooms are being opened at a time. */
const AT_ONCE = 8;

/** Rooms of as many parties, with their people. */
export async function furnish(portal: Portal, rooms: number, size: number): Promise<{ ids: string[]; seats: Seat[] }> {
  const parties = Array.from({ length: rooms }, (_, i) => String(i).padStart(3, '0'));
  const furnished: { ids: string[]; seats: Seat[] }[] = [];
  for (let i = 0; i < parties.length; i += AT_ONCE) {
    furnished.push(
      ...(await Promise.all(
        parties.slice(i, i + AT_ONCE).map(async (party) => {
          const ids = await portal.createRooms(party, 1);
          return { ids, seats: await seatsOf(party, ids, size) };
        }),
      )),
    );
  }
  return { ids: furnished.flatMap(({ ids }) => ids), seats: furnished.flatMap(({ seats }) => seats) };
}
