import { expect } from 'chai';
import { PROPOSALS_MAX } from '../../../shared/contract/limits.ts';
import { wakeAt } from '../../../shared/model/opportunity/opportunity.ts';
import type { OpportunityEvent } from '../../../shared/model/opportunity/step.ts';
import { proposalsFor } from '../../../shared/model/opportunity/opportunity-view.ts';
import {
  adminOf,
  buyer,
  codeOf,
  colleague,
  line,
  operator,
  OpportunityBench,
  otherBuyer,
  portal,
  proposing,
  staffOf,
} from './opportunity-bench.ts';

const paying = (proposalId: string, paymentId = 'payment-1', orderId = 'order-1'): OpportunityEvent => ({
  type: 'pay',
  proposalId,
  paymentId,
  orderId,
});
const rivals = () =>
  OpportunityBench.shown({ settings: { places: 3 } })
    .grabbed('alpha', 'beta')
    .assigned('gamma');

describe('a proposal', () => {
  it('is summed up by the service, to the cent', () => {
    const bench = rivals();
    const lines = [line('0.1', 3, '0.2'), line('19.99', 1_000_000), { ...line('5'), spec: 'per page' }];
    bench.do({ ...proposing('p1', lines), remark: 'Without hosting' }, staffOf('alpha'));
    const proposal = bench.proposal('alpha');
    expect(proposal.lines.map(({ price, listPrice, amount }) => [price, listPrice, amount])).to.deep.equal([
      ['0.10', '0.20', '0.30'],
      ['19.99', '19.99', '19990000.00'],
      ['5.00', '5.00', '5.00'],
    ]);
    expect(proposal).to.include({ total: '19990005.30', listTotal: '19990005.60', status: 'open' });
    expect(bench.opportunity.status).to.equal('quoted');
    expect(bench.noticed.at(-1)).to.equal('buyer:shop proposal_sent');
  });

  it('is sent once for a clientId, and several stand beside each other', () => {
    const bench = rivals().proposed('alpha', 'p1');
    const before = bench.opportunity;
    expect(bench.do(proposing('p1', [line('999')]), staffOf('alpha')).opportunity).to.equal(before);
    bench.proposed('alpha', 'p2').proposed('beta', 'p1');
    expect(bench.engagement('alpha').proposals).to.have.lengthOf(2);
    expect(bench.engagement('beta').proposals).to.have.lengthOf(1);
  });

  it('is withdrawn until it is paid, and a second time without effect', () => {
    const bench = rivals().proposed('alpha');
    const { id } = bench.proposal('alpha');
    bench.do({ type: 'withdraw', proposalId: id, remark: 'A wrong price' }, staffOf('alpha'));
    expect(bench.proposal('alpha')).to.include({ status: 'withdrawn' });
    expect(bench.proposal('alpha').ended).to.include({ remark: 'A wrong price' });
    expect(bench.opportunity.status).to.equal('talking');
    expect(bench.noticed.at(-1)).to.equal('buyer:shop proposal_withdrawn');
    expect(codeOf(bench, { type: 'withdraw', proposalId: id }, staffOf('alpha'))).to.equal('ok');
    bench.proposed('alpha', 'p2').paid('alpha');
    const paid = bench.try({ type: 'withdraw', proposalId: bench.proposal('alpha').id }, staffOf('alpha'));
    expect(paid).to.deep.include({ code: 'conflict', details: { status: 'won', engagement: 'won', proposal: 'paid' } });
  });

  it('of a competitor is the same as none', () => {
    const bench = rivals().proposed('alpha').proposed('beta');
    const theirs = bench.try({ type: 'withdraw', proposalId: bench.proposal('alpha').id }, staffOf('beta'));
    const none = bench.try({ type: 'withdraw', proposalId: 'none' }, staffOf('beta'));
    expect(theirs).to.deep.equal(none);
    expect(theirs).to.deep.equal({ ok: false, code: 'not_found', message: 'There is no such proposal.' });
  });

  it('is of a product that the provider delivers', () => {
    const result = rivals().try({ ...proposing('p1'), product: null }, staffOf('alpha'));
    expect(result).to.deep.include({
      code: 'invalid',
      details: [{ path: 'productId', reason: 'must be a product that your company delivers' }],
    });
  });

  it(`is one of ${PROPOSALS_MAX} at most`, () => {
    const bench = rivals();
    for (let sent = 0; sent < PROPOSALS_MAX; sent += 1) bench.proposed('alpha', `p${sent}`);
    expect(codeOf(bench, proposing('one-more'), staffOf('alpha'))).to.equal('conflict');
  });

  it('is listed for the buyer beside the others, and for a provider alone, newest first', () => {
    const bench = rivals().proposed('alpha', 'a1');
    bench.now += 1000;
    bench.proposed('beta', 'b1');
    const names = (viewer = buyer) =>
      proposalsFor(bench.opportunity, 'room-1', viewer, bench.now).map(({ provider, total }) => [provider.org, total]);
    expect(names()).to.deep.equal([
      ['beta', '100.00'],
      ['alpha', '100.00'],
    ]);
    expect(names(staffOf('alpha'))).to.deep.equal([['alpha', '100.00']]);
    expect(names(adminOf('delta'))).to.deep.equal([]);
    expect(names(otherBuyer)).to.deep.equal([]);
    const [first] = proposalsFor(bench.opportunity, 'room-1', buyer, bench.now);
    expect(first).not.to.have.property('clientId');
    expect(first).to.include({ opportunityId: 'room-1', engagementId: bench.engagement('beta').id });
  });
});

