import { expect } from 'chai';
import { FIGURE_NAMES, runFigures } from './run.ts';
import { figureOf, type Goal } from './figure.ts';
import { median, quantile } from './statistics.ts';

describe('the bench', () => {
  // The first figure at its smallest, with servers from source; what it measures then means nothing.
  it('starts its servers and its clients, measures something and loses nothing on the way', async function () {
    this.timeout(600_000);
    const said: string[] = [];
    const names = FIGURE_NAMES.slice(0, 1);
    const figures = await runFigures({ scale: 'tiny', names, say: (line) => said.push(line) });
    expect(Object.keys(figures), said.join('\n')).to.deep.equal(names);
    for (const figure of Object.values(figures)) {
      expect(figure, said.join('\n')).not.to.have.property('failed');
      expect(figure).to.have.property('value').greaterThan(0);
    }
  });

  const goal: Goal = { what: 'x', unit: 'x', better: 'higher', reach: 0.9 };

  it('judges a figure by the median of its pairs', () => {
    expect(figureOf(goal, [0.95, 0.2, 0.91], {})).to.include({ value: 0.91, min: 0.2, max: 0.95, ok: true });
    expect(figureOf(goal, [0.95, 0.89, 0.2], {})).to.include({ value: 0.89, ok: false });
    expect(figureOf({ ...goal, better: 'lower' }, [0.95], {})).to.include({ ok: false });
    expect(figureOf(goal, [1], {}, { sound: false })).to.include({ ok: false });
  });

  it('takes quantiles of what was measured and invents none', () => {
    expect(quantile([5, 1, 3], 0.5)).to.equal(3);
    expect(quantile([5, 1, 3], 0.99)).to.equal(5);
    expect(quantile([], 0.99)).to.equal(0);
    expect(median([4, 1, 3, 2])).to.equal(2.5);
    expect(median([3, 1, 2])).to.equal(2);
  });
});
