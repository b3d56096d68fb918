import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { PRESENCE_GRACE_MS } from '../../shared/contract/limits.ts';
import { type TestClient, until } from '../support/client.ts';
import {
  actorOf,
  adminOf,
  BUYER,
  OpportunityRooms,
  type Org,
  ORGS,
  seedProviders,
  staffOf,
} from '../support/opportunity-rooms.ts';
import { message, type PersonName } from '../support/portal.ts';
import type { Who } from '../support/tokens.ts';
import { wireSuite } from '../support/wire-suite.ts';

const lane = (org: Org): string => `lane:${org}`;
const desk = (org: Org): string => `desk:${org}`;

describe('What is live in rooms of opportunities', () => {
  const suite = wireSuite();
  const demands = new OpportunityRooms(
    () => suite.portal,
    () => suite.context,
  );
  before(() => seedProviders(suite.portal));

  async function joined(who: PersonName | Who, roomId: string): Promise<TestClient> {
    const client = await suite.portal.connect(who);
    await client.call('room.join', { roomId });
    return client;
  }

  /** Two providers follow, the third has an offer; all of them, the buyer and an operator have it open. */
  async function everybodyIn(): Promise<{
    roomId: string;
    buyer: TestClient;
    operator: TestClient;
    providers: Record<Org, TestClient>;
  }> {
    const roomId = await demands.publish();
    await demands.grab(roomId, 'orchid', 'basalt');
    await demands.assign(roomId, 'cinder');
    const [buyer, operator] = [await joined(BUYER, roomId), await joined('operator', roomId)];
    const [orchid, basalt, cinder] = await Promise.all(ORGS.map((org) => joined(adminOf(org), roomId)));
    if (orchid === undefined || basalt === undefined || cinder === undefined) throw new Error('nobody has joined');
    const providers = { orchid, basalt, cinder };
    const clients = [buyer, operator, ...Object.values(providers)];
    await Promise.all(clients.map((client) => client.flush()));
    for (const client of clients) client.received.length = 0;
    return { roomId, buyer, operator, providers };
  }

  const quiet = async (...clients: TestClient[]): Promise<void> => {
    for (const client of clients) {
      await client.flush();
      expect(client.received).to.deep.equal([]);
    }
  };

  it('presence: a provider is seen on its lane, the buyer by who knows whose it is', async () => {
    const { roomId, buyer, operator, providers } = await everybodyIn();
    const { orchid, basalt, cinder } = providers;
    const others = [adminOf('basalt').sub, adminOf('cinder').sub];
    const online = async (client: TestClient) =>
      (await client.call('room.join', { roomId, limit: 1 })).online.map(({ userId }) => userId).sort();
    const admins = ORGS.map((org) => adminOf(org).sub);
    for (const client of [buyer, operator])
      expect(await online(client)).to.deep.equal([...admins, BUYER.sub, 'operator-1'].sort());
    expect(await online(orchid)).to.deep.equal([adminOf('orchid').sub, BUYER.sub, 'operator-1'].sort());
    expect(await online(cinder)).to.deep.equal([adminOf('cinder').sub, 'operator-1'].sort());

    const gone = [buyer, operator].map((client) => client.next('presence', ({ online: is }) => !is));
    await orchid.call('room.leave', { roomId });
    for (const event of await Promise.all(gone)) expect(event.userId).to.equal(adminOf('orchid').sub);
    await quiet(basalt, cinder);
    expect(await online(buyer)).to.deep.equal([...others, BUYER.sub, 'operator-1'].sort());

    const seen = basalt.next('presence');
    await buyer.call('room.leave', { roomId });
    expect((await seen).userId).to.equal(BUYER.sub);
    await quiet(cinder);
    const shown = cinder.next('presence');
    await operator.call('room.leave', { roomId });
    expect((await shown).userId).to.equal('operator-1');
  });

  it('presence: ends with a lost connection after the grace, in the same place', async () => {
    const { roomId, buyer, providers } = await everybodyIn();
    const { clock } = suite;
    const before = clock.waiting;
    const { sub: userId } = staffOf('orchid');
    await suite.portal.call(adminOf('orchid'), 'member.add', { roomId, userId, name: 'Staff of orchid' });
    const lost = await joined(staffOf('orchid'), roomId);
    const gone = buyer.next('presence', (event) => event.userId === userId && !event.online);
    lost.cut();
    await until('the grace has begun', () => clock.waiting > before);
    clock.advance(PRESENCE_GRACE_MS);
    await gone;
    for (const org of ['basalt', 'cinder'] as const) {
      await providers[org].flush();
      expect(JSON.stringify(providers[org].received)).to.not.include('orchid');
    }
  });

  it('receipts: of what all read, each is told to who may know that the reader is there', async () => {
    const { roomId, buyer, operator, providers } = await everybodyIn();
    const { orchid, basalt, cinder } = providers;
    const mark = (client: TestClient, stream: string, seq: number) => client.call('read.mark', { roomId, stream, seq });
    const told = (...clients: TestClient[]) => Promise.all(clients.map((client) => client.next('receipt')));

    const ofProvider = told(buyer, operator, orchid);
    await mark(orchid, 'public', 1);
    for (const receipt of await ofProvider)
      expect(receipt).to.deep.equal({ roomId, stream: 'public', userId: adminOf('orchid').sub, seq: 1 });
    await quiet(basalt, cinder);

    const ofOffered = told(buyer, operator);
    await mark(cinder, 'public', 1);
    for (const receipt of await ofOffered) expect(receipt.userId).to.equal(adminOf('cinder').sub);
    await quiet(basalt);

    const ofBuyer = told(buyer, operator, orchid, basalt);
    await mark(buyer, 'public', 2);
    for (const receipt of await ofBuyer) expect(receipt.userId).to.equal(BUYER.sub);
    await quiet(cinder);

    const inLane = told(buyer, operator, basalt);
    await mark(basalt, lane('basalt'), 1);
    for (const receipt of await inLane) expect(receipt.stream).to.equal(lane('basalt'));
    basalt.received.length = 0;
    orchid.received.length = 0;
    await quiet(cinder);
    const onDesk = told(operator, cinder);
    await mark(operator, desk('cinder'), 1);
    await onDesk;
    await quiet(orchid, basalt);
  });

  it('typing stays in its stream', async () => {
    const { roomId, buyer, providers } = await everybodyIn();
    const began = providers.orchid.next('typing');
    await buyer.call('typing.set', { roomId, stream: lane('orchid'), typing: true });
    expect(await began).to.deep.equal({ roomId, stream: lane('orchid'), userId: BUYER.sub, typing: true });
    const seen = buyer.next('typing', ({ userId }) => userId === adminOf('orchid').sub);
    await providers.orchid.call('typing.set', { roomId, stream: lane('orchid'), typing: true });
    await seen;
    await quiet(providers.basalt, providers.cinder);
    // Who leaves types nowhere any more.
    const ended = buyer.next('typing', ({ typing }) => !typing);
    await providers.orchid.call('room.leave', { roomId });
    expect(await ended).to.include({ stream: lane('orchid'), typing: false });
  });

  it('entries reach who reads their stream, live or as inbox', async () => {
    const { roomId, buyer, operator, providers } = await everybodyIn();
    const outside = await suite.portal.connect(adminOf('orchid'));
    const rival = await suite.portal.connect(adminOf('basalt'));
    const text = `orchid writes ${randomUUID()}`;
    const live = [buyer, operator, providers.orchid].map((client) => client.next('entry'));
    const inbox = outside.next('inbox', ({ last }) => JSON.stringify(last).includes(text));
    const { entry } = await providers.orchid.call('message.send', message(roomId, text));
    for (const received of await Promise.all(live)) expect(received).to.deep.equal(entry);
    expect(await inbox).to.deep.include({ roomId, stream: lane('orchid'), last: entry });
    await quiet(providers.basalt, providers.cinder);
    const note = operator.next('entry');
    await providers.orchid.call('message.send', message(roomId, 'a note', { stream: 'notes:orchid' }));
    await note;
    buyer.received.length = 0;
    await quiet(buyer, providers.basalt, providers.cinder);
    // It may still be told of what was written before.
    await rival.flush();
    expect(JSON.stringify(rival.received)).to.not.include('orchid');
  });

  it('the state goes to those alone whose view of it has changed', async () => {
    const { roomId, buyer, operator, providers } = await everybodyIn();
    const { orchid, basalt, cinder } = providers;
    // A record is for the provider and the operators; the buyer reads nothing of it, nor that there is one.
    const ofRecord = [operator, orchid].map((client) => client.next('opportunity'));
    await demands.happen(
      roomId,
      { type: 'record', clientId: randomUUID(), connected: true, stage: 'clarify', text: 'orchid called' },
      actorOf(adminOf('orchid')),
    );
    await Promise.all(ofRecord);
    await quiet(buyer, basalt, cinder);
    const ofProposal = [buyer, operator, orchid].map((client) =>
      client.next('opportunity', ({ status }) => status === 'quoted'),
    );
    await demands.propose(roomId, 'orchid');
    await Promise.all(ofProposal);
    await quiet(basalt, cinder);
    // Somebody who has not opened it is not sent it at all.
    const accepted = [buyer, operator, cinder].map((client) => client.next('opportunity'));
    await demands.happen(roomId, { type: 'accept' }, actorOf(adminOf('cinder')));
    const [, , own] = await Promise.all(accepted);
    expect(own?.buyer).to.deep.equal({ id: BUYER.sub, org: BUYER.org, name: BUYER.name });
    await quiet(basalt);
  });

  it('a provider loses all of it at the instant in which its engagement ends', async () => {
    const { roomId, buyer, operator, providers } = await everybodyIn();
    const { orchid, basalt, cinder } = providers;
    const revoked = orchid.next('access.revoked');
    const gone = [buyer, operator].map((client) => client.next('presence', ({ online }) => !online));
    await demands.happen(roomId, { type: 'terminate', reason: 'price' }, actorOf(adminOf('orchid')));
    expect(await revoked).to.deep.equal({ roomId, reason: 'You are no longer in this room.' });
    for (const { userId } of await Promise.all(gone)) expect(userId).to.equal(adminOf('orchid').sub);
    orchid.received.length = 0;
    await operator.call('message.send', message(roomId, 'to all', { stream: 'public' }));
    await operator.call('message.send', message(roomId, 'to the lane', { stream: lane('orchid') }));
    await buyer.call('message.send', message(roomId, 'to basalt', { stream: lane('basalt') }));
    await quiet(orchid);
    for (const client of [basalt, cinder]) {
      await client.flush();
      expect(JSON.stringify(client.received)).to.not.include('orchid');
    }
  });

  it('a provider whose engagement begins is told by its inbox; who has the room open joins the new lane', async () => {
    const roomId = await demands.publish();
    const buyer = await joined(BUYER, roomId);
    const admin = await suite.portal.connect(adminOf('cinder'));
    const [offer, state] = [
      admin.next('inbox', (event) => event.roomId === roomId && event.stream === desk('cinder')),
      buyer.next('opportunity'),
    ];
    await demands.assign(roomId, 'cinder');
    expect((await offer).unread).to.equal(1);
    expect((await state).engagements?.flatMap(({ streams }) => streams)).to.deep.equal([lane('cinder')]);
    const { streams } = await buyer.call('room.join', { roomId, since: { public: 1 } });
    expect(streams.map(({ stream }) => stream)).to.deep.equal(['public', lane('cinder')]);
    await demands.happen(roomId, { type: 'accept' }, actorOf(adminOf('cinder')));
    const live = buyer.next('entry', ({ stream }) => stream === lane('cinder'));
    await suite.portal.call(adminOf('cinder'), 'message.send', message(roomId, 'hello'));
    await live;
  });

  it('has shown no provider anything of another, and no buyer to who has not accepted', async () => {
    const { roomId, buyer, operator, providers } = await everybodyIn();
    const texts = new Map(ORGS.map((org) => [org, `${org} said ${randomUUID()}`]));
    for (const org of ORGS) {
      const stream = org === 'cinder' ? desk(org) : lane(org);
      await providers[org].call('message.send', message(roomId, texts.get(org) ?? '', { stream }));
      await providers[org].call('read.mark', { roomId, stream: 'public', seq: 1 });
      await providers[org].call('typing.set', { roomId, stream, typing: true });
    }
    await buyer.call('message.send', message(roomId, 'orchid, basalt: what does it cost?', { stream: lane('orchid') }));
    await operator.call('message.send', message(roomId, 'to all', { stream: 'public' }));
    await demands.propose(roomId, 'basalt');
    await demands.happen(roomId, { type: 'terminate', reason: 'price' }, actorOf(adminOf('basalt')));
    for (const org of ['orchid', 'cinder'] as const) {
      const client = providers[org];
      const answers = [
        await client.call('room.list', {}),
        await client.call('room.get', { roomId }),
        await client.call('room.join', { roomId, limit: 200 }),
        await client.call('member.list', { roomId }),
        await client.call('entry.fetch', { roomId, stream: 'public' }),
      ];
      const seen = JSON.stringify([answers, client.received]);
      for (const other of ORGS) if (other !== org) expect(seen, `${org} of ${other}`).to.not.include(texts.get(other));
      // Of what the buyer itself wrote into its lane nothing is kept from it.
      const own = seen.replaceAll('orchid, basalt: what does it cost?', '');
      for (const other of ORGS) if (other !== org) expect(own, `${org} of ${other}`).to.not.include(other);
      if (org === 'cinder') expect(seen).to.not.match(/quince/iu);
    }
  });
});
