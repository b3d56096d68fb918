import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { serialize } from 'bson';
import { expect } from 'chai';
import { type Engine, REAL_WORLD, openEngine } from '../../../server/storage/embedded/engine.ts';
import { sweepExpired } from '../../../server/storage/embedded/ttl.ts';

describe('embedded database: expiry', () => {
  let dataDir: string;
  let engine: Engine;
  let nowMs = Date.UTC(2026, 0, 1);
  before(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'ttl-'));
    engine = await openEngine(dataDir, { ...REAL_WORLD, now: () => new Date(nowMs) }, { waitForOwnerMs: 0 });
  });
  after(async () => {
    await engine.env.close();
    await rm(dataDir, { recursive: true, force: true });
  });

  const sweep = (): void => {
    sweepExpired(engine);
    engine.queue.flush();
  };

  for (const direction of [1, -1]) {
    it(`deletes what is due to the millisecond, in portions, by an index of direction ${direction}`, () => {
      const collection = engine.env.write(() => {
        const made = engine.catalog.create('test', `due${direction}`, {});
        made.addIndex({ v: 2, key: { at: direction }, name: 'at', expireAfterSeconds: 60 });
        for (let n = 0; n < 1200; n += 1)
          made.insert(Buffer.from(serialize({ _id: n, at: new Date(nowMs - 60_000 + (n < 1100 ? 0 : 1)) })));
        made.insert(Buffer.from(serialize({ _id: 'list', at: [new Date(nowMs + 1e9), new Date(nowMs - 1e9)] })));
        for (const [at, value] of [null, 'text', 5, true].entries())
          made.insert(Buffer.from(serialize({ _id: `other${at}`, at: value })));
        return made;
      });
      sweep();
      expect(collection.count()).to.equal(104);
      nowMs += 1;
      sweep();
      expect(collection.count()).to.equal(4);
      expect(collection.verify()).to.deep.equal([]);
    });
  }

  it('leaves what a partial TTL index does not hold', () => {
    const collection = engine.env.write(() => {
      const made = engine.catalog.create('test', 'partial', {});
      made.addIndex({
        v: 2,
        key: { at: 1 },
        name: 'at',
        expireAfterSeconds: 0,
        partialFilterExpression: { done: true },
      });
      for (const done of [true, false])
        made.insert(Buffer.from(serialize({ _id: `done-${done}`, done, at: new Date(0) })));
      return made;
    });
    sweep();
    expect(collection.count()).to.equal(1);
  });
});
