import { expect } from 'chai';
import { UnderWay } from '../../server/under-way.ts';

const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

describe('UnderWay', () => {
  it('is idle when all is settled, what was added while somebody waited and what failed too', async () => {
    const underWay = new UnderWay();
    await underWay.idle();
    const ends: ((failed: boolean) => void)[] = [];
    const add = () => {
      const work = new Promise<void>((resolve, reject) => {
        ends.push((failed) => (failed ? reject(new Error('failed')) : resolve()));
      });
      work.catch(() => undefined);
      underWay.add(work);
    };
    add();
    add();
    let isIdle = 0;
    for (let n = 0; n < 2; n++) void underWay.idle().then(() => (isIdle += 1));
    ends[0]?.(true);
    await turnOfTheLoop();
    expect([underWay.size, isIdle]).to.deep.equal([1, 0]);
    add();
    ends[1]?.(false);
    await turnOfTheLoop();
    expect([underWay.size, isIdle]).to.deep.equal([1, 0]);
    ends[2]?.(false);
    await turnOfTheLoop();
    expect([underWay.size, isIdle]).to.deep.equal([0, 2]);
  });

  it('is not idle where something is added in the moment in which the last ends', async () => {
    const underWay = new UnderWay();
    let end = (): void => undefined;
    const last = Promise.resolve();
    underWay.add(last);
    let isIdle = false;
    const idle = underWay.idle().then(() => (isIdle = true));
    void last.then(() => underWay.add(new Promise<void>((resolve) => (end = resolve))));
    await turnOfTheLoop();
    expect([underWay.size, isIdle]).to.deep.equal([1, false]);
    end();
    await idle;
  });
});
