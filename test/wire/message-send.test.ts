import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { post } from '../support/client.ts';
import { BEGINNING, message, people } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('message.send', () => {
  const suite = wireSuite();

  it('answers with the very entry that every reader of the stream gets, the sender too', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const [buyer, designer] = [await portal.connect('buyer'), await portal.connect('admin')];
    const { streams } = await buyer.call('room.join', { roomId });
    await designer.call('room.join', { roomId });
    const echoes = [buyer.next('entry'), designer.next('entry')];
    const input = message(roomId, 'Guten Tag, 你好');
    const { entry, duplicate } = await buyer.call('message.send', input);
    expect(duplicate).to.equal(false);
    expect(await Promise.all(echoes)).to.deep.equal([entry, entry]);
    expect(entry).to.include({ roomId, stream: 'public', kind: 'message', clientId: input.clientId });
    expect(entry.seq).to.equal((streams[0]?.head ?? 0) + 1);
    expect(entry.actor).to.deep.equal({ id: people.buyer.sub, name: 'Bao', side: 'buyer', org: 'buyers' });
    expect(entry.body).to.deep.equal({ text: 'Guten Tag, 你好' });
  });

  it('does the same over HTTP, and the readers on sockets get it', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const admin = await portal.connect('admin', { transports: ['polling'] });
    await admin.call('room.join', { roomId });
    const echo = admin.next('entry');
    const { status, data } = await post(
      portal.url,
      await portal.token('buyer'),
      'message.send',
      message(roomId, 'by mail'),
    );
    expect(status).to.equal(200);
    expect(data?.entry).to.deep.equal(await echo);
  });

  it('is obeyed without an ack', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const buyer = await portal.connect('buyer');
    await buyer.call('room.join', { roomId });
    const echo = buyer.next('entry');
    buyer.socket.emit('message.send', message(roomId, 'no ack'));
    expect((await echo).body).to.deep.equal({ text: 'no ack' });
  });

  it('answers a repeat with the first entry also when the room was closed meanwhile, to somebody who may read it', async () => {
    const { portal, database } = suite;
    const roomId = await portal.project();
    const first = message(roomId, 'in time');
    const { entry } = await portal.call('buyer', 'message.send', first);
    await database.connection
      .collection<{ _id: string }>('rooms')
      .updateOne({ _id: roomId }, { $set: { status: 'cancelled' }, $inc: { version: 1 } });
    // A change is decided on the room as it is stored: from here on this server knows that it is closed.
    await refused(
      portal.call('buyer', 'member.add', { roomId, userId: people.colleague.sub, name: 'Bo' }),
      'read_only',
    );
    expect(await portal.call('buyer', 'message.send', first)).to.deep.equal({ entry, duplicate: true });
    await refused(portal.call('buyer', 'message.send', message(roomId, 'too late')), 'read_only');
    await refused(portal.call('admin', 'message.send', first), 'read_only');
    await refused(portal.call('stranger', 'message.send', first), 'not_found');
    await refused(portal.call('buyer', 'message.send', { ...first, stream: 'provider' }), 'not_found');
  });

  it('keeps a reply and mentions', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const buyer = await portal.connect('buyer');
    const first = await buyer.call('message.send', message(roomId, 'first'));
    const { entry } = await buyer.call(
      'message.send',
      message(roomId, 'second', { replyTo: first.entry.id, mentions: ['admin-1'] }),
    );
    expect(entry.body).to.deep.equal({ text: 'second', replyTo: first.entry.id, mentions: ['admin-1'] });
  });

  it('gives the first entry for the same clientId, also with another text, over the other transport', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const buyer = await portal.connect('buyer');
    await buyer.call('room.join', { roomId });
    const input = message(roomId, 'once');
    const first = await buyer.call('message.send', input);
    const again = await buyer.call('message.send', { ...input, text: 'twice' });
    const overHttp = await portal.call('buyer', 'message.send', input);
    expect(again).to.deep.equal({ entry: first.entry, duplicate: true });
    expect(overHttp).to.deep.equal(again);
    await buyer.flush();
    expect(buyer.all('entry')).to.deep.equal([first.entry]);
  });

  it('takes the same clientId from another author, and from the same one in another stream, as another message', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const input = message(roomId, 'mine');
    const a = await portal.call('buyer', 'message.send', input);
    const b = await portal.call('admin', 'message.send', input);
    const c = await portal.call('admin', 'message.send', { ...input, stream: 'provider' });
    expect([a, b, c].map(({ duplicate }) => duplicate)).to.deep.equal([false, false, false]);
    expect(new Set([a, b, c].map(({ entry }) => entry.id)).size).to.equal(3);
  });

  it('stores the same clientId five times at once a single time (R4)', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const clients = await Promise.all(Array.from({ length: 5 }, () => portal.connect('buyer')));
    await clients[0]?.call('room.join', { roomId });
    const input = message(roomId, 'at once');
    const answers = await Promise.all(clients.map((client) => client.call('message.send', input)));
    expect(new Set(answers.map(({ entry }) => JSON.stringify(entry))).size).to.equal(1);
    expect(answers.filter(({ duplicate }) => !duplicate)).to.have.length(1);
    await clients[0]?.flush();
    expect(clients[0]?.all('entry')).to.have.length(1);
    const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' });
    expect(entries.filter(({ clientId }) => clientId === input.clientId)).to.have.length(1);
  });

  it('numbers a hundred messages of three people 1, 2, 3, ... in the order in which everyone gets them', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const clients = await Promise.all((['buyer', 'admin', 'operator'] as const).map((who) => portal.connect(who)));
    for (const client of clients) await client.call('room.join', { roomId });
    await Promise.all(
      Array.from({ length: 100 }, async (_, i) => clients[i % 3]?.call('message.send', message(roomId, `m${i}`))),
    );
    for (const client of clients) await client.flush();
    const [first, ...others] = clients.map((client) => client.all('entry').map(({ id, seq }) => [id, seq]));
    expect(first?.map(([, seq]) => seq)).to.deep.equal(Array.from({ length: 100 }, (_, i) => BEGINNING + 1 + i));
    for (const other of others) expect(other).to.deep.equal(first);
  });

  const bad: readonly [string, Record<string, unknown>, string][] = [
    ['no text', { text: undefined }, 'text'],
    ['an empty text', { text: '' }, 'text'],
    ['a text of white space', { text: ' \n\t' }, 'text'],
    ['a text above 8000', { text: 'x'.repeat(8001) }, 'text'],
    ['half a character', { text: 'a\ud800b' }, 'text'],
    ['a clientId that is no uuid', { clientId: 'abc' }, 'clientId'],
    ['no clientId', { clientId: undefined }, 'clientId'],
    ['an unknown stream', { stream: 'secret' }, 'stream'],
    ['eleven attachments', { attachments: Array.from({ length: 11 }, () => 'f') }, 'attachments'],
    ['a file that is not there', { attachments: ['f'] }, 'attachments.0'],
    ['a reply to nothing', { replyTo: 'f'.repeat(24) }, 'replyTo'],
    ['an unknown field', { colour: 'red' }, ''],
    ['an operator for a database', { text: { $gt: '' } }, 'text'],
  ];
  for (const [what, fields, path] of bad) {
    it(`refuses ${what} and says where, over both transports`, async () => {
      const { portal } = suite;
      const roomId = await portal.project();
      const buyer = await portal.connect('buyer');
      const input = { ...message(roomId, 'fine'), ...fields };
      const answer = await buyer.answer('message.send', input);
      expect(answer).to.have.nested.property('error.code', 'invalid');
      expect(answer).to.have.nested.property('error.details[0].path', path);
      const { status, type, problem } = await post(portal.url, await portal.token('buyer'), 'message.send', input);
      expect([status, problem?.code]).to.deep.equal([400, 'invalid']);
      expect(type).to.match(/^application\/problem\+json/);
      const { entries } = await portal.call('buyer', 'entry.fetch', { roomId, stream: 'public' });
      expect(entries.filter(({ kind }) => kind === 'message')).to.deep.equal([]);
    });
  }

  it('takes exactly 8000 characters', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const { entry } = await portal.call('buyer', 'message.send', message(roomId, '字'.repeat(8000)));
    expect(entry.body.text).to.have.length(8000);
  });

  it('stores what one connection sends without waiting in the order in which it was sent', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const first = await portal.call('buyer', 'message.send', message(roomId, 'first'));
    const client = await portal.connect('buyer');
    // Each second one has to look for what it answers, which the others do not wait for by themselves.
    const sent = Array.from({ length: 20 }, (_, n) =>
      client.call('message.send', message(roomId, `${n}`, n % 2 === 0 ? { replyTo: first.entry.id } : {})),
    );
    const seqs = (await Promise.all(sent)).map(({ entry }) => entry.seq);
    expect(seqs).to.deep.equal(seqs.map((_, n) => first.entry.seq + 1 + n));
  });

  it('refuses a reply into another stream', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const note = await portal.call('admin', 'message.send', message(roomId, 'note', { stream: 'provider' }));
    const refusal = await refused(
      portal.call('buyer', 'message.send', message(roomId, 'about your note', { replyTo: note.entry.id })),
      'invalid',
    );
    const nothing = await refused(
      portal.call('buyer', 'message.send', message(roomId, 'about nothing', { replyTo: 'f'.repeat(24) })),
      'invalid',
    );
    expect(refusal.error).to.deep.equal(nothing.error);
  });

  it('answers a vendor `forbidden`, and a room that is not there or not yours `not_found`, in the same words', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    await refused(portal.call('vendor', 'message.send', message(roomId, 'x')), 'forbidden');
    const secret = await refused(portal.call('stranger', 'message.send', message(roomId, 'x')), 'not_found');
    const nothing = await refused(portal.call('stranger', 'message.send', message(randomUUID(), 'x')), 'not_found');
    expect(secret.error).to.deep.equal(nothing.error);
    await refused(portal.call('buyer', 'message.send', message(roomId, 'x', { stream: 'provider' })), 'not_found');
    await refused(portal.call('buyer', 'message.send', message(roomId, 'x', { stream: 'operator' })), 'not_found');
  });
});
