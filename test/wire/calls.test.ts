import { expect } from 'chai';
import { afterEach, before, describe, it } from 'mocha';
import type { CallDoc } from '../../server/calls/call-store.ts';
import type { NumberDoc, NumberUseDoc } from '../../server/numbers/vault-store.ts';
import { CALL_APPROVAL_MS, CALL_BEGIN_MS, CALL_REPORT_MS, CALL_RING_MS } from '../../shared/contract/limits.ts';
import type { Call as ShownCall } from '../../shared/contract/calls.ts';
import { people } from '../support/portal.ts';
import { CANARY, PHONES, Phones } from '../support/phones.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

const of = ({ roomId, id: callId }: Pick<ShownCall, 'roomId' | 'id'>) => ({ roomId, callId });

describe('Calls', () => {
  const suite = wireSuite();
  const phones = new Phones(suite);
  before(() => phones.seed());
  afterEach(() => phones.quiet());

  const numbersOf = (callId: string) =>
    suite.database.connection.collection<NumberDoc>('numbers').find({ 'owner.id': callId }).toArray();
  const usesIn = (roomId: string) =>
    suite.database.connection.collection<NumberUseDoc>('numberUses').find({ roomId }).toArray();
  const kept = (callId: string) => suite.database.connection.collection<CallDoc>('calls').findOne({ _id: callId });

  describe('are placed', () => {
    it('and shown while they go on, to both, until they are over, with how long they talked', async () => {
      const roomId = await phones.project();
      const call = await phones.place('admin', 'buyer', { roomId });
      expect(call).to.deep.include({ roomId, stream: 'public', state: 'requested', actions: ['cancel'] });
      expect(call.from).to.deep.equal({ userId: 'admin-1', name: 'Ai', side: 'provider', org: 'studio' });
      expect(call.to).to.deep.equal({ userId: 'buyer-1', name: 'Bao', side: 'buyer', org: 'buyers' });
      const states: string[] = [];
      for (const ms of [1000, 3000, 3000, 30_000]) {
        await phones.after(ms);
        const [asCaller, asCallee] = [await phones.seen('admin', call), await phones.seen('buyer', call)];
        expect(asCaller).to.deep.equal(asCallee);
        states.push(asCaller.state);
      }
      expect(states).to.deep.equal(['ringing_caller', 'ringing_callee', 'connected', 'completed']);
      const over = await phones.seen('admin', call);
      expect(over).to.deep.include({ durationMs: 30_000, actions: [] });
      const { facts, calls } = await phones.told('buyer', roomId);
      expect(facts.map(({ event }) => event)).to.deep.equal([
        'call.requested',
        'call.ringing',
        'call.ringing',
        'call.connected',
        'call.ended',
      ]);
      expect(calls.get(call.id)).to.deep.equal((await kept(call.id))?.call);
    });

    it('by the buyer too, and live for whoever has the room open', async () => {
      const roomId = await phones.project();
      const operator = await suite.portal.connect('operator');
      await operator.call('room.join', { roomId });
      const told = operator.next('entry', ({ kind }) => kind === 'call');
      const call = await phones.place('buyer', 'designer', { roomId });
      expect((await told).body).to.deep.include({ event: 'call.requested', callId: call.id });
      await suite.portal.call('buyer', 'call.cancel', of(call));
    });

    it('and end as the phone that is called has it, offered to be called back', async () => {
      const ends = [
        ['busy', 6000, { state: 'busy', reason: 'callee_busy' }],
        ['unanswered', 34_000, { state: 'no_answer', reason: 'callee_no_answer' }],
        ['unreached', 6000, { state: 'failed', reason: 'callee_unreachable' }],
        ['refused', 1000, { state: 'failed', reason: 'carrier_refused' }],
      ] as const;
      for (const [phone, ms, end] of ends) {
        const roomId = await phones.project(PHONES[phone]);
        const call = await phones.place('admin', 'buyer', { roomId });
        await phones.after(ms);
        expect(await phones.seen('buyer', call)).to.deep.include({ ...end, actions: ['call_back'] });
        expect((await phones.seen('vendor', call)).actions).to.deep.equal([]);
        const back = await phones.place('buyer', 'admin', { roomId });
        await suite.portal.call('buyer', 'call.cancel', of(back));
      }
    });

    it('with each number taken out of the vault once, for it alone, and written down', async () => {
      const roomId = await phones.project();
      const call = await phones.place('admin', 'buyer', { roomId, fromNumber: '(202) 555-0123'.replace('(', '+1 (') });
      const uses = await usesIn(roomId);
      expect(uses.map(({ purpose, owner, by }) => ({ purpose, owner, by }))).to.deep.equal([
        {
          purpose: 'call',
          owner: { kind: 'call', id: call.id },
          by: { id: 'admin-1', side: 'provider', org: 'studio' },
        },
        {
          purpose: 'call',
          owner: { kind: 'project', id: roomId },
          by: { id: 'admin-1', side: 'provider', org: 'studio' },
        },
      ]);
      const entry = await suite.database.connection.collection('entries').findOne({ roomId, kind: 'call' });
      expect(new Set(uses.map(({ cause }) => cause))).to.deep.equal(new Set([entry?.['cause']]));
      // What came with the request is needed no more once it is handed over.
      expect(await numbersOf(call.id)).to.deep.equal([]);
      await phones.after(60_000);
      expect(await usesIn(roomId)).to.have.length(2);
      expect(await suite.database.dump()).to.not.match(CANARY);
    });

    it('not without a number of the one, or the other, and then it costs nothing', async () => {
      const bare = await phones.project('');
      const { error: noCallee } = await refused(phones.place('admin', 'buyer', { roomId: bare }), 'conflict');
      expect(noCallee.details).to.deep.equal({ missing: 'to' });
      const { error: noCaller } = await refused(phones.place('buyer', 'admin', { roomId: bare }), 'conflict');
      expect(noCaller.details).to.deep.equal({ missing: 'from' });
      expect(noCaller.message).to.include('fromNumber');
      const call = await phones.place('buyer', 'admin', { roomId: bare, fromNumber: PHONES.given });
      await suite.portal.call('buyer', 'call.cancel', of(call));
      expect((await phones.told('buyer', bare)).calls.size).to.equal(1);
    });

    it('to the number of the demand form where the order came with none', async () => {
      const roomId = await phones.project('');
      const form = {
        contactName: 'Bao',
        phone: PHONES.busy,
        email: 'bao@example.com',
        address: '1 Example Road',
        details: 'A site',
      };
      await suite.portal.call('buyer', 'node.act', {
        projectId: roomId,
        nodeId: 'demand',
        action: 'submit',
        visit: 1,
        form,
      });
      const call = await phones.place('designer', 'colleague', { roomId });
      await phones.after(6000);
      expect((await phones.seen('designer', call)).state).to.equal('busy');
    });

    it('though it cannot be told yet: that is made good by a sweep', async () => {
      const roomId = await phones.project();
      const entries = suite.database.connection.collection<{ _id: string }>('entries');
      const another = { _id: 'another', roomId, kind: 'call', stream: 'another', seq: 1 };
      await entries.insertOne(another);
      // From now on the database refuses entries of calls in this room.
      const only = { name: 'only', unique: true, partialFilterExpression: { roomId, kind: 'call' } };
      await entries.createIndex({ roomId: 1, kind: 1 }, only);
      const call = await phones.place('admin', 'buyer', { roomId });
      await phones.after(1000);
      expect((await phones.seen('admin', call)).state).to.equal('ringing_caller');
      await entries.dropIndex('only');
      await entries.deleteOne({ _id: 'another' });
      await phones.settle();
      expect((await phones.told('buyer', roomId)).facts.map(({ event }) => event)).to.deep.equal([
        'call.requested',
        'call.ringing',
      ]);
      await suite.portal.call('admin', 'call.cancel', of(call));
    });

    it('not where a number cannot be had for whatever reason: nobody was rung, and both may call at once', async () => {
      const roomId = await phones.project();
      const numbers = suite.database.connection.collection('numbers');
      const ofRoom = { 'owner.id': roomId };
      const keepUntil: unknown = (await numbers.findOne(ofRoom))?.['keepUntil'];
      // A fault that the vault does not expect.
      await numbers.updateOne(ofRoom, { $set: { keepUntil: 'never' } });
      expect(await phones.place('admin', 'buyer', { roomId })).to.include({ state: 'failed', reason: 'number_gone' });
      await numbers.updateOne(ofRoom, { $set: { keepUntil } });
      const call = await phones.place('admin', 'buyer', { roomId });
      expect(call.state).to.equal('requested');
      await suite.portal.call('admin', 'call.cancel', of(call));
    });

    it('not from what is no number, which no error repeats', async () => {
      const roomId = await phones.project();
      for (const fromNumber of ['987654321 0123456789', '+1 900 555 0147']) {
        const { error } = await refused(phones.place('admin', 'buyer', { roomId, fromNumber }), 'invalid');
        expect(error.details).to.deep.equal([
          { path: 'fromNumber', reason: 'must be a phone number that can be rung' },
        ]);
        expect(JSON.stringify(error)).to.not.include(fromNumber);
      }
      const { error } = await refused(phones.place('admin', 'buyer', { roomId, fromNumber: 'call me' }), 'invalid');
      expect(JSON.stringify(error)).to.not.include('call me');
    });

    it('not to oneself, one’s own side, an operator, or anybody whom the room does not know', async () => {
      const roomId = await phones.project();
      for (const to of ['admin', 'designer', 'idle', 'vendor', 'operator', 'stranger', 'rival', 'nobody'] as const)
        await refused(phones.place('admin', to, { roomId }), 'not_found');
      for (const to of ['buyer', 'colleague', 'otherOfOrg', 'idle', 'vendor', 'rival', 'nobody'] as const)
        await refused(phones.place('buyer', to, { roomId }), 'not_found');
      await refused(phones.place('admin', 'buyer', { roomId, stream: 'provider' }), 'forbidden');
      await refused(phones.place('buyer', 'admin', { roomId, stream: 'provider' }), 'not_found');
      const { sub: userId, org, name, roles } = people.designer;
      const staff = { userId, org, name, roles: [...roles], maxLoad: 5 };
      await suite.portal.call('service', 'staff.put', { ...staff, active: false });
      await refused(phones.place('buyer', 'designer', { roomId }), 'not_found');
      await suite.portal.call('service', 'staff.put', { ...staff, phone: PHONES.designer });
    });

    it('one at a time for two people, whoever of them calls, in whatever room', async () => {
      const roomId = await phones.project();
      const call = await phones.place('admin', 'buyer', { roomId });
      for (const [who, to, where] of [
        ['admin', 'buyer', roomId],
        ['buyer', 'admin', roomId],
        ['buyer', 'admin', await phones.project()],
      ] as const) {
        const { error } = await refused(phones.place(who, to, { roomId: where }), 'conflict');
        expect(error.details).to.deep.equal({ callId: call.id, state: 'requested' });
      }
      const other = await phones.place('buyer', 'designer', { roomId });
      await suite.portal.call('buyer', 'call.cancel', of(other));
      await phones.after(60_000);
      await suite.portal.call('buyer', 'call.cancel', of(await phones.place('buyer', 'admin', { roomId })));
    });

    it('one of several that the two ask for at once, and the others leave nothing', async () => {
      const roomId = await phones.project();
      const asked = await Promise.allSettled([
        phones.place('admin', 'buyer', { roomId, fromNumber: PHONES.given }),
        phones.place('buyer', 'admin', { roomId, fromNumber: PHONES.given }),
        phones.place('admin', 'buyer', { roomId }),
        phones.place('buyer', 'admin', { roomId }),
      ]);
      const placed = asked.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
      expect(placed).to.have.length(1);
      const numbers = suite.database.connection.collection<NumberDoc>('numbers');
      expect(await numbers.countDocuments({ 'owner.kind': 'call' })).to.equal(0);
      await phones.after(60_000);
      expect(
        (await phones.told('buyer', roomId)).facts.filter(({ event }) => event === 'call.requested'),
      ).to.have.length(1);
    });
  });

  describe('are cancelled', () => {
    it('by either of the two and by operators, until they talk; once more changes nothing', async () => {
      for (const [who, reason] of [
        ['admin', 'by_caller'],
        ['buyer', 'by_callee'],
        ['operator', 'by_operator'],
      ] as const) {
        const roomId = await phones.project();
        const call = await phones.place('admin', 'buyer', { roomId });
        await phones.after(2000);
        for (const other of ['designer', 'colleague'] as const)
          await refused(suite.portal.call(other, 'call.cancel', of(call)), 'forbidden');
        const { call: ended } = await suite.portal.call(who, 'call.cancel', of(call));
        expect(ended).to.deep.include({ state: 'cancelled', reason });
        expect((await suite.portal.call(who, 'call.cancel', of(call))).call).to.deep.equal(ended);
        // The phones have stopped ringing: nothing more is told.
        await phones.after(60_000);
        const { facts } = await phones.told('buyer', roomId);
        expect(facts.map(({ event }) => event)).to.deep.equal(['call.requested', 'call.ringing', 'call.ended']);
      }
    });

    it('not when they talk, nor afterwards', async () => {
      const roomId = await phones.project();
      const call = await phones.place('admin', 'buyer', { roomId });
      await phones.after(7000);
      const { error } = await refused(suite.portal.call('admin', 'call.cancel', of(call)), 'conflict');
      expect(error.details).to.deep.equal({ callId: call.id, state: 'connected' });
      await phones.after(30_000);
      await refused(suite.portal.call('buyer', 'call.cancel', of(call)), 'conflict');
    });

    it('only where they are: elsewhere they are not known', async () => {
      const [roomId, elsewhere] = [await phones.project(), await phones.project()];
      const call = await phones.place('admin', 'buyer', { roomId });
      const gone = { code: 'not_found', message: 'There is no such call in this room.' };
      for (const callId of [call.id, 'nosuchcall'])
        for (const name of ['call.cancel', 'call.approve'] as const) {
          const { error } = await refused(suite.portal.call('buyer', name, { roomId: elsewhere, callId }), 'not_found');
          expect(error).to.deep.include(gone);
        }
      await refused(suite.portal.call('rival', 'call.cancel', of(call)), 'not_found');
      await suite.portal.call('admin', 'call.cancel', of(call));
    });
  });

  describe('of which nothing more is heard', () => {
    it('are settled at their bounds, by whatever server comes by', async () => {
      const ends = [
        [500, CALL_BEGIN_MS, { state: 'failed', reason: 'unreported' }],
        [1000, CALL_RING_MS, { state: 'failed', reason: 'unreported' }],
        [7000, 60 * 60_000 + CALL_REPORT_MS, { state: 'completed', reason: 'unreported' }],
      ] as const;
      for (const [heard, bound, end] of ends) {
        const roomId = await phones.project();
        const call = await phones.place('admin', 'buyer', { roomId });
        await phones.after(heard);
        // As a server leaves it that dies.
        suite.context.calls.bridge?.stop();
        const since = Date.parse((await kept(call.id))?.call.since ?? '');
        suite.clock.advance(since + bound - 1 - suite.clock.now());
        expect(await phones.settle()).to.equal(0);
        suite.clock.advance(1);
        expect(await phones.settle()).to.equal(1);
        expect(await phones.seen('buyer', call)).to.deep.include(end);
        expect(await phones.settle()).to.equal(0);
        expect(await kept(call.id)).to.not.have.any.keys('running', 'wakeAt', 'left', 'fromNumberId');
      }
    });

    it('make room for the next one, whether a sweep has come by or not', async () => {
      const roomId = await phones.project();
      const call = await phones.place('admin', 'buyer', { roomId });
      suite.context.calls.bridge?.stop();
      suite.clock.advance(CALL_BEGIN_MS);
      const next = await phones.place('admin', 'buyer', { roomId });
      expect(await phones.seen('admin', call)).to.deep.include({ state: 'failed', reason: 'unreported' });
      await suite.portal.call('admin', 'call.cancel', of(next));
    });

    it('are told by the next server where one died between the decision and the timeline', async () => {
      const roomId = await phones.project();
      const call = await phones.place('admin', 'buyer', { roomId });
      const { store } = suite.context.calls;
      // What is decided, as a server leaves it that dies before it carries that into the timeline.
      await store.change(call.id, (doc) => ({
        entries: [
          {
            stream: 'public',
            kind: 'call',
            actor: { id: 'system', name: 'Delivery Rooms', side: 'service' },
            body: {
              event: 'call.ringing',
              callId: doc._id,
              at: new Date(suite.clock.now()).toISOString(),
              leg: 'caller',
            },
          },
        ],
      }));
      expect((await phones.told('buyer', roomId)).facts).to.have.length(1);
      await phones.settle();
      await phones.settle();
      expect((await phones.told('buyer', roomId)).facts.map(({ event }) => event)).to.deep.equal([
        'call.requested',
        'call.ringing',
      ]);
      await suite.portal.call('admin', 'call.cancel', of(call));
    });

    it('are told however many there are that never can be', async () => {
      const roomId = await phones.project();
      const call = await phones.place('admin', 'buyer', { roomId });
      const calls = suite.database.connection.collection<{ _id: string }>('calls');
      const actor = { id: 'system', name: 'Delivery Rooms', side: 'service' } as const;
      const at = new Date(suite.clock.now() - 1);
      // What the contract does not know is refused, each time.
      const strange = { stream: 'public', kind: 'of another version', actor, body: {} };
      const others = Array.from({ length: 205 }, (_, n) => ({
        _id: `other${n}`,
        roomId,
        stream: 'public',
        at,
        version: 1,
        outbox: [{ ...strange, key: `other${n}.1` }],
      }));
      await calls.insertMany(others);
      const body = { event: 'call.ringing', callId: call.id, at: at.toISOString(), leg: 'caller' } as const;
      await suite.context.calls.store.change(call.id, () => ({
        entries: [{ stream: 'public', kind: 'call', actor, body }],
      }));
      await phones.settle();
      await calls.deleteMany({ _id: { $in: others.map(({ _id }) => _id) } });
      expect((await phones.told('buyer', roomId)).facts.map(({ event }) => event)).to.deep.equal([
        'call.requested',
        'call.ringing',
      ]);
      await suite.portal.call('admin', 'call.cancel', of(call));
    });
  });

  it('are listed newest first, page by page, to all who read where they were', async () => {
    const roomId = await phones.project();
    const made: string[] = [];
    const pairs = [
      ['admin', 'buyer'],
      ['admin', 'colleague'],
      ['designer', 'buyer'],
      ['colleague', 'designer'],
    ] as const;
    for (const [n, [who, to]] of pairs.entries()) {
      // Two of them at one instant each.
      if (n % 2 === 0) suite.clock.advance(100);
      made.push((await phones.place(who, to, { roomId })).id);
    }
    const pages: string[][] = [];
    let cursor: string | undefined;
    do {
      const more = cursor === undefined ? {} : { cursor };
      const { items, nextCursor } = await suite.portal.call('vendor', 'call.list', { roomId, limit: 3, ...more });
      pages.push(items.map(({ id }) => id));
      cursor = nextCursor;
    } while (cursor !== undefined);
    expect(pages.map(({ length }) => length)).to.deep.equal([3, 1]);
    expect(new Set(pages.flat().slice(0, 2))).to.deep.equal(new Set(made.slice(2)));
    expect(new Set(pages.flat())).to.deep.equal(new Set(made));
    for (const who of ['buyer', 'colleague', 'designer', 'operator', 'service'] as const)
      expect((await phones.list(who, roomId)).map(({ id }) => id)).to.deep.equal(pages.flat());
    expect((await suite.portal.call('admin', 'call.list', { roomId, stream: 'provider' })).items).to.deep.equal([]);
    await refused(suite.portal.call('buyer', 'call.list', { roomId, stream: 'provider' }), 'not_found');
  });

  it('end with the room: nobody is called in a closed one, and nothing is offered there', async () => {
    const roomId = await phones.project(PHONES.busy);
    const call = await phones.place('admin', 'buyer', { roomId });
    await phones.after(6000);
    await suite.portal.call('operator', 'project.close', { projectId: roomId, reason: 'over' });
    for (const [who, to] of [
      ['admin', 'buyer'],
      ['buyer', 'admin'],
    ] as const)
      await refused(phones.place(who, to, { roomId }), 'read_only');
    expect((await phones.seen('buyer', call)).actions).to.deep.equal([]);
  });
});

