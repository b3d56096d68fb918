import { expect } from 'chai';
import type { OpportunityRoom } from '../../server/rooms/room-doc.ts';
import type { EntryDoc } from '../../server/timeline/entry-store.ts';
import { applyFact, foldOpportunity } from '../../shared/model/opportunity/fold-opportunity.ts';
import { isOpportunityFact, type OpportunityFact } from '../../shared/model/opportunity/opportunity-fact.ts';
import type { Opportunity } from '../../shared/model/opportunity/opportunity.ts';
import { until } from './client.ts';
import type { SharedDatabase } from './shared-database.ts';

export interface ToldFact {
  stream: string;
  seq: number;
  body: OpportunityFact;
}

/** The facts of a demand in all of its streams. Those of one stream are in the order in which they were decided; of two streams' nobody can tell. */
export async function factsOf({ connection }: SharedDatabase, roomId: string): Promise<ToldFact[]> {
  const docs = await connection.collection<EntryDoc>('entries').find({ roomId }).sort({ _id: 1 }).toArray();
  return docs.flatMap(({ stream, seq, body }) => {
    const fact = body as { event: string };
    return typeof fact.event === 'string' && isOpportunityFact(fact) ? [{ stream, seq, body: fact }] : [];
  });
}

/** How many steps are tried to find the order in which things were decided. */
const STEPS_MAX = 20_000;

/** Says whether a demand's facts tell its state in an order that each stream confirms: nearest to that of their writing first. */
function tellsOf(facts: readonly ToldFact[], state: Opportunity): boolean {
  const streams = [...byStream(facts).values()].map((told) => told.toSorted((a, b) => a.seq - b.seq));
  const place = new Map(facts.map((fact, index) => [fact, index]));
  const tried = new Set<string>();
  const wanted = JSON.stringify(sorted(state));
  const go = (at: readonly number[], now: Opportunity | undefined): boolean => {
    const next = streams
      .flatMap((told, stream) => {
        const fact = told[at[stream] ?? 0];
        return fact === undefined ? [] : [{ stream, fact }];
      })
      .toSorted((a, b) => (place.get(a.fact) ?? 0) - (place.get(b.fact) ?? 0));
    const key = JSON.stringify(sorted(now));
    if (next.length === 0) return key === wanted;
    if (tried.has(`${at.join()} ${key}`)) return false;
    tried.add(`${at.join()} ${key}`);
    if (tried.size > STEPS_MAX) throw new Error('the order in which things were decided was not found');
    return next.some(({ stream, fact }) => {
      if (now === undefined && fact.body.event !== 'opportunity.opened') return false;
      return go(
        at.map((position, index) => (index === stream ? position + 1 : position)),
        applyFact(now, fact),
      );
    });
  };
  return go(
    streams.map(() => 0),
    undefined,
  );
}

/** With the keys of every object in one order. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
}

/** The demand as it is stored, once all that it has decided is told. */
export async function storedDemand({ connection }: SharedDatabase, roomId: string): Promise<OpportunityRoom> {
  const rooms = connection.collection<OpportunityRoom>('rooms');
  let room = await rooms.findOne({ _id: roomId });
  await until('all that was decided is told', async () => {
    room = await rooms.findOne({ _id: roomId });
    return room?.outbox.length === 0;
  });
  if (room === null) throw new Error('there is no such demand');
  return room;
}

/** Expects that a demand's state is what its entries tell, and that each stream is numbered without holes. Gives both. */
export async function expectToldState(
  database: SharedDatabase,
  roomId: string,
): Promise<{ state: Opportunity; facts: ToldFact[] }> {
  const { opportunity: state } = await storedDemand(database, roomId);
  const facts = await factsOf(database, roomId);
  if (!tellsOf(facts, state)) expect(foldOpportunity(facts), 'what the entries tell').to.deep.equal(state);
  const streams = await database.connection
    .collection<EntryDoc>('entries')
    .aggregate<{ _id: string; last: number; count: number }>([
      { $match: { roomId } },
      { $group: { _id: '$stream', last: { $max: '$seq' }, count: { $sum: 1 } } },
    ])
    .toArray();
  for (const { _id, last, count } of streams) expect(last, _id).to.equal(count);
  return { state, facts };
}

function byStream(facts: readonly ToldFact[]): Map<string, ToldFact[]> {
  const streams = new Map<string, ToldFact[]>();
  for (const fact of facts) streams.set(fact.stream, [...(streams.get(fact.stream) ?? []), fact]);
  return streams;
}
