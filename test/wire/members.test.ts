import { expect } from 'chai';
import { describe, it } from 'mocha';
import { MEMBERS_MAX } from '../../shared/contract/limits.ts';
import { message, people, type PersonName } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('member.add, member.remove and member.list', () => {
  const suite = wireSuite();
  const { colleague, designer, idle, buyer, admin } = people;

  it('adds a colleague, tells the room, and who joins reads what came before', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const early = await portal.call('admin', 'message.send', message(roomId, 'earlier'));
    const reader = await portal.connect('admin');
    await reader.call('room.join', { roomId });
    await refused(portal.call('colleague', 'room.get', { roomId }), 'not_found');
    const told = reader.next('entry', ({ kind }) => kind === 'notice');
    const added = await portal.call('buyer', 'member.add', { roomId, userId: colleague.sub, name: 'Bo' });
    expect(added).to.deep.equal({ member: { userId: colleague.sub, name: 'Bo', side: 'buyer', org: 'buyers' } });
    expect(await told).to.deep.include({
      stream: 'public',
      body: { event: 'member.added', member: added.member },
      actor: { id: buyer.sub, name: 'Bao', side: 'buyer', org: 'buyers' },
    });
    const { entries } = await portal.call('colleague', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.map(({ id }) => id)).to.include(early.entry.id);
    await portal.call('colleague', 'message.send', message(roomId, 'hello'));
    expect((await portal.call('colleague', 'room.list', {})).items.map(({ id }) => id)).to.include(roomId);
  });

  it('adds the same person once, however often and however much at once', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const add = () => portal.call('buyer', 'member.add', { roomId, userId: colleague.sub, name: 'Bo' });
    const answers = await Promise.all(Array.from({ length: 6 }, add));
    expect(new Set(answers.map((answer) => JSON.stringify(answer))).size).to.equal(1);
    const { items } = await portal.call('buyer', 'member.list', { roomId });
    expect(items.filter(({ userId }) => userId === colleague.sub)).to.have.length(1);
    const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.filter(({ body }) => 'event' in body && body.event === 'member.added')).to.have.length(1);
    await portal.call('buyer', 'member.add', { roomId, userId: buyer.sub, name: 'Bao' });
    expect((await portal.call('buyer', 'member.list', { roomId })).items).to.have.length(3);
  });

  it("adds the provider's staff with the directory's roles, by its admin or an operator", async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const added = await portal.call('admin', 'member.add', { roomId, userId: designer.sub, name: 'Dan' });
    expect(added.member).to.deep.equal({
      userId: designer.sub,
      name: 'Dan',
      side: 'provider',
      org: 'studio',
      roles: ['designer'],
    });
    await portal.call('operator', 'member.add', { roomId, userId: idle.sub, name: 'Du' });
    const { items } = await portal.call('vendor', 'member.list', { roomId });
    expect(items.map(({ userId }) => userId)).to.have.members([buyer.sub, designer.sub, idle.sub, admin.sub]);
    const { room } = await portal.call('designer', 'room.get', { roomId });
    expect(room.streams.map(({ stream }) => stream)).to.have.members(['public', 'provider']);
  });

  it('refuses who may not say who is added, and who may not be added', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await portal.call('buyer', 'member.add', { roomId, userId: colleague.sub, name: 'Bo' });
    await portal.call('admin', 'member.add', { roomId, userId: designer.sub, name: 'Dan' });
    const someone = { roomId, userId: 'someone', name: 'Someone' };
    for (const who of ['colleague', 'designer', 'vendor', 'service'] as const)
      await refused(portal.call(who, 'member.add', someone), 'forbidden');
    for (const who of ['stranger', 'otherOfOrg', 'rival', 'idle'] as const)
      await refused(portal.call(who, 'member.add', someone), 'not_found');
    await refused(portal.call('buyer', 'member.add', { ...someone, userId: designer.sub }), 'forbidden');
    await refused(portal.call('operator', 'member.add', someone), 'not_found');
    await refused(portal.call('buyer', 'member.add', { ...someone, name: ' ' }), 'invalid');
    await refused(portal.call('buyer', 'member.add', { ...someone, userId: '' }), 'invalid');
    await portal.call('service', 'staff.put', {
      userId: 'left',
      org: 'studio',
      name: 'L',
      roles: ['tester'],
      maxLoad: 1,
      active: false,
    });
    await refused(portal.call('admin', 'member.add', { ...someone, userId: 'left' }), 'conflict');
    // What the directory knows of another company's people is not learnt by trying.
    const working = await refused(portal.call('buyer', 'member.add', { ...someone, userId: idle.sub }), 'forbidden');
    const left = await refused(portal.call('buyer', 'member.add', { ...someone, userId: 'left' }), 'forbidden');
    expect(left.error).to.deep.equal(working.error);
  });

  it('adds so many people to a room and no more, until somebody is removed', async () => {
    const { portal, database } = suite;
    const roomId = await portal.project();
    const add = (userId: string) => portal.call('buyer', 'member.add', { roomId, userId, name: 'Bo' });
    const members = Array.from({ length: MEMBERS_MAX - 1 }, (_, i) => ({
      userId: `many-${i}`,
      name: 'Many',
      side: 'buyer',
      org: 'buyers',
    }));
    await database.connection
      .collection<{ _id: string }>('rooms')
      .updateOne({ _id: roomId }, { $set: { members }, $inc: { version: 1 } });
    await add('the last');
    const { error } = await refused(add('one more'), 'conflict');
    expect(error.details).to.deep.equal({ members: MEMBERS_MAX });
    await add('the last');
    await portal.call('buyer', 'member.remove', { roomId, userId: 'the last' });
    await add('one more');
  });

  it('removes at once on every open connection, and nothing comes after it', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await portal.call('buyer', 'member.add', { roomId, userId: colleague.sub, name: 'Bo' });
    const clients = [await portal.connect('colleague'), await portal.connect('colleague', { transports: ['polling'] })];
    const outside = await portal.connect('colleague');
    for (const client of clients) await client.call('room.join', { roomId });
    const watcher = await portal.connect('buyer');
    await watcher.call('room.join', { roomId });
    const revoked = clients.map((client) => client.next('access.revoked'));
    const gone = watcher.next('presence', ({ online }) => !online);
    const removal = watcher.next('entry', ({ kind }) => kind === 'notice');
    // What runs at the same moment must not slip out after it either.
    const racing = Promise.all(
      Array.from({ length: 20 }, (_, i) => portal.call('admin', 'message.send', message(roomId, `race ${i}`))),
    );
    await portal.call('buyer', 'member.remove', { roomId, userId: colleague.sub, name: 'Bo' });
    for (const payload of await Promise.all(revoked))
      expect(payload).to.deep.equal({ roomId, reason: 'You are no longer in this room.' });
    expect((await gone).userId).to.equal(colleague.sub);
    expect((await removal).body).to.deep.include({ event: 'member.removed' });
    await racing;
    await portal.call('admin', 'message.send', message(roomId, 'among ourselves'));
    await portal.call('buyer', 'read.mark', { roomId, stream: 'public', seq: 1 });
    const toldOutside = outside.all('inbox').length;
    await portal.call('admin', 'message.send', message(roomId, 'and again'));
    for (const client of [...clients, outside]) {
      await client.flush();
      const at = client.received.findIndex(({ name }) => name === 'access.revoked');
      if (client !== outside) expect(client.received.slice(at + 1)).to.deep.equal([]);
      await refused(client.call('room.join', { roomId, since: { public: 0 } }), 'not_found');
      await refused(client.call('entry.fetch', { roomId, stream: 'public' }), 'not_found');
      await refused(client.call('message.send', message(roomId, 'may I')), 'not_found');
    }
    await watcher.flush();
    expect(outside.all('inbox')).to.have.length(toldOutside);
    expect((await portal.call('colleague', 'room.list', {})).items.map(({ id }) => id)).to.not.include(roomId);
  });

  it('removes once, and a repetition by who may remove is no error', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await portal.call('buyer', 'member.add', { roomId, userId: colleague.sub, name: 'Bo' });
    await portal.call('admin', 'member.add', { roomId, userId: designer.sub, name: 'Dan' });
    const remove = (who: PersonName) => portal.call(who, 'member.remove', { roomId, userId: colleague.sub });
    for (const who of ['buyer', 'buyer', 'operator'] as const) expect(await remove(who)).to.deep.equal({});
    await refused(remove('designer'), 'forbidden');
    await refused(remove('colleague'), 'not_found');
    const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.filter(({ body }) => 'event' in body && body.event === 'member.removed')).to.have.length(1);
  });

  it('lets somebody remove themselves, and the buyer no staff', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await portal.call('admin', 'member.add', { roomId, userId: designer.sub, name: 'Dan' });
    await refused(portal.call('buyer', 'member.remove', { roomId, userId: designer.sub }), 'not_found');
    await refused(portal.call('designer', 'member.remove', { roomId, userId: idle.sub }), 'forbidden');
    await portal.call('designer', 'member.remove', { roomId, userId: designer.sub });
    await refused(portal.call('designer', 'room.get', { roomId }), 'not_found');
    await portal.call('operator', 'member.add', { roomId, userId: designer.sub, name: 'Dan' });
    await portal.call('operator', 'member.remove', { roomId, userId: designer.sub });
    await refused(portal.call('designer', 'room.get', { roomId }), 'not_found');
  });
});
