import { expect } from 'chai';
import { ENGAGEMENTS_MAX, FOLLOWING_WINDOW_MS, OFFER_MS, RECORDS_KNOWN } from '../../../shared/contract/limits.ts';
import { isListed, wakeAt } from '../../../shared/model/opportunity/opportunity.ts';
import { plazaCard } from '../../../shared/model/opportunity/opportunity-view.ts';
import { at } from '../flow/flow-bench.ts';
import {
  adminOf,
  buyer,
  codeOf,
  companyOf,
  HOUR,
  operator,
  OpportunityBench,
  recording,
  staffOf,
} from './opportunity-bench.ts';

const grab = (org: string) => ({ type: 'grab', provider: companyOf(org) }) as const;
const iso = (time: string): string => new Date(at(time)).toISOString();

describe('the plaza', () => {
  it('shows a normal demand from the next full hour on, and not before', () => {
    const bench = new OpportunityBench();
    expect(bench.refresh('2026-11-16 10:00').opportunity.plaza).to.equal('waiting');
    expect(plazaCard('room-1', bench.opportunity)).to.equal(undefined);
    bench.refresh('2026-11-16 11:00');
    expect(bench.opportunity.plaza).to.deep.equal({ since: iso('2026-11-16 11:00') });
    expect(isListed(bench.opportunity)).to.equal(true);
    expect(bench.refresh('2026-11-16 12:00').opportunity.plaza).to.deep.equal({ since: iso('2026-11-16 11:00') });
  });

  it('takes in what was published on the very hour at the next one', () => {
    const bench = new OpportunityBench();
    const published = { ...bench.opportunity, createdAt: iso('2026-11-16 11:00') };
    bench.opportunity = published;
    expect(bench.refresh('2026-11-16 11:00').opportunity).to.equal(published);
    expect(bench.refresh('2026-11-16 12:00').opportunity.plaza).to.deep.equal({ since: iso('2026-11-16 12:00') });
  });

  it('shows a card that tells of no buyer and no provider', () => {
    const bench = OpportunityBench.shown().grabbed('alpha');
    const card = plazaCard('room-1', bench.opportunity);
    expect(card).to.include({ id: 'room-1', title: 'A site for tea', since: iso('2026-11-16 11:00') });
    expect(JSON.stringify(card)).not.to.match(/alpha|shop|canary/iu);
  });

  it('lists no full demand and none that is over, and one again of which a place became free', () => {
    const bench = OpportunityBench.shown().grabbed('alpha');
    expect(isListed(bench.opportunity)).to.equal(true);
    bench.grabbed('beta');
    expect(isListed(bench.opportunity)).to.equal(false);
    bench.do({ type: 'terminate', reason: 'price' }, adminOf('alpha'));
    expect(isListed(bench.opportunity)).to.equal(true);
    bench.do({ type: 'close', reason: 'Spam' }, operator);
    expect(isListed(bench.opportunity)).to.equal(false);
  });
});

describe('a grab', () => {
  it('follows at once, in its own lane, and the buyer is told', () => {
    const bench = OpportunityBench.shown();
    const before = bench.entries.length;
    bench.grabbed('alpha');
    expect(bench.told(before)).to.deep.equal(['lane:alpha engagement.began']);
    expect(bench.engagement('alpha')).to.include({
      origin: 'grabbed',
      status: 'following',
      windowEndsAt: new Date(bench.now + FOLLOWING_WINDOW_MS).toISOString(),
    });
    expect(bench.opportunity.status).to.equal('talking');
    expect(bench.noticed).to.deep.equal(['buyer:shop provider_follows']);
  });

  it('gives the same answer to who grabs again', () => {
    const bench = OpportunityBench.shown().grabbed('alpha');
    const before = bench.opportunity;
    expect(codeOf(bench, grab('alpha'), adminOf('alpha'))).to.equal('ok');
    expect(bench.opportunity).to.equal(before);
  });

  it('comes too late with one wording, whatever the reason, and tells no count', () => {
    const full = OpportunityBench.shown().grabbed('alpha', 'beta');
    const won = OpportunityBench.shown().grabbed('alpha').proposed('alpha').paid('alpha');
    const closed = OpportunityBench.shown().do({ type: 'close', reason: 'Spam' }, operator);
    const answers = [full, won, closed].map((bench) => bench.try(grab('gamma'), adminOf('gamma')));
    for (const answer of answers) expect(answer).to.deep.equal(answers[0]);
    const [answer] = answers;
    expect(answer).to.deep.include({ ok: false, code: 'conflict', details: { status: 'closed' } });
    expect(JSON.stringify(answer))
      .to.contain('too late')
      .and.not.to.match(/\d|alpha|beta/u);
  });

  it('is unknown before the plaza shows the demand, and for a targeted one for ever', () => {
    const waiting = new OpportunityBench().try(grab('alpha'), adminOf('alpha'));
    const targeted = OpportunityBench.targeted('beta').try(grab('alpha'), adminOf('alpha'));
    expect(waiting).to.deep.equal({ ok: false, code: 'not_found', message: 'There is no such demand.' });
    expect(targeted).to.deep.equal(waiting);
  });

  it('is for admins, once in the life of a demand', () => {
    const bench = OpportunityBench.shown();
    expect(codeOf(bench, grab('alpha'), staffOf('alpha'))).to.equal('forbidden');
    bench.grabbed('alpha').do({ type: 'terminate', reason: 'other' }, adminOf('alpha'));
    expect(codeOf(bench, grab('alpha'), adminOf('alpha'))).to.equal('conflict');
  });

  it('finds a place that an unanswered offer has held until now, before any sweep', () => {
    const bench = OpportunityBench.shown().grabbed('alpha').assigned('beta');
    expect(codeOf(bench, grab('gamma'), adminOf('gamma'))).to.equal('conflict');
    bench.now += OFFER_MS;
    expect(codeOf(bench, grab('gamma'), adminOf('gamma'))).to.equal('ok');
    expect(bench.standing).to.deep.equal(['alpha following', 'beta expired', 'gamma following']);
  });
});

