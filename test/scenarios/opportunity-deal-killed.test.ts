import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import { orderOfDeal } from '../../server/opportunities/order-of-deal.ts';
import { post, until } from '../support/client.ts';
import { proposalInput, publish, seedCompetitors, stateFor } from '../support/demands.ts';
import { storedDemand } from '../support/demand-story.ts';
import { people, Portal } from '../support/portal.ts';
import { startServiceProcess } from '../support/service-process.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { createSharedDatabase, type SharedDatabase } from '../support/shared-database.ts';

const KILLS = 4;
/** It goes on for as many as this until one has come in the middle. */
const KILLS_MAX = 20;
const DEALS = 12;

describe('A server that is killed between a deal and its project', function () {
  this.timeout(300_000);
  let database: SharedDatabase;
  let server: TestService;
  let portal: Portal;
  before(async () => {
    database = await createSharedDatabase();
    server = await startTestService({ database });
    portal = new Portal(server.service.url);
    await portal.seed();
    await seedCompetitors(portal);
  });
  after(async () => {
    portal.close();
    await server.stop();
    await database.drop();
  });

  async function quoted() {
    const opportunityId = await publish(portal, { kind: 'targeted', org: 'studio' });
    await portal.call('admin', 'opportunity.accept', { opportunityId });
    const { proposal } = await portal.call('admin', 'proposal.send', proposalInput(opportunityId, 'studio'));
    return { opportunityId, proposalId: proposal.id, paymentId: randomUUID(), orderId: randomUUID() };
  }
  const projectsOf = async (opportunityId: string): Promise<string[]> => {
    const found = await database.connection
      .collection<{ _id: string }>('rooms')
      .find({ 'project.opportunityId': opportunityId })
      .toArray();
    return found.map(({ _id }) => _id);
  };
  /** The deal has its project, each names the other, and the buyer and the provider find both. */
  async function expectHealed(opportunityId: string): Promise<string> {
    const [projectId = '', ...others] = await projectsOf(opportunityId);
    expect(others).to.deep.equal([]);
    const { opportunity, wakeAt } = await storedDemand(database, opportunityId);
    expect(opportunity.deal?.projectId).to.equal(projectId);
    expect(wakeAt).to.equal(null);
    for (const who of ['buyer', 'admin'] as const) {
      const { project } = await portal.call(who, 'project.get', { projectId });
      expect(project).to.deep.include({ opportunityId, provider: { org: 'studio', name: 'Studio' } });
      await server.context.rooms.fresh(opportunityId);
      expect((await stateFor(portal, who, opportunityId)).deal?.projectId).to.equal(projectId);
    }
    return projectId;
  }

  it('leaves the project to the next sweep, or to the payment when it is reported again', async () => {
    const { opportunities, sweeps } = server.context;
    const { sub: id, side, name } = people.service;
    for (const heal of ['sweep', 'report'] as const) {
      const { opportunityId, ...payment } = await quoted();
      await opportunities.apply(opportunityId, { type: 'pay', ...payment }, { id, side, name, roles: [] });
      expect((await stateFor(portal, 'buyer', opportunityId)).deal?.projectId).to.equal(null);
      expect(await projectsOf(opportunityId)).to.deep.equal([]);
      if (heal === 'sweep') await sweeps.timeouts();
      const answer =
        heal === 'report'
          ? await portal.call('service', 'opportunity.reportPaid', { opportunityId, ...payment })
          : null;
      const projectId = await expectHealed(opportunityId);
      if (answer !== null) expect(answer.projectId).to.equal(projectId);
      expect(await portal.call('service', 'opportunity.reportPaid', { opportunityId, ...payment })).to.deep.equal({
        projectId,
        roomId: projectId,
      });
    }
  });

  it('leaves the link to the next sweep where the project is there already, or somebody asks for it as for any order', async () => {
    const { opportunities, creation, sweeps } = server.context;
    for (const asked of ['by the deal', 'by its order'] as const) {
      const { opportunityId, ...payment } = await quoted();
      const room = await opportunities.apply(opportunityId, { type: 'pay', ...payment }, SYSTEM_ACTOR);
      const { order, settled } = orderOfDeal(room);
      const projectId =
        asked === 'by the deal'
          ? await creation.create(order, undefined, settled)
          : (await portal.call('service', 'project.create', { ...order, channel: 'shop' })).projectId;
      expect(await projectsOf(opportunityId)).to.deep.equal([projectId]);
      await sweeps.timeouts();
      expect(await expectHealed(opportunityId)).to.equal(projectId);
    }
  });

  it('in the middle of many payments leaves nothing that the next sweep does not make good', async () => {
    const { sweeps, outbox } = server.context;
    let answered = 0;
    let left = 0;
    for (let kill = 0; kill < KILLS || (left === 0 && kill < KILLS_MAX); kill++) {
      const victim = await startServiceProcess(database.env);
      const payments = await Promise.all(Array.from({ length: DEALS }, quoted));
      const token = await portal.token('service');
      const reported = payments.map((payment) =>
        post(victim.url, token, 'opportunity.reportPaid', payment).then(
          ({ data }) => data,
          () => undefined,
        ),
      );
      const unfinished = () =>
        database.connection
          .collection('rooms')
          .countDocuments({ 'opportunity.deal.projectId': null, 'opportunity.deal.orderId': { $exists: true } });
      let areAnswered = false;
      void Promise.all(reported).then(() => (areAnswered = true));
      await until('deals are being made', async () => areAnswered || (await unfinished()) > 0);
      await victim.end('SIGKILL');
      const answers = await Promise.all(reported);
      await outbox.sweep();
      left += await unfinished();
      await sweeps.timeouts();
      for (const [index, { opportunityId }] of payments.entries()) {
        const answer = answers[index];
        const { opportunity } = await storedDemand(database, opportunityId);
        if (answer !== undefined) answered += 1;
        // What was not answered is done whole, or not at all.
        if (answer === undefined && opportunity.deal === null)
          expect(await projectsOf(opportunityId)).to.deep.equal([]);
        else {
          const projectId = await expectHealed(opportunityId);
          if (answer !== undefined) expect(answer.projectId).to.equal(projectId);
        }
      }
      expect(await sweeps.timeouts()).to.equal(0);
    }
    // Else nobody was killed in the middle of anything.
    expect(left, `${answered} were answered`).to.be.greaterThan(0);
  });
});
