import { expect } from 'chai';
import type { LiveRoom, OutboxStorage, RoomError, StoredMessage, StreamView } from '../../client-sdk/index.ts';
import { localOutboxStorage } from '../../client-sdk/index.ts';
import { settle } from './support/fake-clock.ts';
import { type FakeServer, ROOM } from './support/fake-server.ts';
import { makeClient, type Stage } from './support/make-client.ts';

const view = (room: LiveRoom) => room.snapshot.streams['public'] as StreamView;
const shown = (room: LiveRoom) => view(room).entries.map((e) => (e.kind === 'message' ? e.body.text : e.kind));
const pending = (room: LiveRoom) => view(room).pending.map(({ text, state }) => `${text} ${state}`);
const stored = (server: FakeServer) => server.raw('public').map((e) => (e.kind === 'message' ? e.body.text : e.kind));

async function failure(promise: Promise<unknown>): Promise<RoomError> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: RoomError) => error,
  );
}

function thrown(action: () => unknown): RoomError {
  try {
    action();
  } catch (error) {
    return error as RoomError;
  }
  throw new Error('it did not throw');
}

/** The browser's storage area, as far as it is used. */
class FakeArea implements Storage {
  readonly #records = new Map<string, string>();
  [name: string]: unknown;
  get length(): number {
    return this.#records.size;
  }
  clear(): void {
    this.#records.clear();
  }
  key(index: number): string | null {
    return [...this.#records.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#records.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#records.set(key, value);
  }
  removeItem(key: string): void {
    this.#records.delete(key);
  }
}

describe('client-sdk outbox', () => {
  let stage: Stage;
  let room: LiveRoom;
  beforeEach(async () => {
    stage = makeClient();
    stage.client.connect();
    room = stage.client.room(ROOM);
    await room.open();
    await settle();
  });
  afterEach(async () => {
    await stage.client.close();
    expect(stage.clock.pending, 'timers left').to.equal(0);
  });

  it('shows a message at once as on its way, then once as an entry, whatever comes first: echo before ack', async () => {
    const seen = new Set<string>();
    room.on('change', () => seen.add(JSON.stringify([shown(room), pending(room)])));
    const { settled } = room.send('hello');
    expect(pending(room)).to.deep.equal(['hello sending']);
    expect((await settled).seq).to.equal(1);
    await settle();
    expect(shown(room)).to.deep.equal(['hello']);
    expect(pending(room)).to.deep.equal([]);
    // Neither twice nor not at all, at any moment.
    for (const moment of seen) expect(moment.match(/hello/g), moment).to.have.length(1);
  });

  it('shows it once when the ack comes before the echo', async () => {
    stage.server.automatic = false;
    const { settled } = room.send('hello');
    const line = stage.server.line;
    expect(line.queue.map(({ name }) => name)).to.deep.equal(['entry', 'message.send']);
    line.deliver(1);
    expect((await settled).seq).to.equal(1);
    await settle();
    expect([shown(room), pending(room)]).to.deep.equal([['hello'], []]);
    line.deliver();
    await settle();
    expect([shown(room), pending(room)]).to.deep.equal([['hello'], []]);
    stage.server.automatic = true;
  });

  it('keeps a stored message visible as sent until the entries before it are there', async () => {
    stage.server.losesEvent = () => true;
    stage.server.post('lost before');
    stage.server.fate = (name) => (name === 'entry.fetch' ? 'hold' : 'answer');
    const { settled } = room.send('mine');
    await settled;
    await settle();
    expect([shown(room), pending(room)]).to.deep.equal([[], ['mine sent']]);
    stage.server.release();
    await settle();
    expect([shown(room), pending(room)]).to.deep.equal([['lost before', 'mine'], []]);
  });

  it('sends again under the same clientId when the ack is lost, and it is stored and shown once', async () => {
    stage.server.losesEvent = () => true;
    let lost = 0;
    stage.server.fate = (name) => (name === 'message.send' && lost++ === 0 ? 'loseAck' : 'answer');
    const { clientId, settled } = room.send('hello');
    await stage.clock.advance(12_000);
    expect((await settled).clientId).to.equal(clientId);
    const sends = stage.server.log.filter(({ name }) => name === 'message.send');
    expect(sends.map(({ input }) => input['clientId'])).to.deep.equal([clientId, clientId]);
    expect(stored(stage.server)).to.deep.equal(['hello']);
    await settle();
    expect([shown(room), pending(room)]).to.deep.equal([['hello'], []]);
  });

  it('does not send again what the answer to the join shows to have arrived', async () => {
    stage.server.losesEvent = () => true;
    stage.server.fate = (name) => (name === 'message.send' ? 'loseAck' : 'answer');
    const { settled } = room.send('hello');
    stage.server.line.drop();
    await stage.clock.advance(2000);
    expect((await settled).seq).to.equal(1);
    expect(stage.server.count('message.send')).to.equal(1);
    expect([shown(room), pending(room)]).to.deep.equal([['hello'], []]);
  });

  it('keeps the order of what was written offline, one on its way for a stream at a time', async () => {
    stage.server.reachable = false;
    stage.server.line.drop();
    for (const text of ['one', 'two', 'three']) room.send(text);
    await stage.clock.advance(30_000);
    expect(pending(room)).to.deep.equal(['one pending', 'two pending', 'three pending']);
    stage.server.reachable = true;
    await stage.clock.advance(25_000);
    expect(stored(stage.server)).to.deep.equal(['one', 'two', 'three']);
    expect([shown(room), pending(room)]).to.deep.equal([['one', 'two', 'three'], []]);
  });

  it('keeps the order when the first has to be tried again, after the time that the server named', async () => {
    let refusals = 1;
    stage.server.fate = (name) =>
      name === 'message.send' && refusals-- > 0
        ? { code: 'rate_limited', message: 'slowly', retryAfterMs: 5000 }
        : 'answer';
    room.send('one');
    room.send('two');
    await stage.clock.advance(4999);
    expect(pending(room)).to.deep.equal(['one pending', 'two pending']);
    expect(view(room).pending[0]?.error?.code).to.equal('rate_limited');
    await stage.clock.advance(2000);
    expect(stored(stage.server)).to.deep.equal(['one', 'two']);
  });

  it('sends to different streams independently of each other', async () => {
    stage.server.fate = (name, input) => (name === 'message.send' && input['stream'] === 'public' ? 'hold' : 'answer');
    room.send('held');
    await room.send('passes', { stream: 'provider' }).settled;
    expect(stage.server.raw('provider')).to.have.length(1);
    stage.server.release();
    await settle();
  });

  it('marks a message failed that is refused for good, with the error, and lets the next ones pass', async () => {
    stage.server.fate = (name, input) =>
      name === 'message.send' && input['text'] === 'bad' ? { code: 'forbidden', message: 'not here' } : 'answer';
    const bad = room.send('bad');
    room.send('good');
    expect((await failure(bad.settled)).code).to.equal('forbidden');
    await settle();
    expect(shown(room)).to.deep.equal(['good']);
    expect(pending(room)).to.deep.equal(['bad failed']);
    expect(view(room).pending[0]?.error).to.include({ code: 'forbidden', message: 'not here' });
  });

  it('sends a failed message again when asked, and forgets a discarded one', async () => {
    stage.server.fate = (name) => (name === 'message.send' ? { code: 'forbidden', message: 'not yet' } : 'answer');
    const first = room.send('first');
    const second = room.send('second');
    await failure(second.settled);
    stage.server.fate = () => 'answer';
    expect(room.discard(second.clientId)).to.equal(true);
    expect(room.discard(second.clientId)).to.equal(false);
    expect((await room.retry(first.clientId).settled).clientId).to.equal(first.clientId);
    await settle();
    expect([shown(room), pending(room)]).to.deep.equal([['first'], []]);
    expect(thrown(() => room.retry('unknown')).code).to.equal('not_found');
  });

  it('does not discard what is on its way, and rejects what is discarded while it waits', async () => {
    stage.server.fate = (name) => (name === 'message.send' ? 'hold' : 'answer');
    const first = room.send('first');
    const second = room.send('second');
    expect(room.discard(first.clientId)).to.equal(false);
    expect(room.discard(second.clientId)).to.equal(true);
    expect((await failure(second.settled)).code).to.equal('conflict');
    stage.server.release();
    await first.settled;
    expect(stored(stage.server)).to.deep.equal(['first']);
  });

  it('gives up a message after the same fault of the server eight times, so that the next ones pass', async () => {
    stage.server.fate = (name, input) =>
      name === 'message.send' && input['text'] === 'poison' ? { code: 'internal', message: 'oops' } : 'answer';
    room.send('poison');
    room.send('good');
    await stage.clock.advance(120_000);
    expect(pending(room)).to.deep.equal(['poison failed']);
    expect(shown(room)).to.deep.equal(['good']);
    expect(stage.server.log.filter(({ input }) => input['text'] === 'poison')).to.have.length(8);
  });

  it('goes at once over a new connection, but not before the time that the server named', async () => {
    stage.server.fate = (name, input) => {
      if (name !== 'message.send') return 'answer';
      return input['stream'] === 'public'
        ? { code: 'rate_limited', message: 'slowly', retryAfterMs: 60_000 }
        : { code: 'unavailable', message: 'not now', retryAfterMs: 60_000 };
    };
    room.send('limited');
    room.send('put off', { stream: 'provider' });
    await settle();
    stage.server.fate = () => 'answer';
    stage.server.line.drop();
    await stage.clock.advance(5000);
    expect(stage.server.raw('provider')).to.have.length(1);
    expect(stored(stage.server)).to.deep.equal([]);
    await stage.clock.advance(60_000);
    expect(stored(stage.server)).to.deep.equal(['limited']);
  });

  it('shows a message once even when its entry comes without the clientId', async () => {
    stage.server.fate = (name) => (name === 'message.send' ? 'hold' : 'answer');
    const append = stage.server.append.bind(stage.server);
    stage.server.append = ({ clientId: _clientId, ...entry }) => append(entry as Parameters<typeof append>[0]) as never;
    const { settled } = room.send('hello');
    stage.server.release();
    expect((await settled).seq).to.equal(1);
    await settle();
    expect([shown(room), pending(room)]).to.deep.equal([['hello'], []]);
  });

  it('does not fail a message because the token ran out under it', async () => {
    let refusals = 1;
    stage.server.fate = (name) =>
      name === 'message.send' && refusals-- > 0 ? { code: 'unauthenticated', message: 'over' } : 'answer';
    room.send('hello');
    await stage.clock.advance(1000);
    expect(shown(room)).to.deep.equal(['hello']);
  });

  it('refuses at once what can never be sent, and more than 500 waiting', async () => {
    for (const text of ['', ' \n', 'x'.repeat(8001), 'a\u0000b', '\ud800']) {
      expect(thrown(() => room.send(text)).code, JSON.stringify(text.slice(0, 9))).to.equal('invalid');
    }
    stage.server.reachable = false;
    stage.server.line.drop();
    for (let n = 0; n < 500; n++) room.send(`m${n}`);
    expect(thrown(() => room.send('one too many')).code).to.equal('rate_limited');
  });

  it('sends without the room being open', async () => {
    room.close();
    await settle();
    const { settled } = room.send('hello');
    expect((await settled).seq).to.equal(1);
    expect(stored(stage.server)).to.deep.equal(['hello']);
  });

  it('is empty again after sending to a room that is not open, however much', async () => {
    room.close();
    for (let n = 0; n <= 500; n++) await room.send(`m${n}`).settled;
    expect(stored(stage.server)).to.have.length(501);
  });

  it('takes somebody else’s clientId for nothing', async () => {
    stage.server.fate = (name) => (name === 'message.send' ? 'hold' : 'answer');
    const { clientId } = room.send('mine');
    stage.server.post('theirs', { clientId });
    await settle();
    expect(pending(room)).to.deep.equal(['mine sending']);
    stage.server.release();
    await settle();
    expect(shown(room)).to.deep.equal(['theirs', 'mine']);
  });

  it('rejects what was not settled when the client closes', async () => {
    stage.server.fate = (name) => (name === 'message.send' ? 'hold' : 'answer');
    const { settled } = room.send('hello');
    const waiting = room.send('next').settled;
    await stage.client.close();
    expect((await failure(settled)).code).to.equal('unavailable');
    expect((await failure(waiting)).code).to.equal('unavailable');
  });

  describe('over a reload', () => {
    /** A second life of the same page: another client with the same storage. */
    async function reload(storage: OutboxStorage, server: FakeServer) {
      const next = makeClient({ storage, transport: server });
      next.client.connect();
      const reopened = next.client.room(ROOM);
      await reopened.open();
      await settle();
      return { ...next, room: reopened };
    }

    it('sends what was waiting, in order, under the same clientIds, and keeps failed ones failed', async () => {
      const area = new FakeArea();
      const storage = localOutboxStorage(area);
      const first = await reload(storage, stage.server);
      stage.server.fate = (name, input) =>
        name !== 'message.send' ? 'answer' : input['text'] === 'bad' ? { code: 'forbidden', message: 'no' } : 'loseAck';
      stage.server.losesEvent = () => true;
      const bad = first.room.send('bad');
      await failure(bad.settled);
      const ids = ['one', 'two', 'three'].map((text) => first.room.send(text).clientId);
      await settle();
      await first.client.close();
      expect(area.length).to.equal(4);

      stage.server.fate = () => 'answer';
      const second = await reload(storage, stage.server);
      expect(shown(second.room)).to.deep.equal(['one', 'two', 'three']);
      expect(stage.server.raw('public').map(({ clientId }) => clientId)).to.deep.equal(ids);
      expect(pending(second.room)).to.deep.equal(['bad failed']);
      expect(view(second.room).pending[0]?.error?.code).to.equal('forbidden');
      expect(area.length).to.equal(1);
      second.room.discard(bad.clientId);
      await second.client.close();
      expect(area.length).to.equal(0);
    });

    it('keeps each person’s messages apart', async () => {
      const storage = localOutboxStorage(new FakeArea());
      await storage.put('bob', { ...message('for bob only'), roomId: ROOM });
      const next = await reload(storage, stage.server);
      expect(stored(stage.server)).to.deep.equal([]);
      await next.client.close();
    });

    it('does not send without asking what waited for more than a week, and passes over broken records', async () => {
      const area = new FakeArea();
      const storage = localOutboxStorage(area);
      const old = stage.clock.now() - 8 * 24 * 3_600_000;
      await storage.put('ann', { ...message('old'), createdAt: old });
      await storage.put('ann', { ...message('fresh'), createdAt: stage.clock.now() });
      area.setItem('delivery-rooms:outbox:ann:broken', '{"clientId":1');
      area.setItem('somebody-elses', '{}');
      const next = await reload(storage, stage.server);
      expect(shown(next.room)).to.deep.equal(['fresh']);
      expect(pending(next.room)).to.deep.equal(['old failed']);
      await next.client.close();
    });

    it('puts earlier messages before those written before the storage was read', async () => {
      let give: (messages: StoredMessage[]) => void = () => {};
      const kept: string[] = [];
      const storage: OutboxStorage = {
        load: () => new Promise((resolve) => (give = resolve)),
        put: (_owner, { text }) => {
          kept.push(text);
        },
        remove: () => {},
      };
      const next = makeClient({ storage, transport: stage.server });
      next.client.room(ROOM).send('second');
      next.client.connect();
      await settle();
      next.client.room(ROOM).send('third');
      await settle();
      expect(stage.server.count('message.send')).to.equal(0);
      give([message('first')]);
      await settle();
      expect(stored(stage.server)).to.deep.equal(['first', 'second', 'third']);
      expect([...new Set(kept)].sort()).to.deep.equal(['second', 'third']);
      await next.client.close();
    });

    it('tells of a storage that refuses, and sends all the same', async () => {
      const full = () => {
        throw new Error('quota');
      };
      const next = makeClient({ storage: { load: full, put: full, remove: full }, transport: stage.server });
      const errors: string[] = [];
      next.client.on('error', (error) => errors.push(error.message));
      next.client.connect();
      await next.client.room(ROOM).send('hello').settled;
      expect(stored(stage.server)).to.deep.equal(['hello']);
      expect(errors).to.include('quota');
      await next.client.close();
    });
  });
});

function message(text: string): StoredMessage {
  const hex = Buffer.from(text.padEnd(6)).toString('hex').slice(0, 12);
  return {
    clientId: `00000000-0000-4000-8000-${hex}`,
    roomId: ROOM,
    stream: 'public',
    text,
    createdAt: Date.UTC(2026, 10, 2),
    order: 0,
  };
}
