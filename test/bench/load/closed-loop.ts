import { randomUUID } from 'node:crypto';
import { connectStorage } from '../../../server/storage/connect.ts';
import { type EntryDoc, type EntryModel, entryModel } from '../../../server/timeline/entry-store.ts';
import { storedEntry } from '../stored-entry.ts';
import { quantile } from '../statistics.ts';
import { callOn, type Group } from './group.ts';
import { until, writersOf } from './open-loop.ts';

export interface ClosedLoopReport {
  done: number;
  ms: number;
  perSecond: number;
  p50: number;
  p99: number;
}

/** So many at a time, each followed by the next: what is measured is how much gets through. */
async function closedLoop(
  concurrency: number,
  durationMs: number,
  one: (lane: number) => Promise<void>,
): Promise<ClosedLoopReport> {
  const took: number[] = [];
  const start = performance.now();
  const lane = async (index: number): Promise<void> => {
    while (performance.now() - start < durationMs) {
      const begun = performance.now();
      await one(index);
      took.push(performance.now() - begun);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, (_, index) => lane(index)));
  const ms = performance.now() - start;
  return {
    done: took.length,
    ms,
    perSecond: (took.length * 1000) / ms,
    p50: quantile(took, 0.5),
    p99: quantile(took, 0.99),
  };
}

/** Durable sends: a message a lane at a time, each answered when it is on disk. Every reader must get each of them. */
export async function sendClosedLoop(
  group: Group,
  { concurrency, durationMs, text }: { concurrency: number; durationMs: number; text: string },
): Promise<ClosedLoopReport & { delivered: number; expected: number; disorder: number }> {
  const writers = writersOf(group);
  const disorderBefore = group.disorder;
  let delivered = 0;
  let expected = 0;
  group.onEntry = () => {
    delivered += 1;
  };
  const report = await closedLoop(concurrency, durationMs, async (lane) => {
    const writer = writers[lane % writers.length];
    if (writer === undefined) throw new Error('nobody in this group writes');
    await callOn(writer.member.socket, 'message.send', { roomId: writer.roomId, clientId: randomUUID(), text });
    expected += writer.readers;
  });
  await until(() => delivered >= expected, 10_000);
  group.onEntry = undefined;
  return { ...report, delivered, expected, disorder: group.disorder - disorderBefore };
}

const connections = new Map<string, Promise<EntryModel>>();

/** The service's own collection on its own database, through the same driver with the same write concern. */
export function entriesAt(uri: string): Promise<EntryModel> {
  const open =
    connections.get(uri) ??
    connectStorage({ mongodbUri: uri, dataDir: '' }).then(({ connection }) => entryModel(connection));
  connections.set(uri, open);
  return open;
}

export interface RawInserts {
  uri: string;
  concurrency: number;
  durationMs: number;
  text: string;
  /** With the service's own indexes, or into a collection that has none but `_id`. */
  indexed: boolean;
}

/** Raw `insertOne` of the very documents that the service stores, one stream a lane. */
export async function insertClosedLoop({
  uri,
  concurrency,
  durationMs,
  text,
  indexed,
}: RawInserts): Promise<ClosedLoopReport> {
  const { db, collection } = await entriesAt(uri);
  if (db.db === undefined) throw new Error('the database is not connected');
  const target = db.db.collection<EntryDoc>(indexed ? collection.name : 'benchPlain');
  const run = randomUUID();
  const seqs = new Map<number, number>();
  return closedLoop(concurrency, durationMs, async (lane) => {
    const seq = (seqs.get(lane) ?? 0) + 1;
    seqs.set(lane, seq);
    await target.insertOne(storedEntry(`${run}-${lane}`, seq, text));
  });
}

/** What one range query over a stream costs the driver. */
export async function rangeQuery({
  uri,
  roomId,
}: {
  uri: string;
  roomId: string;
}): Promise<{ ms: number; count: number }> {
  const model = await entriesAt(uri);
  const begun = performance.now();
  const docs = await model.collection
    .find({ roomId, stream: 'public', seq: { $gt: 0 } })
    .sort({ seq: 1 })
    .toArray();
  return { ms: performance.now() - begun, count: docs.length };
}
