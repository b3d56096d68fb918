import { EventEmitter, once } from 'node:events';
import type { Entry } from '../../shared/contract/entries.ts';
import { within } from '../support/client.ts';
import { people, Portal } from '../support/portal.ts';
import { Cluster, type Engine } from './cluster.ts';
import { createDice, pause, pick } from './dice.ts';
import { Ledger, Reader, type World, write } from './load.ts';

export interface KillOptions {
  engine: Engine;
  servers: number;
  kills: number;
  /** The same seed draws the same kinds of kills; what they hit differs, as processes do. */
  seed: number;
  writers?: number;
  rooms?: number;
}

/** What a run came to (quality.md, R1). */
export interface KillReport {
  engine: Engine;
  servers: number;
  seed: number;
  seconds: number;
  kills: number;
  phases: Record<string, number>;
  /** Messages that were sent at least once, that were acknowledged, and that every reader of their room was shown. */
  tried: number;
  acked: number;
  read: number;
  lost: number;
  duplicate: number;
  holes: number;
  unexpected: string[];
  /** Sent again after the answer was lost, and found to be stored already. */
  recovered: number;
  lostAnswers: number;
  repeats: number;
  reconnects: number;
}

/** The moments at which a server is killed: any; when a message, an ack or a join has just passed; while it starts; all servers at once. */
const PHASES = ['any', 'send', 'ack', 'join', 'starting', 'all'] as const;
/** How many messages pass between two kills, at most, and how long that is waited for: a kill that hits no load shows nothing. */
const BETWEEN_MAX = 80;
const BETWEEN_MAX_MS = 3_000;

/** Runs servers under load, kills them again and again, and accounts for every message. */
export async function runKills(options: KillOptions): Promise<KillReport> {
  const begun = performance.now();
  const dice = createDice(options.seed);
  const cluster = await Cluster.start(options.engine, options.servers);
  try {
    const portal = new Portal(cluster.urls()[0] ?? '');
    await portal.seed();
    const rooms = await Promise.all(Array.from({ length: options.rooms ?? 3 }, () => portal.project()));
    const world: World = {
      cluster,
      ledger: new Ledger(),
      dice,
      moments: new EventEmitter().setMaxListeners(0),
      token: (who) => portal.token(who),
    };
    let going = true;
    let writing = true;
    const authors = [people.buyer, people.admin, people.operator];
    const writers = Array.from({ length: options.writers ?? 9 }, (_, i) =>
      write(world, authors[i % authors.length] ?? people.buyer, rooms, () => going),
    );
    const readers = rooms.flatMap((roomId) =>
      [people.buyer, people.vendor].map((who) => new Reader(world, who, roomId)),
    );
    const heads = new Map<string, Promise<Entry[]>>();
    const stored = (roomId: string) => {
      const known = heads.get(roomId) ?? wholeStream(new Portal(cluster.urls()[0] ?? ''), roomId);
      heads.set(roomId, known);
      return known;
    };
    const reading = readers.map((reader) =>
      reader.read(
        () => writing,
        async () => (await stored(reader.roomId)).length,
      ),
    );
    const phases = await killAgainAndAgain(world, options.kills);
    await cluster.allUp();
    going = false;
    await within(Promise.all(writers), 'every message to be acknowledged', 60_000);
    writing = false;
    await within(Promise.all(reading), 'every reader to hold everything', 60_000);
    const streams = new Map<string, Entry[]>();
    for (const roomId of rooms) streams.set(roomId, await stored(roomId));
    await checkTallies(new Portal(cluster.urls()[0] ?? ''), streams, world.ledger);
    const report = account(options, world, phases, streams, readers);
    return { ...report, seconds: Math.round((performance.now() - begun) / 1000) };
  } finally {
    await cluster.stop();
  }
}

