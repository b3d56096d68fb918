import { expect } from 'chai';
import { afterEach, before, describe, it } from 'mocha';
import type { OpportunityRoom } from '../../server/rooms/room-doc.ts';
import { FOLLOWING_WINDOW_MS } from '../../shared/contract/limits.ts';
import { notesOf } from '../../shared/model/opportunity/streams.ts';
import {
  actorOf,
  adminOf,
  BUYER,
  OpportunityRooms,
  type Org,
  seedProviders,
  staffOf,
} from '../support/opportunity-rooms.ts';
import { PHONES, Phones } from '../support/phones.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

const lane = (org: Org): string => `lane:${org}`;

describe('Calls in an opportunity', () => {
  const suite = wireSuite();
  const phones = new Phones(suite);
  const demands = new OpportunityRooms(
    () => suite.portal,
    () => suite.context,
  );
  before(async () => {
    await seedProviders(suite.portal);
    for (const org of ['orchid', 'basalt'] as const) {
      const { sub: userId, name = '', roles = [] } = adminOf(org);
      const staff = { userId, org, name, roles: [...roles], maxLoad: 5, phone: PHONES.admin };
      await suite.portal.call('service', 'staff.put', staff);
    }
  });
  afterEach(() => phones.quiet());

  /** Two providers follow a demand whose buyer shares nothing, and is reached at `phone`. */
  async function followed(phone: string = PHONES.talked): Promise<string> {
    const roomId = await demands.publish({ phone });
    await demands.grab(roomId, 'orchid', 'basalt');
    return roomId;
  }
  const engagementOf = async (roomId: string, org: Org) => {
    const room = await suite.context.rooms.fresh(roomId);
    const { opportunity } = room as OpportunityRoom;
    return opportunity.engagements.find(({ provider }) => provider.org === org);
  };
  const recordsOf = async (roomId: string, org: Org) => {
    const { entries } = await suite.portal.call(adminOf(org), 'entry.fetch', { roomId, stream: notesOf(org) });
    return entries.filter(({ kind }) => kind === 'record');
  };

  it('stand in the lane of the one provider, and no other is told of them', async () => {
    const roomId = await followed();
    const call = await phones.place(adminOf('orchid'), BUYER.sub, { roomId });
    expect(call.stream).to.equal(lane('orchid'));
    const other = await phones.place(BUYER, adminOf('basalt').sub, { roomId, stream: lane('basalt') });
    await phones.after(40_000);
    expect((await phones.list(adminOf('orchid'), roomId)).map(({ id }) => id)).to.deep.equal([call.id]);
    expect((await phones.list(adminOf('basalt'), roomId)).map(({ id }) => id)).to.deep.equal([other.id]);
    for (const who of [BUYER, 'operator'] as const)
      expect(new Set((await phones.list(who, roomId)).map(({ id }) => id))).to.deep.equal(new Set([call.id, other.id]));
    await refused(suite.portal.call(adminOf('basalt'), 'call.list', { roomId, stream: lane('orchid') }), 'not_found');
    const hidden = await refused(
      suite.portal.call(adminOf('basalt'), 'call.cancel', { roomId, callId: call.id }),
      'not_found',
    );
    const unknown = await refused(
      suite.portal.call(adminOf('basalt'), 'call.cancel', { roomId, callId: 'nosuchcall' }),
      'not_found',
    );
    expect(hidden.error).to.deep.equal(unknown.error);
    expect(await suite.database.dump())
      .to.not.include('5550147')
      .and.not.include('5550101');
  });

  it('reach no competitor, nobody who has not accepted, and are the lane’s own people’s alone', async () => {
    const roomId = await followed();
    await demands.assign(roomId, 'cinder');
    await refused(phones.place(adminOf('cinder'), BUYER.sub, { roomId }), 'not_found');
    await refused(phones.place(BUYER, adminOf('cinder').sub, { roomId, stream: lane('cinder') }), 'not_found');
    await refused(phones.place(BUYER, adminOf('basalt').sub, { roomId, stream: lane('orchid') }), 'not_found');
    await refused(phones.place(BUYER, adminOf('orchid').sub, { roomId }), 'forbidden');
    await refused(phones.place(adminOf('orchid'), adminOf('basalt').sub, { roomId }), 'not_found');
    await refused(phones.place(staffOf('orchid'), BUYER.sub, { roomId }), 'not_found');
  });

  it('that connected are kept as a communication record, once, and renew the window', async () => {
    const roomId = await followed();
    const before = (await engagementOf(roomId, 'orchid'))?.windowEndsAt;
    suite.clock.advance(1000);
    const call = await phones.place(adminOf('orchid'), BUYER.sub, { roomId });
    await phones.after(40_000);
    const [record, ...more] = await recordsOf(roomId, 'orchid');
    expect(more).to.deep.equal([]);
    const { event, callId, from, to }: Record<string, unknown> = { ...record?.body };
    expect({ event, callId, from, to }).to.deep.equal({
      event: 'record.called',
      callId: call.id,
      from: call.from,
      to: call.to,
    });
    expect(record?.actor.side).to.equal('service');
    const { connectedAt = '' } = await phones.seen(BUYER, call);
    const renewed = (await engagementOf(roomId, 'orchid'))?.windowEndsAt ?? '';
    expect(renewed).to.not.equal(before);
    expect(Date.parse(renewed) - Date.parse(connectedAt)).to.be.within(
      FOLLOWING_WINDOW_MS,
      FOLLOWING_WINDOW_MS + 60_000,
    );
    const stored = await suite.context.calls.store.get(call.id);
    if (stored === undefined) throw new Error('the call is not there');
    await suite.context.opportunities.keepCall(stored.call, undefined);
    expect(await recordsOf(roomId, 'orchid')).to.have.length(1);
    expect(await recordsOf(roomId, 'basalt')).to.deep.equal([]);
    await refused(suite.portal.call(BUYER, 'entry.fetch', { roomId, stream: notesOf('orchid') }), 'not_found');
  });

  it('that did not connect are not', async () => {
    const roomId = await followed(PHONES.busy);
    await phones.place(adminOf('orchid'), BUYER.sub, { roomId });
    await phones.after(40_000);
    expect(await recordsOf(roomId, 'orchid')).to.deep.equal([]);
  });

  it('are over with the engagement, for the company that has gone; what it was told stays with the buyer', async () => {
    const roomId = await followed();
    const call = await phones.place(adminOf('orchid'), BUYER.sub, { roomId });
    const gone = { type: 'terminate', reason: 'no_capacity' } as const;
    await demands.happen(roomId, gone, actorOf(adminOf('orchid')));
    await refused(phones.place(adminOf('orchid'), BUYER.sub, { roomId }), 'not_found');
    await refused(phones.place(BUYER, adminOf('orchid').sub, { roomId, stream: lane('orchid') }), 'read_only');
    await refused(suite.portal.call(adminOf('orchid'), 'call.list', { roomId }), 'not_found');
    expect((await phones.seen(BUYER, call)).actions).to.deep.equal(['cancel']);
    await phones.after(40_000);
    expect((await phones.seen(BUYER, call)).state).to.equal('completed');
  });

  it('ring a company at the phone that it left when it accepted, and whoever calls at their own', async () => {
    const roomId = await demands.publish();
    await demands.assign(roomId, 'basalt');
    await suite.portal.call(adminOf('basalt'), 'opportunity.accept', { opportunityId: roomId, phone: PHONES.busy });
    const call = await phones.place(BUYER, adminOf('basalt').sub, {
      roomId,
      stream: lane('basalt'),
      fromNumber: PHONES.given,
    });
    await phones.after(6000);
    expect(await phones.seen(BUYER, call)).to.deep.include({ state: 'busy' });
    const { connection } = suite.database;
    const uses = await connection.collection('numberUses').find({ roomId }).toArray();
    expect(uses.map(({ owner }) => (owner as { kind: string }).kind)).to.deep.equal(['call', 'demand']);
  });
});
