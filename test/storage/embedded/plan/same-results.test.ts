import { expect } from 'chai';
import * as fc from 'fast-check';
import { Decimal128, type Document, Double, Long, MaxKey, MinKey } from 'mongodb';
import { type DatabaseUnderTest, openDatabaseUnderTest } from '../database-under-test.ts';

/** Values that are near each other in the order of types, so that bounds are met exactly and not only passed. */
const scalar = fc.oneof(
  fc.constantFrom<unknown>(
    null,
    true,
    false,
    0,
    1,
    2,
    1.5,
    -1,
    'a',
    'ab',
    'abc',
    'b',
    '',
    'a\u0000b',
    new Date(0),
    new Date(1),
    Number.NaN,
  ),
  fc.constantFrom<unknown>(
    Long.fromNumber(1),
    new Double(2),
    Decimal128.fromString('1.50'),
    Number.POSITIVE_INFINITY,
    Number.NEGATIVE_INFINITY,
    new MinKey(),
    new MaxKey(),
  ),
  fc.constant(`long${'x'.repeat(2500)}`),
  fc.constantFrom(`long${'x'.repeat(2500)}y`, `long${'x'.repeat(1800)}`),
);
const value = fc.oneof(
  { weight: 6, arbitrary: scalar },
  { weight: 1, arbitrary: fc.array(scalar, { maxLength: 3 }) },
  { weight: 1, arbitrary: fc.record({ c: scalar }, { requiredKeys: [] }) },
);
const nested = fc.oneof(
  { weight: 3, arbitrary: fc.record({ c: scalar, d: scalar }, { requiredKeys: [] }) },
  { weight: 1, arbitrary: fc.array(fc.record({ c: scalar, d: scalar }, { requiredKeys: [] }), { maxLength: 3 }) },
  { weight: 1, arbitrary: scalar },
);
const plainDocument = fc.record(
  { a: scalar, b: scalar, n: fc.record({ c: scalar, d: scalar }, { requiredKeys: [] }) },
  { requiredKeys: [] },
);
const anyDocument = fc.record({ a: value, b: value, n: nested }, { requiredKeys: [] });

const path = fc.constantFrom('a', 'b', 'n.c', 'n.d');
const operator = fc.oneof(
  scalar.map((operand) => operand),
  fc.array(scalar, { maxLength: 4 }).map((list) => ({ $in: list })),
  fc
    .tuple(fc.constantFrom('$gt', '$gte', '$lt', '$lte', '$eq', '$ne'), scalar)
    .map(([name, operand]) => ({ [name]: operand })),
  fc.tuple(scalar, scalar).map(([low, high]) => ({ $gte: low, $lt: high })),
  fc.boolean().map((exists) => ({ $exists: exists })),
  fc.constantFrom<unknown>(
    { $type: 'string' },
    { $type: 'number' },
    /^a/,
    /^ab/,
    { $regex: '^a', $options: 'i' },
    { $not: { $gt: 1 } },
  ),
  scalar.map((operand) => ({ $all: [operand] })),
  scalar.map((operand) => ({ $elemMatch: { $gte: operand } })),
);
const condition = fc.tuple(path, operator).map(([name, operand]): Document => ({ [name]: operand }));
const filter: fc.Arbitrary<Document> = fc.oneof(
  condition,
  fc.array(condition, { minLength: 2, maxLength: 3 }).map((parts) => ({ $and: parts })),
  fc.array(condition, { minLength: 2, maxLength: 3 }).map((parts) => ({ $or: parts })),
  fc.tuple(condition, condition, condition).map(([one, two, three]) => ({ ...one, $or: [two, three] })),
  fc.tuple(scalar, scalar).map(([c, d]) => ({ n: { $elemMatch: { c, d } } })),
);
const direction = fc.constantFrom(1 as const, -1 as const);
const sort = fc.option(
  fc
    .uniqueArray(fc.tuple(path, direction), { minLength: 1, maxLength: 2, selector: ([name]) => name })
    .map((parts) => Object.fromEntries(parts)),
  { nil: undefined },
);
const partial = fc.constantFrom<Document | undefined>(
  undefined,
  undefined,
  { a: { $exists: true } },
  { b: { $gt: 0 } },
  { a: { $type: 'string' } },
  { b: { $in: [1, 'a'] } },
);
const index = fc.record({
  key: fc
    .uniqueArray(fc.tuple(path, direction), { minLength: 1, maxLength: 3, selector: ([name]) => name })
    .map((parts) => Object.fromEntries(parts)),
  partialFilterExpression: partial,
  sparse: fc.boolean(),
});

/** Settable, to look longer: `PLAN_RUNS=2000`. */
const RUNS = Number(process.env['PLAN_RUNS'] ?? 40);

/** The number in any of its types: the driver is asked to leave values as they came. */
const idOf = (doc: Document): number => Number(String(doc['_id']));