describe('Calls where callers are rung at kept numbers only', () => {
  const suite = wireSuite({ CALL_FROM_NUMBER: 'own' });
  const phones = new Phones(suite);
  before(() => phones.seed());
  afterEach(() => phones.quiet());

  it('are refused where they name another one, which costs nothing and is kept nowhere', async () => {
    const roomId = await phones.project();
    for (const fromNumber of [PHONES.given, PHONES.admin, '987654321 0123456789']) {
      const { error } = await refused(phones.place('admin', 'buyer', { roomId, fromNumber }), 'invalid');
      expect(error.details).to.deep.equal([
        { path: 'fromNumber', reason: 'must be left out: callers are rung at kept numbers only' },
      ]);
      expect(JSON.stringify(error)).not.to.include(fromNumber);
    }
    // Whom they may not call, they are not told by it either.
    await refused(phones.place('admin', 'stranger', { roomId, fromNumber: PHONES.given }), 'not_found');
    expect((await phones.told('buyer', roomId)).facts).to.deep.equal([]);
    await phones.place('admin', 'buyer', { roomId });
    expect(await suite.database.dump()).not.to.match(CANARY);
  });

  it('are refused to who has none, and not with a word that they could name one', async () => {
    const bare = await phones.project('');
    const { error } = await refused(phones.place('buyer', 'admin', { roomId: bare }), 'conflict');
    expect(error.details).to.deep.equal({ missing: 'from', fromNumber: 'own' });
    expect(error.message).not.to.include('fromNumber');
  });
});

