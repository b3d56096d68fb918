import { expect } from 'chai';
import { RateLimit } from '../../../server/registry/rates.ts';

describe('RateLimit', () => {
  it('lets as many through at once as the window has points, and says when the next is free', () => {
    const limit = new RateLimit(5, 10_000);
    for (let n = 0; n < 5; n++) expect(limit.take('a', 1_000), `call ${n}`).to.equal(0);
    expect(limit.take('a', 1_000)).to.equal(2_000);
    expect(limit.take('a', 2_999)).to.equal(1);
    expect(limit.take('a', 3_000)).to.equal(0);
    expect(limit.take('a', 3_000)).to.equal(2_000);
  });

  it('does not make one key pay for another, and a refusal costs nothing', () => {
    const limit = new RateLimit(1, 1_000);
    expect(limit.take('a', 0)).to.equal(0);
    for (let n = 0; n < 100; n++) expect(limit.take('a', 500)).to.equal(500);
    expect(limit.take('b', 500)).to.equal(0);
    expect(limit.take('a', 1_000)).to.equal(0);
  });

  it('never lets more than twice the points through in any window', () => {
    const limit = new RateLimit(10, 1_000);
    const passed: number[] = [];
    for (let now = 0; now < 20_000; now += 7) if (limit.take('a', now) === 0) passed.push(now);
    for (const from of passed) {
      expect(passed.filter((at) => at >= from && at < from + 1_000).length).to.be.at.most(20);
    }
    expect(passed.length).to.be.within(200, 212);
  });

  it('lets nobody wait longer because the clock was set back', () => {
    const limit = new RateLimit(2, 1_000);
    const hour = 3_600_000;
    for (let n = 0; n < 2; n++) expect(limit.take('a', 10 * hour)).to.equal(0);
    expect(limit.take('a', 9 * hour), 'no gift either').to.equal(500);
    expect(limit.take('a', 9 * hour + 500)).to.equal(0);
    expect(limit.take('a', 8 * hour)).to.equal(500);
    expect(limit.take('a', 8 * hour + 500)).to.equal(0);
  });

  it('forgets quiet keys without a timer, and none that still counts', () => {
    const limit = new RateLimit(2, 1_000);
    for (let n = 0; n < 1_000; n++) limit.take(`old-${n}`, 0);
    limit.take('busy', 999);
    limit.take('busy', 999);
    expect(limit.take('busy', 1_001)).to.be.greaterThan(0);
    limit.take('busy', 5_000);
    limit.take('busy', 6_500);
    expect(limit.size).to.be.at.most(2);
  });

  it('takes over what other servers have let through, and never gives anything back', () => {
    const limit = new RateLimit(5, 10_000);
    limit.owe('a', 9_000, 0);
    expect(limit.take('a', 0)).to.equal(1_000);
    limit.owe('a', 100, 0);
    expect(limit.take('a', 0)).to.equal(1_000);
    expect(limit.take('a', 1_000)).to.equal(0);
    expect(limit.take('b', 0)).to.equal(0);
  });
});
