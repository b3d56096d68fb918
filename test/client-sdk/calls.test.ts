import { expect } from 'chai';
import { memoryStorage, type LiveRoom, type RoomError, streamToCall } from '../../client-sdk/index.ts';
import type { Call } from '../../shared/contract/calls.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import type { RoomSnapshot } from '../../client-sdk/index.ts';
import {
  CallStory,
  COMPLETED,
  CONNECTED,
  NOT_ANSWERED,
  RINGING_CALLEE,
  RINGING_CALLER,
  type StoryOptions,
} from './support/call-story.ts';
import { settle } from './support/fake-clock.ts';
import { ANN, BOB, ROOM, tokenOf } from './support/fake-server.ts';
import { makeClient, type Stage } from './support/make-client.ts';

const NUMBER = '+12025550147';
const DIAL = { number: '+12025550100', until: '2026-11-02T02:10:00.000Z' };

async function refused(promise: Promise<unknown>): Promise<RoomError> {
  try {
    await promise;
  } catch (fault) {
    return fault as RoomError;
  }
  throw new Error('it was not refused');
}

describe("client-sdk: a room's calls", () => {
  let stage: Stage;
  let story: CallStory;
  let room: LiveRoom;
  const calls = () => room.snapshot.calls;
  const states = () => calls().map(({ state }) => state);

  async function open(options: StoryOptions = {}, before: (server: Stage['server']) => void = () => {}) {
    const { reader = ANN } = options;
    stage = makeClient({ getToken: () => tokenOf(reader) });
    stage.server.side = reader.side;
    story = new CallStory(stage.server, options);
    before(stage.server);
    stage.client.connect();
    room = stage.client.room(ROOM);
    await room.open();
    await settle();
  }

  afterEach(async () => {
    await stage.client.close();
    expect(stage.clock.pending, 'timers left').to.equal(0);
  });

  it('are shown as they were answered, before any entry, and then as the entries tell them', async () => {
    await open();
    stage.server.losesEvent = (name) => name === 'entry';
    const placed = await room.calls.place({ to: BOB.userId, stream: 'public' });
    expect(stage.server.log.at(-1)).to.deep.equal({
      name: 'call.place',
      input: { roomId: ROOM, to: BOB.userId, stream: 'public' },
    });
    expect(calls()).to.deep.equal([placed]);
    expect(placed).to.include({ state: 'requested' });
    expect(placed.actions).to.deep.equal(['cancel']);
    stage.server.losesEvent = () => false;
    story.hear(placed.id, RINGING_CALLER, RINGING_CALLEE, CONNECTED);
    await stage.clock.advance(5_000);
    expect(states()).to.deep.equal(['connected']);
    story.hear(placed.id, COMPLETED);
    await settle();
    expect(calls()).to.deep.equal([story.shown(story.calls.get(placed.id)!)]);
    expect(calls()[0]).to.include({ state: 'completed', durationMs: 42_000 });
  });

  it('are told one state after the other, and stay the same objects while nothing of them changes', async () => {
    await open();
    const told: Call['state'][] = [];
    room.on('call', ({ state }) => told.push(state));
    const first = story.place(ANN, BOB);
    story.hear(first.id, RINGING_CALLER, NOT_ANSWERED);
    await settle();
    const [missed] = calls();
    expect(missed?.actions).to.deep.equal(['call_back']);
    const before = calls();
    stage.server.post('Nobody there?');
    await settle();
    expect(calls()).to.equal(before);
    const second = story.place(BOB, ANN);
    story.hear(second.id, RINGING_CALLER);
    await settle();
    expect(calls()[0]).to.equal(missed);
    expect(states()).to.deep.equal(['no_answer', 'ringing_caller']);
    expect(told).to.deep.equal(['requested', 'ringing_caller', 'no_answer', 'requested', 'ringing_caller']);
  });

  it('are what any command of the client answered', async () => {
    await open();
    stage.server.losesEvent = (name) => name === 'entry';
    const { call } = await stage.client.call('call.place', { roomId: ROOM, to: BOB.userId });
    expect(calls()).to.deep.equal([call]);
  });

  it('are looked up where a room is opened in their middle, and again with what is told of them', async () => {
    await open({}, (server) => {
      const { id } = story.place(ANN, BOB);
      story.hear(id, RINGING_CALLER);
      for (let line = 0; line < 60; line++) server.post(`line ${line}`);
    });
    expect(room.snapshot.streams['public']?.hasOlder).to.equal(true);
    expect(states()).to.deep.equal(['ringing_caller']);
    story.hear('call1', CONNECTED);
    await settle();
    expect(states()).to.deep.equal(['connected']);
    expect(stage.server.count('call.list')).to.equal(2);
    await room.older('public');
    story.hear('call1', COMPLETED);
    await settle();
    expect(states()).to.deep.equal(['completed']);
    expect(stage.server.count('call.list'), 'what is folded is not asked for').to.equal(2);
  });

  it('are looked up again when that could not be answered, and not for ever', async () => {
    await open({}, (server) => {
      const { id } = story.place(ANN, BOB);
      for (let line = 0; line < 60; line++) server.post(`line ${line}`);
      story.hear(id, CONNECTED);
      server.fate = (name) => (name === 'call.list' ? { code: 'unavailable', message: 'not now' } : 'answer');
    });
    expect(calls()).to.deep.equal([]);
    stage.server.fate = () => 'answer';
    await stage.clock.advance(5_000);
    expect(states()).to.deep.equal(['connected']);
    const asked = stage.server.count('call.list');
    await stage.clock.advance(600_000);
    expect(stage.server.count('call.list')).to.equal(asked);
    stage.server.fate = (name) => (name === 'call.list' ? { code: 'unavailable', message: 'not now' } : 'answer');
    story.hear('call1', COMPLETED);
    await stage.clock.advance(3_600_000);
    expect(stage.server.count('call.list') - asked).to.be.within(2, 10);
  });

  it('follow a connection that broke, with what was missed', async () => {
    await open();
    const { id } = await room.calls.place({ to: BOB.userId });
    stage.server.line.drop();
    story.hear(id, RINGING_CALLER, CONNECTED, COMPLETED);
    await stage.clock.advance(5_000);
    expect(states()).to.deep.equal(['completed']);
  });

  it('are agreed to, declined, and taken back', async () => {
    await open({ reader: BOB, approval: 'callee' });
    const first = story.place(ANN, BOB);
    await settle();
    expect(calls()[0]).to.deep.include({ awaits: 'callee', actions: ['approve', 'cancel'] });
    const agreed = await room.calls.approve(first.id);
    expect(agreed.awaits).to.equal(undefined);
    story.hear(first.id, NOT_ANSWERED);
    const second = story.place(ANN, BOB);
    await settle();
    const declined = await room.calls.cancel(second.id);
    expect(declined).to.include({ state: 'cancelled', reason: 'declined' });
    await settle();
    expect(states()).to.deep.equal(['no_answer', 'cancelled']);
  });

  it('are called back: the other one, in the same stream, and nobody in a call of others', async () => {
    await open({ reader: BOB });
    const { id } = story.place(ANN, BOB);
    story.hear(id, NOT_ANSWERED);
    await settle();
    await room.calls.callBack(id, { fromNumber: NUMBER });
    expect(stage.server.log.at(-1)).to.deep.equal({
      name: 'call.place',
      input: { roomId: ROOM, to: ANN.userId, stream: 'public', fromNumber: NUMBER },
    });
    const count = stage.server.log.length;
    expect((await refused(room.calls.callBack('nothing'))).code).to.equal('not_found');
    const eve: Person = { ...BOB, userId: 'eve', name: 'Eve' };
    const others = story.place(ANN, eve);
    await settle();
    expect((await refused(room.calls.callBack(others.id))).code).to.equal('not_found');
    expect(stage.server.log).to.have.length(count);
  });

  it('keep no number that the caller has given', async () => {
    const kept: unknown[] = [];
    const storage = { ...memoryStorage, put: (_owner: string, message: unknown) => void kept.push(message) };
    stage = makeClient({ storage });
    story = new CallStory(stage.server);
    stage.client.connect();
    room = stage.client.room(ROOM);
    await room.open();
    await room.calls.place({ to: BOB.userId, fromNumber: NUMBER });
    stage.server.line.drop();
    await stage.clock.advance(5_000);
    expect(JSON.stringify([room.snapshot, kept])).to.not.include('5550147');
    expect(stage.server.count('call.place')).to.equal(1);
  });

  it('are not placed without a connection, neither now nor when it is back', async () => {
    await open();
    stage.server.reachable = false;
    stage.server.line.drop();
    await settle();
    const error = await refused(room.calls.place({ to: BOB.userId }));
    expect(error).to.include({ code: 'unavailable' });
    expect(error.message).to.include('nothing was done');
    stage.server.reachable = true;
    await stage.clock.advance(30_000);
    expect(room.snapshot.status).to.equal('open');
    expect(stage.server.count('call.place')).to.equal(0);
  });

  it('stand as they are now by the time that a refusal is told, and are looked at where an answer was lost', async () => {
    await open();
    stage.server.losesEvent = (name) => name === 'entry';
    const placed = await room.calls.place({ to: BOB.userId });
    story.hear(placed.id, CONNECTED);
    const error = await refused(room.calls.cancel(placed.id));
    expect(error).to.deep.include({ code: 'conflict', details: { callId: placed.id, state: 'connected' } });
    expect(states()).to.deep.equal(['connected']);
    stage.server.obeys.set('call.approve', () => ({ call: placed }));
    await room.calls.approve(placed.id);
    expect(states(), 'an answer that is older').to.deep.equal(['connected']);
    story.hear(placed.id, COMPLETED);
    stage.server.fate = (name) => (name === 'call.place' ? 'loseAck' : 'answer');
    const lost = refused(room.calls.place({ to: BOB.userId }));
    await stage.clock.advance(15_000);
    expect(await lost).to.deep.include({ code: 'unavailable', details: { unanswered: true } });
    expect(states()).to.deep.equal(['completed', 'requested']);
  });

  it('tell the caller alone what to ring, as soon as the carrier has given it', async () => {
    await open({ approval: 'callee', callerDials: true });
    const placed = await room.calls.place({ to: BOB.userId });
    await settle();
    expect(stage.server.count('call.list'), 'nothing to ring before it is agreed to').to.equal(0);
    story.happen(placed.id, { type: 'approve' }, { id: BOB.userId, name: BOB.name, side: 'provider', roles: [] });
    await settle();
    expect(calls()[0]?.dial).to.equal(undefined);
    story.dial = DIAL;
    await stage.clock.advance(5_000);
    expect(calls()[0]?.dial).to.deep.equal(DIAL);
    const asked = stage.server.count('call.list');
    await stage.clock.advance(300_000);
    expect(stage.server.count('call.list')).to.equal(asked);
    story.hear(placed.id, RINGING_CALLEE);
    await settle();
    expect(calls()[0]).to.not.have.property('dial');
  });

  it('ask for no number to ring as the one who is called', async () => {
    await open({ reader: BOB, callerDials: true });
    story.dial = DIAL;
    story.place(ANN, BOB);
    await settle();
    await stage.clock.advance(10_000);
    expect(stage.server.count('call.list')).to.equal(0);
    expect(calls()[0]).to.not.have.property('dial');
  });

  it('name the file of what was spoken to operators, also where entries tell all the rest', async () => {
    const quinn: Person = { userId: 'quinn', name: 'Quinn', side: 'operator' };
    await open({ reader: quinn }, (server) => {
      const { id } = story.place(ANN, BOB);
      story.hear(id, CONNECTED, COMPLETED);
      story.recordings.set(id, 'a-file');
      for (let line = 0; line < 60; line++) server.post(`line ${line}`);
    });
    expect(calls()[0]).to.include({ state: 'completed', recording: 'a-file' });
    await room.older('public');
    expect(calls()).to.deep.equal([story.shown(story.calls.get('call1')!)]);
    expect(calls()[0]).to.include({ recording: 'a-file' });
  });

  it('go with their stream, and their actions with the right to write there', async () => {
    await open();
    stage.server.losesEvent = (name) => name === 'entry';
    const { id } = await room.calls.place({ to: BOB.userId, stream: 'provider' });
    stage.server.losesEvent = () => false;
    const other = story.place(ANN, { ...BOB, userId: 'eve' });
    story.hear(other.id, NOT_ANSWERED);
    await settle();
    expect(calls().map((call) => call.id)).to.deep.equal([id, other.id]);
    expect(calls()[1]?.actions).to.deep.equal(['call_back']);
    stage.server.streams.delete('provider');
    stage.server.canWrite = [];
    stage.server.tell('access.revoked', { roomId: ROOM, stream: 'provider', reason: 'moved' });
    stage.server.line.drop();
    await stage.clock.advance(5_000);
    expect(calls().map((call) => [call.id, call.actions])).to.deep.equal([[other.id, []]]);
    room.close();
    await settle();
    expect(calls()).to.deep.equal([]);
  });
});

