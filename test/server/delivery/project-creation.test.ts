import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { after, before, describe, it } from 'mocha';
import type { Context } from '../../../server/app/context.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { RoomError } from '../../../shared/contract/errors.ts';
import { people } from '../../support/portal.ts';
import { openContext } from '../../support/worker-context.ts';
import { wireSuite } from '../../support/wire-suite.ts';

describe('ProjectCreation, for a deal', () => {
  const contexts: Context[] = [];
  const closing: (() => Promise<void>)[] = [];
  // Before the suite's own, which takes the database away.
  after(async () => {
    for (const close of closing) await close();
  });
  const suite = wireSuite();
  const { sub: id, org, name } = people.buyer;
  const buyer = { id, org, name };
  const settled = { opportunityId: 'opportunity-1', provider: { org: 'rivals', name: 'Rivals' } };

  before(async () => {
    const { database, clock, portal } = suite;
    for (const _ of [1, 2]) {
      const { context, close } = await openContext(database, { clock, log: createLog('silent') });
      contexts.push(context);
      closing.push(close);
    }
    await portal.call('service', 'product.put', {
      productId: 'dealt',
      name: 'Dealt',
      vendorOrg: 'maker',
      templateId: 'basic',
      providers: [
        { org: 'studio', maxLoad: 100 },
        { org: 'rivals', maxLoad: 0 },
      ],
    });
  });

  const create = (at: number, order: object = {}, deal = settled): Promise<string> => {
    const context = contexts[at % contexts.length];
    if (context === undefined) throw new Error('there is no context');
    return context.creation.create({ orderId: 'deal-1', productId: 'dealt', buyer, ...order }, undefined, deal);
  };

  it('stores it with the provider that was chosen, full or not, and names the opportunity', async () => {
    const { portal, database } = suite;
    const ids = await Promise.all(Array.from({ length: 10 }, (_, at) => create(at)));
    const [projectId = ''] = ids;
    expect(new Set(ids).size).to.equal(1);
    const { project } = await portal.call('buyer', 'project.get', { projectId });
    expect(project).to.deep.include({
      opportunityId: 'opportunity-1',
      provider: settled.provider,
      queued: null,
      current: 'demand',
      version: 1,
    });
    const { entries } = await portal.call('rival', 'entry.fetch', { roomId: projectId, stream: 'public' });
    expect(entries.map(({ body }) => ('event' in body ? body.event : undefined))).to.deep.equal([
      'project.created',
      'node.entered',
      'provider.assigned',
      'node.entered',
      'notification',
    ]);
    const stored = await database.connection.collection('rooms').findOne({ 'project.orderId': 'deal-1' });
    expect(stored).to.deep.include({ waiting: null, outbox: [] });
  });

  it('leaves a project of the same order alone that is for something else', async () => {
    const { portal } = suite;
    const orderId = randomUUID();
    const projectId = await portal.project(orderId);
    for (const [order, deal] of [
      [{ orderId, productId: 'website' }, settled],
      [{}, { ...settled, opportunityId: 'opportunity-2' }],
      [{ buyer: { ...buyer, id: 'another' } }, settled],
    ] as const) {
      const outcome = await create(0, order, deal).catch((error: unknown) => error);
      if (!(outcome instanceof RoomError)) throw new Error('was expected to be refused');
      expect(outcome.code).to.equal('conflict');
    }
    const { project } = await portal.call('service', 'project.get', { projectId });
    expect(project).to.not.have.property('opportunityId');
    expect(project.provider?.org).to.equal('studio');
  });
});
