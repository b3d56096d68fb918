import type { Entry } from '../../shared/contract/entries.ts';
import { until } from '../support/client.ts';
import { Portal } from '../support/portal.ts';
import type { Crowd } from './crowd.ts';
import type { Ledger } from './ledger.ts';

/** How long everybody may take to come to the end after the last message, in milliseconds. */
const CONVERGED_MS = 45_000;

export const STREAMS = ['public', 'provider', 'operator'] as const;

export const keyOf = (roomId: string, stream: string): string => `${roomId}/${stream}`;

/** Waits until everybody shows what the database holds, and gives that. */
export async function settled(
  crowd: Crowd,
  portal: Portal,
  urls: () => string[],
  roomIds: readonly string[],
): Promise<Map<string, Entry[]>> {
  const end = performance.now() + CONVERGED_MS;
  await until('every outbox is empty', () => crowd.pending === 0, CONVERGED_MS).catch(() => undefined);
  const streams = new Map<string, Entry[]>();
  for (const roomId of roomIds) {
    for (const stream of STREAMS) streams.set(keyOf(roomId, stream), await readStream(portal, urls, roomId, stream));
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

export async function readStream(
  portal: Portal,
  urls: () => string[],
  roomId: string,
  stream: string,
): Promise<Entry[]> {
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
export function compare(crowd: Crowd, streams: ReadonlyMap<string, Entry[]>, ledger: Ledger): void {
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
export async function checkUnread(
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

export async function compareServer(
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
