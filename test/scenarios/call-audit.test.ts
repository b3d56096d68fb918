import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { CallDoc } from '../../server/calls/call-store.ts';
import type { StaffDoc } from '../../server/directory/directory-store.ts';
import type { NumberDoc, NumberUseDoc } from '../../server/numbers/vault-store.ts';
import type { ProjectRoom } from '../../server/rooms/room-doc.ts';
import type { EntryDoc } from '../../server/timeline/entry-store.ts';
import { OTHER_PHONE } from '../server/calls/carriers/stories.ts';
import { CARRIER_STAGES } from '../support/call-stages.ts';
import { type CallSuite, callSuite, type Line } from '../support/call-suite.ts';
import { people } from '../support/portal.ts';
import { refused } from '../support/wire-suite.ts';

/** One use as it ought to be written down. */
interface Expected {
  readonly purpose: NumberUseDoc['purpose'];
  readonly owner: NumberUseDoc['owner'];
  readonly by: NumberUseDoc['by'];
  readonly roomId: string;
  readonly at: Date;
}

const STUDIO = { id: people.admin.sub, side: 'provider', org: 'studio' } as const;
const staff = { kind: 'staff', id: people.admin.sub } as const;
const project = ({ roomId: id }: Line) => ({ kind: 'project', id }) as const;
const buyerOf = ({ buyer }: Line) => ({ id: buyer.sub, side: 'buyer', org: 'buyers' }) as const;

/** What is written down, in its order; each with nothing but what it is asked for. */
async function written({ database }: CallSuite): Promise<NumberUseDoc[]> {
  const uses = await database.connection.collection<NumberUseDoc>('numberUses').find().sort({ _id: 1 }).toArray();
  for (const use of uses)
    expect(use).to.have.all.keys('_id', 'numberId', 'owner', 'by', 'purpose', 'roomId', 'at', 'cause');
  return uses;
}

const expectWritten = async (suite: CallSuite, expected: readonly Expected[]): Promise<NumberUseDoc[]> => {
  const uses = await written(suite);
  const told = uses.map(({ purpose, owner, by, roomId, at }) => ({ purpose, owner, by, roomId, at }));
  expect(told).to.deep.equal(expected);
  return uses;
};

describe('What is written down of the uses of numbers', () => {
  describe('where callers ring the carrier', () => {
    const suite = callSuite(CARRIER_STAGES['aliyun-axb']);

    it('are both phones once, and what a caller is told to ring each time that they are told', async () => {
      const expected: Expected[] = [];
      const used = (line: Line, purpose: Expected['purpose'], owner: Expected['owner'], by: Expected['by'] = STUDIO) =>
        void expected.push({ purpose, owner, by, roomId: line.roomId, at: new Date(suite.clock.now()) });
      const line = await suite.line();
      const { id } = await suite.place(line);
      const ofCall = { kind: 'call', id } as const;
      used(line, 'call', staff);
      used(line, 'call', project(line));
      used(line, 'dial', ofCall);
      suite.clock.advance(1000);
      // Who is not to ring it, is not told it, and nothing is taken out for them.
      const operator = await suite.portal.connect('operator');
      for (const client of [line.callee, operator]) await suite.listed(line, id, client);
      await suite.listed(line, id, line.caller);
      used(line, 'dial', ofCall);
      await suite.happens(id, 'talked');
      for (const client of [line.caller, line.callee]) await suite.listed(line, id, client);
      const uses = await expectWritten(suite, expected);
      const { connection } = suite.database;
      const stored = await connection.collection<CallDoc>('calls').findOne({ _id: id });
      expect(stored).not.to.have.property('dial');
      const rooms = connection.collection<ProjectRoom>('rooms');
      const people = connection.collection<StaffDoc>('staff');
      const [caller, callee, told, again] = uses.map(({ numberId }) => numberId);
      expect(caller).to.equal((await people.findOne({ _id: STUDIO.id }))?.numberId);
      expect(callee).to.equal((await rooms.findOne({ _id: line.roomId }))?.project.contactNumberId);
      expect(again).to.equal(told);
      // Each by the request that it was for: two by the one that placed it, and what was told, too; the other by the one that asked again.
      const requested = await connection.collection<EntryDoc>('entries').findOne({ 'body.event': 'call.requested' });
      const causes = uses.map(({ cause }) => cause);
      expect(causes.slice(0, 3)).to.deep.equal(Array.from({ length: 3 }, () => requested?.cause));
      expect(causes[3]).to.be.a('string').and.not.equal(requested?.cause);
    });
  });

  describe('where somebody has to agree', () => {
    const suite = callSuite(CARRIER_STAGES['aliyun-click'], { CALL_APPROVAL: 'operator', CALL_DAILY_LIMIT: '5' });

    it('are those of calls that were handed over, for who has asked for them, and of no others', async () => {
      const line = await suite.line();
      const { roomId, buyer, caller, callee } = line;
      const operator = await suite.portal.connect('operator');
      const ask = () => callee.call('call.place', { roomId, to: STUDIO.id, fromNumber: OTHER_PHONE.typed });

      // Refused, for whatever reason.
      await refused(caller.call('call.place', { roomId, to: 'nobody' }), 'not_found');
      await refused(caller.call('call.place', { roomId, to: buyer.sub, fromNumber: 'call me' }), 'invalid');
      const { call: declined } = await ask();
      await refused(caller.call('call.place', { roomId, to: buyer.sub }), 'conflict');
      await refused(callee.call('call.approve', { roomId, callId: declined.id }), 'forbidden');
      await operator.call('call.cancel', { roomId, callId: declined.id });
      await suite.context.calls.idle();
      await expectWritten(suite, []);

      const { call: agreed } = await ask();
      await expectWritten(suite, []);
      suite.clock.advance(60_000);
      await operator.call('call.approve', { roomId, callId: agreed.id });
      const at = new Date(suite.clock.now());
      const by = buyerOf(line);
      const expected: Expected[] = [
        { purpose: 'call', owner: { kind: 'call', id: agreed.id }, by, roomId, at },
        { purpose: 'call', owner: staff, by, roomId, at },
      ];
      await expectWritten(suite, expected);
      // Agreed to again, told of, listed, settled and swept: nobody rings for that.
      await operator.call('call.approve', { roomId, callId: agreed.id });
      await suite.happens(agreed.id, 'talked');
      for (const client of [caller, callee, operator]) await suite.listed(line, agreed.id, client);
      await suite.advance(24 * 3_600_000);
      await suite.context.sweeps.recordings();
      await suite.context.sweeps.numbers();
      const uses = await expectWritten(suite, expected);
      const approved = await suite.database.connection
        .collection<EntryDoc>('entries')
        .findOne({ 'body.event': 'call.approved' });
      for (const { cause } of uses) expect(cause).to.equal(approved?.cause);
      // It stays, and the number that came along does not.
      const numbers = suite.database.connection.collection<NumberDoc>('numbers');
      expect(await numbers.countDocuments({ 'owner.kind': 'call' })).to.equal(0);
      expect(await numbers.countDocuments({ _id: uses[0]?.numberId ?? '' })).to.equal(0);
    });
  });
});
