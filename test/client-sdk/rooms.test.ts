import { expect } from 'chai';
import type { LiveRoom, RoomError, RoomEvents, StreamView } from '../../client-sdk/index.ts';
import { settle } from './support/fake-clock.ts';
import { BOB, readView, ROOM } from './support/fake-server.ts';
import { makeClient, type Stage } from './support/make-client.ts';

const view = (room: LiveRoom, stream = 'public') => room.snapshot.streams[stream] as StreamView;
const texts = (room: LiveRoom, stream = 'public') =>
  view(room, stream).entries.map((entry) => (entry.kind === 'message' ? entry.body.text : entry.kind));
const seqs = (room: LiveRoom) => view(room).entries.map(({ seq }) => seq);

async function openRoom(stage: Stage): Promise<LiveRoom> {
  stage.client.connect();
  const room = stage.client.room(ROOM);
  await room.open();
  await settle();
  return room;
}

async function fails(promise: Promise<unknown>): Promise<RoomError> {
  try {
    await promise;
  } catch (fault) {
    return fault as RoomError;
  }
  throw new Error('it did not fail');
}

describe('client-sdk rooms', () => {
  let stage: Stage;
  beforeEach(() => {
    stage = makeClient();
  });
  afterEach(async () => {
    await stage.client.close();
    expect(stage.clock.pending, 'timers left').to.equal(0);
  });

  describe('opening', () => {
    it('shows the newest page of every stream, who is online and what the caller may write', async () => {
      stage.server.post('one');
      stage.server.post('note', { stream: 'provider' });
      const room = await openRoom(stage);
      expect(texts(room)).to.deep.equal(['one']);
      expect(texts(room, 'provider')).to.deep.equal(['note']);
      expect(room.snapshot.online.map(({ userId }) => userId)).to.deep.equal(['ann', 'bob']);
      expect(view(room).canWrite).to.equal(true);
      expect(room.snapshot).to.include({ status: 'open', roomId: ROOM });
      expect(room.snapshot.room?.title).to.equal('A shop');
    });

    it('answers the same object for the same room, and the same snapshot until something changes', async () => {
      const room = await openRoom(stage);
      const before = room.snapshot;
      expect(stage.client.room(ROOM)).to.equal(room);
      expect(room.snapshot).to.equal(before);
      stage.server.post('news', { stream: 'provider' });
      await settle();
      expect(room.snapshot).to.not.equal(before);
      expect(room.snapshot.streams['public'], 'the quiet stream').to.equal(before.streams['public']);
    });

    it('rejects and shows why when the room cannot be had', async () => {
      stage.client.connect();
      const room = stage.client.room('somebody-elses');
      const error = await fails(room.open());
      expect(error.code).to.equal('not_found');
      expect(room.snapshot.status).to.equal('failed');
      expect(room.snapshot.error?.code).to.equal('not_found');
    });

    it('is left only when the last holder closes it, and then holds nothing', async () => {
      stage.server.post('one');
      const room = await openRoom(stage);
      await room.open();
      room.close();
      await settle();
      expect(room.snapshot.status).to.equal('open');
      room.close();
      await settle();
      expect(stage.server.count('room.leave')).to.equal(1);
      expect(room.snapshot.status).to.equal('closed');
      expect(Object.keys(room.snapshot.streams)).to.deep.equal([]);
    });

    it('takes nothing in any more once it is closed', async () => {
      const room = await openRoom(stage);
      stage.server.fate = (name) => (name === 'room.leave' ? 'hold' : 'answer');
      room.close();
      const closed = room.snapshot;
      stage.server.post('late');
      stage.server.tell('presence', { roomId: ROOM, userId: 'cid', name: 'Cid', side: 'operator', online: true });
      stage.server.tell('typing', { roomId: ROOM, stream: 'public', userId: 'cid', typing: true });
      stage.server.tell('access.revoked', { roomId: ROOM, reason: 'late' });
      await settle();
      expect(room.snapshot).to.equal(closed);
      stage.server.release();
      await settle();
    });

    it('joins anew after a leave that is still on its way, never at the same time', async () => {
      const room = await openRoom(stage);
      stage.server.fate = (name) => (name === 'room.leave' ? 'hold' : 'answer');
      room.close();
      const reopened = room.open();
      await settle();
      expect(stage.server.count('room.join')).to.equal(1);
      stage.server.release();
      await reopened;
      expect(stage.server.count('room.join')).to.equal(2);
      expect(stage.server.line.joined.has(ROOM)).to.equal(true);
    });

    it('leaves again when it was closed while the join was on its way', async () => {
      stage.server.fate = (name) => (name === 'room.join' ? 'hold' : 'answer');
      stage.client.connect();
      const room = stage.client.room(ROOM);
      const opening = room.open();
      await settle();
      room.close();
      expect((await fails(opening)).code).to.equal('conflict');
      stage.server.release();
      await settle();
      expect(stage.server.line.joined.has(ROOM)).to.equal(false);
      expect(room.snapshot.status).to.equal('closed');
    });

    it('keeps what came before the answer to the first join, though the answer was made before it', async () => {
      stage.server.automatic = false;
      stage.client.connect();
      const room = stage.client.room(ROOM);
      const opening = room.open();
      await settle();
      const line = stage.server.line;
      stage.server.post('during');
      stage.server.tell('presence', { roomId: ROOM, userId: 'cid', name: 'Cid', side: 'operator', online: true });
      expect(line.queue.map(({ name }) => name)).to.deep.equal(['room.join', 'entry', 'presence']);
      line.deliver(2);
      line.deliver(1);
      line.deliver();
      await opening;
      expect(texts(room)).to.deep.equal(['during']);
      expect(stage.server.count('entry.fetch')).to.equal(0);
      expect(room.snapshot.online.map(({ userId }) => userId)).to.deep.equal(['ann', 'bob', 'cid']);
      stage.server.automatic = true;
    });

    it('joins at once over a new connection, whatever was put off on the one before', async () => {
      stage.server.fate = (name) =>
        name === 'room.join' ? { code: 'unavailable', message: 'not now', retryAfterMs: 60_000 } : 'answer';
      stage.client.connect();
      const room = stage.client.room(ROOM);
      void room.open();
      await settle();
      stage.server.fate = () => 'answer';
      stage.server.line.drop();
      await stage.clock.advance(2000);
      expect(room.snapshot.status).to.equal('open');
    });

    it('tries a join again that the server could not serve, after the time that the server named', async () => {
      let refusals = 1;
      stage.server.fate = (name) =>
        name === 'room.join' && refusals-- > 0
          ? { code: 'unavailable', message: 'not now', retryAfterMs: 4000 }
          : 'answer';
      stage.client.connect();
      const room = stage.client.room(ROOM);
      const opening = room.open();
      await stage.clock.advance(3999);
      expect(stage.server.count('room.join')).to.equal(1);
      await stage.clock.advance(1000);
      await opening;
      expect(room.snapshot.status).to.equal('open');
    });
  });

  describe('the timeline', () => {
    it('shows live entries in order and tells of each once', async () => {
      const room = await openRoom(stage);
      const told: RoomEvents['entry'][] = [];
      room.on('entry', (event) => told.push(event));
      const first = stage.server.post('one');
      stage.server.tell('entry', first);
      stage.server.post('two');
      await settle();
      expect(texts(room)).to.deep.equal(['one', 'two']);
      expect(told.map(({ entry, cause }) => [entry.seq, cause])).to.deep.equal([
        [1, 'live'],
        [2, 'live'],
      ]);
    });

    it('fetches what a jump in seq shows to be missing, and shows nothing out of order meanwhile', async () => {
      const room = await openRoom(stage);
      stage.server.losesEvent = (_name, entry) => (entry as { seq: number }).seq < 3;
      stage.server.fate = (name) => (name === 'entry.fetch' ? 'hold' : 'answer');
      for (const text of ['one', 'two', 'three']) stage.server.post(text);
      await settle();
      expect(texts(room)).to.deep.equal([]);
      expect(view(room).gap).to.deep.equal({ after: 0, upTo: 2 });
      stage.server.release();
      await settle();
      expect(texts(room)).to.deep.equal(['one', 'two', 'three']);
      expect(view(room)).to.not.have.property('gap');
      expect(stage.server.count('entry.fetch')).to.equal(1);
    });

    it('fetches a large gap page by page with one fetch at a time', async () => {
      const room = await openRoom(stage);
      let open = 0;
      let most = 0;
      stage.server.fate = (name) => {
        if (name !== 'entry.fetch') return 'answer';
        most = Math.max(most, ++open);
        queueMicrotask(() => open--);
        return 'answer';
      };
      stage.server.losesEvent = (_name, entry) => (entry as { seq: number }).seq < 950;
      for (let seq = 1; seq <= 1000; seq++) stage.server.post(`m${seq}`);
      await settle();
      await stage.clock.advance(0);
      expect(seqs(room)).to.deep.equal(Array.from({ length: 1000 }, (_, index) => index + 1));
      expect(most).to.equal(1);
      expect(stage.server.count('entry.fetch')).to.equal(5);
    });

    it('asks again, but not at once, when a page brings nothing', async () => {
      const room = await openRoom(stage);
      stage.server.post('one');
      await settle();
      const [one] = stage.server.raw('public');
      if (!one) throw new Error('nothing was posted');
      stage.server.line.send('entry', { ...one, id: 'ghost', seq: 3 });
      await settle();
      expect(stage.server.count('entry.fetch')).to.equal(1);
      await stage.clock.advance(60_000);
      expect(stage.server.count('entry.fetch')).to.be.within(3, 12);
      stage.server.post('two');
      stage.server.post('three');
      await stage.clock.advance(30_000);
      expect(texts(room).slice(0, 2)).to.deep.equal(['one', 'two']);
      expect(view(room)).to.not.have.property('gap');
    });

    it('notices a lost last entry by comparing heads after a silence, only then', async () => {
      const room = await openRoom(stage);
      stage.server.losesEvent = (name) => name === 'entry';
      stage.server.post('lost');
      await stage.clock.advance(10_000);
      expect(stage.server.count('room.get')).to.equal(0);
      expect(texts(room)).to.deep.equal([]);
      await stage.clock.advance(20_000);
      expect(stage.server.count('room.get')).to.equal(1);
      expect(texts(room)).to.deep.equal(['lost']);
    });

    it('hears live entries again, though the server had forgotten that it joined', async () => {
      const room = await openRoom(stage);
      const statuses = new Set<string>();
      room.on('change', ({ status }) => statuses.add(status));
      stage.server.line.joined.clear();
      stage.server.post('unheard');
      await stage.clock.advance(30_000);
      stage.server.post('heard');
      await settle();
      expect(texts(room)).to.deep.equal(['unheard', 'heard']);
      expect([...statuses], 'open all the time').to.deep.equal(['open']);
    });

    it('compares also when only another stream is busy', async () => {
      const room = await openRoom(stage);
      stage.server.losesEvent = (name, entry) =>
        name === 'entry' && (entry as { stream: string }).stream === 'provider';
      stage.server.post('lost', { stream: 'provider' });
      for (let seconds = 0; seconds < 30; seconds++) {
        stage.server.post('busy');
        await stage.clock.advance(1000);
      }
      expect(texts(room, 'provider')).to.deep.equal(['lost']);
    });

    it('applies edits and recalls, those too that came for a message read earlier', async () => {
      const first = stage.server.post('wrong');
      const second = stage.server.post('secret');
      const room = await openRoom(stage);
      stage.server.edit(first, 'right');
      stage.server.recall(second);
      await settle();
      expect(texts(room)).to.deep.equal(['right', undefined]);
      expect(view(room).entries[1]).to.have.property('recalledAt');
      expect(view(room)).to.include({ head: 4 });
    });

    it('begins where its part of a stream begins, though seqs begin before', async () => {
      for (let i = 1; i <= 5; i++) stage.server.post(`text ${i}`);
      stage.server.floor = 3;
      const room = await openRoom(stage);
      expect(seqs(room)).to.deep.equal([4, 5]);
      expect(await room.older('public')).to.equal(false);
      expect(view(room).hasOlder).to.equal(false);
      expect(await room.older('public')).to.equal(false);
      expect(stage.server.count('entry.fetch')).to.equal(1);
    });

    it('loads older pages until there are no more, one at a time', async () => {
      for (let seq = 1; seq <= 120; seq++) stage.server.post(`m${seq}`);
      const room = await openRoom(stage);
      expect(view(room)).to.include({ oldestSeq: 71, hasOlder: true });
      const [once, twice] = await Promise.all([room.older('public'), room.older('public')]);
      expect([once, twice]).to.deep.equal([true, true]);
      expect(view(room)).to.include({ oldestSeq: 21, hasOlder: true });
      expect(await room.older('public')).to.equal(false);
      expect(await room.older('public')).to.equal(false);
      expect(seqs(room)).to.deep.equal(Array.from({ length: 120 }, (_, index) => index + 1));
      expect(stage.server.count('entry.fetch')).to.equal(2);
    });
  });

  describe('resuming', () => {
    it('joins again after a reconnect with what it holds, and gets what it missed', async () => {
      stage.server.post('one');
      const room = await openRoom(stage);
      const causes: string[] = [];
      room.on('entry', ({ cause }) => causes.push(cause));
      stage.server.line.drop();
      await settle();
      expect(room.snapshot.status).to.equal('resuming');
      expect(texts(room), 'still shown').to.deep.equal(['one']);
      stage.server.post('missed');
      await stage.clock.advance(1000);
      expect(stage.server.log.findLast(({ name }) => name === 'room.join')?.input['since']).to.deep.equal({
        public: 1,
        provider: 0,
      });
      expect(texts(room)).to.deep.equal(['one', 'missed']);
      expect(causes).to.deep.equal(['resume']);
      expect(room.snapshot.status).to.equal('open');
    });

    it('goes on with pages where the answer was truncated', async () => {
      const room = await openRoom(stage);
      stage.server.line.drop();
      for (let seq = 1; seq <= 1200; seq++) stage.server.post(`m${seq}`);
      await stage.clock.advance(1000);
      expect(seqs(room)).to.have.length(1200);
      expect(stage.server.count('entry.fetch')).to.equal(4);
    });

    it('fetches at once over a new connection, whatever was put off on the one before', async () => {
      const room = await openRoom(stage);
      stage.server.losesEvent = (_name, entry) => (entry as { seq: number }).seq === 1;
      stage.server.fate = (name) =>
        name === 'entry.fetch' ? { code: 'rate_limited', message: 'slowly', retryAfterMs: 60_000 } : 'answer';
      stage.server.post('m1');
      stage.server.post('m2');
      await settle();
      stage.server.line.drop();
      stage.server.fate = () => 'answer';
      for (let seq = 3; seq <= 700; seq++) stage.server.post(`m${seq}`);
      await stage.clock.advance(2000);
      expect(seqs(room)).to.have.length(700);
    });

    it('keeps live entries that come before the answer to the join', async () => {
      const room = await openRoom(stage);
      stage.server.line.drop();
      stage.server.fate = (name) => (name === 'room.join' ? 'hold' : 'answer');
      await stage.clock.advance(1000);
      stage.server.line.joined.add(ROOM);
      stage.server.post('during');
      await settle();
      stage.server.release();
      await settle();
      expect(texts(room)).to.deep.equal(['during']);
    });

    it('drops a stream that the answer no longer names', async () => {
      stage.server.post('note', { stream: 'provider' });
      const room = await openRoom(stage);
      stage.server.line.drop();
      stage.server.streams.delete('provider');
      await stage.clock.advance(1000);
      expect(Object.keys(room.snapshot.streams)).to.deep.equal(['public']);
    });

    it('finds a stream that was added, by its first entry or by comparing', async () => {
      const room = await openRoom(stage);
      stage.server.streams.set('operator', []);
      stage.server.post('new here', { stream: 'operator' });
      await settle();
      expect(texts(room, 'operator')).to.deep.equal(['new here']);
      stage.server.streams.set('desk:studio', []);
      await stage.clock.advance(30_000);
      expect(Object.keys(room.snapshot.streams)).to.include('desk:studio');
    });

    it('is revoked when the room is not found any more', async () => {
      stage.server.post('one');
      const room = await openRoom(stage);
      const told: RoomEvents['revoked'][] = [];
      room.on('revoked', (event) => told.push(event));
      stage.server.line.drop();
      stage.server.fate = (name) => (name === 'room.join' ? { code: 'not_found', message: 'gone' } : 'answer');
      await stage.clock.advance(1000);
      expect(room.snapshot.status).to.equal('revoked');
      expect(Object.keys(room.snapshot.streams)).to.deep.equal([]);
      expect(told).to.have.length(1);
    });

    it('believes a server that holds less than it did', async () => {
      for (const text of ['a', 'b', 'c']) stage.server.post(text);
      const room = await openRoom(stage);
      stage.server.line.drop();
      stage.server.raw('public').length = 1;
      await stage.clock.advance(1000);
      stage.server.post('new b');
      await settle();
      expect(view(room).head).to.equal(2);
      await room.older('public');
      expect(texts(room)).to.deep.equal(['a', 'new b']);
    });
  });

  describe('access withdrawn', () => {
    it('drops one stream at once, and what comes of it later', async () => {
      stage.server.post('note', { stream: 'provider' });
      const room = await openRoom(stage);
      stage.server.tell('access.revoked', { roomId: ROOM, stream: 'provider', reason: 'replaced' });
      await settle();
      expect(Object.keys(room.snapshot.streams)).to.deep.equal(['public']);
      expect(room.snapshot.me?.canWrite).to.deep.equal(['public']);
      expect(room.snapshot.status).to.equal('open');
    });

    it('drops the room with all its content, and does not join again by itself', async () => {
      stage.server.post('one');
      const room = await openRoom(stage);
      stage.server.tell('access.revoked', { roomId: ROOM, reason: 'replaced' });
      await settle();
      expect(room.snapshot).to.include({ status: 'revoked', revokedReason: 'replaced', room: undefined });
      expect(Object.keys(room.snapshot.streams)).to.deep.equal([]);
      stage.server.line.drop();
      await stage.clock.advance(60_000);
      expect(stage.server.count('room.join')).to.equal(1);
      await room.open();
      expect(room.snapshot.status).to.equal('open');
    });

    it('is not brought back by a join that was on its way, and leaves what that one joined', async () => {
      const room = await openRoom(stage);
      stage.server.line.drop();
      stage.server.automatic = false;
      await stage.clock.advance(1000);
      const line = stage.server.line;
      line.send('access.revoked', { roomId: ROOM, reason: 'replaced' });
      line.deliver(1);
      stage.server.automatic = true;
      line.deliver();
      await settle();
      expect(room.snapshot).to.include({ status: 'revoked', revokedReason: 'replaced' });
      expect(line.joined.has(ROOM)).to.equal(false);
    });

    it('is noticed by a page that is refused', async () => {
      stage.server.post('one');
      const room = await openRoom(stage);
      stage.server.fate = (name) =>
        name === 'entry.fetch' || name === 'room.join' ? { code: 'not_found', message: 'gone' } : 'answer';
      stage.server.losesEvent = (_name, entry) => (entry as { seq: number }).seq === 2;
      stage.server.post('two');
      stage.server.post('three');
      await settle();
      expect(room.snapshot.status).to.equal('revoked');
    });

    it('is noticed by comparing, when the word of it was lost', async () => {
      const room = await openRoom(stage);
      stage.server.streams.delete('provider');
      await stage.clock.advance(30_000);
      expect(Object.keys(room.snapshot.streams)).to.deep.equal(['public']);
      stage.server.fate = () => ({ code: 'not_found', message: 'gone' });
      await stage.clock.advance(30_000);
      expect(room.snapshot.status).to.equal('revoked');
    });

    it('does not bring a stream back from an answer that was made before', async () => {
      const room = await openRoom(stage);
      stage.server.line.drop();
      stage.server.automatic = false;
      await stage.clock.advance(1000);
      const line = stage.server.line;
      expect(line.queue.map(({ name }) => name)).to.deep.equal(['room.join']);
      stage.server.streams.delete('provider');
      line.send('access.revoked', { roomId: ROOM, stream: 'provider', reason: 'replaced' });
      line.deliver(1);
      stage.server.automatic = true;
      line.deliver();
      await settle();
      expect(Object.keys(room.snapshot.streams)).to.deep.equal(['public']);
    });
  });

  describe('who is there', () => {
    it('merges presence and typing, and ends a typing mark whose end was never told', async () => {
      const room = await openRoom(stage);
      stage.server.tell('presence', { roomId: ROOM, userId: 'bob', name: 'Bob', side: 'provider', online: false });
      stage.server.tell('presence', { roomId: ROOM, userId: 'cid', name: 'Cid', side: 'operator', online: true });
      stage.server.tell('typing', { roomId: ROOM, stream: 'public', userId: 'cid', typing: true });
      stage.server.tell('typing', { roomId: ROOM, stream: 'public', userId: 'ann', typing: true });
      await settle();
      expect(room.snapshot.online.map(({ name }) => name)).to.deep.equal(['Ann', 'Cid']);
      expect(room.snapshot.typing['public']).to.deep.equal([{ userId: 'cid', name: 'Cid' }]);
      await stage.clock.advance(29_000);
      expect(room.snapshot.typing['public'], 'the server does not tell of a renewal').to.have.length(1);
      await stage.clock.advance(1000);
      expect(room.snapshot.typing['public']).to.equal(undefined);
    });

    it('tells of its own typing at the first key and then only to renew it', async () => {
      const room = await openRoom(stage);
      for (let key = 0; key < 40; key++) {
        room.typing('public', true);
        await stage.clock.advance(100);
      }
      expect(stage.server.count('typing.set')).to.equal(2);
      room.send('done');
      expect(stage.server.log.findLast(({ name }) => name === 'typing.set')?.input['typing']).to.equal(false);
    });

    it('ends the typing mark of whoever wrote', async () => {
      const room = await openRoom(stage);
      stage.server.tell('typing', { roomId: ROOM, stream: 'public', userId: 'bob', typing: true });
      stage.server.post('there it is');
      await settle();
      expect(room.snapshot.typing['public']).to.equal(undefined);
    });
  });

  describe('reading', () => {
    it('learns on joining where the mark stands and counts what came after it, but for own entries', async () => {
      for (const text of ['a', 'b', 'c']) stage.server.post(text);
      stage.server.marks.set('ann public', 1);
      const room = await openRoom(stage);
      expect(view(room)).to.include({ unread: 2, readSeq: 1 });
      stage.server.post('d');
      room.send('mine');
      await settle();
      expect(view(room)).to.include({ unread: 3 });
    });

    it('shows a mark at once, tells the server the furthest one only, and again after being offline', async () => {
      for (let seq = 1; seq <= 9; seq++) stage.server.post(`m${seq}`);
      const room = await openRoom(stage);
      stage.server.fate = (name) => (name === 'read.mark' ? 'hold' : 'answer');
      for (const seq of [2, 3, 9, 5]) room.markRead('public', seq);
      expect(view(room)).to.include({ unread: 0, readSeq: 9 });
      stage.server.fate = () => 'answer';
      stage.server.release();
      await settle();
      expect(stage.server.marks.get('ann public')).to.equal(9);
      expect(
        stage.server.log
          .filter(({ name, input }) => name === 'read.mark' && input['stream'] === 'public')
          .map(({ input }) => input['seq']),
      ).to.deep.equal([0, 2, 9]);
      stage.server.post('m10');
      await settle();
      stage.server.line.drop();
      room.markRead('public', 10);
      await stage.clock.advance(1000);
      expect(stage.server.marks.get('ann public')).to.equal(10);
    });

    it('learns after a reconnect of marks that other devices made meanwhile, and tries a mark again', async () => {
      stage.server.post('a');
      stage.server.post('b');
      const room = await openRoom(stage);
      expect(view(room).unread).to.equal(2);
      stage.server.line.drop();
      stage.server.marks.set('ann public', 1);
      await stage.clock.advance(1000);
      expect(view(room)).to.include({ unread: 1, readSeq: 1 });
      let refusals = 1;
      stage.server.fate = (name) =>
        name === 'read.mark' && refusals-- > 0
          ? { code: 'rate_limited', message: 'slowly', retryAfterMs: 2000 }
          : 'answer';
      room.markRead('public', 2);
      await stage.clock.advance(1999);
      expect(stage.server.marks.get('ann public')).to.equal(1);
      await stage.clock.advance(2000);
      expect(stage.server.marks.get('ann public')).to.equal(2);
    });

    it('takes in marks of the caller from other devices, and receipts of others', async () => {
      stage.server.post('a');
      stage.server.post('b');
      const room = await openRoom(stage);
      stage.server.tell('receipt', { roomId: ROOM, stream: 'public', userId: 'ann', seq: 2 });
      stage.server.tell('receipt', { roomId: ROOM, stream: 'public', userId: BOB.userId, seq: 2 });
      stage.server.tell('receipt', { roomId: ROOM, stream: 'public', userId: BOB.userId, seq: 1 });
      await settle();
      expect(view(room)).to.include({ unread: 0, readSeq: 2 });
      expect(view(room).receipts.get('bob')).to.equal(2);
    });
  });

  it('folds to what the server reads after everything above at once', async () => {
    const first = stage.server.post('one');
    const room = await openRoom(stage);
    stage.server.losesEvent = (_name, entry) => (entry as { seq?: number }).seq === 3;
    stage.server.post('two');
    stage.server.edit(first, 'one, edited');
    stage.server.post('three');
    await settle();
    const visible = readView(stage.server.raw('public')).filter(({ kind }) => kind === 'message');
    expect(view(room).entries).to.deep.equal(visible);
  });
});
