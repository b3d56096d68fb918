import { expect } from 'chai';
import * as fc from 'fast-check';
import { opportunityAction } from '../../../shared/contract/opportunities.ts';
import { SYSTEM_ACTOR } from '../../../shared/model/flow/flow.ts';
import { foldOpportunity } from '../../../shared/model/opportunity/fold-opportunity.ts';
import { type Opportunity, wakeAt } from '../../../shared/model/opportunity/opportunity.ts';
import { allowedOpportunityActions } from '../../../shared/model/opportunity/permissions.ts';
import { step } from '../../../shared/model/opportunity/step.ts';
import { everybody, fitting, HOUR, OpportunityBench, proposing, staffOf } from './opportunity-bench.ts';
import { quoteLines, randomBeginning, randomHistory, tryOn } from './random-history.ts';

function deepFreeze<Value>(value: Value): Value {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(deepFreeze);
  }
  return value;
}

const isFinal = ({ status }: Opportunity): boolean => ['won', 'revoked', 'closed'].includes(status);

describe('an opportunity over random histories', () => {
  it('reaches no illegal state, moves no more once it is over, and is what its log folds to after every step', () => {
    const reached = new Map<string, number>();
    const count = (what: string): void => void reached.set(what, (reached.get(what) ?? 0) + 1);
    fc.assert(
      fc.property(randomBeginning, randomHistory, (begin, attempts) => {
        const bench = begin();
        for (const attempt of attempts) {
          const before = deepFreeze(bench.opportunity);
          const tried = tryOn(bench, attempt);
          if (tried === undefined) continue;
          const { event, result } = tried;
          if (!result.ok) {
            count(result.code);
            expect(bench.opportunity).to.equal(before);
            expect(result.message).to.match(/^[A-Z].*\.$/u);
            continue;
          }
          if (result.entries.length === 0) expect(result.opportunity).to.equal(before);
          result.entries.forEach(({ body }) => {
            count(body.event);
          });
          if (isFinal(before)) {
            expect(
              ['link_project', 'record_call'].includes(event.type) || result.entries.length === 0,
              event.type,
            ).to.equal(true);
            expect(bench.opportunity.engagements.map(({ status }) => status)).to.deep.equal(
              before.engagements.map(({ status }) => status),
            );
          }
          checkState(bench.opportunity);
          // As it travels: through JSON and back.
          const log: typeof bench.entries = JSON.parse(JSON.stringify(bench.entries));
          expect(foldOpportunity(log)).to.deep.equal(bench.opportunity);
        }
        expect(JSON.parse(JSON.stringify(bench.opportunity))).to.deep.equal(bench.opportunity);
        count(bench.opportunity.status);
      }),
      { numRuns: 300 },
    );
    // A history that never gets anywhere would show nothing.
    for (const what of [
      'open',
      'talking',
      'quoted',
      'won',
      'revoked',
      'closed',
      'opportunity.shown',
      'engagement.accepted',
      'engagement.ended',
      'engagement.explained',
      'record.added',
      'record.called',
      'proposal.sent',
      'proposal.withdrawn',
      'deal.made',
      'project.linked',
      'forbidden',
      'conflict',
      'invalid',
      'not_found',
    ])
      expect(reached.get(what) ?? 0, what).to.be.greaterThan(0);
  });

  it('offers to each viewer exactly what it then accepts from them', () => {
    fc.assert(
      fc.property(randomBeginning, randomHistory, (begin, attempts) => {
        const bench = begin();
        for (const attempt of attempts) tryOn(bench, attempt);
        const { opportunity, now } = bench;
        for (const actor of everybody) {
          const context = { now, actor, newId: () => 'new' };
          const accepted = opportunityAction.options.filter((action) => {
            const result = step(opportunity, fitting(action, opportunity, actor, 'new'), context);
            // What was done already is answered again and changes nothing: no button for that.
            return result.ok && result.entries.some(({ actor: by }) => by.id === actor.id);
          });
          expect(allowedOpportunityActions(opportunity, actor, now), actor.id).to.have.members(accepted);
        }
      }),
      { numRuns: 100 },
    );
  });

  it('changes nothing on a tick before the instant that it says it wakes at, something at it, and nothing twice', () => {
    let woke = 0;
    fc.assert(
      fc.property(randomBeginning, randomHistory, (begin, attempts) => {
        const bench = begin();
        for (const attempt of attempts) tryOn(bench, attempt);
        const tick = (opportunity: Opportunity, now: number): Opportunity => {
          const result = step(opportunity, { type: 'tick' }, { now, actor: SYSTEM_ACTOR, newId: () => 'new' });
          if (!result.ok) throw new Error(result.message);
          return result.opportunity;
        };
        const present = tick(bench.opportunity, bench.now);
        expect(tick(present, bench.now)).to.equal(present);
        const wakes = wakeAt(present);
        if (present.deal !== null) {
          expect(wakes).to.equal(present.deal.projectId === null ? present.deal.at : null);
          return;
        }
        if (wakes === null) {
          expect(tick(present, bench.now + 1000 * 24 * HOUR)).to.equal(present);
          return;
        }
        woke += 1;
        const instant = Date.parse(wakes);
        expect(instant).to.be.greaterThan(bench.now);
        expect(tick(present, instant - 1)).to.equal(present);
        const then = tick(present, instant);
        expect(then).not.to.deep.equal(present);
        // It does not matter when the sweep comes: what is due is told as of its own instant.
        const late = instant + 30 * 24 * HOUR;
        expect(tick(then, late)).to.deep.equal(tick(present, late));
      }),
      { numRuns: 200 },
    );
    expect(woke).to.be.greaterThan(20);
  });

  it('sums up quotes to the cent', () => {
    fc.assert(
      fc.property(quoteLines, (lines) => {
        const bench = OpportunityBench.shown().grabbed('alpha').do(proposing('p1', lines), staffOf('alpha'));
        const { total, listTotal } = bench.proposal('alpha');
        expect(total).to.equal(exactSum(lines.map(({ price, quantity }) => [price, quantity])));
        expect(listTotal).to.equal(exactSum(lines.map(({ listPrice, quantity }) => [listPrice, quantity])));
      }),
    );
  });
});

