import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import type { LiveRoom } from '../../client-sdk/index.ts';
import type { Engagement, Opportunity } from '../../shared/contract/opportunities.ts';
import { settle } from './support/fake-clock.ts';
import { BOB, ROOM, tokenOf } from './support/fake-server.ts';
import { makeClient, type Stage } from './support/make-client.ts';

const engaged = (org: string, more: Partial<Engagement> = {}): Engagement => ({
  id: `of-${org}`,
  provider: { org, name: org },
  origin: 'grabbed',
  status: 'following',
  at: '2026-11-20T02:00:00.000Z',
  proposals: [],
  streams: [`lane:${org}`],
  ...more,
});

const demand = (more: Partial<Opportunity> = {}): Opportunity => ({
  id: ROOM,
  roomId: ROOM,
  kind: 'normal',
  category: 'design',
  title: 'A shop',
  details: 'Twelve pages',
  region: 'Hangzhou',
  status: 'open',
  phoneVerified: true,
  engagements: [],
  actions: ['revoke'],
  version: 2,
  createdAt: '2026-11-20T01:00:00.000Z',
  ...more,
});

describe("client-sdk: a room's opportunity", () => {
  let stage: Stage;
  let room: LiveRoom;
  const streams = () => Object.keys(room.snapshot.streams);

  async function open(options: Parameters<typeof makeClient>[0], opportunity: Opportunity, held: string[]) {
    stage = makeClient(options);
    stage.server.opportunity = opportunity;
    stage.server.streams.clear();
    for (const stream of held) stage.server.streams.set(stream, []);
    stage.client.connect();
    room = stage.client.room(ROOM);
    await room.open();
    await settle();
  }

  beforeEach(() => open({}, demand(), ['public']));
  afterEach(async () => {
    await stage.client.close();
    expect(stage.clock.pending, 'timers left').to.equal(0);
  });

  it('is shown with what the caller may do, follows its events, and is never put back by what is older', async () => {
    expect(room.snapshot.opportunity?.actions).to.deep.equal(['revoke']);
    const told: number[] = [];
    room.on('opportunity', ({ version }) => told.push(version));
    stage.server.opportunityBecomes({ status: 'revoked', actions: [] });
    await settle();
    expect(room.snapshot.room).to.include({ kind: 'opportunity', status: 'revoked' });
    stage.server.tell('opportunity', demand());
    await settle();
    expect(room.snapshot.opportunity).to.include({ status: 'revoked', version: 3 });
    expect(told).to.deep.equal([3]);
  });

  it('is what a command answered, before any event', async () => {
    stage.server.losesEvent = (name) => name === 'opportunity';
    await stage.client.call('opportunity.revoke', { opportunityId: ROOM });
    expect(room.snapshot.opportunity).to.include({ status: 'revoked', version: 3 });
  });

  it('opens the lane of a provider that comes while the room is open, with what stands in it, and goes on live', async () => {
    stage.server.streams.set('lane:studio', []);
    stage.server.losesEvent = (name) => name === 'entry';
    stage.server.post('we take it', { stream: 'lane:studio' });
    stage.server.opportunityBecomes({ status: 'talking', engagements: [engaged('studio')] });
    await settle();
    expect(streams()).to.deep.equal(['public', 'lane:studio']);
    expect(room.snapshot.streams['lane:studio']?.entries).to.have.length(1);
    expect(stage.server.count('room.join')).to.equal(2);
    expect(stage.server.log.findLast(({ name }) => name === 'room.join')?.input['since']).to.deep.equal({ public: 0 });
    stage.server.losesEvent = () => false;
    stage.server.post('and here is why', { stream: 'lane:studio' });
    await settle();
    expect(room.snapshot.streams['lane:studio']?.entries).to.have.length(2);
  });

  it('is joined anew soon where the server that answered did not know of the lane yet', async () => {
    stage.server.opportunityBecomes({ engagements: [engaged('studio')] });
    await settle();
    expect(streams()).to.deep.equal(['public']);
    const joins = stage.server.count('room.join');
    stage.server.streams.set('lane:studio', []);
    await stage.clock.advance(2_500);
    expect(streams()).to.deep.equal(['public', 'lane:studio']);
    expect(stage.server.count('room.join')).to.equal(joins + 1);
  });

  it('does not ask for ever where it is not told of the stream', async () => {
    stage.server.opportunityBecomes({ engagements: [engaged('studio')] });
    await stage.clock.advance(15_000);
    expect(stage.server.count('room.join')).to.equal(2);
  });

  it('is joined anew at once where it changed while a join was on its way', async () => {
    stage.server.fate = (name) => (name === 'room.join' ? 'hold' : 'answer');
    stage.server.line.drop();
    await stage.clock.advance(5_000);
    stage.server.fate = () => 'answer';
    stage.server.line.joined.add(ROOM);
    stage.server.opportunityBecomes({ engagements: [engaged('studio')] });
    await settle();
    stage.server.release();
    // The streams of the answer were decided before.
    stage.server.streams.set('lane:studio', []);
    await settle();
    await settle();
    expect(streams()).to.deep.equal(['public', 'lane:studio']);
  });

  it('says anew what may be written when a provider has gone, and keeps what stands in its lane', async () => {
    stage.server.streams.set('lane:studio', []);
    stage.server.opportunityBecomes({ engagements: [engaged('studio')] });
    await settle();
    stage.server.canWrite = [];
    stage.server.opportunityBecomes({ engagements: [engaged('studio', { status: 'terminated' })] });
    await settle();
    expect(room.snapshot.streams['lane:studio']?.canWrite).to.equal(false);
    // What changes nothing of it is no reason to ask.
    const joins = stage.server.count('room.join');
    stage.server.opportunityBecomes({ details: 'Thirteen pages' });
    await settle();
    expect(stage.server.count('room.join')).to.equal(joins);
  });

  it('is looked at soon after an entry that tells of it, where its event did not come', async () => {
    stage.server.losesEvent = (name) => name === 'opportunity';
    stage.server.opportunityBecomes({ status: 'won' });
    stage.server.append({
      id: 'won',
      roomId: ROOM,
      stream: 'public',
      seq: 1,
      at: '2026-11-20T02:00:00.000Z',
      actor: { id: 'system', name: 'Delivery Rooms', side: 'service' },
      kind: 'opportunity',
      body: { event: 'opportunity.won' },
    });
    await stage.clock.advance(2_500);
    expect(room.snapshot.opportunity?.status).to.equal('won');
  });

  describe('of a provider', () => {
    beforeEach(async () => {
      await stage.client.close();
      const own = engaged('studio', { status: 'offered', streams: ['desk:studio'] });
      const { engagements: _engagements, ...shown } = demand({ engagement: own, actions: ['accept', 'reject'] });
      await open({ getToken: () => tokenOf(BOB) }, shown, ['public', 'desk:studio']);
    });

    it('brings its lane and notes when it accepts, and writes there where nothing else is said', async () => {
      stage.server.side = 'provider';
      for (const stream of ['lane:studio', 'notes:studio']) stage.server.streams.set(stream, []);
      const all = ['desk:studio', 'lane:studio', 'notes:studio'];
      stage.server.canWrite = all;
      stage.server.opportunityBecomes({ engagement: engaged('studio', { streams: all }) });
      await settle();
      expect(streams()).to.have.members(['public', ...all]);
      const { settled } = room.send('Good morning');
      await settle();
      expect((await settled).stream).to.equal('lane:studio');
      await room.send('a note', { stream: 'notes:studio' }).settled;
      expect(stage.server.raw('notes:studio')).to.have.length(1);
    });

    it('ends with the room when the engagement does', async () => {
      stage.server.tell('access.revoked', { roomId: ROOM, reason: 'You are no longer in this room.' });
      await settle();
      expect(room.snapshot).to.include({ status: 'revoked', opportunity: undefined });
      expect(streams()).to.deep.equal([]);
    });
  });
});
