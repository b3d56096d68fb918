import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { type TestClient, until } from '../support/client.ts';
import { clusterSuite } from '../support/cluster-suite.ts';
import {
  actorOf,
  adminOf,
  BUYER,
  OpportunityRooms,
  type Org,
  ORGS,
  seedProviders,
} from '../support/opportunity-rooms.ts';
import { message, type PersonName, people } from '../support/portal.ts';
import { redisSuite } from '../support/redis-suite.ts';
import type { Who } from '../support/tokens.ts';
import { refused } from '../support/wire-suite.ts';

const lane = (org: Org): string => `lane:${org}`;
const desk = (org: Org): string => `desk:${org}`;

describe('Rooms of opportunities over two servers', () => {
  const redis = redisSuite();
  const cluster = clusterSuite(redis, { servers: 2 });
  const { at } = cluster;
  const demands = new OpportunityRooms(
    () => at(0),
    () => {
      const [first] = cluster.servers;
      if (first === undefined) throw new Error('no server has been started');
      return first.context;
    },
  );
  before(() => seedProviders(at(0)));

  async function joined(server: number, who: PersonName | Who, roomId: string): Promise<TestClient> {
    const client = await at(server).connect(who);
    await client.call('room.join', { roomId });
    return client;
  }

  const onlineOf = async (client: TestClient, roomId: string): Promise<string[]> =>
    (await client.call('room.join', { roomId, limit: 1 })).online.map(({ userId }) => userId).sort();

  /** Two providers follow, the third has an offer. Buyer and orchid are at the first server, the others at the second. */
  async function everybodyIn() {
    const roomId = await demands.publish();
    await demands.grab(roomId, 'orchid', 'basalt');
    await demands.assign(roomId, 'cinder');
    const [buyer, orchid] = [await joined(0, BUYER, roomId), await joined(0, adminOf('orchid'), roomId)];
    const [operator, basalt, cinder] = [
      await joined(1, 'operator', roomId),
      await joined(1, adminOf('basalt'), roomId),
      await joined(1, adminOf('cinder'), roomId),
    ];
    const everybody = [BUYER.sub, people.operator.sub, ...ORGS.map((org) => adminOf(org).sub)].sort();
    for (const client of [buyer, operator])
      await until('everybody is there', async () => (await onlineOf(client, roomId)).join() === everybody.join());
    const clients = { buyer, operator, orchid, basalt, cinder };
    return { roomId, ...clients, all: Object.values(clients) };
  }

  /** Nothing of one provider has reached another, at whatever server; nor of the buyer who has not accepted. */
  async function expectApart(clients: Record<Org, TestClient>): Promise<void> {
    for (const org of ORGS) {
      await clients[org].flush();
      const seen = JSON.stringify(clients[org].received);
      for (const other of ORGS) if (other !== org) expect(seen, `${org} of ${other}`).to.not.include(other);
    }
    expect(JSON.stringify(clients.cinder.received)).to.not.match(/quince/iu);
  }

  it('tell who is there to whoever may know, and to nobody else', async () => {
    const { roomId, buyer, operator, orchid, basalt, cinder } = await everybodyIn();
    expect(await onlineOf(orchid, roomId)).to.deep.equal(
      [adminOf('orchid').sub, people.operator.sub, BUYER.sub].sort(),
    );
    expect(await onlineOf(basalt, roomId)).to.deep.equal(
      [adminOf('basalt').sub, people.operator.sub, BUYER.sub].sort(),
    );
    expect(await onlineOf(cinder, roomId)).to.deep.equal([adminOf('cinder').sub, people.operator.sub].sort());
    const gone = [buyer, operator].map((client) =>
      client.next('presence', ({ userId, online }) => userId === adminOf('basalt').sub && !online),
    );
    const left = basalt.next('presence', ({ userId, online }) => userId === BUYER.sub && !online);
    await basalt.call('room.leave', { roomId });
    await Promise.all(gone);
    await basalt.call('room.join', { roomId });
    await buyer.call('room.leave', { roomId });
    await left;
    await expectApart({ orchid, basalt, cinder });
  });

  it('hand on entries, typing and receipts to whom they concern', async () => {
    const { roomId, buyer, operator, orchid, basalt, cinder } = await everybodyIn();
    const entry = buyer.next('entry', ({ stream }) => stream === lane('basalt'));
    const sent = await basalt.call('message.send', message(roomId, 'for the buyer'));
    expect(await entry).to.deep.equal(sent.entry);
    const typing = operator.next('typing');
    await orchid.call('typing.set', { roomId, stream: lane('orchid'), typing: true });
    expect(await typing).to.include({ stream: lane('orchid'), userId: adminOf('orchid').sub });
    const receipts = [operator, orchid].map((client) => client.next('receipt'));
    await at(1).call(adminOf('orchid'), 'read.mark', { roomId, stream: 'public', seq: 1 });
    for (const receipt of await Promise.all(receipts)) expect(receipt.userId).to.equal(adminOf('orchid').sub);
    const ofBuyer = [operator, basalt].map((client) => client.next('receipt', ({ userId }) => userId === BUYER.sub));
    await buyer.call('read.mark', { roomId, stream: 'public', seq: 2 });
    await Promise.all(ofBuyer);
    const onDesk = operator.next('entry', ({ stream }) => stream === desk('cinder'));
    await at(0).call(adminOf('cinder'), 'message.send', message(roomId, 'a question', { stream: desk('cinder') }));
    await onDesk;
    await expectApart({ orchid, basalt, cinder });
  });

  it('send the new state to those alone whose view of it has changed', async () => {
    const { roomId, buyer, operator, orchid, basalt, cinder, all } = await everybodyIn();
    for (const client of all) client.received.length = 0;
    const told = [buyer, operator, orchid].map((client) => client.next('opportunity'));
    await demands.propose(roomId, 'orchid');
    await Promise.all(told);
    // What comes behind it on the same channel has come by then.
    const shared = [basalt, cinder].map((client) => client.next('entry', ({ stream }) => stream === 'public'));
    await at(0).call('operator', 'message.send', message(roomId, 'to all', { stream: 'public' }));
    await Promise.all(shared);
    for (const client of [basalt, cinder]) expect(client.all('opportunity')).to.deep.equal([]);
    const record = operator.next('opportunity');
    await demands.happen(
      roomId,
      { type: 'record', clientId: randomUUID(), connected: true, stage: 'price', text: 'called' },
      actorOf(adminOf('basalt')),
    );
    await record;
    await buyer.flush();
    expect(buyer.all('opportunity')).to.have.length(1);
    await expectApart({ orchid, basalt, cinder });
  });

  it('tell a provider whose engagement begins, also where the room is known as it was before', async () => {
    const roomId = await demands.publish();
    await at(1).call('operator', 'room.get', { roomId });
    const admin = await at(1).connect(adminOf('cinder'));
    const rival = await at(1).connect(adminOf('basalt'));
    // What was written before may be told of as well.
    const offered = admin.next('inbox', (event) => event.roomId === roomId && event.stream === desk('cinder'));
    await demands.assign(roomId, 'cinder');
    expect((await offered).unread).to.equal(1);
    // A server that knows the room as it was looks again before it says that there is no such stream.
    await demands.happen(roomId, { type: 'accept' }, actorOf(adminOf('cinder')));
    await at(1).call(adminOf('cinder'), 'message.send', message(roomId, 'hello'));
    const buyer = await joined(1, BUYER, roomId);
    const began = buyer.next('opportunity', ({ engagements = [] }) => engagements.length === 2);
    await demands.grab(roomId, 'orchid');
    expect((await began).engagements?.[1]?.streams).to.deep.equal([lane('orchid')]);
    await rival.flush();
    expect(rival.received.filter(({ payload }) => JSON.stringify(payload).includes(roomId))).to.deep.equal([]);
  });

  it('take everything from a provider at the instant in which its engagement ends', async () => {
    const { roomId, buyer, operator, orchid, basalt, cinder } = await everybodyIn();
    const revoked = basalt.next('access.revoked', (event) => event.roomId === roomId);
    const gone = [buyer, operator].map((client) => client.next('presence', ({ online }) => !online));
    await demands.happen(roomId, { type: 'terminate', reason: 'price' }, actorOf(adminOf('basalt')));
    expect(await revoked).to.deep.equal({ roomId, reason: 'You are no longer in this room.' });
    for (const { userId } of await Promise.all(gone)) expect(userId).to.equal(adminOf('basalt').sub);
    basalt.received.length = 0;
    const heard = operator.next('entry', ({ stream }) => stream === lane('basalt'));
    await at(0).call('operator', 'message.send', message(roomId, 'among ourselves', { stream: lane('basalt') }));
    await heard;
    await basalt.flush();
    expect(basalt.received).to.deep.equal([]);
    await refused(at(1).call(adminOf('basalt'), 'room.get', { roomId }), 'not_found');
    await expectApart({ orchid, basalt, cinder });
  });
});
