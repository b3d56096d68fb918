import type { Entry } from '../../shared/contract/entries.ts';
import { until } from '../support/client.ts';
import { Dice } from '../support/dice.ts';
import { people, Portal } from '../support/portal.ts';
import type { CompiledService } from './compiled-service.ts';
import { Crowd } from './crowd.ts';
import { type Kills, killInTurn } from './killer.ts';
import { Ledger, type Tally } from './ledger.ts';
import { Orders } from './orders.ts';
import { type SetUp, type SetUpName, startSetUp } from './set-up.ts';

export interface ChaosPlan {
  setUp: SetUpName;
  kills: number;
  seed: number;
  /** Messages a second, of all people together. */
  rate: number;
  programs: CompiledService;
  say(line: string): void;
}

/** What one set-up came to. */
export interface ChaosReport extends Tally {
  setUp: SetUpName;
  seed: number;
  kills: Kills;
  /** Orders that were tried, each until it was answered. */
  orders: number;
  /** Processes that ended without having been killed or asked to. */
  falls: number;
  /** Seconds from the first message to the last read, and how many of them everybody took to converge after the last start. */
  seconds: number;
  converged: number;
}

const ROOMS = 3;
const CONVERGED_MS = 45_000;

/** Runs one set-up: people at work, processes killed under them, and at the end everything is read again and compared. */
export async function runChaos(plan: ChaosPlan): Promise<ChaosReport> {
  const { kills, seed, say } = plan;
  const dice = new Dice(seed);
  const setUp = await startSetUp(plan.setUp, plan.programs);
  const ledger = new Ledger();
  let crowd: Crowd | undefined;
  try {
    const urls = (): string[] => setUp.servers.flatMap(({ address }) => address ?? []);
    const portal = new Portal(urls()[0] ?? '');
    const roomIds = await openRooms(portal);
    const writers = ROOMS + 5;
    crowd = new Crowd({ ledger, dice: dice.apart(), portal, urls, rate: plan.rate / writers });
    const orders = new Orders(urls, dice.apart());
    await gather(crowd, roomIds);
    const began = performance.now();
    crowd.cutLines(1);
    crowd.often(1, () => orders.place());
    const killed = await killInTurn(setUp.victims, kills, dice.apart(), (mortal, phase) => {
      say(`${plan.setUp}: ${mortal.name} killed (${phase}), ${ledger.ackedSoFar} messages acknowledged`);
    });
    const lastStart = performance.now();
    crowd.rest();
    await crowd.answered();
    const streams = await settled(crowd, portal, urls, roomIds);
    const converged = performance.now() - lastStart;
    compare(crowd, streams, ledger);
    await orders.check(ledger, (roomId) => readStream(portal, urls, roomId, 'public'));
    // Each server has to tell the same, whichever was asked first.
    for (const url of urls()) await compareServer(url, portal, streams, ledger);
    await checkUnread(portal, urls, streams, ledger);
    const tally = ledger.settle([...streams.values()]);
    const falls = setUp.all.flatMap((mortal) => mortal.falls);
    return {
      setUp: plan.setUp,
      seed,
      kills: killed,
      orders: orders.count,
      falls: falls.length,
      seconds: seconds(performance.now() - began),
      converged: seconds(converged),
      ...tally,
      faults: [...tally.faults, ...falls, ...faultsOf(setUp)],
    };
  } finally {
    await crowd?.close();
    await setUp.drop();
  }
}

const seconds = (ms: number): number => Math.round(ms / 100) / 10;

/** Faults that servers logged. While their database is killed under them they have reason to. */
const faultsOf = ({ name, servers }: SetUp): string[] =>
  name === 'database' ? [] : servers.flatMap(({ faults }) => faults);

const buyerOf = (room: number) =>
  ({ sub: `buyer-of-${room}`, side: 'buyer', org: 'buyers', name: `Buyer ${room}` }) as const;

async function openRooms(portal: Portal): Promise<string[]> {
  await portal.seed();
  const roomIds: string[] = [];
  for (let room = 0; room < ROOMS; room++) {
    const roomId = await portal.project(`order of room ${room}`, buyerOf(room));
    await portal.call('admin', 'member.add', { roomId, userId: people.designer.sub, name: people.designer.name });
    roomIds.push(roomId);
  }
  return roomIds;
}