describe('the deal', () => {
  it('wins one engagement and loses the others, offers too', () => {
    const bench = rivals().proposed('alpha', 'a1').proposed('alpha', 'a2').proposed('beta');
    const before = bench.entries.length;
    bench.paid('alpha');
    expect(bench.standing).to.deep.equal(['alpha won', 'beta lost', 'gamma lost']);
    expect(bench.engagement('alpha').proposals.map(({ status }) => status)).to.deep.equal(['closed', 'paid']);
    expect(bench.proposal('beta').status).to.equal('closed');
    expect(bench.opportunity).to.deep.include({ status: 'won', seeking: null });
    expect(bench.opportunity.deal).to.include({ paymentId: 'payment-1', projectId: null });
    expect(bench.told(before)).to.deep.equal([
      'lane:alpha deal.made',
      'lane:beta engagement.ended',
      'lane:gamma engagement.ended',
      'public opportunity.won',
    ]);
    expect(JSON.stringify(bench.entries.at(-1))).not.to.match(/alpha|beta|gamma|payment/u);
    expect(bench.noticed.slice(-4)).to.deep.equal([
      'provider:alpha chosen',
      'buyer:shop deal_made',
      'provider:beta not_chosen',
      'provider:gamma not_chosen',
    ]);
  });

  it('is made once by a payment, and refused to every other', () => {
    const bench = rivals().proposed('alpha').proposed('beta').paid('alpha');
    const alpha = bench.proposal('alpha').id;
    const before = bench.opportunity;
    expect(codeOf(bench, paying(alpha, 'payment-1', 'order-payment-1'), portal)).to.equal('ok');
    expect(bench.opportunity).to.equal(before);
    expect(codeOf(bench, paying(alpha, 'payment-1', 'another-order'), portal)).to.equal('conflict');
    expect(codeOf(bench, paying(alpha, 'payment-2', 'order-payment-1'), portal)).to.equal('conflict');
    expect(bench.try(paying(bench.proposal('beta').id, 'payment-1'), portal)).to.deep.include({
      code: 'conflict',
      details: { status: 'won', proposal: 'closed' },
    });
  });

  it('is not made of a proposal that is withdrawn or closed, nor of one that there is not', () => {
    const bench = rivals().proposed('alpha').proposed('beta');
    bench.do({ type: 'withdraw', proposalId: bench.proposal('alpha').id }, staffOf('alpha'));
    bench.do({ type: 'terminate', reason: 'price' }, adminOf('beta'));
    expect(bench.try(paying(bench.proposal('alpha').id), portal)).to.deep.include({
      code: 'conflict',
      details: { status: 'talking', proposal: 'withdrawn' },
    });
    expect(bench.try(paying(bench.proposal('beta').id), portal)).to.deep.include({
      code: 'conflict',
      details: { status: 'talking', proposal: 'closed' },
    });
    expect(codeOf(bench, paying('none'), portal)).to.equal('not_found');
  });

  it('is reported by the service, and by nobody in the room', () => {
    const bench = rivals().proposed('alpha');
    const event = paying(bench.proposal('alpha').id);
    for (const actor of [buyer, operator, adminOf('alpha')]) expect(codeOf(bench, event, actor)).to.equal('forbidden');
    for (const actor of [otherBuyer, adminOf('delta')]) expect(codeOf(bench, event, actor)).to.equal('not_found');
  });

  it('wakes a sweep until its delivery project is linked, once', () => {
    const bench = rivals().proposed('alpha').paid('alpha');
    expect(wakeAt(bench.opportunity)).to.equal(bench.opportunity.deal?.at);
    const before = bench.entries.length;
    bench.do({ type: 'link_project', projectId: 'project-1' });
    expect(bench.told(before)).to.deep.equal(['lane:alpha project.linked']);
    expect(wakeAt(bench.opportunity)).to.equal(null);
    const linked = bench.opportunity;
    expect(bench.do({ type: 'link_project', projectId: 'project-1' }).opportunity).to.equal(linked);
    expect(bench.try({ type: 'link_project', projectId: 'project-2' })).to.deep.include({ code: 'conflict' });
    expect(rivals().try({ type: 'link_project', projectId: 'project-1' })).to.deep.include({ code: 'conflict' });
  });

  it('ends every clock: nothing of it expires any more', () => {
    const bench = rivals().proposed('alpha').paid('alpha');
    const before = bench.opportunity;
    expect(bench.until('2027-11-16 10:00').opportunity).to.equal(before);
  });

  it('is final for the provider: it terminates nothing any more', () => {
    const bench = rivals().proposed('alpha').paid('alpha');
    expect(codeOf(bench, { type: 'terminate', reason: 'price' }, adminOf('alpha'))).to.equal('conflict');
  });
});