describe('Calls that somebody has to agree to', () => {
  const suite = wireSuite({ CALL_APPROVAL: 'callee' });
  const phones = new Phones(suite);
  before(() => phones.seed());
  afterEach(() => phones.quiet());

  it('ring nobody before the one who is called has agreed', async () => {
    const roomId = await phones.project();
    const call = await phones.place('admin', 'buyer', { roomId, fromNumber: PHONES.given });
    expect(call).to.deep.include({ state: 'requested', awaits: 'callee', actions: ['cancel'] });
    expect((await phones.seen('buyer', call)).actions).to.deep.equal(['approve', 'cancel']);
    await phones.after(60_000);
    const uses = suite.database.connection.collection<NumberUseDoc>('numberUses');
    expect(await uses.countDocuments({ roomId })).to.equal(0);
    for (const who of ['admin', 'designer', 'colleague', 'operator'] as const)
      await refused(suite.portal.call(who, 'call.approve', of(call)), 'forbidden');
    const agreed = await Promise.all([1, 2, 3].map(() => suite.portal.call('buyer', 'call.approve', of(call))));
    for (const one of agreed) expect(one.call).to.deep.include({ state: 'requested', actions: ['cancel'] });
    // Handed over once.
    expect(await uses.countDocuments({ roomId })).to.equal(2);
    await phones.after(40_000);
    const { facts } = await phones.told('admin', roomId);
    expect(facts.map(({ event }) => event)).to.deep.equal([
      'call.requested',
      'call.approved',
      'call.ringing',
      'call.ringing',
      'call.connected',
      'call.ended',
    ]);
    await refused(suite.portal.call('buyer', 'call.approve', of(call)), 'conflict');
  });

  it('are declined, taken back, or not agreed to in time; the number that came along goes with them', async () => {
    const numbers = suite.database.connection.collection<NumberDoc>('numbers');
    const ends = [
      [
        (call: ShownCall) => suite.portal.call('buyer', 'call.cancel', of(call)),
        { state: 'cancelled', reason: 'declined' },
      ],
      [
        (call: ShownCall) => suite.portal.call('admin', 'call.cancel', of(call)),
        { state: 'cancelled', reason: 'by_caller' },
      ],
      [
        async () => {
          suite.clock.advance(CALL_APPROVAL_MS);
          expect(await phones.settle()).to.equal(1);
        },
        { state: 'no_answer', reason: 'not_agreed' },
      ],
    ] as const;
    for (const [end, how] of ends) {
      const roomId = await phones.project();
      const call = await phones.place('admin', 'buyer', { roomId, fromNumber: PHONES.given });
      expect(await numbers.countDocuments({ 'owner.id': call.id })).to.equal(1);
      await end(call);
      await suite.context.calls.idle();
      expect(await phones.seen('buyer', call)).to.deep.include(how);
      expect(await numbers.countDocuments({ 'owner.id': call.id })).to.equal(0);
      await refused(suite.portal.call('buyer', 'call.approve', of(call)), 'conflict');
    }
  });

  it('end where a number is gone by then', async () => {
    const roomId = await phones.project();
    const call = await phones.place('admin', 'buyer', { roomId });
    await suite.database.connection.collection<NumberDoc>('numbers').deleteMany({ 'owner.id': roomId });
    const { call: ended } = await suite.portal.call('buyer', 'call.approve', of(call));
    expect(ended).to.deep.include({ state: 'failed', reason: 'number_gone' });
  });

  it('ring nobody for a caller who was put out of the room meanwhile, or is not active any more', async () => {
    const { designer } = people;
    const roomId = await phones.project();
    const call = await phones.place('designer', 'buyer', { roomId });
    await suite.portal.call('admin', 'member.remove', { roomId, userId: designer.sub });
    await refused(suite.portal.call('buyer', 'call.approve', of(call)), 'read_only');
    await suite.portal.call('buyer', 'call.cancel', of(call));

    const elsewhere = await phones.project();
    const other = await phones.place('designer', 'buyer', { roomId: elsewhere });
    const { sub: userId, org, name, roles } = designer;
    const staff = { userId, org, name, roles: [...roles], maxLoad: 5, phone: PHONES.designer };
    await suite.portal.call('service', 'staff.put', { ...staff, active: false });
    await refused(suite.portal.call('buyer', 'call.approve', of(other)), 'read_only');
    await suite.portal.call('service', 'staff.put', staff);
    await suite.portal.call('buyer', 'call.approve', of(other));
  });

  it('are agreed to where the caller’s token alone knows what they are', async () => {
    const roomId = await phones.project();
    const unlisted = { ...people.admin, sub: 'admin-of-the-portal', name: 'Unlisted' };
    const call = await phones.place(unlisted, 'buyer', { roomId, fromNumber: PHONES.given });
    const { call: agreed } = await suite.portal.call('buyer', 'call.approve', of(call));
    expect(agreed).not.to.have.property('awaits');
  });

  it('cannot be agreed to in a room that was closed meanwhile', async () => {
    const roomId = await phones.project();
    const call = await phones.place('admin', 'buyer', { roomId });
    await suite.portal.call('operator', 'project.close', { projectId: roomId, reason: 'over' });
    await refused(suite.portal.call('buyer', 'call.approve', of(call)), 'read_only');
    await refused(suite.portal.call('operator', 'call.approve', of(call)), 'read_only');
    expect((await phones.seen('buyer', call)).actions).to.deep.equal(['cancel']);
    await suite.portal.call('buyer', 'call.cancel', of(call));
  });
});