describe('an offer', () => {
  it('is accepted within 24 hours', () => {
    const bench = OpportunityBench.shown().assigned('alpha');
    expect(bench.engagement('alpha')).to.include({
      origin: 'assigned',
      status: 'offered',
      answerBy: new Date(bench.now + OFFER_MS).toISOString(),
    });
    expect(bench.opportunity.status).to.equal('open');
    bench.now += OFFER_MS - 1;
    bench.do({ type: 'accept' }, adminOf('alpha'));
    expect(bench.engagement('alpha')).to.include({
      status: 'following',
      windowEndsAt: new Date(bench.now + FOLLOWING_WINDOW_MS).toISOString(),
    });
    expect(bench.engagement('alpha')).not.to.have.property('answerBy');
    expect(bench.noticed).to.deep.equal(['provider:alpha offered', 'buyer:shop provider_follows']);
  });

  it('expires at its instant, whoever comes by later, and the operators are told', () => {
    const bench = OpportunityBench.shown().assigned('alpha');
    const { answerBy } = bench.engagement('alpha');
    expect(wakeAt(bench.opportunity)).to.equal(answerBy);
    bench.now += OFFER_MS + 5 * HOURS;
    expect(codeOf(bench, { type: 'accept' }, adminOf('alpha'))).to.equal('conflict');
    bench.do({ type: 'tick' });
    expect(bench.engagement('alpha')).to.include({ status: 'expired' });
    expect(bench.engagement('alpha').ended).to.include({ at: answerBy, reason: 'unanswered' });
    expect(bench.opportunity.seeking).to.equal(answerBy);
    expect(bench.noticed.slice(1)).to.deep.equal(['operator offer_expired', 'provider:alpha offer_lapsed']);
  });

  it('is rejected with a reason for the buyer and a remark for the operators', () => {
    const bench = OpportunityBench.shown().assigned('alpha');
    const before = bench.entries.length;
    bench.do({ type: 'reject', reason: 'budget_too_low', remark: 'Half of what we ask' }, adminOf('alpha'));
    expect(bench.told(before)).to.deep.equal(['lane:alpha engagement.ended', 'notes:alpha engagement.explained']);
    expect(bench.engagement('alpha').ended).to.include({ reason: 'budget_too_low', remark: 'Half of what we ask' });
    expect(bench.opportunity.seeking).to.equal(new Date(bench.now).toISOString());
    expect(bench.noticed.slice(1)).to.deep.equal(['operator offer_rejected']);
    expect(codeOf(bench, { type: 'reject', reason: 'other' }, adminOf('alpha'))).to.equal('ok');
    expect(codeOf(bench, { type: 'accept' }, adminOf('alpha'))).to.equal('conflict');
  });

  it('can be made again to who was in the demand before, and to nobody twice at a time', () => {
    const bench = OpportunityBench.shown().assigned('alpha');
    const before = bench.opportunity;
    expect(bench.assigned('alpha').opportunity).to.equal(before);
    bench.do({ type: 'reject', reason: 'no_capacity' }, adminOf('alpha')).assigned('alpha');
    expect(bench.opportunity.seeking).to.equal(null);
    bench.do({ type: 'accept' }, adminOf('alpha'));
    expect(bench.standing).to.deep.equal(['alpha rejected', 'alpha following']);
    expect(codeOf(bench, { type: 'assign', provider: companyOf('alpha') }, operator)).to.equal('conflict');
  });

  it('needs a place, and targeted demands have one', () => {
    const bench = OpportunityBench.shown().grabbed('alpha').assigned('beta');
    expect(codeOf(bench, { type: 'assign', provider: companyOf('gamma') }, operator)).to.equal('conflict');
    const targeted = OpportunityBench.targeted('alpha');
    expect(codeOf(targeted, { type: 'assign', provider: companyOf('beta') }, operator)).to.equal('conflict');
    targeted.do({ type: 'reject', reason: 'region' }, adminOf('alpha'));
    expect(codeOf(targeted, { type: 'assign', provider: companyOf('beta') }, operator)).to.equal('ok');
  });

  it('is not grabbed but accepted', () => {
    const bench = OpportunityBench.shown().assigned('alpha');
    expect(codeOf(bench, grab('alpha'), adminOf('alpha'))).to.equal('conflict');
  });

  it(`is made ${ENGAGEMENTS_MAX} times at most`, () => {
    const bench = OpportunityBench.shown();
    for (let made = 0; made < ENGAGEMENTS_MAX; made += 1)
      bench.assigned('alpha').do({ type: 'reject', reason: 'other' }, adminOf('alpha'));
    expect(codeOf(bench, { type: 'assign', provider: companyOf('beta') }, operator)).to.equal('conflict');
    expect(isListed(bench.opportunity)).to.equal(false);
  });
});

