import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Entry } from '../../shared/contract/entries.ts';
import type { TestClient } from '../support/client.ts';
import { COMPETITORS, DAY_MS, demandInput, HOUR_MS, proposalInput, seedCompetitors } from '../support/demands.ts';
import { expectToldState } from '../support/demand-story.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { message, type PersonName, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';
import type { Who } from '../support/tokens.ts';

const MINUTE_MS = 60_000;

describe('From a demand to its delivery, with three providers who compete', () => {
  let database: SharedDatabase;
  let server: TestService;
  let portal: Portal;
  /** Ten past ten in the morning in Shanghai. */
  const clock = new ManualClock(Date.UTC(2026, 10, 20, 2, 10));
  before(async () => {
    database = await createSharedDatabase();
    server = await startTestService({ database, overrides: { clock }, env: { DEMO: '1' } });
    portal = new Portal(server.service.url);
    await portal.seed();
    await seedCompetitors(portal);
  });
  after(async () => {
    portal.close();
    await server.stop();
    await database.drop();
  });

  const connect = (who: PersonName | Who): Promise<TestClient> => portal.connect(who);
  const eventOf = ({ body }: Entry): string => {
    const { event = '', what } = body as { event?: string; what?: string };
    return what ?? event;
  };
  const told = async (client: TestClient, roomId: string, stream: string): Promise<string[]> =>
    (await client.call('entry.fetch', { roomId, stream, limit: 200 })).entries.map(eventOf);

  it('goes the whole way over sockets, time moved by the clock alone', async () => {
    const buyer = await connect('buyer');
    const operator = await connect('operator');
    const service = await connect('service');
    const providers = await Promise.all(COMPETITORS.map(connect));
    const [studio, rivals, atelier] = providers;
    if (studio === undefined || rivals === undefined || atelier === undefined) throw new Error('three compete');

    // Published at ten past ten, it is in the plaza at eleven.
    const { opportunityId, roomId } = await buyer.call('opportunity.create', demandInput({ shareContact: true }));
    await buyer.call('room.join', { roomId });
    const plaza = async (client: TestClient) =>
      (await client.call('opportunity.plaza', { category: 'Websites' })).items.map(({ id }) => id);
    await operator.call('clock.advance', { ms: 50 * MINUTE_MS - 1 });
    for (const provider of providers) expect(await plaza(provider)).to.deep.equal([]);
    const shown = buyer.next('entry', (entry) => eventOf(entry) === 'opportunity.shown');
    await operator.call('clock.advance', { ms: 1 });
    await shown;

    // Two grab it; an operator finds the third by what it serves and how it is rated.
    for (const provider of [studio, rivals]) {
      expect(await plaza(provider)).to.deep.equal([opportunityId]);
      const follows = buyer.next('opportunity', ({ engagements = [] }) => engagements.length > 0);
      await provider.call('opportunity.grab', { opportunityId });
      await follows;
      await provider.call('room.join', { roomId });
    }
    const profile = { orgId: 'atelier', name: 'Atelier', categories: ['Websites'], regions: ['Zhejiang'], rating: 4.8 };
    await service.call('org.put', profile);
    await operator.call('room.join', { roomId });
    const { items: suggested } = await operator.call('opportunity.suggest', { opportunityId });
    expect(suggested.map(({ org }) => org)).to.deep.equal(['atelier']);
    const offer = atelier.next('inbox', ({ stream }) => stream === 'desk:atelier');
    await operator.call('opportunity.assign', { opportunityId, org: 'atelier' });
    expect((await offer).roomId).to.equal(roomId);

    // It asks the operators before it accepts.
    const asked = operator.next('desk', ({ unanswered }) => unanswered === 1);
    await atelier.call('message.send', message(roomId, 'Is the buyer serious?', { stream: 'desk:atelier' }));
    expect(await asked).to.deep.include({ org: 'atelier', name: 'Atelier' });
    const answered = atelier.next('inbox', ({ last }) => last.kind === 'message' && last.actor.side === 'operator');
    await operator.call('message.send', message(roomId, 'They are.', { stream: 'desk:atelier' }));
    await answered;
    await operator.call('clock.advance', { ms: 20 * HOUR_MS });
    await atelier.call('opportunity.accept', { opportunityId });
    await atelier.call('room.join', { roomId });

    // Each talks with the buyer in its own lane.
    await buyer.call('room.join', { roomId });
    for (const [index, provider] of providers.entries()) {
      const lane = `lane:${COMPETITORS[index]?.org ?? ''}`;
      const heard = buyer.next('entry', ({ stream, kind }) => stream === lane && kind === 'message');
      await provider.call('message.send', message(roomId, `Good morning from ${lane}`));
      await heard;
      const replied = provider.next('entry', ({ actor, kind }) => kind === 'message' && actor.side === 'buyer');
      await buyer.call('message.send', message(roomId, `Good morning, ${lane}`, { stream: lane }));
      expect((await replied).stream).to.equal(lane);
    }

    // Who leaves records follows on; who leaves none is out after seven days.
    const record = (text: string) => ({
      opportunityId,
      clientId: randomUUID(),
      connected: true,
      stage: 'clarify' as const,
      text,
    });
    await operator.call('clock.advance', { ms: 5 * DAY_MS });
    await studio.call('opportunity.record', record('They know what they want'));
    await atelier.call('opportunity.record', record('They want it soon'));
    const lapsed = rivals.next(
      'access.revoked',
      (revoked) => revoked.roomId === roomId && revoked.stream === undefined,
    );
    await operator.call('clock.advance', { ms: 2 * DAY_MS });
    await lapsed;
    const sought = await operator.call('opportunity.list', { seeking: true });
    expect(sought.items.map(({ id }) => id)).to.include(opportunityId);

    // Proposals beside each other; one is corrected by a withdrawal and a new one.
    const dear = await studio.call('proposal.send', proposalInput(opportunityId, 'studio'));
    await studio.call('proposal.withdraw', { opportunityId, proposalId: dear.proposal.id, remark: 'Too dear' });
    const lines = [{ product: 'Shop', quantity: 1, listPrice: '24000', price: '21000.40' }];
    const fair = await studio.call('proposal.send', proposalInput(opportunityId, 'studio', { lines }));
    const quoted = buyer.next('opportunity', ({ engagements = [] }) =>
      engagements.some(({ provider, proposals }) => provider.org === 'atelier' && proposals.length === 1),
    );
    const other = await atelier.call('proposal.send', proposalInput(opportunityId, 'atelier'));
    expect((await quoted).status).to.equal('quoted');
    const { items: compared } = await buyer.call('proposal.list', { opportunityId });
    expect(compared.map(({ id, status, total }) => [id, status, total])).to.have.deep.members([
      [dear.proposal.id, 'withdrawn', '24999.99'],
      [fair.proposal.id, 'open', '21000.40'],
      [other.proposal.id, 'open', '24999.99'],
    ]);

    // The buyer pays in the portal, which reports it.
    const won = studio.next('opportunity', ({ status }) => status === 'won');
    const lost = atelier.next('access.revoked', (revoked) => revoked.roomId === roomId && revoked.stream === undefined);
    const paid = { opportunityId, proposalId: fair.proposal.id, paymentId: 'pay-1', orderId: 'order-of-tea' };
    const { projectId } = await service.call('opportunity.reportPaid', paid);
    expect((await won).engagement?.status).to.equal('won');
    await lost;
    expect(await service.call('opportunity.reportPaid', paid)).to.deep.equal({ projectId, roomId: projectId });

    // And the project goes on from there, with the provider that won.
    const { project } = await buyer.call('project.get', { projectId });
    expect(project).to.deep.include({ opportunityId, orderId: 'order-of-tea', status: 'executing', current: 'demand' });
    const form = {
      contactName: 'Bao',
      phone: '+1 202 555 0123',
      email: 'bao@example.com',
      address: '1 Example Road',
      details: 'Forty kinds of tea',
    };
    const acted = { projectId, visit: 1 };
    await buyer.call('node.act', { ...acted, nodeId: 'demand', action: 'submit', form });
    await studio.call('node.act', { ...acted, nodeId: 'delivery', action: 'finish' });
    const done = await buyer.call('node.act', { ...acted, nodeId: 'finish', action: 'confirm' });
    expect(done.project.status).to.equal('completed');

    // What each side reads of it in the end.
    expect(await told(buyer, roomId, 'public')).to.deep.equal([
      'opportunity.published',
      'opportunity.shown',
      'opportunity.won',
    ]);
    expect(await told(buyer, roomId, 'lane:rivals')).to.deep.equal([
      'engagement.began',
      'provider_follows',
      '',
      '',
      'engagement.ended',
      'provider_left',
    ]);
    expect(await told(studio, roomId, 'lane:studio')).to.deep.equal([
      'engagement.began',
      'provider_follows',
      '',
      '',
      'proposal.sent',
      'proposal_sent',
      'proposal.withdrawn',
      'proposal_withdrawn',
      'proposal.sent',
      'proposal_sent',
      'deal.made',
      'deal_made',
      'project.linked',
    ]);
    for (const gone of [rivals, atelier]) {
      expect((await gone.answer('room.get', { roomId })).ok).to.equal(false);
      expect((await gone.call('room.list', { kind: 'opportunity' })).items).to.deep.equal([]);
    }
    await expectToldState(database, roomId);
    expect(portal.faults()).to.deep.equal([]);
  });
});
