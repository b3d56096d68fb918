import { expect } from 'chai';
import { noticeWords } from '../../../shared/model/opportunity/notices.ts';
import { adminOf, buyer, operator, OpportunityBench } from './opportunity-bench.ts';

/** Every notice that there is, by what brings it about. */
const everything = () => {
  const bench = OpportunityBench.shown({ settings: { places: 4 } })
    .grabbed('alpha', 'beta')
    .proposed('alpha')
    .do({ type: 'terminate', reason: 'price' }, adminOf('beta'))
    .assigned('gamma')
    .do({ type: 'reject', reason: 'region' }, adminOf('gamma'))
    .assigned('delta');
  bench.do({ type: 'withdraw', proposalId: bench.proposal('alpha').id }, adminOf('alpha'));
  bench.until('2026-12-16 10:00');
  const revoked = OpportunityBench.shown().grabbed('alpha').do({ type: 'revoke' }, buyer);
  const closed = OpportunityBench.shown().grabbed('alpha').do({ type: 'close', reason: 'Spam' }, operator);
  const paid = OpportunityBench.shown().grabbed('alpha', 'beta').proposed('alpha').paid('alpha');
  return [bench, revoked, closed, paid];
};

describe('notices of an opportunity', () => {
  it('go where their receivers read, and to nobody else', () => {
    for (const { notifications } of everything()) {
      for (const { audience, stream, what } of notifications) {
        if (audience.side === 'provider') expect(stream, what).to.equal(`desk:${audience.org}`);
        else if (audience.side === 'operator') expect(stream, what).to.equal('operator');
        else expect(stream, what).to.match(/^(lane:|public$)/u);
        if (stream === 'public') expect(noticeWords(what, { demand: 'D', provider: 'P' }).en).not.to.contain('P');
      }
    }
  });

  it('name a provider to the buyer and the operators, and to no provider', () => {
    const seen = new Set<string>();
    for (const { notifications } of everything()) {
      for (const { audience, what } of notifications) {
        seen.add(what);
        const words = noticeWords(what, { demand: 'Tea {provider}', provider: 'Alpha {demand}' });
        for (const said of [words.zh, words.en]) {
          expect(said, what).to.contain('Tea {provider}');
          if (audience.side === 'provider') expect(said, what).not.to.contain('Alpha');
          expect(said.replace('Tea {provider}', '').replace('Alpha {demand}', ''), what).not.to.match(/[{}]/u);
        }
      }
    }
    expect([...seen].toSorted()).to.deep.equal([
      'chosen',
      'closed_for_buyer',
      'deal_made',
      'demand_closed',
      'demand_revoked',
      'not_chosen',
      'offer_expired',
      'offer_lapsed',
      'offer_rejected',
      'offered',
      'proposal_sent',
      'proposal_withdrawn',
      'provider_follows',
      'provider_left',
      'service_terminated',
      'window_expired',
      'window_lapsed',
    ]);
  });
});