describe('revoking and closing', () => {
  it('is the buyer’s until it has paid: all that runs is lost', () => {
    const bench = rivals().proposed('alpha');
    const before = bench.entries.length;
    bench.do({ type: 'revoke', remark: 'We build it ourselves' }, colleague);
    expect(bench.standing).to.deep.equal(['alpha lost', 'beta lost', 'gamma lost']);
    expect(bench.proposal('alpha').status).to.equal('closed');
    expect(bench.opportunity).to.include({ status: 'revoked', seeking: null });
    expect(bench.told(before)).to.deep.equal([
      'lane:alpha engagement.ended',
      'lane:beta engagement.ended',
      'lane:gamma engagement.ended',
      'public opportunity.revoked',
    ]);
    expect(bench.noticed.slice(-3)).to.deep.equal([
      'provider:alpha demand_revoked',
      'provider:beta demand_revoked',
      'provider:gamma demand_revoked',
    ]);
    expect(codeOf(bench, { type: 'revoke' }, buyer)).to.equal('ok');
    expect(bench.try(paying(bench.proposal('alpha').id), portal)).to.deep.include({
      code: 'conflict',
      message: 'The buyer has revoked this demand.',
      details: { status: 'revoked', proposal: 'closed' },
    });
  });

  it('comes too late after the deal', () => {
    const bench = rivals().proposed('alpha').paid('alpha');
    expect(bench.try({ type: 'revoke' }, buyer)).to.deep.include({ code: 'conflict', details: { status: 'won' } });
    expect(codeOf(bench, { type: 'close', reason: 'Spam' }, operator)).to.equal('conflict');
  });

  it('is the operator’s at any time before, with a reason', () => {
    const bench = rivals().do({ type: 'close', reason: 'Not a demand' }, operator);
    expect(bench.opportunity.status).to.equal('closed');
    expect(bench.noticed.slice(-2)).to.deep.equal(['provider:gamma demand_closed', 'buyer:shop closed_for_buyer']);
    expect(codeOf(bench, { type: 'close', reason: 'Again' }, operator)).to.equal('ok');
    expect(codeOf(bench, { type: 'revoke' }, buyer)).to.equal('conflict');
  });
});
