import { expect } from 'chai';
import type { LiveOpportunity, RoomError } from '../../client-sdk/index.ts';
import { cardOf, demandOf, engagementOf } from './support/demand.ts';
import { settle } from './support/fake-clock.ts';
import { ROOM } from './support/fake-server.ts';
import { makeClient, type Stage } from './support/make-client.ts';

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;

async function refused(promise: Promise<unknown>): Promise<RoomError> {
  try {
    await promise;
  } catch (fault) {
    return fault as RoomError;
  }
  throw new Error('it was not refused');
}

describe('client-sdk: a demand', () => {
  let stage: Stage;
  let demand: LiveOpportunity;
  let told: number[];

  beforeEach(async () => {
    stage = makeClient();
    stage.server.opportunity = demandOf();
    stage.client.connect();
    demand = stage.client.opportunities.one(ROOM);
    told = [];
    demand.on('change', ({ version }) => told.push(version));
    await stage.client.room(ROOM).open();
    await settle();
  });
  afterEach(async () => {
    await stage.client.close();
    expect(stage.clock.pending, 'timers left').to.equal(0);
  });

  it('is one object, which stands as its room told, and follows its events', async () => {
    expect(stage.client.opportunities.one(ROOM)).to.equal(demand);
    expect(demand.state).to.deep.equal(demandOf());
    stage.server.opportunityBecomes({ status: 'quoted' });
    await settle();
    expect(demand.state).to.include({ status: 'quoted', version: 4 });
    expect(told).to.deep.equal([3, 4]);
  });

  it('is never put back by what is older, and stands anew after each join', async () => {
    const before = demandOf();
    stage.server.opportunityBecomes({ status: 'quoted' });
    await settle();
    stage.server.tell('opportunity', before);
    await settle();
    expect(demand.state?.status).to.equal('quoted');
    stage.server.line.drop();
    stage.server.opportunityBecomes({ status: 'revoked', actions: [] });
    await stage.clock.advance(5_000);
    expect(demand.state).to.include({ status: 'revoked', version: 5 });
  });

  it('is not put back by an answer that came late either, where its room is not open', async () => {
    const other = stage.client.opportunities.one('other');
    const at = (version: number) => () => ({ opportunity: demandOf({ id: 'other', roomId: 'other', version }) });
    stage.server.obeys.set('opportunity.assign', at(5));
    stage.server.obeys.set('opportunity.close', at(4));
    await other.change('opportunity.assign', { org: 'kite' });
    await other.change('opportunity.close', { reason: 'An answer of before' });
    expect(other.state?.version).to.equal(5);
  });

  it('is what a command answered, whoever called it, before any event', async () => {
    stage.server.losesEvent = (name) => name === 'opportunity';
    for (const name of ['opportunity.revoke', 'opportunity.assign']) {
      stage.server.obeys.set(name, () => ({ opportunity: stage.server.opportunityBecomes({}) }));
    }
    expect(await demand.change('opportunity.revoke', { remark: 'Bought elsewhere' })).to.include({ version: 4 });
    expect(stage.server.log.find(({ name }) => name === 'opportunity.revoke')?.input).to.deep.equal({
      opportunityId: ROOM,
      remark: 'Bought elsewhere',
    });
    await stage.client.call('opportunity.assign', { opportunityId: ROOM, org: 'kite' });
    expect(demand.state?.version).to.equal(5);
    expect(told).to.deep.equal([3, 4, 5]);
  });

  it('stands as it is now by the time that the loser of a race is told', async () => {
    stage.server.losesEvent = (name) => name === 'opportunity';
    stage.server.opportunityBecomes({ status: 'won' });
    stage.server.fate = (name) =>
      name === 'opportunity.revoke' ? { code: 'conflict', message: 'a deal already' } : 'answer';
    expect((await refused(demand.change('opportunity.revoke', {}))).code).to.equal('conflict');
    expect(demand.state?.status).to.equal('won');
  });

  it('is looked at soon when an answer did not come', async () => {
    stage.server.fate = (name) => (name === 'proposal.send' ? { code: 'internal', message: 'a fault' } : 'answer');
    const lines = [{ product: 'Design', quantity: 1, listPrice: '10', price: '9' }];
    expect((await refused(demand.propose({ name: 'One', productId: 'site', lines }))).code).to.equal('internal');
    expect(stage.server.count('opportunity.get')).to.equal(0);
    await stage.clock.advance(2_500);
    expect(stage.server.count('opportunity.get')).to.equal(1);
  });

  it('is not acted on without a connection, neither now nor when it is back', async () => {
    stage.server.reachable = false;
    stage.server.line.drop();
    await settle();
    const error = await refused(demand.change('opportunity.revoke', {}));
    expect(error).to.include({ code: 'unavailable' });
    expect(error.message).to.include('nothing was done');
    expect((await refused(demand.record({ connected: true, stage: 'price', text: 'Rang' }))).code).to.equal(
      'unavailable',
    );
    stage.server.reachable = true;
    await stage.clock.advance(30_000);
    expect(stage.server.count('opportunity.revoke') + stage.server.count('opportunity.record')).to.equal(0);
  });

  it('is sent records and proposals under a clientId, its own or a new one each', async () => {
    const clientId = '6d0f8e63-0f0e-4b5a-9a52-1d9a3a1f0c11';
    stage.server.obeys.set('opportunity.record', ({ clientId: sent }) => ({ entry: sent }));
    stage.server.obeys.set('proposal.send', ({ clientId: sent }) => ({ proposal: sent }));
    stage.server.obeys.set('opportunity.create', ({ clientId: sent }) => ({ opportunityId: sent, roomId: ROOM }));
    const record = { connected: true, stage: 'price', text: 'Rang' } as const;
    const proposal = { name: 'One', productId: 'site', lines: [] };
    const wanted = { category: 'Sites', title: 'A site', details: 'Soon', region: 'Xiamen' };
    const sent: unknown[] = [
      await demand.record(record),
      await demand.record(record),
      await demand.propose(proposal),
      (await stage.client.opportunities.publish(wanted)).opportunityId,
    ];
    for (const one of sent) expect(one).to.match(UUID);
    expect(new Set(sent).size).to.equal(sent.length);
    expect(await demand.record({ ...record, clientId })).to.equal(clientId);
    expect(await demand.propose({ ...proposal, clientId })).to.equal(clientId);
    expect((await stage.client.opportunities.publish({ ...wanted, clientId })).opportunityId).to.equal(clientId);
  });

  it('has its proposals asked for until there are no more', async () => {
    const pages = [{ items: ['a', 'b'], nextCursor: 'more' }, { items: ['c'] }];
    stage.server.obeys.set('proposal.list', ({ cursor }) => pages[cursor === 'more' ? 1 : 0]);
    expect(await demand.proposals()).to.deep.equal(['a', 'b', 'c']);
  });

  it('lets go of its room with its last listener, and goes on to say how it stands', async () => {
    const quiet = stage.client.opportunities.one(ROOM);
    const off = quiet.on('change', () => told.push(-1));
    off();
    stage.server.opportunityBecomes({ status: 'quoted' });
    await settle();
    expect(told).to.deep.equal([3, 4]);
    expect(quiet.state?.version).to.equal(4);
  });

  it("tells an operator's page what providers ask", async () => {
    const item = { roomId: ROOM, org: 'kite', name: 'Kite', title: 'A site', unanswered: 2, since: null };
    const heard: unknown[] = [];
    stage.client.on('desk', (one) => heard.push(one));
    stage.server.tell('desk', item);
    await settle();
    expect(heard).to.deep.equal([item]);
  });
});

