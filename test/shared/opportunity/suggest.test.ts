import { expect } from 'chai';
import * as fc from 'fast-check';
import { SUGGESTIONS_MAX } from '../../../shared/contract/limits.ts';
import { suggestion } from '../../../shared/contract/opportunities.ts';
import { type Candidate, suggestProviders } from '../../../shared/model/opportunity/suggest.ts';
import { demand } from './opportunity-bench.ts';

const candidate = (org: string, more: Partial<Candidate> = {}): Candidate => ({
  org,
  name: org,
  categories: ['design'],
  regions: ['Hangzhou'],
  rating: 4,
  load: 2,
  maxLoad: 10,
  ...more,
});
const orgsOf = (candidates: Candidate[]): string[] => suggestProviders(demand, candidates).map(({ org }) => org);

describe('suggested providers', () => {
  it('are ordered by what they deliver, where, how free they are and how they are rated', () => {
    expect(
      orgsOf([
        candidate('elsewhere', { regions: ['Beijing'] }),
        candidate('full', { load: 10 }),
        candidate('other trade', { categories: ['legal'] }),
        candidate('best'),
        candidate('badly rated', { rating: 1 }),
      ]),
    ).to.deep.equal(['best', 'badly rated', 'full', 'elsewhere', 'other trade']);
  });

  it('say what speaks for each', () => {
    expect(suggestProviders(demand, [candidate('a', { categories: ['WebSite'] })])).to.deep.equal([
      {
        org: 'a',
        name: 'a',
        score: 93,
        because: [
          { factor: 'category', matches: true, points: 40 },
          { factor: 'region', matches: true, points: 25 },
          { factor: 'load', load: 2, maxLoad: 10, points: 16 },
          { factor: 'rating', rating: 4, points: 12 },
        ],
      },
    ]);
  });

  it('count as middling whom nobody has rated, and find room where there is no maximum', () => {
    expect(
      orgsOf([candidate('good', { rating: 5 }), candidate('new', { rating: null }), candidate('bad', { rating: 0 })]),
    ).to.deep.equal(['good', 'new', 'bad']);
    expect(
      orgsOf([candidate('busy', { maxLoad: null, load: 40 }), candidate('free', { maxLoad: null, load: 0 })]),
    ).to.deep.equal(['free', 'busy']);
  });

  it('are the same in whatever order the directory gives them, fit the contract and add up', () => {
    const some = fc.uniqueArray(
      fc.record({
        org: fc.string({ minLength: 1, maxLength: 4 }).map((text) => `o${text.length}${text.codePointAt(0) ?? 0}`),
        categories: fc.subarray(['design', 'website', 'legal']),
        regions: fc.subarray(['Hangzhou', 'Beijing']),
        rating: fc.option(fc.double({ min: 0, max: 5, noNaN: true })),
        load: fc.nat({ max: 60 }),
        maxLoad: fc.option(fc.nat({ max: 50 })),
      }),
      { selector: ({ org }) => org, maxLength: 30 },
    );
    fc.assert(
      fc.property(some, fc.integer(), (given, turn) => {
        const candidates = given.map((one) => ({ ...one, name: one.org }));
        const found = suggestProviders(demand, candidates);
        const cut = candidates.length === 0 ? 0 : Math.abs(turn) % candidates.length;
        expect(suggestProviders(demand, [...candidates.slice(cut), ...candidates.slice(0, cut)])).to.deep.equal(found);
        expect(found).to.have.lengthOf(Math.min(candidates.length, SUGGESTIONS_MAX));
        for (const one of found) {
          expect(suggestion.parse(one)).to.deep.equal(one);
          expect(one.score).to.be.within(0, 100);
          expect(one.because.reduce((sum, { points }) => sum + points, 0)).to.be.closeTo(one.score, 0.01);
        }
        const scores = found.map(({ score }) => score);
        expect(scores).to.deep.equal(scores.toSorted((a, b) => b - a));
      }),
    );
  });
});
