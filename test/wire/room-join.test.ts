import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import type { Entry } from '../../shared/contract/entries.ts';
import { CATCH_UP_MAX, JOINED_ROOMS_MAX, PAGE_DEFAULT } from '../../shared/contract/limits.ts';
import { BEGINNING, NOTES_BEGINNING, type PersonName, message, people } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

const seqs = (entries: readonly Entry[]): number[] => entries.map(({ seq }) => seq);
const run = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, i) => from + i);

describe('room.join, room.leave, room.get and entry.fetch', () => {
  const suite = wireSuite();

  /** A room whose public stream ends at `head`. */
  async function roomOf(head: number): Promise<string> {
    const { portal } = suite;
    const roomId = await portal.project();
    const writer = await portal.connect('buyer');
    const { streams } = await writer.call('room.join', { roomId, limit: 1 });
    const missing = head - (streams[0]?.head ?? 0);
    await Promise.all(Array.from({ length: missing }, (_, i) => writer.call('message.send', message(roomId, `m${i}`))));
    writer.close();
    return roomId;
  }

  const views: readonly [PersonName, string[], string[]][] = [
    ['buyer', ['public'], ['public']],
    ['admin', ['public', 'provider'], ['public', 'provider']],
    ['vendor', ['public', 'provider'], []],
    ['manager', ['public', 'provider'], []],
    ['operator', ['public', 'provider', 'operator'], ['public', 'provider', 'operator']],
  ];
  for (const [who, reads, writes] of views) {
    it(`gives the ${who} the streams ${reads.join(', ')}, to write: ${writes.join(', ') || 'none'}`, async () => {
      const { portal } = suite;
      const roomId = await portal.project();
      await portal.call('operator', 'message.send', message(roomId, 'remark', { stream: 'operator' }));
      await portal.call('admin', 'message.send', message(roomId, 'note', { stream: 'provider' }));
      const client = await portal.connect(who);
      const joined = await client.call('room.join', { roomId });
      expect(joined.streams.map(({ stream }) => stream)).to.have.members(reads);
      expect(joined.room.streams.map(({ stream }) => stream)).to.have.members(reads);
      expect(joined.me).to.deep.equal({ side: people[who].side, canWrite: joined.me.canWrite });
      expect(joined.me.canWrite).to.have.members(writes);
      expect(joined.online).to.deep.equal([
        { userId: people[who].sub, name: people[who].name, side: people[who].side, ...joined.online[0] },
      ]);
      for (const { entries, head, truncated } of joined.streams) {
        expect(seqs(entries)).to.deep.equal(run(1, head));
        expect(truncated).to.equal(false);
      }
      const { room } = await portal.call(who, 'room.get', { roomId });
      expect(room).to.deep.equal(joined.room);
      expect(room).to.deep.include({ id: roomId, kind: 'project', title: 'Website', status: 'executing' });
      expect(room.project?.id).to.equal(roomId);
    });
  }

  it('gives the newest entries, oldest first, as many as asked for', async () => {
    const { portal } = suite;
    const roomId = await roomOf(80);
    const client = await portal.connect('buyer');
    const byDefault = await client.call('room.join', { roomId });
    expect(seqs(byDefault.streams[0]?.entries ?? [])).to.deep.equal(run(80 - PAGE_DEFAULT + 1, 80));
    const three = await client.call('room.join', { roomId, limit: 3 });
    expect(seqs(three.streams[0]?.entries ?? [])).to.deep.equal([78, 79, 80]);
    expect(three.streams[0]).to.include({ head: 80, truncated: false });
  });

  it('gives all entries after `since`, whatever the limit, and nothing when nothing is missed', async () => {
    const { portal } = suite;
    const roomId = await roomOf(120);
    const client = await portal.connect('buyer');
    const since = async (seq: number) =>
      (await client.call('room.join', { roomId, since: { public: seq }, limit: 5 })).streams[0];
    expect(seqs((await since(0))?.entries ?? [])).to.deep.equal(run(1, 120));
    expect(seqs((await since(117))?.entries ?? [])).to.deep.equal([118, 119, 120]);
    expect(await since(120)).to.deep.equal({ stream: 'public', head: 120, entries: [], truncated: false });
    expect(await since(9999)).to.deep.equal({ stream: 'public', head: 120, entries: [], truncated: false });
  });

  it('says `truncated` when more than 500 were missed, and entry.fetch gives the rest', async () => {
    const { portal } = suite;
    const roomId = await roomOf(CATCH_UP_MAX + 7);
    const client = await portal.connect('buyer');
    const { streams } = await client.call('room.join', { roomId, since: { public: 5 } });
    expect(seqs(streams[0]?.entries ?? [])).to.deep.equal(run(6, 5 + CATCH_UP_MAX));
    expect(streams[0]).to.include({ head: CATCH_UP_MAX + 7, truncated: true });
    const rest = await client.call('entry.fetch', { roomId, stream: 'public', after: 5 + CATCH_UP_MAX });
    expect(seqs(rest.entries)).to.deep.equal([CATCH_UP_MAX + 6, CATCH_UP_MAX + 7]);
    const exactly = await client.call('room.join', { roomId, since: { public: 7 } });
    expect(exactly.streams[0]?.entries).to.have.length(CATCH_UP_MAX);
    expect(exactly.streams[0]).to.include({ truncated: false });
  });

  it('passes over streams in `since` that the caller cannot read, as if they did not exist', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await portal.call('admin', 'message.send', message(roomId, 'note', { stream: 'provider' }));
    const client = await portal.connect('buyer');
    const plain = await client.call('room.join', { roomId, since: { public: 0 } });
    const more = await client.call('room.join', {
      roomId,
      since: { public: 0, provider: 0, operator: 0, 'lane:x': 3 },
    });
    expect(more).to.deep.equal(plain);
  });

  it('brings what is written afterwards live, in the streams that the caller reads and no other', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const [buyer, vendor] = [
      await portal.connect('buyer'),
      await portal.connect('vendor', { transports: ['polling'] }),
    ];
    for (const client of [buyer, vendor]) await client.call('room.join', { roomId });
    for (const [who, stream] of [
      ['admin', 'provider'],
      ['operator', 'operator'],
      ['admin', 'public'],
    ] as const)
      await portal.call(who, 'message.send', message(roomId, stream, { stream }));
    await Promise.all([buyer.flush(), vendor.flush()]);
    expect(buyer.all('entry').map(({ stream }) => stream)).to.deep.equal(['public']);
    expect(vendor.all('entry').map(({ stream }) => stream)).to.deep.equal(['provider', 'public']);
  });

  it('is live only between join and leave, and once for a connection that joined twice', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const client = await portal.connect('buyer');
    await portal.call('admin', 'message.send', message(roomId, 'before'));
    await client.flush();
    expect(client.all('entry')).to.deep.equal([]);
    await client.call('room.join', { roomId });
    await client.call('room.join', { roomId });
    await portal.call('admin', 'message.send', message(roomId, 'while'));
    await client.flush();
    expect(client.all('entry').map(({ body }) => body)).to.deep.equal([{ text: 'while' }]);
    expect(await client.call('room.leave', { roomId })).to.deep.equal({});
    await portal.call('admin', 'message.send', message(roomId, 'after'));
    await client.flush();
    expect(client.all('entry')).to.have.length(1);
    expect(await client.call('room.leave', { roomId })).to.deep.equal({});
    expect(await client.call('room.leave', { roomId: 'never joined' })).to.deep.equal({});
  });

  it('misses and repeats nothing when it joins amid a stream of messages', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const writer = await portal.connect('admin');
    const sending = Promise.all(
      Array.from({ length: 150 }, (_, i) => writer.call('message.send', message(roomId, `m${i}`))),
    );
    const readers = await Promise.all(Array.from({ length: 5 }, () => portal.connect('buyer')));
    const views = await Promise.all(
      readers.map(async (reader) => (await reader.call('room.join', { roomId, since: { public: 0 } })).streams[0]),
    );
    await sending;
    for (const [i, reader] of readers.entries()) {
      await reader.flush();
      const head = views[i]?.head ?? 0;
      expect(seqs(views[i]?.entries ?? [])).to.deep.equal(run(1, head));
      expect(seqs(reader.all('entry').filter(({ seq }) => seq > head))).to.deep.equal(run(head + 1, BEGINNING + 150));
    }
  });

  it(`opens at most ${JOINED_ROOMS_MAX} rooms on a connection, and one more after leaving one`, async () => {
    const { portal } = suite;
    const first = await portal.project();
    const client = await portal.connect('operator');
    await client.call('room.join', { roomId: first });
    const others: string[] = [];
    for (let i = 0; i < JOINED_ROOMS_MAX; i += 20)
      others.push(...(await Promise.all(Array.from({ length: 20 }, () => portal.project()))));
    const last = others.pop() ?? '';
    for (const roomId of others) await client.call('room.join', { roomId, limit: 1 });
    await refused(client.call('room.join', { roomId: last }), 'conflict');
    await client.call('room.join', { roomId: first });
    await client.call('room.leave', { roomId: first });
    await client.call('room.join', { roomId: last });
  });

  it('keeps the bound also for joins that are asked for at once', async () => {
    const { portal } = suite;
    const client = await portal.connect('operator');
    const { items } = await portal.call('operator', 'room.list', { limit: 200 });
    const more = await Promise.all(Array.from({ length: 5 }, () => portal.project()));
    const rooms = [...new Set([...items.map(({ id }) => id), ...more])];
    const answers = await Promise.all(rooms.map((roomId) => client.answer('room.join', { roomId, limit: 1 })));
    expect(answers.filter(({ ok }) => ok)).to.have.length(Math.min(JOINED_ROOMS_MAX, rooms.length));
    expect(rooms.length).to.be.greaterThan(JOINED_ROOMS_MAX);
  });

  it('is not there for somebody who may not know of it, in the same words as for nothing', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    for (const who of ['stranger', 'otherOfOrg', 'idle', 'rival', 'vendorStaff', 'otherVendor'] as const) {
      const client = await portal.connect(who);
      const nothing = await refused(client.call('room.join', { roomId: randomUUID() }), 'not_found');
      expect((await refused(client.call('room.join', { roomId }), 'not_found')).error).to.deep.equal(nothing.error);
      expect((await refused(client.call('room.get', { roomId }), 'not_found')).error).to.deep.equal(nothing.error);
      const fetched = await refused(client.call('entry.fetch', { roomId, stream: 'public' }), 'not_found');
      expect(fetched.error).to.deep.equal(nothing.error);
    }
  });

  it('refuses inputs of the wrong kind', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const client = await portal.connect('buyer');
    for (const input of [
      {},
      { roomId: 7 },
      { roomId: { $gt: '' } },
      { roomId, limit: 0 },
      { roomId, limit: 201 },
      { roomId, since: { public: -1 } },
      { roomId, since: { public: 'all' } },
      { roomId, since: [1] },
      { roomId, since: { nonsense: 1 } },
    ])
      expect(await client.answer('room.join', input)).to.have.nested.property('error.code', 'invalid');
  });

  it('pages by entry.fetch: after, before, the newest; at most 200; with the head', async () => {
    const { portal } = suite;
    const roomId = await roomOf(230);
    const fetch = (range: Record<string, number>) =>
      portal.call('buyer', 'entry.fetch', { roomId, stream: 'public', ...range });
    expect(seqs((await fetch({})).entries)).to.deep.equal(run(181, 230));
    expect(seqs((await fetch({ limit: 200 })).entries)).to.deep.equal(run(31, 230));
    expect(seqs((await fetch({ after: 0, limit: 4 })).entries)).to.deep.equal([1, 2, 3, 4]);
    expect(seqs((await fetch({ after: 228 })).entries)).to.deep.equal([229, 230]);
    expect(seqs((await fetch({ before: 6, limit: 3 })).entries)).to.deep.equal([3, 4, 5]);
    expect(seqs((await fetch({ before: 3 })).entries)).to.deep.equal([1, 2]);
    expect(await fetch({ before: 1 })).to.deep.equal({ entries: [], head: 230 });
    expect(await fetch({ after: 230 })).to.deep.equal({ entries: [], head: 230 });
    expect(await fetch({ after: 500 })).to.deep.equal({ entries: [], head: 230 });
    for (const range of [{}, { after: 3, limit: 2 }, { after: 229 }, { before: 9, limit: 1 }])
      expect((await fetch(range)).head).to.equal(230);
    for (const range of [
      { limit: 201 },
      { limit: 0 },
      { after: -1 },
      { before: 0 },
      { after: 1, before: 5 },
      { after: 1.5 },
    ])
      await refused(fetch(range), 'invalid');
    await refused(portal.call('buyer', 'entry.fetch', { roomId, stream: 'provider' }), 'not_found');
    const notes = await portal.call('vendor', 'entry.fetch', { roomId, stream: 'provider' });
    expect(seqs(notes.entries)).to.deep.equal(run(1, NOTES_BEGINNING));
    expect(await portal.call('operator', 'entry.fetch', { roomId, stream: 'operator' })).to.deep.equal({
      entries: [],
      head: 0,
    });
  });
});
