import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'chai';
import * as fc from 'fast-check';
import { type Database, open } from 'lmdb';
import { type Collection, type Document, MongoClient } from 'mongodb';
import { decode, encode } from '../../../../server/storage/embedded/semantics/index.ts';
import { type EmbeddedDatabase, startEmbedded } from '../../../../server/storage/embedded/start.ts';

type Row = Document & { _id: number };

/** Settable, to look longer: `PLAN_RUNS=2000`. */
const RUNS = Number(process.env['PLAN_RUNS'] ?? 60);

const scalar = fc.constantFrom<unknown>(null, 0, 1, 2, 'a', 'b', true, new Date(1));
const seat = fc.constantFrom<unknown>('s', 't', 'u', 1, null);
const seats = fc.oneof(
  { weight: 5, arbitrary: fc.array(seat, { maxLength: 4 }) },
  { weight: 1, arbitrary: seat },
  { weight: 1, arbitrary: fc.array(fc.record({ c: scalar }), { maxLength: 2 }) },
);
const pair = fc.record({ c: scalar, d: scalar }, { requiredKeys: [] });
const halfArray = fc.record({ c: fc.array(scalar, { maxLength: 3 }), d: scalar }, { requiredKeys: [] });
/** Arrays now and then, also where a sort wants none, so that fields become multikey at any point of a run. */
const documents = fc.boolean().chain((wild) =>
  fc.array(
    fc.record(
      {
        seats,
        x: wild ? fc.oneof({ weight: 8, arbitrary: scalar }, fc.array(scalar, { maxLength: 2 })) : scalar,
        y: scalar,
        n: fc.oneof(
          { weight: 3, arbitrary: pair },
          { weight: wild ? 2 : 0, arbitrary: halfArray },
          { weight: wild ? 1 : 0, arbitrary: fc.array(pair, { maxLength: 2 }) },
        ),
      },
      { requiredKeys: [] },
    ),
    { minLength: 8, maxLength: 30 },
  ),
);

const direction = fc.constantFrom(1 as const, -1 as const);
const tail = fc.uniqueArray(fc.tuple(fc.constantFrom('x', 'y', 'n.c', 'n.d', '_id', 'seats', 'seats.c'), direction), {
  minLength: 1,
  maxLength: 3,
  selector: ([name]) => name,
});
const pairTail = fc.tuple(direction, direction).map(([c, d]): [string, 1 | -1][] => [
  ['n.c', c],
  ['n.d', d],
]);
const index = fc
  .tuple(fc.constantFrom(true, true, false), direction, fc.oneof(tail, tail, pairTail), fc.option(direction))
  .map(([first, way, rest, last]) =>
    Object.fromEntries<1 | -1>([
      ...(first ? [['seats', way] as const] : []),
      ...rest,
      ...(last ? [['_id', last] as const] : []),
    ]),
  )
  .filter((key) => Object.keys(key).join() !== '_id');
const range = fc
  .tuple(fc.constantFrom('$lte', '$lt', '$gt', '$gte', '$eq'), scalar)
  .map(([name, of]) => ({ [name]: of }));
const seatFilter = fc.oneof(
  { weight: 9, arbitrary: seat },
  { weight: 1, arbitrary: fc.uniqueArray(seat, { minLength: 1, maxLength: 2 }).map((list) => ({ $in: list })) },
  { weight: 1, arbitrary: fc.tuple(seat, seat).map(([one, two]) => ({ $gte: one, $lte: two })) },
  { weight: 1, arbitrary: seat.map((one) => ({ $elemMatch: { $eq: one } })) },
);
const other = fc
  .tuple(fc.constantFrom('x', 'y', 'n.c', 'n.d', 'seats.c'), fc.oneof(range, scalar))
  .map(([name, condition]): Document => ({ [name]: condition }));