/** Schoolbook: whole units and hundredths summed apart, then carried. */
function exactSum(lines: [amount: string, quantity: number][]): string {
  let whole = 0;
  let parts = 0;
  for (const [amount, quantity] of lines) {
    const [units = '0', part = ''] = amount.split('.');
    whole += Number(units) * quantity;
    parts += Number(part.padEnd(2, '0')) * quantity;
  }
  // All below 2^53: at most 5 lines of 10^6 x 10^6.
  return `${whole + Math.floor(parts / 100)}.${String(parts % 100).padStart(2, '0')}`;
}

/** What must hold of every state, in the words of domain.md. */
function checkState(opportunity: Opportunity): void {
  const { engagements, settings, deal, status, seeking, plaza } = opportunity;
  const of = (...wanted: string[]) => engagements.filter((one) => wanted.includes(one.status));
  const running = of('offered', 'following');
  expect(running.length).to.be.at.most(settings.places);
  expect(new Set(running.map(({ provider }) => provider.org)).size).to.equal(running.length);
  expect(of('won')).to.have.lengthOf(deal === null ? 0 : 1);
  expect(status === 'won').to.equal(deal !== null);
  if (deal !== null) {
    expect(of('won')[0]?.id).to.equal(deal.engagementId);
    const paid = engagements.flatMap(({ proposals }) => proposals).filter((one) => one.status === 'paid');
    expect(paid.map(({ id }) => id)).to.deep.equal([deal.proposalId]);
  }
  if (isFinal(opportunity)) {
    expect(running).to.deep.equal([]);
    expect(seeking).to.equal(null);
    expect(plaza).not.to.equal('waiting');
  } else {
    expect(of('lost', 'won')).to.deep.equal([]);
    const quoted = of('following').some(({ proposals }) => proposals.some((one) => one.status === 'open'));
    const talking = of('following').length > 0 ? 'talking' : 'open';
    expect(status).to.equal(quoted ? 'quoted' : talking);
  }
  for (const engagement of engagements) {
    expect(engagement.answerBy !== undefined).to.equal(engagement.status === 'offered');
    const isQuoted = engagement.proposals.some(({ status }) => status === 'open');
    expect(engagement.windowEndsAt !== undefined).to.equal(engagement.status === 'following' && !isQuoted);
    expect(engagement.ended !== undefined).to.equal(
      ['rejected', 'expired', 'terminated', 'lost'].includes(engagement.status),
    );
    for (const proposal of engagement.proposals) {
      if (proposal.status === 'open') expect(engagement.status).to.equal('following');
      expect(proposal.lines.length > 0).to.equal(proposal.status === 'open' || proposal.status === 'paid');
      expect(proposal.ended === undefined).to.equal(proposal.status === 'open');
    }
  }
}
