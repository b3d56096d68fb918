import { expect } from 'chai';
import { opportunity as wireOpportunity } from '../../../shared/contract/opportunities.ts';
import { proposal as wireProposal } from '../../../shared/contract/proposals.ts';
import { FOLLOWING_WINDOW_MS, OFFER_MS } from '../../../shared/contract/limits.ts';
import { proposalsFor } from '../../../shared/model/opportunity/opportunity-view.ts';
import {
  adminOf,
  buyer,
  colleague,
  everybody,
  operator,
  OpportunityBench,
  otherBuyer,
  portal,
  recording,
  staffOf,
  vendor,
} from './opportunity-bench.ts';

/** Alpha follows and has proposed, beta is offered, gamma has terminated with a remark. */
const busy = (shareContact = true) =>
  OpportunityBench.shown({ settings: { places: 3 }, publication: { shareContact } })
    .grabbed('alpha', 'gamma')
    .proposed('alpha')
    .do({ type: 'terminate', reason: 'not_serious', remark: 'Remark of gamma' }, adminOf('gamma'))
    .assigned('beta');

describe('an opportunity as its people see it', () => {
  it('fits the contract, strictly, for everybody and in every state', () => {
    const strict = wireOpportunity.strict();
    for (const bench of [busy(), busy().paid('alpha'), busy().do({ type: 'revoke' }, buyer), new OpportunityBench()]) {
      for (const viewer of everybody) {
        const view = bench.view(viewer);
        if (view !== undefined) expect(strict.parse(view), viewer.id).to.deep.equal(view);
        for (const one of proposalsFor(bench.opportunity, 'room-1', viewer, bench.now))
          expect(wireProposal.strict().parse(one)).to.deep.equal(one);
      }
    }
  });

  it('is nothing to who may not know of it', () => {
    for (const viewer of [otherBuyer, vendor, adminOf('delta'), staffOf('delta')])
      expect(busy().view(viewer), viewer.id).to.equal(undefined);
  });

  it('shows the buyer and its colleague every engagement, and not what providers note', () => {
    const bench = busy();
    const view = bench.view(buyer);
    expect(bench.view(colleague)).to.deep.equal(view);
    expect(view).to.deep.include({ status: 'quoted', places: 3, shareContact: true });
    expect(view).not.to.have.any.keys('seeking', 'engagement', 'deal');
    expect(view?.engagements?.map(({ provider, status, streams }) => [provider.org, status, streams])).to.deep.equal([
      ['alpha', 'following', ['lane:alpha']],
      ['gamma', 'terminated', ['lane:gamma']],
      ['beta', 'offered', ['lane:beta']],
    ]);
    expect(JSON.stringify(view)).not.to.match(/windowEndsAt|not_serious|Remark|notes:|desk:/u);
    expect(view?.actions).to.deep.equal(['revoke']);
    expect(bench.do(recording('r1'), staffOf('alpha')).view(buyer)).to.deep.equal(view);
  });

  it('shows operators all of it', () => {
    const view = busy().view(operator);
    const gamma = view?.engagements?.find(({ provider }) => provider.org === 'gamma');
    expect(gamma?.ended).to.include({ reason: 'not_serious', remark: 'Remark of gamma' });
    expect(gamma?.streams).to.deep.equal(['lane:gamma', 'notes:gamma', 'desk:gamma']);
    expect(view?.engagements?.[0]).to.not.have.property('windowEndsAt');
    const followed = OpportunityBench.shown().grabbed('alpha').view(operator);
    expect(followed?.engagements?.[0]?.windowEndsAt).to.be.a('string');
    expect(view).to.have.property('seeking', null);
    expect(view?.actions).to.deep.equal(['assign', 'close']);
    expect(busy().view(portal)?.engagements).to.have.lengthOf(3);
  });

  it('shows a provider its own engagement alone', () => {
    const view = busy().view(adminOf('alpha'));
    expect(view).to.deep.include({
      status: 'quoted',
      contact: { name: 'Contact Canary', email: 'contact-canary@example.com' },
    });
    expect(view?.buyer).to.deep.equal({ id: 'shop-b1', org: 'shop', name: 'Shop Buyer' });
    expect(view?.engagement?.provider.org).to.equal('alpha');
    expect(view).not.to.have.any.keys('engagements', 'places', 'plaza', 'seeking', 'publisher', 'shareContact', 'deal');
    expect(view?.actions).to.deep.equal(['record', 'propose', 'withdraw', 'terminate']);
    expect(busy().view(staffOf('alpha'))?.actions).to.deep.equal(['record', 'propose', 'withdraw']);
  });

  it('names no buyer to who is only offered it, nor how to reach one who does not share that', () => {
    const offered = busy().view(adminOf('beta'));
    expect(offered).to.deep.include({ status: 'open', actions: ['accept', 'reject'] });
    expect(offered?.engagement?.streams).to.deep.equal(['desk:beta']);
    expect(JSON.stringify(offered)).not.to.match(/shop|Canary/u);
    const shy = busy(false).view(adminOf('alpha'));
    expect(shy?.buyer?.id).to.equal('shop-b1');
    expect(JSON.stringify(shy)).not.to.contain('anary');
  });

  it('stays as it was for who has left, whatever comes after', () => {
    const bench = busy();
    const view = bench.view(adminOf('gamma'));
    expect(view).to.deep.include({ status: 'closed', actions: [] });
    expect(view?.engagement).to.deep.include({ status: 'terminated', streams: [] });
    expect(JSON.stringify(view)).not.to.match(/shop|Canary/u);
    bench.do(recording('r1'), staffOf('alpha')).paid('alpha');
    expect(bench.view(adminOf('gamma'))).to.deep.equal(view);
  });

  it('shows the deal to who made it', () => {
    const bench = busy().paid('alpha').do({ type: 'link_project', projectId: 'project-1' });
    for (const viewer of [buyer, operator, portal, adminOf('alpha')])
      expect(bench.view(viewer)?.deal, viewer.id).to.include({ orderId: 'order-payment-1', projectId: 'project-1' });
    const lost = bench.view(adminOf('beta'));
    expect(lost).to.deep.include({ status: 'closed' });
    expect(JSON.stringify(lost)).not.to.match(/order|payment|project-1|alpha/u);
  });

  it('says of a demand what a sweep will, before it comes', () => {
    const bench = OpportunityBench.shown({ settings: { places: 3 } })
      .grabbed('alpha')
      .assigned('beta');
    bench.now += Math.max(OFFER_MS, FOLLOWING_WINDOW_MS);
    const before = [buyer, operator, adminOf('alpha'), adminOf('beta')].map((viewer) => bench.view(viewer));
    expect(before[0]?.status).to.equal('open');
    expect(before[3]?.actions).to.deep.equal([]);
    bench.do({ type: 'tick' });
    const after = [buyer, operator, adminOf('alpha'), adminOf('beta')].map((viewer) => bench.view(viewer));
    expect(after).to.deep.equal(before);
  });
});