describe('embedded database: an index changes the way, never the result', () => {
  let database: DatabaseUnderTest;
  before(async () => {
    database = await openDatabaseUnderTest();
  });
  after(() => database.close());

  /** The same index twice is refused, and is no finding. */
  const createIfNew = (creation: Promise<unknown>): Promise<unknown> =>
    creation.catch((error: { code: number }) => expect(error.code).to.equal(85));

  let runs = 0;
  const check = async (
    documents: readonly Document[],
    indexes: readonly { key: Document; partialFilterExpression: Document | undefined; sparse: boolean }[],
    queries: readonly { filter: Document; sort: Document | undefined }[],
  ): Promise<void> => {
    const c = database.db.collection<Document & { _id: number }>(`run${++runs}`);
    for (const [at, { key, partialFilterExpression, sparse }] of indexes.entries()) {
      const options = partialFilterExpression ? { partialFilterExpression } : sparse ? { sparse } : {};
      await createIfNew(c.createIndex(key, { name: `i${at}`, ...options }));
    }
    // Two arrays in one compound index are refused.
    for (const [at, doc] of documents.entries())
      await c.insertOne({ ...doc, _id: at }).catch((error: { code: number }) => expect(error.code).to.equal(171));
    // Documents also come into their entries by updates and go out of them by deletions.
    await c
      .updateMany({ _id: { $mod: [3, 0] } }, [{ $set: { a: '$b', b: '$a' } }])
      .catch((error: { code: number }) => expect(error.code).to.equal(171));
    await c.deleteMany({ _id: { $mod: [7, 6] } });
    expect((await database.db.command({ validate: c.collectionName }))['errors']).to.deep.equal([]);
    for (const query of queries) {
      const options = { promoteValues: false, ...(query.sort ? { sort: query.sort } : {}) };
      const scanned = await c.find(query.filter, { ...options, hint: { $natural: 1 } }).toArray();
      const planned = await c.find(query.filter, { ...options, batchSize: 3 }).toArray();
      const ids = (found: readonly Document[]): number[] => found.map((doc) => idOf(doc)).sort((a, b) => a - b);
      const how = JSON.stringify(
        (await c.find(query.filter, query.sort ? { sort: query.sort } : {}).explain('queryPlanner'))['queryPlanner']
          .winningPlan,
      );
      expect(ids(planned), how).to.deep.equal(ids(scanned));
      if (query.sort) {
        // Equal keys may come in any order; their sequence must be the same.
        const sorted = await c
          .find({ _id: { $in: ids(planned) } }, { sort: { ...query.sort, _id: 1 }, hint: { $natural: 1 } })
          .toArray();
        const rank = ranks(sorted, query.sort);
        const sequence = planned.map((doc) => rank.get(idOf(doc)));
        expect(sequence, how).to.deep.equal([...sequence].sort((a, b) => (a ?? 0) - (b ?? 0)));
      }
    }
    await c.drop();
  };

  /** Which documents have equal sort keys: numbers that grow with them. */
  const ranks = (sorted: readonly Document[], by: Document): Map<number, number> => {
    const found = new Map<number, number>();
    let rank = 0;
    let last = '';
    for (const doc of sorted) {
      const keys = JSON.stringify(Object.keys(by).map((name) => keyOf(doc, name.split('.'))));
      if (keys !== last) rank += 1;
      last = keys;
      found.set(idOf(doc), rank);
    }
    return found;
  };

  const keyOf = (doc: unknown, names: readonly string[]): unknown => {
    let at: unknown = doc;
    for (const name of names)
      at = typeof at === 'object' && at !== null && name in at ? Reflect.get(at, name) : undefined;
    if (at === undefined || at === null) return null;
    if (typeof at === 'number' || at instanceof Long || at instanceof Double || at instanceof Decimal128)
      return { number: Number(at.toString()) };
    if (typeof at === 'object' && '_bsontype' in at) return String(at._bsontype);
    return at;
  };

  it('without arrays, where plans are exact and give the order', async function () {
    // On a real database this would test its planner, not ours.
    if (!database.embedded) return this.skip();
    await fc.assert(
      fc.asyncProperty(
        fc.array(plainDocument, { minLength: 5, maxLength: 25 }),
        fc.array(index, { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ filter, sort }), { minLength: 8, maxLength: 8 }),
        check,
      ),
      { numRuns: RUNS },
    );
  });

  it('with arrays, where a document has several keys', async function () {
    if (!database.embedded) return this.skip();
    await fc.assert(
      fc.asyncProperty(
        fc.array(anyDocument, { minLength: 5, maxLength: 25 }),
        fc.array(index, { minLength: 1, maxLength: 3 }),
        fc.array(fc.record({ filter, sort: fc.constant(undefined) }), { minLength: 8, maxLength: 8 }),
        check,
      ),
      { numRuns: RUNS },
    );
  });
});
