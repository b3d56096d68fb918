import { expect } from 'chai';
import type { CallDoc } from '../../server/calls/call-store.ts';
import type { EntryDoc } from '../../server/timeline/entry-store.ts';
import { type CallFact, isCallFact } from '../../shared/model/call/call-fact.ts';
import { foldCalls } from '../../shared/model/call/fold-call.ts';
import type { SharedDatabase } from './shared-database.ts';

/**
 * Expects that a room's public stream is numbered without holes and tells of each of its calls what it has come to, each fact once, and of no other call.
 * Gives the calls as they are stored, in the order in which they were asked for, with their facts.
 */
export async function expectToldCalls(
  { connection }: SharedDatabase,
  roomId: string,
): Promise<{ doc: CallDoc; facts: CallFact[] }[]> {
  const docs = await connection.collection<CallDoc>('calls').find({ roomId }).toArray();
  const entries = await connection
    .collection<EntryDoc>('entries')
    .find({ roomId, stream: 'public' })
    .sort({ seq: 1 })
    .toArray();
  expect(
    entries.map(({ seq }) => seq),
    'numbers of entries',
  ).to.deep.equal(entries.map((_entry, index) => index + 1));
  const facts = entries.flatMap(({ kind, body }): CallFact[] => {
    const fact = body as { event: string };
    return kind === 'call' && isCallFact(fact) ? [fact] : [];
  });
  const told = foldCalls(facts);
  expect([...told.keys()], 'calls that are told').to.have.members(docs.map(({ _id }) => _id));
  return [...told].map(([callId, call]) => {
    const doc = docs.find(({ _id }) => _id === callId);
    if (doc === undefined) throw new Error(`the call ${callId} is not stored`);
    expect(doc.call, 'a call as it is stored').to.deep.equal(call);
    expect(doc.outbox, 'what is not told yet').to.deep.equal([]);
    const own = facts.filter((fact) => fact.callId === callId);
    const once = own.map((fact) => (fact.event === 'call.ringing' ? `${fact.event} ${fact.leg}` : fact.event));
    expect(once, 'each fact once').to.deep.equal([...new Set(once)]);
    return { doc, facts: own };
  });
}

/** Expects that nothing is left to be done of calls that are over, and gives how many there are. */
export async function expectNothingLeft({ connection }: SharedDatabase): Promise<number> {
  const calls = await connection.collection<CallDoc>('calls').find().toArray();
  for (const { _id, outbox, ...doc } of calls) {
    expect(doc, _id).to.not.have.any.keys('running', 'wakeAt', 'left', 'fromNumberId', 'dial');
    expect(outbox, _id).to.deep.equal([]);
    expect(doc.call.endedAt, _id).to.be.a('string');
  }
  return calls.length;
}
