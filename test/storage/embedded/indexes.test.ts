import { expect } from 'chai';
import type { Document } from 'mongodb';
import { type DatabaseUnderTest, errorOf, openDatabaseUnderTest } from './database-under-test.ts';

/** The names of the stages of a plan, from the top. */
function stagesOf(plan: Document | undefined): string[] {
  if (!plan) return [];
  const below: Document[] = plan['inputStages'] ?? (plan['inputStage'] ? [plan['inputStage']] : []);
  return [plan['stage'], ...below.flatMap(stagesOf)];
}

describe('engine: indexes', () => {
  let database: DatabaseUnderTest;
  before(async () => {
    database = await openDatabaseUnderTest({ ttlIntervalMs: 50 });
  });
  after(() => database.close());
  const rows = (name: string) => database.db.collection<Document & { _id: number | string }>(name);

  it('answers a duplicate key with code, pattern, value and message of MongoDB', async () => {
    const c = rows('dup');
    await c.createIndex({ sku: 1 }, { unique: true });
    await c.createIndex({ a: 1, b: -1 }, { unique: true, name: 'pair' });
    await c.insertMany([
      { _id: 1, sku: 'x', a: 1, b: 1 },
      { _id: 2, sku: 'y', a: 1, b: 2 },
    ]);
    const namespace = `${database.db.databaseName}.dup`;
    for (const attempt of [
      () => c.insertOne({ _id: 3, sku: 'x' }),
      () => c.updateOne({ _id: 2 }, { $set: { sku: 'x' } }),
      () => c.replaceOne({ _id: 2 }, { sku: 'x' }),
      () => c.updateOne({ _id: 4 }, { $set: { sku: 'x' } }, { upsert: true }),
      () => c.findOneAndUpdate({ _id: 2 }, { $set: { sku: 'x' } }),
    ]) {
      const error = await errorOf(attempt());
      expect(error['code']).to.equal(11000);
      expect(error['keyPattern']).to.deep.equal({ sku: 1 });
      expect(error['keyValue']).to.deep.equal({ sku: 'x' });
      expect(error.message).to.match(
        new RegExp(`^E11000 duplicate key error collection: ${namespace} index: sku_1 dup key: \\{ sku: "x" \\}`),
      );
    }
    const pair = await errorOf(c.insertOne({ _id: 5, sku: 'z', a: 1, b: 2 }));
    expect(pair['keyValue']).to.deep.equal({ a: 1, b: 2 });
    expect(await c.countDocuments()).to.equal(2);
  });

  it('counts a missing field as null in a unique index, and not at all in a sparse or partial one', async () => {
    const c = rows('holes');
    await c.createIndex({ u: 1 }, { unique: true });
    await c.createIndex({ s: 1 }, { unique: true, sparse: true });
    await c.createIndex({ p: 1 }, { unique: true, partialFilterExpression: { live: true } });
    await c.insertOne({ _id: 1, u: 1, p: 7, live: false });
    await c.insertOne({ _id: 2, u: 2, p: 7, live: true });
    await c.insertOne({ _id: 3, p: 7, live: false });
    expect((await errorOf(c.insertOne({ _id: 4 })))['keyPattern']).to.deep.equal({ u: 1 });
    expect((await errorOf(c.insertOne({ _id: 5, u: 5, p: 7, live: true })))['keyPattern']).to.deep.equal({ p: 1 });
    expect((await errorOf(c.updateOne({ _id: 1 }, { $set: { live: true } })))['keyPattern']).to.deep.equal({ p: 1 });
    await c.updateOne({ _id: 2 }, { $set: { live: false } });
    await c.updateOne({ _id: 1 }, { $set: { live: true } });
    expect(
      await c
        .find({ p: 7 })
        .sort({ _id: 1 })
        .map((doc) => doc._id)
        .toArray(),
    ).to.deep.equal([1, 2, 3]);
    expect(await c.countDocuments({ s: null })).to.equal(3);
  });

  it('tells numbers of all types apart by value only', async () => {
    const c = rows('numbers');
    await c.createIndex({ n: 1 }, { unique: true });
    await c.insertOne({ _id: 1, n: 1 });
    expect((await errorOf(c.insertOne({ _id: 2, n: BigInt(1) })))['code']).to.equal(11000);
    await c.insertOne({ _id: 3, n: 1.5 });
    expect(await c.countDocuments({ n: { $gt: 1, $lt: 2 } })).to.equal(1);
  });

  it('opens arrays into several keys, each document once in a result', async () => {
    const c = rows('multikey');
    await c.createIndex({ tags: 1 });
    await c.createIndex({ 'rows.k': 1, 'rows.v': 1 });
    await c.insertMany([
      {
        _id: 1,
        tags: ['a', 'b', 'a'],
        rows: [
          { k: 1, v: 9 },
          { k: 2, v: 1 },
        ],
      },
      { _id: 2, tags: 'b', rows: [{ k: 1, v: 1 }] },
      { _id: 3, tags: [], rows: [] },
    ]);
    expect(
      await c
        .find({ tags: { $gte: 'a' } })
        .sort({ _id: 1 })
        .map((doc) => doc._id)
        .toArray(),
    ).to.deep.equal([1, 2]);
    // Met by two elements of one array, which share no key of the compound index.
    expect(await c.countDocuments({ 'rows.k': 1, 'rows.v': 1 })).to.equal(2);
    expect(await c.countDocuments({ rows: { $elemMatch: { k: 1, v: 1 } } })).to.equal(1);
    // Each bound by an element of its own.
    expect(await c.countDocuments({ tags: { $gt: 'a', $lt: 'b' } })).to.equal(1);
    expect(
      await c
        .find()
        .sort({ tags: -1, _id: 1 })
        .map((doc) => doc._id)
        .toArray(),
    ).to.deep.equal([1, 2, 3]);
    await c.updateOne({ _id: 1 }, { $pull: { tags: 'b' } as Document });
    expect(await c.countDocuments({ tags: 'b' })).to.equal(1);
    // As MongoDB does; DocumentDB on PostgreSQL builds such an index.
    if (database.embedded) expect((await errorOf(c.createIndex({ tags: 1, rows: 1 })))['code']).to.equal(171);
  });

  it('refuses to build a unique index over duplicates, and leaves nothing of it', async () => {
    const c = rows('late');
    await c.insertMany([
      { _id: 1, q: 1 },
      { _id: 2, q: 1 },
    ]);
    expect((await errorOf(c.createIndex({ q: 1 }, { unique: true })))['code']).to.equal(11000);
    expect((await c.indexes()).map((index) => index['name'])).to.deep.equal(['_id_']);
    await c.deleteOne({ _id: 2 });
    await c.createIndex({ q: 1 }, { unique: true });
    expect((await errorOf(c.insertOne({ _id: 3, q: 1 })))['code']).to.equal(11000);
  });

  it('lists and drops indexes, and refuses those that contradict one that is there', async () => {
    const c = rows('specs');
    await c.createIndex({ a: 1 }, { name: 'one' });
    await c.createIndex({ a: 1 }, { name: 'one' });
    expect((await errorOf(c.createIndex({ b: 1 }, { name: 'one' })))['code']).to.equal(86);
    expect((await errorOf(c.createIndex({ a: 1 }, { name: 'two' })))['code']).to.equal(85);
    expect((await errorOf(c.dropIndex('nope')))['code']).to.equal(27);
    await c.createIndex({ when: -1 }, { expireAfterSeconds: 3600, partialFilterExpression: { gone: true } });
    const listed = (await c.indexes()).find((index) => index['name'] === 'when_-1');
    expect(listed).to.include({ expireAfterSeconds: 3600 });
    expect(listed?.['partialFilterExpression']).to.deep.equal({ gone: true });
    await c.dropIndex('one');
    expect((await c.indexes()).map((index) => index['name'])).to.deep.equal(['_id_', 'when_-1']);
  });

  it('lets documents expire by a TTL index, and others stay', async function () {
    const c = rows('ttl');
    await c.createIndex({ at: 1 }, { expireAfterSeconds: 1 });
    const now = Date.now();
    await c.insertMany([
      { _id: 'old', at: new Date(now - 60_000) },
      { _id: 'future', at: new Date(now + 3_600_000) },
      { _id: 'none' },
      { _id: 'text', at: 'x' },
    ]);
    // A real database looks once a minute, so only the embedded one is waited for.
    if (!database.embedded) return this.skip();
    for (let looks = 0; looks < 20_000 && (await c.findOne({ _id: 'old' })); looks += 1) continue;
    expect(await c.distinct('_id')).to.have.members(['future', 'none', 'text']);
  });

  describe('explain', () => {
    before(async () => {
      const c = rows('plans');
      await c.createIndex({ room: 1, seq: 1 });
      await c.createIndex({ kind: 1 }, { partialFilterExpression: { live: true } });
      await c.insertMany(
        Array.from({ length: 300 }, (_, at) => ({
          _id: at,
          room: at % 3,
          seq: Math.floor(at / 3),
          kind: at % 10,
          live: at % 2 === 0,
          other: at,
        })),
      );
    });

    const explained = (filter: Document, options: Document = {}) =>
      rows('plans').find(filter, options).explain('executionStats');

    it('uses an index for equality, range and sort together, and reads no more than it returns', async () => {
      const reply = await explained({ room: 1, seq: { $gt: 50 } }, { sort: { seq: 1 }, limit: 10 });
      const stages = stagesOf(reply['queryPlanner'].winningPlan);
      expect(reply['executionStats'].nReturned).to.equal(10);
      // Another database chooses by its statistics, counts otherwise, and calls some stages otherwise: so below, too.
      if (!database.embedded) return;
      expect(stages).to.include('IXSCAN').and.not.include('SORT').and.not.include('COLLSCAN');
      expect(reply['executionStats'].totalDocsExamined).to.equal(10);
    });

    it('uses an index for $in, for _id and for every branch of $or', async () => {
      for (const filter of [
        { room: { $in: [0, 2] }, seq: 3 },
        { _id: 7 },
        { _id: { $in: [1, 2, 3] } },
        { $or: [{ _id: 1 }, { room: 1, seq: 2 }] },
      ]) {
        const stages = stagesOf((await explained(filter))['queryPlanner'].winningPlan);
        if (!database.embedded) continue;
        expect(
          stages.some((stage) => ['IXSCAN', 'IDHACK', 'EXPRESS_IXSCAN'].includes(stage)),
          JSON.stringify(filter),
        ).to.equal(true);
        expect(stages).to.not.include('COLLSCAN');
      }
    });

    it('says COLLSCAN where no index serves, and SORT where none gives the order', async () => {
      expect(stagesOf((await explained({ other: 1 }))['queryPlanner'].winningPlan)).to.include('COLLSCAN');
      const sorted = stagesOf((await explained({ room: 1 }, { sort: { other: 1 } }))['queryPlanner'].winningPlan);
      if (database.embedded) expect(sorted).to.include('IXSCAN').and.include('SORT');
    });

    it('uses a partial index only when the filter implies it', async () => {
      expect(stagesOf((await explained({ kind: 3 }))['queryPlanner'].winningPlan)).to.include('COLLSCAN');
      const implied = stagesOf((await explained({ kind: 3, live: true }))['queryPlanner'].winningPlan);
      if (database.embedded) expect(implied).to.include('IXSCAN');
      expect(await rows('plans').countDocuments({ kind: 3 })).to.equal(30);
      expect(await rows('plans').countDocuments({ kind: 4, live: true })).to.equal(30);
    });
  });
});