/** Both conditions may be met in one document without any element that meets both. */
const both = fc.tuple(scalar, scalar).map(([c, d]): Document => ({ 'n.c': c, 'n.d': d }));
const filter = fc
  .tuple(
    fc.option(seatFilter, { freq: 4, nil: undefined }),
    fc.oneof(
      { weight: 2, arbitrary: fc.constant({}) },
      { weight: 3, arbitrary: other },
      { weight: 1, arbitrary: both },
    ),
    fc.option(fc.tuple(other, other), { nil: undefined }),
  )
  .map(
    ([wanted, more, either]): Document => ({
      ...(wanted === undefined ? {} : { seats: wanted }),
      ...more,
      ...(either ? { $or: either } : {}),
    }),
  );
/** Ends in `_id`, so that there is exactly one right sequence. */
const sort = fc
  .tuple(
    fc.uniqueArray(fc.tuple(fc.constantFrom('x', 'y', 'n.c', 'n.d', 'seats'), direction), {
      maxLength: 2,
      selector: ([name]) => name,
    }),
    direction,
  )
  .map(([parts, way]) => Object.fromEntries<1 | -1>([...parts, ['_id', way]]));

interface Query {
  readonly filter: Document;
  readonly sort: Record<string, 1 | -1>;
  readonly limit: number;
}
/** What the service asks: the index's own order behind its first field, with or without more conditions. */
const inOrderOf = (key: Record<string, 1 | -1>): fc.Arbitrary<Query> =>
  fc
    .record({
      filter,
      sort,
      limit: fc.integer({ min: 0, max: 6 }),
      order: fc.constantFrom('behind', 'behind', 'whole', 'other'),
      turned: direction,
    })
    .map((query) => {
      const { seats: first, ...behind } = key;
      const own = Object.entries({
        ...(first && query.order === 'whole' ? { seats: first } : {}),
        ...behind,
        _id: behind['_id'] ?? 1,
      }).map(([name, way]): [string, 1 | -1] => [name, way === query.turned ? 1 : -1]);
      return {
        filter: query.filter,
        limit: query.limit,
        sort: query.order === 'other' ? query.sort : Object.fromEntries(own),
      };
    });
const cases = fc
  .uniqueArray(index, { minLength: 1, maxLength: 3, selector: (key) => JSON.stringify(key) })
  .chain((indexes) =>
    fc.record({
      documents,
      indexes: fc.constant(indexes),
      queries: fc.array(fc.constantFrom(...indexes).chain(inOrderOf), { minLength: 8, maxLength: 8 }),
    }),
  );

/** An index over the seats of a room, as the service has it. */
const ROOMS = { seats: 1, 'activity.buyer': -1, _id: -1 } as const;
const LIST = { 'activity.buyer': -1, _id: -1 } as const;
const room = (at: number): Row => ({ _id: at, seats: ['s', `t${at % 3}`], activity: { buyer: new Date(at % 7) } });

