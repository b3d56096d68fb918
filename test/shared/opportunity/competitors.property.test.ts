import { expect } from 'chai';
import * as fc from 'fast-check';
import type { FlowActor } from '../../../shared/model/flow/flow.ts';
import { noticeWords } from '../../../shared/model/opportunity/notices.ts';
import { engagementOf, type OpportunityStepped } from '../../../shared/model/opportunity/opportunity.ts';
import { proposalsFor } from '../../../shared/model/opportunity/opportunity-view.ts';
import type { OpportunityEvent } from '../../../shared/model/opportunity/step.ts';
import { laneOf } from '../../../shared/model/opportunity/streams.ts';
import { adminOf, buyer, type OpportunityBench, ORGS, staffOf } from './opportunity-bench.ts';
import { randomBeginning, randomHistory, tryOn } from './random-history.ts';

/** What a provider could ever read of a demand: its view, its proposals, its streams and the public one, and what it is notified of. */
function readBy(bench: OpportunityBench, org: string): unknown {
  const own = ['public', `lane:${org}`, `notes:${org}`, `desk:${org}`];
  return {
    views: [adminOf(org), staffOf(org)].map((viewer) => bench.view(viewer)),
    proposals: proposalsFor(bench.opportunity, 'room-1', adminOf(org), bench.now),
    entries: bench.entries.filter(({ stream }) => own.includes(stream)),
    notices: bench.notifications
      .filter(({ stream }) => own.includes(stream))
      .map(({ what, ...rest }) => ({
        ...rest,
        words: noticeWords(what, { demand: 'D', provider: 'of-whom-it-is' }),
      })),
  };
}

/** All names and ids of a provider hold its org, as do those that are given out to it. */
const othersIn = (told: unknown, org: string): string[] => {
  const text = JSON.stringify(told) ?? '';
  return ORGS.filter((other) => other !== org && text.includes(other));
};

/** What one provider does, or an operator does about one: nobody else's affair. */
const OF_ONE: ReadonlySet<OpportunityEvent['type']> = new Set([
  'grab',
  'assign',
  'accept',
  'reject',
  'record',
  'record_call',
  'propose',
  'withdraw',
  'terminate',
]);
const concerned = (event: OpportunityEvent, actor: FlowActor): string | undefined =>
  'provider' in event
    ? event.provider.org
    : event.type === 'record_call'
      ? event.stream.slice(laneOf('').length)
      : actor.org;

describe('what competitors learn of each other over random histories', () => {
  it('is nothing by what they read, and nothing by what they are refused', () => {
    let read = 0;
    fc.assert(
      fc.property(randomBeginning, randomHistory, (begin, attempts) => {
        const bench = begin();
        for (const attempt of attempts) {
          const tried = tryOn(bench, attempt);
          if (tried === undefined) continue;
          const { actor, result } = tried;
          if (!result.ok && actor.side === 'provider') {
            expect(othersIn(result, actor.org ?? ''), JSON.stringify(result)).to.deep.equal([]);
            expect(result.code === 'not_found' || result.code === 'forbidden').to.equal(result.details === undefined);
          }
        }
        for (const org of ORGS) {
          const told = readBy(bench, org);
          if (engagementOf(bench.opportunity, org) !== undefined) read += 1;
          expect(othersIn(told, org), org).to.deep.equal([]);
        }
      }),
      { numRuns: 200 },
    );
    expect(read).to.be.greaterThan(200);
  });

  it('is nothing by a change: what one does moves nothing of another’s, and no count of it', () => {
    let compared = 0;
    fc.assert(
      fc.property(randomBeginning, randomHistory, (begin, attempts) => {
        const bench = begin();
        for (const attempt of attempts) {
          const snapshot = new Map<string, unknown>();
          const seen = bench.entries.length;
          const next = attempt(bench.opportunity, bench.now);
          if (typeof next !== 'number') bench.now = next.now ?? bench.now;
          for (const org of ORGS) snapshot.set(org, bench.view(adminOf(org)));
          const tried = tryOn(bench, attempt);
          if (tried === undefined || !tried.result.ok) continue;
          const { event, actor } = tried;
          for (const org of ORGS) {
            const view = bench.view(adminOf(org));
            const before = snapshot.get(org);
            if (OF_ONE.has(event.type) && concerned(event, actor) !== org) {
              compared += 1;
              expect(view, `${event.type} of ${concerned(event, actor)} before ${org}`).to.deep.equal(before);
            }
            expectNewer(before, view, told(bench, seen, org));
          }
        }
      }),
      { numRuns: 200 },
    );
    expect(compared).to.be.greaterThan(1000);
  });

  it('is nothing of who left: the buyer’s ways with others move nothing that it still sees', () => {
    let left = 0;
    fc.assert(
      fc.property(randomBeginning, randomHistory, (begin, attempts) => {
        const bench = begin();
        for (const attempt of attempts) {
          const before = new Map(ORGS.map((org) => [org, engagementOf(bench.opportunity, org)]));
          const views = new Map(ORGS.map((org) => [org, bench.view(adminOf(org))]));
          const tried = tryOn(bench, attempt);
          for (const org of ORGS) {
            const ended = before.get(org)?.ended;
            if (ended === undefined || engagementOf(bench.opportunity, org)?.id !== before.get(org)?.id) continue;
            // A call of its own, asked for before it left, is its own way.
            if (tried?.event.type === 'record_call' && concerned(tried.event, tried.actor) === org) continue;
            left += 1;
            expect(bench.view(adminOf(org)), org).to.deep.equal(views.get(org));
          }
        }
      }),
      { numRuns: 100 },
    );
    expect(left).to.be.greaterThan(100);
  });

  it('leaves the buyer out of their notes: no record moves what it sees', () => {
    let records = 0;
    fc.assert(
      fc.property(randomBeginning, randomHistory, (begin, attempts) => {
        const bench = begin();
        for (const attempt of attempts) {
          const next = attempt(bench.opportunity, bench.now);
          if (typeof next !== 'number') bench.now = next.now ?? bench.now;
          const before = bench.view(buyer);
          const tried = tryOn(bench, attempt);
          if (tried?.event.type !== 'record' || !tried.result.ok) continue;
          records += 1;
          expect(bench.view(buyer)).to.deep.equal(before);
          expect(JSON.stringify(before)).not.to.match(/a note|why/u);
        }
      }),
      { numRuns: 100 },
    );
    expect(records).to.be.greaterThan(50);
  });
});

/** The facts since then that a provider's state follows from. */
const told = (bench: OpportunityBench, since: number, org: string): OpportunityStepped['entries'] =>
  bench.entries
    .slice(since)
    .filter(({ stream }) => stream === 'public' || stream === `lane:${org}` || stream === `notes:${org}`);

/** Of two states that a provider is shown the higher version is newer, and one version is one state. */
function expectNewer(before: unknown, after: unknown, facts: OpportunityStepped['entries']): void {
  const [was, is] = [versionOf(before), versionOf(after)];
  if (was === undefined || is === undefined) return;
  expect(is).to.be.at.least(was);
  if (is === was) expect(after).to.deep.equal(before);
  if (facts.length === 0) expect(is).to.equal(was);
}

const versionOf = (view: unknown): number | undefined =>
  typeof view === 'object' && view !== null && 'version' in view && typeof view.version === 'number'
    ? view.version
    : undefined;
