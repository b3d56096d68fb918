import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Entry } from '../../shared/contract/entries.ts';
import type { ServerEvents } from '../../shared/contract/events.ts';
import { until } from '../support/client.ts';
import { clusterSuite } from '../support/cluster-suite.ts';
import { growthOf, readExposition } from '../support/exposition.ts';
import { BEGINNING, message, NOTES_BEGINNING, people } from '../support/portal.ts';
import { redisSuite } from '../support/redis-suite.ts';
import { refused } from '../support/wire-suite.ts';

describe('Four servers with Redis between them', () => {
  const redis = redisSuite();
  const cluster = clusterSuite(redis, { servers: 4 });
  const { at, joined } = cluster;

  it('hand on what any of them writes, once, in order and without a hole, though all write at once', async () => {
    const roomId = await at(0).project();
    const readers = await Promise.all([0, 1, 2, 3].map((server) => joined(server, 'vendor', roomId)));
    const each = 15;
    const sent: Entry[] = [];
    await Promise.all(
      [0, 1, 2, 3].flatMap((server) =>
        Array.from({ length: each }, async (_, i) => {
          const who = i % 2 === 0 ? 'buyer' : 'admin';
          sent.push((await at(server).call(who, 'message.send', message(roomId, `${server}.${i}`))).entry);
        }),
      ),
    );
    const wanted = sent.sort((a, b) => a.seq - b.seq);
    expect(wanted.map(({ seq }) => seq)).to.deep.equal(wanted.map((_, i) => BEGINNING + 1 + i));
    for (const [server, reader] of readers.entries()) {
      await until(`all is shown at server ${server}`, () => reader.all('entry').length >= wanted.length);
      expect(reader.all('entry'), `at server ${server}`).to.deep.equal(wanted);
    }
    // What they know of the stream's end is right: the next one has the counts that a fresh reading gives.
    for (const server of [0, 1, 2, 3]) await at(server).call('buyer', 'message.send', message(roomId, 'on'));
    const { items } = await at(3).call('vendor', 'room.list', { limit: 1 });
    expect(items[0]?.unread['public']).to.equal(BEGINNING + 4 * each + 4);
  });

  it('tell whoever has not opened the room what is unread, and nobody of what they cannot read', async () => {
    const roomId = await at(0).project();
    const [buyer, vendor, stranger] = [
      await at(1).connect('buyer'),
      await at(2).connect('vendor'),
      await at(3).connect('stranger'),
    ];
    // They may also be told of how the room began.
    const isNew = (event: ServerEvents['inbox'], stream: string, beginning: number) =>
      event.roomId === roomId && event.stream === stream && event.head > beginning;
    const told = [buyer, vendor].map((client) => client.next('inbox', (event) => isNew(event, 'public', BEGINNING)));
    const note = vendor.next('inbox', (event) => isNew(event, 'provider', NOTES_BEGINNING));
    await at(0).call('admin', 'message.send', message(roomId, 'a note', { stream: 'provider' }));
    const { entry } = await at(0).call('admin', 'message.send', message(roomId, 'a word'));
    for (const inbox of await Promise.all(told))
      expect(inbox).to.deep.include({ roomId, head: BEGINNING + 1, last: entry });
    await note;
    const more = buyer.next('inbox', (event) => isNew(event, 'public', BEGINNING + 1));
    await at(0).call('admin', 'message.send', message(roomId, 'another'));
    expect(await more).to.include({ unread: BEGINNING + 2 });
    for (const client of [buyer, stranger]) await client.flush();
    expect(stranger.received).to.deep.equal([]);
    const heads = buyer.all('inbox').filter((event) => isNew(event, 'public', BEGINNING));
    expect(heads.map(({ head }) => head)).to.deep.equal([BEGINNING + 1, BEGINNING + 2]);
    expect(buyer.all('inbox').every(({ stream }) => stream === 'public')).to.equal(true);
  });

  it('show receipts of each other', async () => {
    const roomId = await at(0).project();
    const buyer = await joined(1, 'buyer', roomId);
    const read = buyer.next('receipt');
    await at(2).call('admin', 'read.mark', { roomId, stream: 'public', seq: 2 });
    expect(await read).to.deep.equal({ roomId, stream: 'public', userId: people.admin.sub, seq: 2 });
  });

  it('withdraw a right as soon as any of them has', async () => {
    const roomId = await at(0).project();
    await at(0).call('buyer', 'member.add', { roomId, userId: people.colleague.sub, name: 'Bo' });
    const client = await joined(2, 'colleague', roomId);
    const revoked = client.next('access.revoked');
    await at(1).call('buyer', 'member.remove', { roomId, userId: people.colleague.sub });
    expect(await revoked).to.include({ roomId });
    await at(3).call('admin', 'message.send', message(roomId, 'not for you'));
    await client.flush();
    expect(client.received.at(-1)?.name).to.equal('access.revoked');
    await refused(client.call('room.join', { roomId }), 'not_found');
  });

  it('end every connection of somebody who is not active any more, and let them in again', async () => {
    const { sub, org, name, roles } = people.designer;
    const put = (active: boolean) =>
      at(0).call('service', 'staff.put', { userId: sub, org, name, roles: [...roles], maxLoad: 5, active });
    const client = await at(3).connect('designer');
    const ended = client.disconnected();
    await put(false);
    await ended;
    await put(true);
    await until('they are let in', () =>
      at(3)
        .connect('designer')
        .then(
          () => true,
          () => false,
        ),
    );
  });

  it('end what a revoked token has opened at another of them', async () => {
    const who = { ...people.buyer, sub: 'revoked-elsewhere' };
    const client = await at(3).connect(who);
    const ended = client.disconnected();
    await at(0).call('service', 'auth.revoke', { userId: who.sub });
    await ended;
    await refused(at(3).call(who, 'room.list', {}), 'unauthenticated');
  });

  it('count what each of them delivers, also of what another one wrote', async () => {
    const roomId = await at(0).project();
    const reader = await joined(3, 'vendor', roomId);
    const read = async (server: number) => readExposition(await (await fetch(`${at(server).url}/metrics`)).text());
    const before = await read(3);
    const shown = reader.next('entry', ({ body }) => 'text' in body && body.text === 'counted');
    await at(0).call('buyer', 'message.send', message(roomId, 'counted'));
    await shown;
    expect(growthOf(before, await read(3), 'delivery_rooms_deliveries_total')).to.deep.equal({ '{event="entry"}': 1 });
    expect((await read(3)).samples.get('delivery_rooms_redis_up')).to.equal(1);
  });

  it("show a project's new state", async () => {
    const roomId = await at(0).project();
    const admin = await joined(3, 'admin', roomId);
    const changed = admin.next('project');
    await at(1).call('operator', 'project.pause', { projectId: roomId, remark: 'wait' });
    expect(await changed).to.include({ id: roomId, status: 'paused' });
  });

  it('hear only what somebody there reads, and nothing any more when everybody has gone', async () => {
    const listened = () => cluster.servers.map(({ service }) => service.load().subscriptions ?? -1);
    await until('nobody is left', () => listened().every((channels) => channels === 0));
    const roomId = await at(0).project();
    await joined(0, 'buyer', roomId);
    await joined(1, 'vendor', roomId);
    await at(2).connect('stranger');
    // The buyer: one stream and a seat. The vendor: two streams and a seat. The stranger: a seat.
    expect(listened()).to.deep.equal([2, 3, 1, 0]);
    for (const server of [0, 1, 2]) at(server).close();
    await until('nothing is heard any more', () => listened().every((channels) => channels === 0));
  });
});