describe('embedded database: an index of which one field holds arrays', () => {
  let dataDir: string;
  let database: EmbeddedDatabase;
  let client: MongoClient;
  beforeEach(async () => {
    dataDir = await mkdtemp(join(tmpdir(), 'engine-'));
    await begin();
  });
  afterEach(async () => {
    await end();
    await rm(dataDir, { recursive: true, force: true });
  });

  const begin = async (): Promise<void> => {
    database = await startEmbedded({ dataDir });
    client = await new MongoClient(database.uri, { serverSelectionTimeoutMS: 30_000 }).connect();
  };
  const end = async (): Promise<void> => {
    await client.close();
    await database.stop();
  };
  const collection = (name: string): Collection<Row> => client.db('multikey').collection<Row>(name);

  const winningPlan = async (c: Collection<Row>, { filter: by, sort: order, limit }: Query): Promise<string> =>
    JSON.stringify((await c.find(by, { sort: order, limit }).explain('queryPlanner'))['queryPlanner'].winningPlan);
  const list = (by: Document = { seats: 's' }, order: Record<string, 1 | -1> = LIST): Promise<string> =>
    winningPlan(collection('rooms'), { filter: by, sort: order, limit: 51 });

  /** Whether index and scan answer alike; tells whether a multikey index gave the order. */
  const compare = async (c: Collection<Row>, query: Query): Promise<boolean> => {
    const { filter: by, ...options } = query;
    const how = await winningPlan(c, query);
    const ids = async (more: Document): Promise<number[]> =>
      (await c.find(by, { ...options, ...more }).toArray()).map(({ _id }) => _id);
    // Two arrays in one sort are refused.
    const scanned = await ids({ hint: { $natural: 1 } }).catch((error: { code: number }) => {
      expect(error.code).to.equal(2);
    });
    if (!scanned) return false;
    expect(await ids({ batchSize: 2 }), `${JSON.stringify(query)} ${how}`).to.deep.equal(scanned);
    return how.includes('"isMultiKey":true') && !how.includes('"SORT"');
  };

  it('finds and orders what a scan finds, with limits and other conditions, and after a restart', async () => {
    const done: { name: string; queries: readonly Query[] }[] = [];
    let ordered = 0;
    await fc.assert(
      fc.asyncProperty(cases, async ({ documents: rows, indexes, queries }) => {
        const name = `run${done.length}`;
        done.push({ name, queries });
        const c = collection(name);
        // Half of the indexes are there before the documents, the other half is built over them; two arrays in one index are refused.
        const refused = (error: { code: number }): void => void expect(error.code).to.equal(171);
        const half = Math.ceil(indexes.length / 2);
        for (const key of indexes.slice(0, half)) await c.createIndex(key);
        for (const [at, row] of rows.entries()) await c.insertOne({ ...row, _id: at }).catch(refused);
        for (const key of indexes.slice(half)) await c.createIndex(key).catch(refused);
        for (const query of queries) if (await compare(c, query)) ordered += 1;
        await c.updateMany({ _id: { $mod: [5, 0] } }, [{ $set: { x: '$seats', seats: '$x' } }]).catch(refused);
        await c.updateMany({ _id: { $mod: [5, 1] } }, { $set: { 'n.d': [1, 'a'] } }).catch(() => undefined);
        expect((await client.db('multikey').command({ validate: name }))['errors']).to.deep.equal([]);
        for (const query of queries) if (await compare(c, query)) ordered += 1;
      }),
      { numRuns: RUNS },
    );
    // Else the property would say nothing about what it is for.
    expect(ordered).to.be.greaterThan(RUNS / 4);
    await end();
    await begin();
    let orderedAfter = 0;
    for (const { name, queries } of done)
      for (const query of queries) if (await compare(collection(name), query)) orderedAfter += 1;
    expect(orderedAfter).to.be.greaterThan(RUNS / 8);
  });

  it('gives the order behind one value of that field, and keeps it in mind over a restart', async () => {
    const rooms = collection('rooms');
    await rooms.createIndex(ROOMS);
    await rooms.insertMany(Array.from({ length: 40 }, (_, at) => room(at)));
    const inOrder = async (): Promise<void> => {
      for (const by of [
        { seats: 's' },
        {
          seats: 's',
          'activity.buyer': { $lte: new Date(4) },
          $or: [{ 'activity.buyer': { $lt: new Date(4) } }, { _id: 3 }],
        },
      ])
        expect(await list(by))
          .to.include('IXSCAN')
          .and.not.include('"SORT"');
    };
    await inOrder();
    await end();
    await begin();
    await inOrder();
    // Two values of the field, or the field itself in the sort, have no order in the index.
    expect(await list({ seats: { $in: ['s', 't1'] } })).to.include('"SORT"');
    expect(await list({ seats: 's' }, { seats: 1, ...LIST })).to.include('"SORT"');
    // One document with an array in the sorted field takes the order away, for as long as the index lives.
    await collection('rooms').updateOne({ _id: 1 }, { $set: { seats: 's', activity: [{ buyer: 1 }, { buyer: 2 }] } });
    await collection('rooms').deleteOne({ _id: 1 });
    expect(await list()).to.include('"SORT"');
    await end();
    await begin();
    expect(await list()).to.include('"SORT"');
  });

  it('reads a directory of format 1, which does not know the fields, as one in which every field may hold arrays', async () => {
    const rooms = collection('rooms');
    await rooms.createIndex(ROOMS);
    await rooms.createIndex({ _id: -1, 'activity.buyer': 1 });
    await rooms.insertMany(Array.from({ length: 20 }, (_, at) => room(at)));
    await rooms
      .insertOne({ _id: 20, seats: 's', activity: [{ buyer: new Date(3) }, { buyer: new Date(9) }] })
      .catch(() => undefined);
    await end();
    await withCatalog((catalog) => {
      catalog.putSync(Buffer.from('format'), Buffer.from('1'));
      for (const { key, value } of [...catalog.getRange({ start: Buffer.from('c'), end: Buffer.from('d') })]) {
        const record = decode(value);
        for (const one of record['indexes'] as Document[]) delete one['multikeyFields'];
        catalog.putSync(key, Buffer.from(encode(record)));
      }
    });
    await begin();
    expect(await list()).to.include('"SORT"');
    await compare(collection('rooms'), { filter: { seats: 's' }, sort: LIST, limit: 5 });
    await collection('rooms').insertOne(room(30));
    await end();
    await withCatalog((catalog) => void expect(catalog.get(Buffer.from('format'))?.toString()).to.equal('3'));
    await begin();
    expect(await list()).to.include('"SORT"');
    // An index that is built anew knows.
    await collection('rooms').deleteOne({ _id: 20 });
    await collection('rooms').dropIndex('seats_1_activity.buyer_-1__id_-1');
    await collection('rooms').createIndex(ROOMS);
    expect(await list()).not.to.include('"SORT"');
  });

  it('finds a document of which two elements of one array meet one condition each', async () => {
    const c = collection('elements');
    await c.createIndex({ 'n.c': 1, 'n.d': 1 });
    await c.insertOne({
      _id: 1,
      n: [
        { c: 1, d: 9 },
        { c: 9, d: 2 },
      ],
    });
    expect(await c.countDocuments({ 'n.c': 1, 'n.d': 2 })).to.equal(1);
    expect(await c.countDocuments({ 'n.c': { $gt: 5, $lt: 2 } })).to.equal(1);
    expect(await c.countDocuments({ n: { $elemMatch: { c: 1, d: 2 } } })).to.equal(0);
  });

  it('meets a document once, also when the first array comes between two batches', async () => {
    const c = collection('late');
    await c.createIndex({ x: 1 });
    await c.insertMany(Array.from({ length: 6 }, (_, at) => ({ _id: at, x: at })));
    const cursor = c.find({ x: { $gte: 0 } }, { batchSize: 2 });
    const found: number[] = [];
    for (let at = 0; at < 2; at++) found.push((await cursor.next())?._id ?? -1);
    await c.insertOne({ _id: 9, x: [10, 11, 12] });
    for await (const { _id } of cursor) found.push(_id);
    expect(found).to.deep.equal([0, 1, 2, 3, 4, 5, 9]);
  });

  const withCatalog = async (work: (catalog: Database<Buffer, Buffer>) => void): Promise<void> => {
    const root = open<Buffer, Buffer>({
      path: join(dataDir, 'engine.mdb'),
      noSubdir: true,
      keyEncoding: 'binary',
      encoding: 'binary',
      maxDbs: 4,
      overlappingSync: false,
    });
    const catalog = root.openDB<Buffer, Buffer>('catalog', { keyEncoding: 'binary', encoding: 'binary' });
    root.transactionSync(() => work(catalog));
    await root.close();
  };
});
