import { expect } from 'chai';
import type { FlowActor } from '../../../shared/model/flow/flow.ts';
import type { Publication } from '../../../shared/model/opportunity/publish.ts';
import {
  adminOf,
  buyer,
  companyOf,
  demand,
  operator,
  OpportunityBench,
  portal,
  publish,
  staffOf,
  vendor,
} from './opportunity-bench.ts';

const theBuyer = { id: 'shop-b1', org: 'shop', name: 'Shop Buyer' };

describe('publishing a demand', () => {
  it('is normal: it waits for the plaza, and is told in public without a name', () => {
    const bench = new OpportunityBench();
    const { opportunity } = bench;
    expect(opportunity).to.deep.include({ kind: 'normal', status: 'open', plaza: 'waiting', engagements: [] });
    expect(opportunity.buyer).to.deep.equal(theBuyer);
    expect(opportunity.demand.budget).to.deep.equal({ min: '1000.00', max: '2500.50', currency: 'CNY' });
    expect(bench.told()).to.deep.equal(['operator opportunity.opened', 'public opportunity.published']);
    const [, published] = bench.entries;
    expect(JSON.stringify(published)).not.to.match(/shop|Buyer/u);
    expect(bench.noticed).to.deep.equal([]);
  });

  it('is targeted: its provider is offered it, and no other is ever shown it', () => {
    const bench = OpportunityBench.targeted('alpha');
    expect(bench.opportunity).to.deep.include({ kind: 'targeted', plaza: null });
    expect(bench.opportunity.settings.places).to.equal(1);
    expect(bench.standing).to.deep.equal(['alpha offered']);
    expect(bench.engagement('alpha').origin).to.equal('targeted');
    expect(bench.noticed).to.deep.equal(['provider:alpha offered']);
    expect(bench.refresh('2026-11-16 11:00').opportunity.plaza).to.equal(null);
  });

  it('is submitted by a provider to itself: it follows at once, having said yes by that', () => {
    const bench = new OpportunityBench({
      by: adminOf('alpha'),
      publication: { to: 'self', buyer: theBuyer, target: companyOf('alpha') },
    });
    expect(bench.opportunity).to.deep.include({ kind: 'targeted', status: 'talking', plaza: null, buyer: theBuyer });
    expect(bench.standing).to.deep.equal(['alpha following']);
    expect(bench.engagement('alpha').origin).to.equal('submitted');
    expect(bench.noticed).to.deep.equal(['buyer:shop provider_follows']);
  });

  it('is submitted by a provider to the platform: as any other, and nobody learns by whom', () => {
    const bench = new OpportunityBench({ by: adminOf('alpha'), publication: { to: 'platform', buyer: theBuyer } });
    expect(bench.opportunity).to.deep.include({ kind: 'normal', plaza: 'waiting', engagements: [] });
    const inPublic = bench.entries.filter(({ stream }) => stream === 'public');
    expect(JSON.stringify(inPublic)).not.to.contain('alpha');
    bench.refresh('2026-11-16 11:00').grabbed('beta');
    expect(JSON.stringify(bench.view(adminOf('beta')))).not.to.contain('alpha');
    expect(bench.view(buyer)?.publisher).to.deep.equal({ side: 'provider', org: 'alpha', name: 'Admin of alpha' });
  });

  it('is published by a portal or an operator for the buyer whom they name', () => {
    for (const by of [portal, operator]) {
      const bench = new OpportunityBench({ by, publication: { buyer: theBuyer } });
      expect(bench.opportunity.buyer, by.id).to.deep.equal(theBuyer);
    }
  });

  it('keeps the settings of its day', () => {
    const bench = new OpportunityBench({ settings: { places: 3, offerMs: 60_000 } });
    expect(bench.opportunity.settings).to.include({ places: 3, offerMs: 60_000 });
  });

  it('leaves out a budget that names no amount', () => {
    const bench = new OpportunityBench({ publication: { demand: { ...demand, budget: { currency: 'CNY' } } } });
    expect(bench.opportunity.demand).not.to.have.property('budget');
  });

  const refused: [what: string, by: FlowActor, publication: Partial<Publication>, answer: string][] = [
    ['a vendor', vendor, { buyer: theBuyer }, 'forbidden'],
    ['staff without an admin’s role', staffOf('alpha'), { to: 'platform', buyer: theBuyer }, 'forbidden'],
    ['a buyer for somebody else', buyer, { buyer: { ...theBuyer, id: 'other' } }, 'buyer'],
    ['a buyer who says to whom', buyer, { to: 'platform' }, 'to'],
    ['a buyer without a company', { ...buyer, org: undefined }, {}, 'buyer'],
    ['a portal for nobody', portal, {}, 'buyer'],
    ['a provider that does not say to whom', adminOf('alpha'), { buyer: theBuyer }, 'to'],
    ['a provider for nobody', adminOf('alpha'), { to: 'platform' }, 'buyer'],
    ['a provider to another one', adminOf('alpha'), { to: 'self', buyer: theBuyer, target: companyOf('beta') }, 'org'],
    ['a provider that is not known, to itself', adminOf('alpha'), { to: 'self', buyer: theBuyer }, 'to'],
    ['to the platform and targeted', adminOf('alpha'), { to: 'platform', kind: 'targeted', buyer: theBuyer }, 'kind'],
    ['targeted at nobody', buyer, { kind: 'targeted' }, 'org'],
    ['targeted at a company that there is not', buyer, { kind: 'targeted', target: null }, 'org'],
    ['normal with a target', buyer, { target: companyOf('alpha') }, 'org'],
    [
      'a budget that ends before it begins',
      buyer,
      { demand: { ...demand, budget: { min: '10', max: '9.99', currency: 'CNY' } } },
      'budget.max',
    ],
  ];
  for (const [what, by, publication, answer] of refused) {
    it(`refuses ${what}`, () => {
      const result = publish({ by, publication });
      if (result.ok) throw new Error('published');
      if (result.code !== 'invalid') expect(result.code).to.equal(answer);
      else if (!Array.isArray(result.details)) throw new Error('names no fault');
      else expect(result.details.map(({ path }: { path: string }) => path)).to.deep.equal([answer]);
    });
  }
});