async function killAgainAndAgain({ cluster, dice, moments }: World, kills: number): Promise<Record<string, number>> {
  const phases: Record<string, number> = {};
  for (let killed = 0; killed < kills; ) {
    const phase = pick(dice, PHASES) ?? 'any';
    // Most of the time there is load to be hit; a server that starts is hit while the others, if any, carry it.
    if (phase !== 'starting') await within(someUp(cluster), 'a server to serve', 60_000);
    await Promise.race([acknowledged(moments, Math.ceil(dice() * BETWEEN_MAX)), pause(BETWEEN_MAX_MS)]);
    let hits = 0;
    if (phase === 'starting') hits = cluster.kill(undefined) ? 1 : 0;
    else {
      if (cluster.urls().length === 0) await within(someUp(cluster), 'a server to serve', 60_000);
      if (phase === 'all') for (const url of cluster.urls()) hits += cluster.kill(url) ? 1 : 0;
      else if (phase === 'any') hits = cluster.kill(pick(dice, cluster.urls())) ? 1 : 0;
      else {
        const moment = await Promise.race([once(moments, phase), pause(2_000).then(() => [cluster.urls()[0]])]);
        hits = cluster.kill(typeof moment[0] === 'string' ? moment[0] : undefined) ? 1 : 0;
      }
    }
    if (hits > 0) phases[phase] = (phases[phase] ?? 0) + hits;
    killed += hits;
  }
  return phases;
}

/** Resolves when that many messages have been acknowledged from now on. */
async function acknowledged(moments: EventEmitter, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await once(moments, 'ack');
}

async function someUp(cluster: Cluster): Promise<void> {
  while (cluster.urls().length === 0) await pause(10);
}

async function wholeStream(portal: Portal, roomId: string): Promise<Entry[]> {
  const all: Entry[] = [];
  for (;;) {
    const page = await portal.call('operator', 'entry.fetch', {
      roomId,
      stream: 'public',
      after: all.length,
      limit: 200,
    });
    all.push(...page.entries);
    if (page.entries.length < 200) return all;
  }
}

/** What the service counts as unread for somebody who has read nothing must be what a count of the entries gives. */
async function checkTallies(portal: Portal, streams: Map<string, Entry[]>, ledger: Ledger): Promise<void> {
  for (const who of ['buyer', 'admin', 'vendor'] as const) {
    const { items } = await portal.call(who, 'room.list', {});
    for (const [roomId, entries] of streams) {
      const counted = entries.filter(({ actor }) => actor.id !== people[who].sub).length;
      const told = items.find(({ id }) => id === roomId)?.unread['public'];
      if (told !== counted)
        ledger.unexpected.push(`${who} is told of ${String(told)} unread entries where there are ${counted}`);
    }
  }
}

function account(
  { engine, servers, seed, kills }: KillOptions,
  { ledger, cluster }: World,
  phases: Record<string, number>,
  streams: Map<string, Entry[]>,
  readers: readonly Reader[],
): KillReport {
  const unexpected = [...ledger.unexpected, ...cluster.deaths];
  const found = new Map<string, Entry[]>();
  let holes = 0;
  for (const [roomId, entries] of streams) {
    entries.forEach(({ seq }, index) => {
      if (seq !== index + 1) holes += 1;
    });
    for (const entry of entries) {
      if (entry.kind !== 'message') continue;
      const { clientId = '' } = entry;
      const tracked = ledger.messages.get(clientId);
      if (tracked?.roomId !== roomId || tracked.text !== entry.body.text)
        unexpected.push(`${entry.id} was sent by nobody`);
      found.set(clientId, [...(found.get(clientId) ?? []), entry]);
    }
  }
  let lost = 0;
  let duplicate = 0;
  let read = 0;
  const shown = readers.map((reader) => ({ reader, ids: new Set(reader.entries.map(({ id }) => id)) }));
  for (const { clientId, roomId, acked } of ledger.messages.values()) {
    const stored = found.get(clientId) ?? [];
    if (stored.length > 1) duplicate += 1;
    if (acked !== undefined && JSON.stringify(stored[0]) !== JSON.stringify(acked)) lost += 1;
    const here = shown.filter(({ reader }) => reader.roomId === roomId);
    if (stored[0] !== undefined && here.every(({ ids }) => ids.has(stored[0]?.id ?? ''))) read += 1;
  }
  for (const reader of readers) {
    const same = JSON.stringify(reader.entries) === JSON.stringify(streams.get(reader.roomId));
    if (!same) unexpected.push(`a reader of ${reader.roomId} holds something else than the stream`);
  }
  const messages = [...ledger.messages.values()];
  return {
    engine,
    servers,
    seed,
    seconds: 0,
    kills,
    phases,
    tried: messages.length,
    acked: messages.filter(({ acked }) => acked !== undefined).length,
    read,
    lost,
    duplicate,
    holes,
    unexpected,
    recovered: ledger.recovered,
    lostAnswers: ledger.lostAnswers,
    repeats: ledger.repeats,
    reconnects: readers.reduce((sum, reader) => sum + reader.reconnects, 0),
  };
}
