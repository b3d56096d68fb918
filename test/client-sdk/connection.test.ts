import { expect } from 'chai';
import { type ClientState, createClient, RoomError, type TokenReason } from '../../client-sdk/index.ts';
import type { WireError } from '../../shared/contract/errors.ts';
import { settle } from './support/fake-clock.ts';
import { ANN, BOB, FakeServer, ROOM, tokenOf } from './support/fake-server.ts';
import { makeClient, type Stage } from './support/make-client.ts';

const unauthenticated = { code: 'unauthenticated', message: 'no' } as const;

function watch(stage: Stage): { states: string[]; errors: RoomError[] } {
  const told = { states: [] as string[], errors: [] as RoomError[] };
  stage.client.on('state', ({ status }) => told.states.push(status));
  stage.client.on('error', (error) => told.errors.push(error));
  return told;
}

async function failure(promise: Promise<unknown>): Promise<RoomError> {
  return promise.then(
    () => {
      throw new Error('it did not fail');
    },
    (error: RoomError) => error,
  );
}

const waiting = (state: ClientState) => {
  if (state.status !== 'waiting') throw new Error(`it is ${state.status}`);
  return state;
};

describe('client-sdk connection', () => {
  let stages: Stage[] = [];
  const stageOf = (...options: Parameters<typeof makeClient>) => {
    const stage = makeClient(...options);
    stages.push(stage);
    return stage;
  };
  const online = async (...options: Parameters<typeof makeClient>) => {
    const stage = stageOf(...options);
    stage.client.connect();
    await settle();
    expect(stage.client.state.status).to.equal('online');
    return stage;
  };
  afterEach(async () => {
    for (const stage of stages.splice(0)) {
      await stage.client.close();
      expect(stage.clock.pending, 'timers left').to.equal(0);
      expect(stage.signals.watched, 'listeners left').to.equal(0);
      expect(
        stage.server.connections.filter(({ closed }) => !closed),
        'sockets left',
      ).to.have.length(0);
    }
  });

  it('starts nothing before connect', async () => {
    const { server, clock, signals, client } = stageOf();
    await settle();
    expect(client.state).to.deep.equal({ status: 'idle' });
    expect([server.connections.length, clock.pending, signals.watched]).to.deep.equal([0, 0, 0]);
  });

  it('connects with the token and the contract version, and knows who it is', async () => {
    const { server, client } = await online();
    expect(server.line.auth).to.deep.equal({ token: tokenOf(ANN), v: 1 });
    expect(client.me).to.deep.equal({ userId: 'ann', name: 'Ann', side: 'buyer', org: 'acme' });
  });

  it('reads a name that is not ASCII out of the token', async () => {
    const { client } = await online({ getToken: () => tokenOf({ ...ANN, name: '云市场·李雷' }) });
    expect(client.me?.name).to.equal('云市场·李雷');
  });

  describe('coming back', () => {
    it('tries at once or nearly so, then with growing jittered waits under a cap', async () => {
      const { server, clock, client } = await online();
      await clock.advance(10_000);
      server.reachable = false;
      server.line.drop();
      const waits: number[] = [];
      for (let tries = 0; tries < 9; tries++) {
        const { retryAt, attempt } = waiting(client.state);
        expect(attempt).to.equal(tries);
        waits.push(retryAt - clock.now());
        await clock.advance(retryAt - clock.now());
      }
      for (const [attempt, wait] of waits.entries()) {
        const cap = Math.min(20_000, 500 * 2 ** attempt);
        expect(wait, `wait ${attempt}`).to.be.within(0.4 * cap, 0.6 * cap);
      }
      server.reachable = true;
      await clock.advance(20_000);
      expect(client.state.status).to.equal('online');
    });

    it('spreads over the whole of the wait: the dice decide', async () => {
      for (const dice of [0, 0.999]) {
        const { server, clock, client } = await online({ random: () => dice });
        await clock.advance(10_000);
        server.line.drop();
        expect(waiting(client.state).retryAt - clock.now()).to.equal(Math.round(500 * dice));
      }
    });

    it('does not begin at the shortest wait when connections do not last', async () => {
      const { server, clock, client } = await online();
      const attempts: number[] = [];
      for (let times = 0; times < 4; times++) {
        server.line.drop();
        const { retryAt, attempt } = waiting(client.state);
        attempts.push(attempt);
        await clock.advance(retryAt - clock.now());
      }
      expect(attempts).to.deep.equal([1, 2, 3, 4]);
    });

    it('waits as long as a refusing server says', async () => {
      const { server, clock, client } = stageOf();
      server.refusal = () => ({ code: 'rate_limited', message: 'slowly', retryAfterMs: 7000 });
      client.connect();
      await settle();
      expect(waiting(client.state).retryAt - clock.now()).to.be.within(7000, 8000);
      server.refusal = undefined;
      await clock.advance(8000);
      expect(client.state.status).to.equal('online');
    });

    it('gives up a connection that is neither made nor refused', async () => {
      const { server, clock, client } = stageOf();
      const connect = server.connect.bind(server);
      server.connect = (url, auth, listener) =>
        connect(url, auth, { ...listener, opened: () => {}, refused: () => {} });
      client.connect();
      await clock.advance(14_999);
      expect(client.state.status).to.equal('connecting');
      await clock.advance(1);
      expect(client.state.status).to.equal('waiting');
    });

    it('stops at a refusal that trying again cannot change', async () => {
      const { server, client } = stageOf();
      server.refusal = () => ({ code: 'unsupported_version', message: 'v1 is gone' });
      client.connect();
      await settle();
      expect(client.state).to.deep.include({ status: 'failed' });
      expect(client.state.status === 'failed' && client.state.error.code).to.equal('unsupported_version');
      server.refusal = undefined;
      client.connect();
      await settle();
      expect(client.state.status, 'and begins anew when asked').to.equal('online');
    });
  });

  describe('tokens', () => {
    const reasons: TokenReason[] = [];
    beforeEach(() => {
      reasons.length = 0;
    });
    const giving =
      (...tokens: string[]) =>
      (reason: TokenReason) => {
        reasons.push(reason);
        return tokens[Math.min(reasons.length, tokens.length) - 1] as string;
      };

    it('uses a token again for the next connection as long as it lasts', async () => {
      const { server, clock } = await online({ getToken: giving(tokenOf(ANN)) });
      server.line.drop();
      await clock.advance(5000);
      expect(server.connections).to.have.length(2);
      expect(reasons).to.deep.equal(['initial']);
    });

    it('asks for another when the one at hand ran out while it was away', async () => {
      const exp = Date.UTC(2026, 10, 2, 9, 1, 0) / 1000;
      const { server, clock } = await online({ getToken: giving(tokenOf(ANN, { exp }), tokenOf(ANN)) });
      await clock.advance(61_000);
      server.line.drop();
      await clock.advance(5000);
      expect(reasons).to.deep.equal(['initial', 'expiring']);
      expect(server.line.auth.token).to.equal(tokenOf(ANN));
    });

    it('asks once for another when the token is rejected, then fails', async () => {
      const { server, client } = stageOf({ getToken: giving('a', 'b') });
      server.refusal = () => unauthenticated;
      client.connect();
      await settle();
      expect(reasons).to.deep.equal(['initial', 'rejected']);
      expect(client.state.status).to.equal('failed');
      expect(server.connections.map(({ auth }) => auth.token)).to.deep.equal(['a', 'b']);
    });

    it('connects with the other token when that one is good', async () => {
      const { server, client } = stageOf({ getToken: giving('a', 'b') });
      server.refusal = ({ token }) => (token === 'a' ? unauthenticated : undefined);
      client.connect();
      await settle();
      expect(client.state.status).to.equal('online');
    });

    it('renews the token of a live connection in place, asking one at a time', async () => {
      const renewed = tokenOf(ANN, { jti: '2' });
      const stage = await online({ getToken: giving(tokenOf(ANN), renewed) });
      const expiring: string[] = [];
      stage.client.on('tokenExpiring', ({ at }) => expiring.push(at));
      for (let times = 0; times < 2; times++) stage.server.line.send('auth.expiring', { at: '2026-11-02T09:01:00Z' });
      await settle();
      expect(reasons).to.deep.equal(['initial', 'expiring']);
      expect(stage.server.log.filter(({ name }) => name === 'auth.refresh').map(({ input }) => input)).to.deep.equal([
        { token: renewed },
      ]);
      expect(stage.server.connections, 'no drop').to.have.length(1);
      expect(expiring).to.have.length(2);
    });

    it('tries a renewal again that failed, with waits', async () => {
      let failures = 2;
      const stage = await online({
        getToken: (reason) => {
          reasons.push(reason);
          if (reason === 'expiring' && failures-- > 0) throw new Error('portal is down');
          return tokenOf(ANN);
        },
      });
      const { errors } = watch(stage);
      stage.server.line.send('auth.expiring', { at: '2026-11-02T09:01:00Z' });
      await settle();
      expect(errors.map(({ message }) => message)).to.deep.equal(['portal is down']);
      expect(stage.server.count('auth.refresh')).to.equal(0);
      await stage.clock.advance(5000);
      expect(reasons).to.deep.equal(['initial', 'expiring', 'expiring', 'expiring']);
      expect(stage.server.count('auth.refresh')).to.equal(1);
    });

    it('takes no token of another caller, neither in place nor for a new connection', async () => {
      const stage = await online({ getToken: giving(tokenOf(ANN), tokenOf(BOB)) });
      stage.server.line.send('auth.expiring', { at: '2026-11-02T09:01:00Z' });
      await settle();
      expect(stage.client.state.status === 'failed' && stage.client.state.error.code).to.equal('forbidden');
      expect(stage.server.count('auth.refresh')).to.equal(0);
    });

    it('asks for one token at a time, whoever needs it', async () => {
      let give: (token: string) => void = () => {};
      const exp = Date.UTC(2026, 10, 2, 9, 0, 5) / 1000;
      const { server, clock, client } = await online({
        getToken: (reason) => {
          reasons.push(reason);
          return reason === 'initial' ? tokenOf(ANN, { exp }) : new Promise((resolve) => (give = resolve));
        },
      });
      server.line.send('auth.expiring', { at: new Date(exp * 1000).toISOString() });
      await clock.advance(6000);
      server.line.drop();
      await clock.advance(2000);
      expect(client.state.status).to.equal('connecting');
      give(tokenOf(ANN));
      await settle();
      expect(client.state.status).to.equal('online');
      expect(reasons).to.deep.equal(['initial', 'expiring']);
    });

    it('waits 10 seconds for a token, then tries again', async () => {
      const stage = stageOf({ getToken: () => new Promise<string>(() => {}) });
      const { errors } = watch(stage);
      stage.client.connect();
      await stage.clock.advance(9999);
      expect(stage.client.state.status).to.equal('connecting');
      await stage.clock.advance(1);
      expect(stage.client.state.status).to.equal('waiting');
      expect(errors.map(({ code }) => code)).to.deep.equal(['unavailable']);
    });

    it('stops when the page says that there will be no token', async () => {
      const stage = stageOf({ getToken: () => Promise.reject(new RoomError('unauthenticated', 'signed out')) });
      stage.client.connect();
      await settle();
      expect(stage.client.state.status).to.equal('failed');
    });
  });

  describe('a draining server', () => {
    it('is left within the time given, at an instant that the dice choose, and nothing is missed', async () => {
      const { server, clock, client } = await online({ random: () => 0.5 });
      const room = client.room(ROOM);
      await room.open();
      server.line.send('server.draining', { at: new Date(clock.now() + 8000).toISOString() });
      const states: string[] = [];
      client.on('state', ({ status }) => states.push(status));
      await clock.advance(3999);
      expect(server.connections).to.have.length(1);
      expect(states, 'it is as online as before').to.deep.equal([]);
      await clock.advance(1);
      expect(server.connections.map(({ closed }) => closed)).to.deep.equal([true, false]);
      await settle();
      expect(states).to.deep.equal(['connecting', 'online']);
      expect(room.snapshot.status).to.equal('open');
    });

    it('is left soon even when its word on the time makes no sense', async () => {
      const { server, clock } = await online();
      server.line.send('server.draining', { at: new Date(clock.now() + 86_400_000).toISOString() });
      await clock.advance(30_000);
      expect(server.connections).to.have.length(2);
    });
  });

  describe('a line that looks alive', () => {
    it('is probed on waking, and replaced when no answer comes within 3 seconds', async () => {
      const { server, clock, signals, client } = await online();
      server.fate = (name) => (name === 'room.list' ? 'loseRequest' : 'answer');
      signals.give('wake');
      signals.give('online');
      expect(server.count('room.list')).to.equal(1);
      await clock.advance(2999);
      expect(server.connections).to.have.length(1);
      server.fate = () => 'answer';
      await clock.advance(1);
      expect(server.connections.map(({ closed }) => closed)).to.deep.equal([true, false]);
      expect(client.state.status).to.equal('online');
    });

    it('is kept when any answer comes, an error too', async () => {
      const { server, clock, signals } = await online();
      server.fate = () => ({ code: 'rate_limited', message: 'slowly' });
      signals.give('wake');
      await clock.advance(5000);
      expect(server.connections).to.have.length(1);
    });

    it('is probed when a call got no answer in time', async () => {
      const { server, clock, client } = await online();
      server.fate = () => 'loseRequest';
      const call = failure(client.call('room.list', {}));
      await clock.advance(10_000);
      expect(await call).to.include({ code: 'unavailable', retryable: true });
      await clock.advance(3000);
      expect(server.connections).to.have.length(2);
    });

    it('is tried at once on waking while it waits, and rests while the page is offline', async () => {
      const { server, clock, signals, client } = await online();
      server.reachable = false;
      signals.down = true;
      server.line.drop();
      expect(client.state).to.deep.equal({ status: 'offline' });
      await clock.advance(29_999);
      expect(server.connections).to.have.length(1);
      await clock.advance(1);
      expect(server.connections, 'the page can be wrong').to.have.length(2);
      signals.down = false;
      server.reachable = true;
      signals.give('online');
      await settle();
      expect(client.state.status).to.equal('online');
    });
  });

  it('rests when the page goes offline while it waits, and goes on when it is back', async () => {
    const { server, clock, signals, client } = await online();
    server.reachable = false;
    server.line.drop();
    signals.give('offline');
    expect(client.state).to.deep.equal({ status: 'offline' });
    await clock.advance(20_000);
    expect(server.connections).to.have.length(1);
    server.reachable = true;
    signals.give('online');
    await settle();
    expect(client.state.status).to.equal('online');
  });

  describe('calls', () => {
    it('wait for the first connection, and are answered or rejected with the server’s error', async () => {
      const { server, client } = stageOf();
      client.connect();
      const { room } = await client.call('room.get', { roomId: ROOM });
      expect(room.title).to.equal('A shop');
      server.fate = () => ({ code: 'conflict', message: 'no', details: { visit: 2 }, retryAfterMs: 5 });
      const error = await failure(client.call('room.get', { roomId: ROOM }));
      expect(error).to.be.instanceOf(RoomError);
      expect(error).to.deep.include({ code: 'conflict', message: 'no', details: { visit: 2 }, retryAfterMs: 5 });
      expect(error.retryable).to.equal(false);
    });

    it('are rejected as unavailable without a connection, and when it breaks', async () => {
      const { server, client } = stageOf();
      expect((await failure(client.call('room.list', {}))).code).to.equal('unavailable');
      client.connect();
      await settle();
      server.fate = () => 'hold';
      const call = failure(client.call('room.list', {}));
      server.line.drop();
      expect((await call).code).to.equal('unavailable');
    });

    it('take an error that this version does not know for a fault of the server', async () => {
      const { server, client } = await online();
      server.fate = () => JSON.parse('{"code":"brand_new","message":"what?"}') as WireError;
      expect(await failure(client.call('room.list', {}))).to.include({ code: 'internal', message: 'what?' });
    });
  });

  describe('events and closing', () => {
    it('tells of rooms that are not open, and stops telling whoever left', async () => {
      const { server, client } = await online();
      const heads: number[] = [];
      const off = client.on('inbox', ({ head }) => heads.push(head));
      const last = server.post('x');
      const inbox = { roomId: ROOM, stream: 'public', head: 1, unread: 1, last };
      server.line.send('inbox', inbox);
      await settle();
      off();
      server.line.send('inbox', inbox);
      await settle();
      expect(heads).to.deep.equal([1]);
    });

    it('does not tell a listener of what happened before it came, nor one that has gone meanwhile', async () => {
      const { client } = stageOf();
      const told: string[] = [];
      client.on('state', ({ status }) => {
        told.push(`first ${status}`);
        if (status === 'connecting') client.on('state', (state) => told.push(`late ${state.status}`));
      });
      client.connect();
      await settle();
      expect(told).to.deep.equal(['first connecting', 'first online', 'late online']);
    });

    it('goes on when the server sends something that breaks the contract, and tells of it', async () => {
      const stage = await online();
      const { errors } = watch(stage);
      const room = stage.client.room(ROOM);
      await room.open();
      stage.server.line.send(
        'entry',
        JSON.parse(`{"roomId":"${ROOM}","stream":"public","seq":1,"kind":"message"}`) as never,
      );
      for (const payload of [null, 7, {}]) stage.server.line.send('project', payload as never);
      await settle();
      expect(errors).to.have.length(1);
      stage.server.post('whole');
      await settle();
      expect(room.snapshot.streams['public']?.entries).to.have.length(1);
    });

    it('goes on when a listener throws, and tells of it', async () => {
      const stage = await online();
      const { errors } = watch(stage);
      const room = stage.client.room(ROOM);
      room.on('change', () => {
        throw new Error('a page’s mistake');
      });
      await room.open();
      expect(errors[0]?.message).to.equal('a page’s mistake');
      expect(room.snapshot.status).to.equal('open');
    });

    it('closes at any moment and leaves nothing, in the middle of connecting too', async () => {
      for (const moment of ['token', 'dial', 'online', 'waiting', 'probing', 'renewing', 'joined'] as const) {
        const stage = stageOf(moment === 'token' ? { getToken: () => new Promise<string>(() => {}) } : {});
        const told = watch(stage);
        stage.client.connect();
        if (moment === 'dial') await Promise.resolve();
        else await settle();
        if (moment === 'joined') await stage.client.room(ROOM).open();
        if (moment === 'waiting') stage.server.line.drop();
        if (moment === 'probing') {
          stage.server.fate = () => 'hold';
          stage.signals.give('wake');
        }
        if (moment === 'renewing') {
          stage.server.fate = () => 'hold';
          stage.server.line.send('auth.expiring', { at: '2026-11-02T09:01:00Z' });
          await settle();
        }
        const opening = failure(stage.client.room('other').open());
        await stage.client.close();
        if (moment !== 'online' && moment !== 'joined') expect((await opening).code, moment).to.equal('unavailable');
        expect(stage.client.state, moment).to.deep.equal({ status: 'closed' });
        expect(told.states.at(-1), moment).to.equal('closed');
        expect(stage.clock.pending, moment).to.equal(0);
        await stage.clock.advance(60_000);
        expect(
          stage.server.connections.filter(({ closed }) => !closed),
          moment,
        ).to.have.length(0);
        stage.client.connect();
        expect(stage.client.state.status, moment).to.equal('closed');
        expect(stage.signals.watched, moment).to.equal(0);
      }
    });

    it('can be made where there is no browser, with nothing but a URL and a token', async () => {
      const server = new FakeServer();
      const client = createClient({ url: 'http://rooms.test', getToken: () => tokenOf(ANN), transport: server });
      client.connect();
      await settle();
      expect(client.state.status).to.equal('online');
      await client.close();
    });
  });
});