describe('streamToCall', () => {
  const buyer = { side: 'buyer' } as const;
  const kite = { side: 'provider', org: 'kite' } as const;
  const at = (kind: 'project' | 'opportunity', side: Person['side'], canWrite: string[]) =>
    ({ me: { side, canWrite }, room: { kind } as RoomSnapshot['room'] }) as Parameters<typeof streamToCall>[0];

  for (const [what, where, whom, stream] of [
    ['a provider from its buyer', at('project', 'buyer', ['public']), kite, 'public'],
    ['a buyer from its provider', at('project', 'provider', ['public', 'provider']), buyer, 'public'],
    ['nobody where the caller may not write', at('project', 'provider', ['provider']), buyer, undefined],
    ['nobody of the same side', at('project', 'buyer', ['public']), buyer, undefined],
    ['nobody of a vendor', at('project', 'buyer', ['public']), { side: 'vendor' } as const, undefined],
    ['nobody by an operator', at('project', 'operator', ['public', 'operator']), buyer, undefined],
    ['a company of a demand in its lane', at('opportunity', 'buyer', ['lane:kite', 'lane:fox']), kite, 'lane:kite'],
    ['no company that has gone', at('opportunity', 'buyer', ['lane:fox']), kite, undefined],
    [
      'nobody without a company in a demand',
      at('opportunity', 'buyer', ['lane:fox']),
      { side: 'provider' } as const,
      undefined,
    ],
    [
      'the buyer of a demand in the own lane',
      at('opportunity', 'provider', ['notes:kite', 'lane:kite']),
      buyer,
      'lane:kite',
    ],
    ['nobody before the room is open', { me: undefined, room: undefined }, kite, undefined],
  ] as const) {
    it(`names the stream to call ${what}`, () => {
      expect(streamToCall(where, whom)).to.equal(stream);
    });
  }
});