async function gather(crowd: Crowd, rooms: readonly string[]): Promise<void> {
  await Promise.all([
    ...rooms.map((roomId, room) => crowd.join({ who: buyerOf(room), rooms: [roomId], writes: ['public'] })),
    crowd.join({ who: people.designer, rooms, writes: ['public', 'provider'] }),
    crowd.join({ who: people.admin, rooms, writes: ['public', 'provider'] }),
    crowd.join({ who: people.operator, rooms, writes: ['public', 'provider', 'operator'] }),
    crowd.join({ who: people.vendor, rooms, writes: [] }),
  ]);
  const colleague = { ...people.operator, sub: 'operator-2', name: 'Second operator' };
  const hasty = { ...people.operator, sub: 'operator-3', name: 'Hasty operator' };
  crowd.call({ who: colleague, rooms, writes: ['public', 'operator'] }, true);
  crowd.call({ who: hasty, rooms, writes: ['public', 'provider'] }, false);
}

const keyOf = (roomId: string, stream: string): string => `${roomId}/${stream}`;

/** Waits until everybody shows what the database holds, and gives that. */
async function settled(
  crowd: Crowd,
  portal: Portal,
  urls: () => string[],
  roomIds: readonly string[],
): Promise<Map<string, Entry[]>> {
  const end = performance.now() + CONVERGED_MS;
  await until('every outbox is empty', () => crowd.pending === 0, CONVERGED_MS).catch(() => undefined);
  const streams = new Map<string, Entry[]>();
  for (const roomId of roomIds) {
    for (const stream of ['public', 'provider', 'operator'])
      streams.set(keyOf(roomId, stream), await readStream(portal, urls, roomId, stream));
  }
  const everybodyIsThere = () =>
    crowd.views().every(({ room, view }) => {
      const entries = streams.get(keyOf(room.roomId, view.stream)) ?? [];
      return view.head === entries.length && view.gap === undefined && room.snapshot.status === 'open';
    });
  await until('everybody has come to the end', everybodyIsThere, Math.max(0, end - performance.now())).catch(
    () => undefined,
  );
  return streams;
}

async function readStream(portal: Portal, urls: () => string[], roomId: string, stream: string): Promise<Entry[]> {
  const reader = new Portal(urls()[0] ?? portal.url);
  const entries: Entry[] = [];
  for (;;) {
    const page = await reader.call('operator', 'entry.fetch', {
      roomId,
      stream,
      after: entries.at(-1)?.seq ?? 0,
      limit: 200,
    });
    entries.push(...page.entries);
    if (page.entries.length === 0 || (entries.at(-1)?.seq ?? 0) >= page.head) return entries;
  }
}

/** Compares what each client shows with what was read; where they differ, the client did not converge. */
function compare(crowd: Crowd, streams: ReadonlyMap<string, Entry[]>, ledger: Ledger): void {
  for (const { worker, room, view } of crowd.views()) {
    const stored = (streams.get(keyOf(room.roomId, view.stream)) ?? []).filter(({ seq }) => seq >= view.oldestSeq);
    const where = `${worker.who.sub} in ${keyOf(room.roomId, view.stream)}`;
    if (JSON.stringify(view.entries) !== JSON.stringify(stored) || view.gap !== undefined)
      ledger.diverged(`${where} shows ${view.entries.length} entries up to ${view.head}, stored are ${stored.length}`);
    for (const { text, state, attempts } of view.pending)
      ledger.diverged(`${where}: "${text}" is still ${state} after ${attempts} attempts`);
    if (room.snapshot.status !== 'open') ledger.diverged(`${where}: the room is ${room.snapshot.status}`);
  }
}

/** What the service counts as unread for the vendor, who reads along and marks nothing, is what a count of the entries gives. */
async function checkUnread(
  portal: Portal,
  urls: () => string[],
  streams: ReadonlyMap<string, Entry[]>,
  ledger: Ledger,
): Promise<void> {
  const reader = new Portal(urls()[0] ?? portal.url);
  const { items } = await reader.call('vendor', 'room.list', { limit: 200 });
  for (const [key, entries] of streams) {
    const [roomId, stream = ''] = key.split('/');
    const told = items.find(({ id }) => id === roomId)?.unread[stream];
    if (told !== undefined && told !== entries.length)
      ledger.unexpected(`the vendor is told of ${told} unread entries in ${key}, where there are ${entries.length}`);
  }
}

async function compareServer(
  url: string,
  portal: Portal,
  streams: ReadonlyMap<string, Entry[]>,
  ledger: Ledger,
): Promise<void> {
  for (const [key, entries] of streams) {
    const [roomId = '', stream = ''] = key.split('/');
    const there = await readStream(portal, () => [url], roomId, stream);
    if (JSON.stringify(there) !== JSON.stringify(entries)) ledger.diverged(`${url} answers otherwise for ${key}`);
  }
}
