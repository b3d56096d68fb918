import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { before, describe, it } from 'mocha';
import { productOf, proposalInput, publish, seedCompetitors, stateFor, third } from '../support/demands.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('Proposals and the deal', () => {
  const suite = wireSuite();
  before(() => seedCompetitors(suite.portal));

  /** A demand that two providers follow. */
  async function followed(more: Parameters<typeof publish>[1] = {}): Promise<string> {
    const { portal } = suite;
    const opportunityId = await publish(portal, more);
    for (const [who, org] of [
      ['admin', 'studio'],
      ['rival', 'rivals'],
    ] as const) {
      await portal.call('operator', 'opportunity.assign', { opportunityId, org });
      await portal.call(who, 'opportunity.accept', { opportunityId });
    }
    return opportunityId;
  }
  const send = async (opportunityId: string, who: 'admin' | 'rival' = 'admin', more: object = {}) => {
    const org = who === 'admin' ? 'studio' : 'rivals';
    return (await suite.portal.call(who, 'proposal.send', proposalInput(opportunityId, org, more))).proposal;
  };
  const paid = (opportunityId: string, proposalId: string, more: object = {}) => ({
    opportunityId,
    proposalId,
    paymentId: `pay-${randomUUID()}`,
    orderId: `order-${randomUUID()}`,
    ...more,
  });

  it('are computed to the cent, with the contract from the lane, and the buyer is told', async () => {
    const { portal, clock } = suite;
    const opportunityId = await followed();
    const file = await portal.upload('admin', {
      roomId: opportunityId,
      stream: 'lane:studio',
      name: 'contract.pdf',
      bytes: Buffer.from('%PDF-1.7\n%test\n'),
    });
    const buyer = await portal.connect('buyer');
    await buyer.call('room.join', { roomId: opportunityId });
    const told = buyer.next('entry', ({ kind, stream }) => kind === 'notice' && stream === 'lane:studio');
    const state = buyer.next('opportunity', ({ status }) => status === 'quoted');
    const input = proposalInput(opportunityId, 'studio', {
      contract: file.id,
      remark: 'Six weeks',
      lines: [
        { product: 'Shop', spec: 'large', quantity: 3, listPrice: '9999.99', price: '8333.33' },
        { product: 'Care', quantity: 12, listPrice: '100', price: '0.1' },
      ],
    });
    const { proposal } = await portal.call('admin', 'proposal.send', input);
    expect(proposal).to.deep.include({
      opportunityId,
      provider: { org: 'studio', name: 'Studio' },
      product: { id: productOf('studio'), name: 'Tea shop by studio' },
      currency: 'CNY',
      listTotal: '31199.97',
      total: '25001.19',
      status: 'open',
      remark: 'Six weeks',
      contract: file,
      sentAt: new Date(clock.now()).toISOString(),
    });
    expect(proposal.lines.map(({ amount }) => amount)).to.deep.equal(['24999.99', '1.20']);
    expect((await told).body).to.deep.include({ what: 'proposal_sent' });
    expect((await state).engagements?.[0]?.proposals[0]).to.include({ total: '25001.19', status: 'open' });
    // The same again, whatever it says by now, is the first one.
    const again = await portal.call('admin', 'proposal.send', { ...input, name: 'Another', contract: 'gone' });
    expect(again).to.deep.equal({ proposal });
    const { items } = await portal.call('buyer', 'proposal.list', { opportunityId });
    expect(items).to.deep.equal([proposal]);
    await portal.call('buyer', 'file.link', { fileId: file.id });
  });

  it('stand beside each other, and are shown to their own company, the buyer, operators and portals', async () => {
    const { portal, clock } = suite;
    const opportunityId = await followed();
    const made: string[] = [];
    for (const who of ['admin', 'rival', 'admin', 'rival', 'admin'] as const) {
      clock.advance(1_000);
      made.unshift((await send(opportunityId, who)).id);
    }
    const list = async (who: 'buyer' | 'admin' | 'rival' | 'operator' | 'service', more: object = {}) =>
      (await portal.call(who, 'proposal.list', { opportunityId, ...more })).items.map(({ id }) => id);
    for (const who of ['buyer', 'operator', 'service'] as const) expect(await list(who)).to.deep.equal(made);
    expect(await list('admin')).to.deep.equal([made[0], made[2], made[4]]);
    expect(await list('rival')).to.deep.equal([made[1], made[3]]);
    const first = await portal.call('buyer', 'proposal.list', { opportunityId, limit: 2 });
    const second = await portal.call('buyer', 'proposal.list', {
      opportunityId,
      limit: 3,
      cursor: first.nextCursor ?? '',
    });
    expect([...first.items, ...second.items].map(({ id }) => id)).to.deep.equal(made);
    expect(second).to.not.have.property('nextCursor');
    for (const who of [third, 'idle', 'stranger'] as const)
      await refused(portal.call(who, 'proposal.list', { opportunityId }), 'not_found');
  });

  it('can be withdrawn until they are paid, and never edited', async () => {
    const { portal } = suite;
    const opportunityId = await followed();
    const { id: proposalId } = await send(opportunityId);
    await refused(portal.call('rival', 'proposal.withdraw', { opportunityId, proposalId }), 'not_found');
    const input = { opportunityId, proposalId, remark: 'A mistake in the price' };
    const { proposal } = await portal.call('admin', 'proposal.withdraw', input);
    expect(proposal).to.deep.include({ status: 'withdrawn', lines: [] });
    expect(proposal.ended?.remark).to.equal('A mistake in the price');
    expect(await portal.call('admin', 'proposal.withdraw', { ...input, remark: 'Again' })).to.deep.equal({ proposal });
    expect((await stateFor(portal, 'buyer', opportunityId)).status).to.equal('talking');
    const refusal = await refused(
      portal.call('service', 'opportunity.reportPaid', paid(opportunityId, proposalId)),
      'conflict',
    );
    expect(refusal.error.details).to.deep.equal({ status: 'talking', proposal: 'withdrawn' });
  });

  it('refuse a product that is not the provider’s, a file that is not its own, and money that is no money', async () => {
    const { portal } = suite;
    const opportunityId = await followed();
    const others = await portal.upload('rival', { roomId: opportunityId, stream: 'lane:rivals' });
    const line = { product: 'Shop', quantity: 1, listPrice: '1', price: '1' };
    for (const more of [
      { productId: productOf('rivals') },
      { productId: 'nothing' },
      { contract: others.id },
      { contract: 'nothing' },
      { lines: [] },
      { lines: [{ ...line, price: '1.005' }] },
      { lines: [{ ...line, price: '-1' }] },
      { lines: [{ ...line, price: 1 }] },
      { lines: [{ ...line, quantity: 0.5 }] },
      { currency: 'yuan' },
    ])
      await refused(
        portal.call('admin', 'proposal.send', proposalInput(opportunityId, 'studio', more as object)),
        'invalid',
      );
    for (const who of ['buyer', 'operator', 'service', 'vendor'] as const)
      await refused(portal.call(who, 'proposal.send', proposalInput(opportunityId, 'studio')), 'forbidden');
    await refused(portal.call(third, 'proposal.send', proposalInput(opportunityId, 'atelier')), 'not_found');
    expect((await portal.call('buyer', 'proposal.list', { opportunityId })).items).to.deep.equal([]);
  });

  it('become a deal when one is paid: the engagement won, the others lost, the project linked both ways', async () => {
    const { portal } = suite;
    const opportunityId = await followed({ shareContact: true });
    await portal.call('operator', 'opportunity.assign', { opportunityId, org: 'atelier' });
    const [mine, other] = [await send(opportunityId), await send(opportunityId, 'rival')];
    const alternative = await send(opportunityId);
    const rival = await portal.connect('rival');
    await rival.call('room.join', { roomId: opportunityId });
    const gone = rival.next('access.revoked', ({ roomId }) => roomId === opportunityId);
    const payment = paid(opportunityId, mine.id);
    const { projectId, roomId } = await portal.call('service', 'opportunity.reportPaid', payment);
    await gone;
    expect(roomId).to.equal(projectId);
    const state = await stateFor(portal, 'buyer', opportunityId);
    expect(state.status).to.equal('won');
    expect(state.deal).to.deep.include({
      proposalId: mine.id,
      paymentId: payment.paymentId,
      orderId: payment.orderId,
      projectId,
    });
    expect(state.engagements?.map(({ status }) => status)).to.deep.equal(['won', 'lost', 'lost']);
    const { items } = await portal.call('buyer', 'proposal.list', { opportunityId });
    expect(new Map(items.map(({ id, status }) => [id, status]))).to.deep.equal(
      new Map([
        [mine.id, 'paid'],
        [other.id, 'closed'],
        [alternative.id, 'closed'],
      ]),
    );
    const { project } = await portal.call('buyer', 'project.get', { projectId });
    expect(project).to.deep.include({
      opportunityId,
      orderId: payment.orderId,
      product: { id: productOf('studio'), name: 'Tea shop by studio' },
      provider: { org: 'studio', name: 'Studio' },
      vendor: { org: 'maker', name: 'Maker' },
      current: 'demand',
    });
    expect((await portal.call('admin', 'project.get', { projectId })).project).to.include({
      id: projectId,
      opportunityId,
    });
    // A vendor may have competed for it.
    expect((await portal.call('vendor', 'project.get', { projectId })).project).to.not.have.property('opportunityId');
    expect((await stateFor(portal, 'admin', opportunityId)).deal?.projectId).to.equal(projectId);
    for (const who of ['rival', third] as const) {
      await refused(portal.call(who, 'project.get', { projectId }), 'not_found');
      await refused(portal.call(who, 'opportunity.get', { opportunityId }), 'not_found');
    }
    // The same payment is the same project; what is over is over.
    expect(await portal.call('service', 'opportunity.reportPaid', payment)).to.deep.equal({ projectId, roomId });
    for (const more of [
      paid(opportunityId, mine.id),
      paid(opportunityId, other.id),
      { ...payment, orderId: 'another' },
    ]) {
      const { error } = await refused(portal.call('service', 'opportunity.reportPaid', more), 'conflict');
      expect(error.details).to.deep.include({ status: 'won' });
    }
    await refused(portal.call('admin', 'proposal.withdraw', { opportunityId, proposalId: mine.id }), 'conflict');
    await refused(portal.call('admin', 'opportunity.terminate', { opportunityId, reason: 'other' }), 'conflict');
    await refused(portal.call('buyer', 'opportunity.revoke', { opportunityId }), 'conflict');
    await refused(portal.call('rival', 'proposal.withdraw', { opportunityId, proposalId: other.id }), 'conflict');
  });

  it('make one deal of an order and of a payment, whatever demand is named', async () => {
    const { portal } = suite;
    const [first, second] = [await followed(), await followed()];
    const payment = paid(first, (await send(first)).id);
    const { projectId } = await portal.call('service', 'opportunity.reportPaid', payment);
    const { id: proposalId } = await send(second);
    for (const more of [{ paymentId: payment.paymentId }, { orderId: payment.orderId }]) {
      const input = { ...paid(second, proposalId), ...more };
      await refused(portal.call('service', 'opportunity.reportPaid', input), 'conflict');
    }
    expect((await stateFor(portal, 'buyer', second)).status).to.equal('quoted');
    // Each is told to the operators, once, and to nobody else: somebody has paid.
    await refused(
      portal.call('service', 'opportunity.reportPaid', {
        ...paid(second, proposalId),
        paymentId: payment.paymentId,
        orderId: 'again',
      }),
      'conflict',
    );
    const refusals = async (who: 'operator' | 'buyer' | 'admin') => {
      const { room } = await portal.call(who, 'room.get', { roomId: second });
      const pages = room.streams.map(({ stream }) => portal.call(who, 'entry.fetch', { roomId: second, stream }));
      return (await Promise.all(pages)).flatMap(({ entries }) =>
        entries.filter(({ body }) => 'what' in body && body['what'] === 'payment_refused'),
      );
    };
    expect((await refusals('operator')).map(({ body }) => 'paymentId' in body && body['paymentId'])).to.include(
      payment.paymentId,
    );
    expect(await refusals('operator')).to.have.length(3);
    expect([...(await refusals('buyer')), ...(await refusals('admin'))]).to.deep.equal([]);
    // An order that has a project of its own is not a deal's, and a deal's order has no other project.
    const orderId = `order-${randomUUID()}`;
    const project = await portal.project(orderId);
    const { error } = await refused(
      portal.call('service', 'opportunity.reportPaid', { ...paid(second, proposalId), orderId }),
      'conflict',
    );
    expect(error.details).to.deep.equal({ projectId: project });
    const order = { orderId: payment.orderId, productId: productOf('studio') };
    const buyer = { id: 'buyer-1', org: 'buyers', name: 'Bao' };
    expect((await portal.call('service', 'project.create', { ...order, buyer })).projectId).to.equal(projectId);
    await portal.call('service', 'opportunity.reportPaid', paid(second, proposalId));
    for (const who of ['buyer', 'admin', 'vendor', 'operator'] as const)
      await refused(portal.call(who, 'opportunity.reportPaid', paid(second, proposalId)), 'forbidden');
    await refused(portal.call('service', 'opportunity.reportPaid', paid(second, 'nothing')), 'not_found');
    await refused(portal.call('service', 'opportunity.reportPaid', paid('nothing', proposalId)), 'not_found');
  });

  it('make the project that a portal created for the order before it reported the payment that of the deal', async () => {
    const { portal } = suite;
    const buyer = { id: 'buyer-1', org: 'buyers', name: 'Bao' };
    const opportunityId = await followed();
    const payment = paid(opportunityId, (await send(opportunityId)).id);
    const order = { orderId: payment.orderId, productId: productOf('studio'), buyer };
    const { projectId } = await portal.call('service', 'project.create', order);
    expect((await portal.call('service', 'opportunity.reportPaid', payment)).projectId).to.equal(projectId);
    expect((await portal.call('buyer', 'project.get', { projectId })).project).to.deep.include({
      opportunityId,
      provider: { org: 'studio', name: 'Studio' },
    });
    expect((await stateFor(portal, 'buyer', opportunityId)).deal?.projectId).to.equal(projectId);
    expect((await portal.call('service', 'opportunity.reportPaid', payment)).projectId).to.equal(projectId);
    // One that waits for a provider, because all are full, gets the one that was chosen.
    const product = { productId: 'full', name: 'Full', vendorOrg: 'maker', templateId: 'basic' };
    await portal.call('service', 'product.put', { ...product, providers: [{ org: 'studio', maxLoad: 0 }] });
    const second = await followed();
    const { proposal } = await portal.call('admin', 'proposal.send', {
      ...proposalInput(second, 'studio'),
      productId: 'full',
    });
    const next = paid(second, proposal.id);
    const waiting = await portal.call('service', 'project.create', {
      ...order,
      orderId: next.orderId,
      productId: 'full',
    });
    expect((await portal.call('buyer', 'project.get', { projectId: waiting.projectId })).project.queued).to.equal(
      'providers_full',
    );
    expect((await portal.call('service', 'opportunity.reportPaid', next)).projectId).to.equal(waiting.projectId);
    expect((await portal.call('buyer', 'project.get', { projectId: waiting.projectId })).project).to.deep.include({
      opportunityId: second,
      queued: null,
      provider: { org: 'studio', name: 'Studio' },
    });
  });
});