describe('Calls that an operator has to agree to', () => {
  const suite = wireSuite({ CALL_APPROVAL: 'operator' });
  const phones = new Phones(suite);
  before(() => phones.seed());
  afterEach(() => phones.quiet());

  it('wait for one', async () => {
    const roomId = await phones.project();
    const call = await phones.place('buyer', 'admin', { roomId });
    for (const who of ['admin', 'buyer'] as const)
      await refused(suite.portal.call(who, 'call.approve', of(call)), 'forbidden');
    expect((await phones.seen('operator', call)).actions).to.deep.equal(['approve', 'cancel']);
    await suite.portal.call('operator', 'call.approve', of(call));
    await phones.after(1000);
    expect(await phones.seen('buyer', call)).to.deep.include({ state: 'ringing_caller' });
    const uses = await suite.database.connection.collection<NumberUseDoc>('numberUses').find({ roomId }).toArray();
    expect(uses.map(({ by }) => by.id)).to.deep.equal(['buyer-1', 'buyer-1']);
    await suite.portal.call('operator', 'call.cancel', of(call));
  });

  it('ring nobody who was put out of the room meanwhile', async () => {
    const roomId = await phones.project();
    const call = await phones.place('admin', 'colleague', { roomId });
    await suite.portal.call('buyer', 'member.remove', { roomId, userId: people.colleague.sub });
    await refused(suite.portal.call('operator', 'call.approve', of(call)), 'read_only');
    await suite.portal.call('operator', 'call.cancel', of(call));
  });
});