describe('client-sdk: the plaza', () => {
  let stage: Stage;
  const HOUR = { refreshedAt: '2026-11-02T02:00:00.000Z', nextRefreshAt: '2026-11-02T03:00:00.000Z' };
  let pages: Record<string, object>;

  beforeEach(async () => {
    stage = makeClient();
    pages = {
      first: { items: [cardOf('a'), cardOf('b')], nextCursor: 'second', ...HOUR },
      second: { items: [cardOf('b'), cardOf('c')], ...HOUR },
    };
    stage.server.obeys.set('opportunity.plaza', ({ cursor }) => pages[typeof cursor === 'string' ? cursor : 'first']);
    stage.client.connect();
    await settle();
  });
  afterEach(() => stage.client.close());

  const idsOf = (plaza: { cards: readonly { id: string }[] }) => plaza.cards.map(({ id }) => id);

  it('is paged through, each demand once, with the hour of its refresh', async () => {
    const plaza = stage.client.opportunities.plaza({ region: 'Xiamen', limit: 2 });
    expect(plaza).to.deep.include({ cards: [], hasMore: false });
    await plaza.load();
    expect(idsOf(plaza)).to.deep.equal(['a', 'b']);
    expect(plaza).to.include({ hasMore: true, ...HOUR });
    await Promise.all([plaza.more(), plaza.more()]);
    expect(idsOf(plaza)).to.deep.equal(['a', 'b', 'c']);
    expect(plaza.hasMore).to.equal(false);
    await plaza.more();
    expect(stage.server.log.filter(({ name }) => name === 'opportunity.plaza').map(({ input }) => input)).to.deep.equal(
      [
        { region: 'Xiamen', limit: 2 },
        { region: 'Xiamen', limit: 2, cursor: 'second' },
      ],
    );
  });

  it('passes over a page that was asked for before it began anew', async () => {
    const plaza = stage.client.opportunities.plaza();
    await plaza.load();
    stage.server.fate = (name, input) => (name === 'opportunity.plaza' && 'cursor' in input ? 'hold' : 'answer');
    const more = plaza.more();
    await settle();
    pages['first'] = { items: [cardOf('d')], ...HOUR };
    await plaza.load();
    stage.server.release();
    await more;
    expect(idsOf(plaza)).to.deep.equal(['d']);
    expect(plaza.hasMore).to.equal(false);
  });

  it('takes out what was grabbed, and what somebody else was faster to take', async () => {
    const taken = demandOf({ id: 'a', engagements: [], engagement: engagementOf('kite') });
    stage.server.obeys.set('opportunity.grab', () => ({ opportunity: taken }));
    const plaza = stage.client.opportunities.plaza();
    await plaza.load();
    expect(await plaza.grab('a')).to.deep.equal(taken);
    expect(idsOf(plaza)).to.deep.equal(['b']);
    expect(stage.client.opportunities.one('a').state).to.deep.equal(taken);
    stage.server.fate = (name) =>
      name === 'opportunity.grab' ? { code: 'rate_limited', message: 'five a day', retryAfterMs: 1 } : 'answer';
    expect((await refused(plaza.grab('b'))).code).to.equal('rate_limited');
    expect(idsOf(plaza)).to.deep.equal(['b']);
    stage.server.fate = (name) => (name === 'opportunity.grab' ? { code: 'conflict', message: 'too late' } : 'answer');
    expect((await refused(plaza.grab('b'))).code).to.equal('conflict');
    expect(idsOf(plaza)).to.deep.equal([]);
  });
});
