import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import type { RoomItem } from '../../shared/contract/rooms.ts';
import { until } from '../support/client.ts';
import {
  actorOf,
  adminOf,
  BUYER,
  OpportunityRooms,
  type Org,
  seedProviders,
  staffOf,
} from '../support/opportunity-rooms.ts';
import { message, type PersonName } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { wireSuite } from '../support/wire-suite.ts';

const lane = (org: Org): string => `lane:${org}`;

describe('Lists of rooms with opportunities in them', () => {
  const suite = wireSuite();
  const demands = new OpportunityRooms(
    () => suite.portal,
    () => suite.context,
  );
  before(async () => {
    await seedProviders(suite.portal);
    await suite.portal.call('service', 'product.put', {
      productId: 'of-orchid',
      name: 'Site',
      vendorOrg: 'maker',
      templateId: 'basic',
      providers: [{ org: 'orchid', maxLoad: 1_000 }],
    });
  });

  const list = async (who: PersonName | Who, kind?: RoomItem['kind']): Promise<RoomItem[]> =>
    (await suite.portal.call(who, 'room.list', { limit: 200, ...(kind === undefined ? {} : { kind }) })).items;
  const itemOf = async (who: PersonName | Who, roomId: string): Promise<RoomItem | undefined> =>
    (await list(who)).find(({ id }) => id === roomId);

  async function projectOfOrchid(): Promise<string> {
    const { sub: id, org = '', name = '' } = BUYER;
    const buyer = { id, org, name };
    const { roomId } = await suite.portal.call('service', 'project.create', {
      orderId: randomUUID(),
      productId: 'of-orchid',
      buyer,
    });
    return roomId;
  }

  it('show a company where it is engaged, with the status that follows from its own engagement', async () => {
    const roomId = await demands.publish();
    expect(await itemOf(adminOf('orchid'), roomId)).to.equal(undefined);
    await demands.grab(roomId, 'orchid');
    await demands.assign(roomId, 'cinder');
    suite.clock.advance(1_000);
    await demands.propose(roomId, 'orchid');
    const { last, updatedAt, unread, ...item } = (await itemOf(adminOf('orchid'), roomId)) ?? {};
    expect(item).to.deep.equal({ id: roomId, kind: 'opportunity', title: 'A site for tea', status: 'quoted' });
    expect(unread).to.have.all.keys('public', lane('orchid'), 'notes:orchid', 'desk:orchid');
    expect(last?.stream).to.equal(lane('orchid'));
    expect(updatedAt).to.be.a('string');
    expect((await itemOf(adminOf('cinder'), roomId))?.status).to.equal('open');
    expect((await itemOf(BUYER, roomId))?.status).to.equal('quoted');
    expect((await itemOf('service', roomId))?.unread).to.deep.equal({});
    expect(await itemOf(staffOf('orchid'), roomId)).to.equal(undefined);
    await suite.portal.call(adminOf('orchid'), 'member.add', { roomId, userId: staffOf('orchid').sub, name: 'Staff' });
    expect((await itemOf(staffOf('orchid'), roomId))?.id).to.equal(roomId);
    await demands.happen(roomId, { type: 'terminate', reason: 'price' }, actorOf(adminOf('orchid')));
    for (const who of [adminOf('orchid'), staffOf('orchid')]) expect(await itemOf(who, roomId)).to.equal(undefined);
    expect(await itemOf(BUYER, roomId)).to.include({ id: roomId });
  });

  it('are moved for a company by what it reads, and by nothing that concerns another', async () => {
    const { portal, clock } = suite;
    const older = await demands.publish();
    await demands.grab(older, 'orchid', 'basalt');
    await demands.assign(older, 'cinder');
    clock.advance(60_000);
    const newer = await demands.publish();
    await demands.grab(newer, 'orchid', 'basalt', 'cinder');
    clock.advance(60_000);
    const shown = async (who: PersonName | Who) => JSON.stringify(await list(who, 'opportunity'));
    const ids = async (who: PersonName | Who) => (await list(who, 'opportunity')).slice(0, 2).map(({ id }) => id);
    const everybody = [
      BUYER,
      'operator',
      'service',
      ...(['orchid', 'basalt', 'cinder'] as const).map(adminOf),
    ] as const;
    /** Who sees another list after something was written. */
    const movedBy = async (who: PersonName | Who, stream: string): Promise<number[]> => {
      const before = await Promise.all(everybody.map(shown));
      clock.advance(60_000);
      await portal.call(who, 'message.send', message(older, 'up', { stream }));
      const after = await Promise.all(everybody.map(shown));
      return everybody.flatMap((_one, index) => (before[index] === after[index] ? [] : [index]));
    };
    expect(await ids(adminOf('orchid'))).to.deep.equal([newer, older]);
    const [buyer, operator, service, orchid, basalt, cinder] = [0, 1, 2, 3, 4, 5];
    expect(await movedBy(adminOf('orchid'), 'notes:orchid')).to.deep.equal([operator, orchid]);
    expect(await ids(adminOf('orchid'))).to.deep.equal([older, newer]);
    expect(await ids(adminOf('basalt'))).to.deep.equal([newer, older]);
    expect(await movedBy(adminOf('basalt'), lane('basalt'))).to.deep.equal([buyer, operator, basalt]);
    expect(await movedBy(adminOf('cinder'), 'desk:cinder')).to.deep.equal([operator, cinder]);
    // The company is not there yet to read it.
    expect(await movedBy(BUYER, lane('cinder'))).to.deep.equal([buyer, operator]);
    expect(await movedBy('operator', 'operator')).to.deep.equal([operator]);
    expect(await movedBy('operator', 'public')).to.deep.equal([buyer, operator, service, orchid, basalt, cinder]);
    // What happens to one company's engagement is nothing to the others either.
    const others = [adminOf('basalt'), adminOf('cinder')];
    const before = await Promise.all(others.map(shown));
    clock.advance(60_000);
    await demands.propose(older, 'orchid');
    await demands.happen(older, { type: 'terminate', reason: 'price' }, actorOf(adminOf('orchid')));
    expect(await Promise.all(others.map(shown))).to.deep.equal(before);
  });

  it('go on over projects and opportunities under one cursor, each room once and in order', async () => {
    const { portal, clock } = suite;
    const made: string[] = [];
    for (let i = 0; i < 7; i++) {
      clock.advance(1_000);
      // Some at the same instant, so that the ids decide.
      if (i % 2 === 0) made.push(await projectOfOrchid());
      const demand = await demands.publish();
      await demands.grab(demand, 'orchid');
      made.push(demand);
    }
    for (const who of [adminOf('orchid'), BUYER, 'operator'] as const) {
      const whole = await list(who);
      expect(whole.map(({ id }) => id)).to.include.members(made);
      const seen: RoomItem[] = [];
      let cursor: string | undefined;
      do {
        const page = await portal.call(who, 'room.list', { limit: 3, ...(cursor === undefined ? {} : { cursor }) });
        seen.push(...page.items);
        cursor = page.nextCursor;
      } while (cursor !== undefined);
      expect(seen.map(({ id }) => id)).to.deep.equal(whole.map(({ id }) => id));
      expect(seen.map(({ updatedAt }) => updatedAt)).to.deep.equal(
        seen
          .map(({ updatedAt }) => updatedAt)
          .toSorted()
          .toReversed(),
      );
      for (const kind of ['project', 'opportunity'] as const)
        expect((await list(who, kind)).map(({ id }) => id)).to.deep.equal(
          whole.filter((item) => item.kind === kind).map(({ id }) => id),
        );
    }
  });

  it('are healed by the sweep where a server died between a decision and its telling', async () => {
    const { context } = suite;
    const roomId = await demands.publish();
    const provider = { org: 'basalt', name: 'basalt Works' };
    await demands.decide(roomId, { type: 'grab', provider }, actorOf(adminOf('basalt')));
    expect(await itemOf(adminOf('basalt'), roomId)).to.equal(undefined);
    await context.outbox.sweep();
    expect((await itemOf(adminOf('basalt'), roomId))?.status).to.equal('talking');
  });

  it('keep the newest state of a room, in whatever order states come', async () => {
    const { context } = suite;
    const roomId = await demands.publish();
    await demands.grab(roomId, 'orchid');
    const before = await context.rooms.fresh(roomId);
    await demands.happen(roomId, { type: 'terminate', reason: 'price' }, actorOf(adminOf('orchid')));
    if (before?.kind !== 'opportunity') throw new Error('there is no such opportunity');
    await context.lanes.keep(before);
    expect(await itemOf(adminOf('orchid'), roomId)).to.equal(undefined);
    const stored = await context.lanes.model.findById(`${roomId}/orchid`).lean();
    expect(stored).to.deep.include({ seats: [], reads: [], status: 'closed' });
  });

  it('are exact on this server and soon stored for the others', async () => {
    const { context, clock } = suite;
    const roomId = await demands.publish();
    await demands.grab(roomId, 'orchid');
    clock.advance(1_000);
    const { entry } = await suite.portal.call(adminOf('orchid'), 'message.send', message(roomId, 'hello'));
    await context.activity.flush();
    await until('it is stored', async () => {
      const stored = await context.lanes.model.findById(`${roomId}/orchid`).lean<{ at: Date }>();
      return stored?.at.toISOString() === entry.at;
    });
  });
});