describe('following', () => {
  it('lasts for the window, which each communication record renews', () => {
    const bench = OpportunityBench.shown().grabbed('alpha');
    bench.now += FOLLOWING_WINDOW_MS - 1;
    const before = bench.entries.length;
    bench.do(recording('r1'), staffOf('alpha'));
    expect(bench.told(before)).to.deep.equal(['notes:alpha record.added']);
    const { windowEndsAt } = bench.engagement('alpha');
    expect(windowEndsAt).to.equal(new Date(bench.now + FOLLOWING_WINDOW_MS).toISOString());
    bench.now += FOLLOWING_WINDOW_MS;
    expect(codeOf(bench, recording('r2'), staffOf('alpha'))).to.equal('conflict');
    bench.do({ type: 'tick' });
    expect(bench.engagement('alpha').ended).to.include({ at: windowEndsAt, reason: 'window' });
    expect(bench.opportunity).to.include({ status: 'open', seeking: windowEndsAt });
    expect(bench.noticed.slice(1)).to.deep.equal([
      'operator window_expired',
      'provider:alpha window_lapsed',
      'buyer:shop provider_left',
    ]);
  });

  it('has no window while a proposal is open: the buyer may be about to pay; and a whole one when none is any more', () => {
    const bench = OpportunityBench.shown().grabbed('alpha').proposed('alpha');
    bench.now += 10 * FOLLOWING_WINDOW_MS;
    bench.do({ type: 'tick' });
    expect(bench.engagement('alpha')).to.include({ status: 'following' }).and.not.have.property('windowEndsAt');
    expect(wakeAt(bench.opportunity)).to.equal(null);
    bench.do(recording('r1'), staffOf('alpha'));
    expect(bench.engagement('alpha')).to.not.have.property('windowEndsAt');
    bench.do({ type: 'withdraw', proposalId: bench.proposal('alpha').id }, adminOf('alpha'));
    const ends = new Date(bench.now + FOLLOWING_WINDOW_MS).toISOString();
    expect(bench.engagement('alpha').windowEndsAt).to.equal(ends);
    expect(wakeAt(bench.opportunity)).to.equal(ends);
  });

  describe('keeps a call that connected', () => {
    const from = { userId: buyer.id, name: buyer.name, side: buyer.side };
    const to = { userId: 'alpha-admin', name: 'Admin of alpha', side: 'provider' as const, org: 'alpha' };
    const called = (callId: string, at: number, stream = 'lane:alpha') =>
      ({ type: 'record_call', stream, call: { callId, from, to, at: new Date(at).toISOString() } }) as const;

    it('as a record in its notes, once, which renews its window', () => {
      const bench = OpportunityBench.shown().grabbed('alpha', 'beta');
      const [ends, theirs] = ['alpha', 'beta'].map((org) => bench.engagement(org).windowEndsAt);
      const before = bench.entries.length;
      bench.now += HOUR;
      const call = called('call-1', bench.now);
      bench.do(call);
      expect(bench.told(before)).to.deep.equal(['notes:alpha record.called']);
      expect(Date.parse(bench.engagement('alpha').windowEndsAt ?? '')).to.equal(Date.parse(ends ?? '') + HOUR);
      expect(bench.engagement('beta').windowEndsAt).to.equal(theirs);
      const kept = bench.opportunity;
      expect(bench.do(call).opportunity).to.equal(kept);
    });

    it('of the engagement in which it was asked for, however that has ended since; and of none that began later', () => {
      const bench = OpportunityBench.shown().grabbed('alpha');
      const asked = bench.now;
      bench.now += HOUR;
      bench.do({ type: 'terminate', reason: 'other' }, adminOf('alpha'));
      bench.do({ type: 'assign', provider: companyOf('alpha') }, operator);
      const [first, second] = bench.opportunity.engagements;
      bench.do(called('call-1', asked));
      expect(bench.entries.at(-1)?.body).to.deep.include({ event: 'record.called', engagementId: first?.id });
      expect(bench.opportunity.engagements[1]).to.deep.equal(second);
      expect(bench.opportunity.engagements[0]).to.not.have.property('windowEndsAt');
      const before = bench.opportunity;
      for (const other of [called('call-2', asked - 2 * HOUR), called('call-2', asked, 'lane:beta')])
        expect(bench.do(other).opportunity).to.equal(before);
    });

    it('where the service says so, and nobody else', () => {
      const bench = OpportunityBench.shown().grabbed('alpha');
      for (const actor of [buyer, adminOf('alpha'), operator])
        expect(codeOf(bench, called('call-1', bench.now), actor)).to.equal('forbidden');
    });
  });

  it('takes a record once, however often it is sent', () => {
    const bench = OpportunityBench.shown().grabbed('alpha').do(recording('r1'), staffOf('alpha'));
    const before = bench.opportunity;
    bench.now += 1000;
    expect(bench.do(recording('r1'), staffOf('alpha')).opportunity).to.equal(before);
    for (let count = 0; count < RECORDS_KNOWN + 5; count += 1) bench.do(recording(`n${count}`), staffOf('alpha'));
    expect(bench.engagement('alpha').records).to.have.lengthOf(RECORDS_KNOWN);
  });

  it('is terminated by the admin: the reason is for the operators, who look for another provider', () => {
    const bench = OpportunityBench.shown().grabbed('alpha').proposed('alpha');
    const before = bench.entries.length;
    expect(codeOf(bench, { type: 'terminate', reason: 'price' }, staffOf('alpha'))).to.equal('forbidden');
    bench.do({ type: 'terminate', reason: 'not_serious', remark: 'Never calls back' }, adminOf('alpha'));
    expect(bench.told(before)).to.deep.equal(['lane:alpha engagement.ended', 'notes:alpha engagement.explained']);
    const inLane = bench.entries.slice(before).filter(({ stream }) => stream === 'lane:alpha');
    expect(JSON.stringify(inLane)).not.to.match(/not_serious|Never/u);
    expect(bench.engagement('alpha').ended).to.include({ reason: 'not_serious', remark: 'Never calls back' });
    expect(bench.proposal('alpha')).to.include({ status: 'closed' });
    expect(bench.proposal('alpha').lines).to.deep.equal([]);
    expect(bench.opportunity).to.include({ status: 'open' });
    expect(bench.opportunity.seeking).to.be.a('string');
    expect(bench.noticed.slice(-2)).to.deep.equal(['operator service_terminated', 'buyer:shop provider_left']);
    expect(codeOf(bench, { type: 'terminate', reason: 'price' }, adminOf('alpha'))).to.equal('ok');
  });

  it('tells operators since when a demand seeks a provider: from the first that left until another is found', () => {
    const bench = OpportunityBench.shown({ settings: { places: 3 } }).grabbed('alpha', 'beta');
    bench.do({ type: 'terminate', reason: 'price' }, adminOf('alpha'));
    const { seeking } = bench.opportunity;
    bench.now += 1000;
    bench.do({ type: 'terminate', reason: 'price' }, adminOf('beta'));
    expect(bench.opportunity.seeking).to.equal(seeking);
    expect(bench.grabbed('gamma').opportunity.seeking).to.equal(null);
  });

  it('tells them no more once a provider that was asked before has accepted', () => {
    const bench = OpportunityBench.shown({ settings: { places: 3 } });
    for (const name of ['alpha', 'beta']) bench.do({ type: 'assign', provider: companyOf(name) }, operator);
    bench.do({ type: 'reject', reason: 'region' }, adminOf('alpha'));
    expect(bench.opportunity.seeking).to.be.a('string');
    bench.do({ type: 'accept' }, adminOf('beta'));
    expect(bench.opportunity.seeking).to.equal(null);
  });
});

const HOURS = 3_600_000;
