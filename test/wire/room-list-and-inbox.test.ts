import { expect } from 'chai';
import { describe, it } from 'mocha';
import { mongo } from 'mongoose';
import type { PersonName } from '../support/portal.ts';
import { BEGINNING, NOTES_BEGINNING, message } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

/** A cursor whose instant no `Date` can hold. */
const BEYOND_TIME = Buffer.from(JSON.stringify([Number.MAX_SAFE_INTEGER, 'x'])).toString('base64url');

describe('room.list and inbox', () => {
  const suite = wireSuite();
  const buyerOf = (n: string) => ({ sub: `lister-${n}`, side: 'buyer', org: 'listers', name: n }) as const;

  it("lists the caller's rooms, newest activity first, with unread and last entry", async () => {
    const { portal, clock } = suite;
    const who = buyerOf('order');
    const rooms: string[] = [];
    for (let i = 0; i < 3; i++) {
      clock.advance(1000);
      rooms.push(await portal.project(undefined, who));
    }
    const ids = async () => (await portal.call(who, 'room.list', {})).items.map(({ id }) => id);
    expect(await ids()).to.deep.equal([...rooms].reverse());
    clock.advance(1000);
    const { entry } = await portal.call(who, 'message.send', message(rooms[0] ?? '', 'up again'));
    expect(await ids()).to.deep.equal([rooms[0], rooms[2], rooms[1]]);
    const [first] = (await portal.call(who, 'room.list', {})).items;
    expect(first).to.deep.equal({
      id: rooms[0],
      kind: 'project',
      title: 'Website',
      status: 'executing',
      unread: { public: BEGINNING },
      last: entry,
      updatedAt: entry.at,
    });
  });

  it('pages through all of them, each once, also those of one instant', async () => {
    const { portal } = suite;
    const who = buyerOf('pages');
    const rooms = await Promise.all(Array.from({ length: 23 }, () => portal.project(undefined, who)));
    const seen: string[] = [];
    let cursor: string | undefined;
    for (let page = 0; page < 10; page++) {
      const list = await portal.call(who, 'room.list', { limit: 5, ...(cursor === undefined ? {} : { cursor }) });
      seen.push(...list.items.map(({ id }) => id));
      cursor = list.nextCursor;
      if (cursor === undefined) break;
      expect(list.items).to.have.length(5);
    }
    expect(seen).to.have.length(23);
    expect(seen).to.have.members(rooms);
    expect((await portal.call(who, 'room.list', { kind: 'opportunity' })).items).to.deep.equal([]);
    expect((await portal.call(who, 'room.list', { kind: 'project', limit: 200 })).items).to.have.length(23);
  });

  it('asks for the marks of all rooms of a page at once', async () => {
    const { portal } = suite;
    const who = buyerOf('marks');
    const rooms = await Promise.all(Array.from({ length: 6 }, () => portal.project(undefined, who)));
    for (const roomId of rooms) await portal.call(who, 'read.mark', { roomId, stream: 'public', seq: 1 });
    const asked: string[] = [];
    const { prototype } = mongo.FindCursor;
    const { toArray } = prototype;
    prototype.toArray = function (this: mongo.FindCursor) {
      asked.push(this.namespace.collection ?? '');
      return toArray.call(this);
    };
    try {
      const { items } = await portal.call(who, 'room.list', {});
      expect(items.map(({ unread }) => unread['public'])).to.deep.equal(rooms.map(() => BEGINNING - 1));
    } finally {
      prototype.toArray = toArray;
    }
    expect(asked.filter((collection) => collection === 'readMarks')).to.have.length(1);
  });

  it('refuses a limit above 200 and a cursor that it did not hand out', async () => {
    const { portal } = suite;
    for (const input of [
      { limit: 201 },
      { limit: 0 },
      { cursor: 'abc' },
      { cursor: 'WzEsMl0' },
      { cursor: BEYOND_TIME },
      { cursor: '' },
    ])
      await refused(portal.call('buyer', 'room.list', input), 'invalid');
  });

  it('tells by nothing of a stream that the caller cannot read: order, time, counts and last stay', async () => {
    const { portal, clock } = suite;
    const who = buyerOf('leak');
    const older = await portal.project(undefined, who);
    clock.advance(60_000);
    await portal.project(undefined, who);
    const lists = async (caller: PersonName | typeof who) =>
      JSON.stringify(
        (await portal.call(caller, 'room.list', { limit: 2 })).items.map(({ last: _last, ...item }) => item),
      );
    const before = await lists(who);
    const [vendor, service] = [await lists('vendor'), await lists('service')];
    clock.advance(60_000);
    await portal.call('admin', 'message.send', message(older, 'a note', { stream: 'provider' }));
    expect(await lists(who)).to.equal(before);
    expect(await lists('vendor')).to.not.equal(vendor);
    const [vendor2, service2] = [await lists('vendor'), await lists('service')];
    expect(service2).to.not.equal(service);
    clock.advance(60_000);
    await portal.call('operator', 'message.send', message(older, 'a remark', { stream: 'operator' }));
    expect(await lists(who)).to.equal(before);
    expect(await lists('vendor')).to.equal(vendor2);
    expect(await lists('service')).to.equal(service2);
    expect((await portal.call('operator', 'room.list', { limit: 1 })).items[0]?.id).to.equal(older);
  });

  it('is empty for who has no room', async () => {
    const { portal } = suite;
    await portal.project();
    for (const who of ['stranger', 'otherOfOrg', 'idle', 'vendorStaff', 'otherVendor', 'rival'] as const)
      expect(await portal.call(who, 'room.list', {})).to.deep.equal({ items: [] });
  });

  it('tells connections that have not joined, and no others, of readable streams only', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    // What the creation itself told is awaited, so that it is not taken for what comes later.
    const early = await portal.connect('buyer');
    const heard = early.next('inbox', ({ head }) => head === BEGINNING + 1);
    await portal.call('buyer', 'message.send', message(roomId, 'first'));
    await heard;
    const [outside, inside, vendor, stranger] = [
      await portal.connect('buyer'),
      await portal.connect('buyer'),
      await portal.connect('vendor', { transports: ['polling'] }),
      await portal.connect('stranger'),
    ];
    await inside.call('room.join', { roomId });
    const note = vendor.next('inbox', ({ stream }) => stream === 'provider');
    await portal.call('admin', 'message.send', message(roomId, 'a note', { stream: 'provider' }));
    expect(await note).to.deep.include({
      roomId,
      stream: 'provider',
      head: NOTES_BEGINNING + 1,
      unread: NOTES_BEGINNING + 1,
    });
    const told = [outside, vendor].map((client) => client.next('inbox', ({ stream }) => stream === 'public'));
    const { entry } = await portal.call('admin', 'message.send', message(roomId, 'hello'));
    for (const inbox of await Promise.all(told))
      expect(inbox).to.deep.equal({ roomId, stream: 'public', head: BEGINNING + 2, unread: inbox.unread, last: entry });
    await Promise.all([outside, inside, stranger].map((client) => client.flush()));
    expect(outside.all('inbox').map(({ stream }) => stream)).to.deep.equal(['public']);
    expect(outside.all('entry')).to.deep.equal([]);
    expect(inside.all('inbox')).to.deep.equal([]);
    expect(stranger.received).to.deep.equal([]);
  });

  it('counts for each what is unread for them, and begins again after leaving', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const buyer = await portal.connect('buyer');
    await buyer.call('room.join', { roomId });
    await buyer.call('read.mark', { roomId, stream: 'public', seq: BEGINNING });
    await buyer.call('room.leave', { roomId });
    const two = buyer.next('inbox', ({ head }) => head === BEGINNING + 2);
    await portal.call('admin', 'message.send', message(roomId, 'one'));
    await portal.call('admin', 'message.send', message(roomId, 'two'));
    expect((await two).unread).to.equal(2);
    const own = buyer.next('inbox', ({ head }) => head === BEGINNING + 3);
    await portal.call('buyer', 'message.send', message(roomId, 'from another device'));
    expect((await own).unread).to.equal(2);
  });
});
