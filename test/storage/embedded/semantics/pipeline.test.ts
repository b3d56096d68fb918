import { Decimal128, Double, Long } from 'bson';
import { expect } from 'chai';
import { type Doc, runPipeline } from '../../../../server/storage/embedded/semantics/index.ts';

const now = new Date(1_700_000_000_000);

function run(stages: Doc[], source: Doc[], collections: Record<string, Doc[]> = {}): Doc[] {
  let next = 0;
  const random = (): number => ((next += 0.37) * 7) % 1;
  return [...runPipeline(stages, source, { collection: (name) => collections[name] ?? [], now, random })];
}

function code(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as { code?: number }).code;
  }
  return 'no error';
}

describe('stages', () => {
  const sales: Doc[] = [
    { _id: 1, who: 'a', n: 5, tags: ['x', 'y'] },
    { _id: 2, who: 'b', n: 7, tags: [] },
    { _id: 3, who: 'a', n: 1 },
    { _id: 4, n: 2, tags: 'z' },
  ];

  it('$match, $sort, $skip, $limit', () => {
    expect(
      run([{ $match: { n: { $gt: 1 } } }, { $sort: { n: -1 } }, { $skip: 1 }, { $limit: 1 }], sales),
    ).to.deep.equal([sales[0]]);
  });

  it('$group: sums, means, firsts, lists without what is missing; null and missing are one group', () => {
    const groups = run(
      [
        {
          $group: {
            _id: '$who',
            sum: { $sum: '$n' },
            mean: { $avg: '$n' },
            first: { $first: '$n' },
            last: { $last: '$tags' },
            all: { $push: '$tags' },
            n: { $count: {} },
          },
        },
        { $sort: { _id: 1 } },
      ],
      [...sales, { _id: 5, who: null, n: 'text' }],
    );
    expect(groups).to.deep.equal([
      { _id: null, sum: 2, mean: new Double(2), first: 2, last: null, all: ['z'], n: 2 },
      { _id: 'a', sum: 6, mean: new Double(3), first: 5, last: null, all: [['x', 'y']], n: 2 },
      { _id: 'b', sum: 7, mean: new Double(7), first: 7, last: [], all: [[]], n: 1 },
    ]);
  });

  it('$group by value: 1, 1.0 and Decimal128 1 are one', () => {
    const groups = run(
      [{ $group: { _id: '$n', ids: { $push: '$_id' } } }],
      [
        { _id: 1, n: 1 },
        { _id: 2, n: new Double(1) },
        { _id: 3, n: Decimal128.fromString('1.0') },
        { _id: 4, n: '1' },
      ],
    );
    expect(groups.map(({ ids }) => ids)).to.deep.equal([[1, 2, 3], [4]]);
  });

  it('$group: the extremes, sets, merged documents, the n of a kind', () => {
    const [group] = run(
      [
        { $sort: { n: 1 } },
        {
          $group: {
            _id: null,
            least: { $min: '$n' },
            set: { $addToSet: '$who' },
            merged: { $mergeObjects: { a: '$n' } },
            top: { $top: { sortBy: { n: -1 }, output: '$_id' } },
            two: { $bottomN: { sortBy: { n: -1 }, output: '$n', n: 2 } },
            firsts: { $firstN: { input: '$n', n: 2 } },
            greatest: { $maxN: { input: '$n', n: 2 } },
          },
        },
      ],
      sales,
    );
    expect(group).to.deep.equal({
      _id: null,
      least: 1,
      set: ['a', 'b'],
      merged: { a: 7 },
      top: 2,
      two: [2, 1],
      firsts: [1, 2],
      greatest: [7, 5],
    });
  });

  it('sums keep their type: whole numbers, then Longs, doubles with the error carried, decimals exactly', () => {
    const sum = (...items: unknown[]): unknown =>
      run(
        [{ $group: { _id: null, sum: { $sum: '$n' } } }],
        items.map((n) => ({ n })),
      )[0]?.['sum'];
    expect(sum(2147483647, 1)).to.deep.equal(Long.fromNumber(2147483648));
    expect(sum(Long.MAX_VALUE, Long.MAX_VALUE)).to.equal(18446744073709552000);
    expect(sum(0.1, 0.2, 0.3, 1e100, -1e100)).to.equal(0.6);
    expect(String(sum(Decimal128.fromString('0.1'), Decimal128.fromString('0.2'), 1))).to.equal('1.3');
    expect(sum('text', null)).to.equal(0);
  });

  it('$unwind: elements, scalars, the index, and what is empty', () => {
    expect(run([{ $unwind: '$tags' }, { $project: { tags: 1 } }], sales)).to.deep.equal([
      { _id: 1, tags: 'x' },
      { _id: 1, tags: 'y' },
      { _id: 4, tags: 'z' },
    ]);
    const kept = run(
      [
        { $unwind: { path: '$tags', preserveNullAndEmptyArrays: true, includeArrayIndex: 'at' } },
        { $project: { at: 1, tags: 1 } },
      ],
      sales,
    );
    expect(kept.slice(1, 4)).to.deep.equal([
      { _id: 1, tags: 'y', at: Long.ONE },
      { _id: 2, at: null },
      { _id: 3, at: null },
    ]);
  });

  it('$count of nothing is nothing', () => {
    expect(run([{ $count: 'n' }], sales)).to.deep.equal([{ n: 4 }]);
    expect(run([{ $match: { n: 99 } }, { $count: 'n' }], sales)).to.deep.equal([]);
  });

  it('$lookup by fields: elements of an array, null with missing, numbers of any width', () => {
    const people = [{ _id: 'a', k: 1 }, { _id: 'b', k: new Double(2) }, { _id: 'c' }];
    const joined = run(
      [{ $lookup: { from: 'people', localField: 'k', foreignField: 'k', as: 'p.found' } }],
      [{ k: [1, Long.fromNumber(2)] }, { k: 9 }, {}],
      { people },
    );
    expect(joined.map((doc) => ((doc['p'] as Doc)['found'] as Doc[]).map((one) => one['_id']))).to.deep.equal([
      ['a', 'b'],
      [],
      ['c'],
    ]);
  });

  it('$lookup by index where there is one', () => {
    const asked: unknown[] = [];
    const lookupBy = (name: string, field: string, values: unknown[]): Doc[] => {
      asked.push([name, field, values]);
      return [{ _id: 7 }];
    };
    const stages = [{ $lookup: { from: 'p', localField: 'k', foreignField: 'f', as: 'p' } }];
    const [doc] = [...runPipeline(stages, [{ k: [1, 2] }], { collection: () => [], lookupBy, now })];
    expect(doc).to.deep.equal({ k: [1, 2], p: [{ _id: 7 }] });
    expect(asked).to.deep.equal([['p', 'f', [1, 2]]]);
  });

  it('$lookup by a pipeline with variables, also inside of one another', () => {
    const items = [
      { _id: 1, owner: 'a', n: 1 },
      { _id: 2, owner: 'a', n: 5 },
      { _id: 3, owner: 'b', n: 9 },
    ];
    const inner = {
      $lookup: {
        from: 'items',
        let: { n: '$n' },
        pipeline: [
          { $match: { $expr: { $and: [{ $lt: ['$n', '$$n'] }, { $eq: ['$owner', '$$me'] }] } } },
          { $project: { _id: 1 } },
        ],
        as: 'less',
      },
    };
    const [doc] = run(
      [
        {
          $lookup: {
            from: 'items',
            let: { me: '$_id' },
            pipeline: [{ $match: { $expr: { $eq: ['$owner', '$$me'] } } }, inner, { $project: { less: 1 } }],
            as: 'mine',
          },
        },
      ],
      [{ _id: 'a' }],
      { items },
    );
    expect(doc).to.deep.equal({
      _id: 'a',
      mine: [
        { _id: 1, less: [] },
        { _id: 2, less: [{ _id: 1 }] },
      ],
    });
  });

  it('$facet, $unionWith, $replaceRoot, $sortByCount, $bucket', () => {
    expect(
      run([{ $facet: { a: [{ $limit: 1 }, { $project: { _id: 1 } }], b: [{ $count: 'n' }] } }], sales),
    ).to.deep.equal([{ a: [{ _id: 1 }], b: [{ n: 4 }] }]);
    expect(
      run([{ $limit: 1 }, { $unionWith: { coll: 'o', pipeline: [{ $match: { x: 1 } }] } }, { $count: 'n' }], sales, {
        o: [{ x: 1 }, { x: 2 }],
      }),
    ).to.deep.equal([{ n: 2 }]);
    expect(
      run([{ $limit: 1 }, { $replaceRoot: { newRoot: { $mergeObjects: ['$$ROOT', { n: 0 }] } } }], sales),
    ).to.deep.equal([{ ...sales[0], n: 0 }]);
    expect(run([{ $match: { who: { $exists: true } } }, { $sortByCount: '$who' }], sales)).to.deep.equal([
      { _id: 'a', count: 2 },
      { _id: 'b', count: 1 },
    ]);
    expect(run([{ $bucket: { groupBy: '$n', boundaries: [0, 5, 6], default: 'more' } }], sales)).to.deep.equal([
      { _id: 0, count: 2 },
      { _id: 5, count: 1 },
      { _id: 'more', count: 1 },
    ]);
  });

  it('$graphLookup follows links once each', () => {
    const links = [
      { _id: 1, to: 2 },
      { _id: 2, to: 3 },
      { _id: 3, to: 1 },
    ];
    const [doc] = run(
      [
        {
          $graphLookup: {
            from: 'links',
            startWith: '$_id',
            connectFromField: 'to',
            connectToField: '_id',
            as: 'way',
            depthField: 'd',
          },
        },
      ],
      [{ _id: 1 }],
      { links },
    );
    expect(((doc?.['way'] ?? []) as Doc[]).map(({ _id, d }) => [_id, d])).to.deep.equal([
      [1, 0],
      [2, 1],
      [3, 2],
    ]);
  });

  it('$sample draws without repetition', () => {
    const drawn = run([{ $sample: { size: 3 } }], sales).map(({ _id }) => _id);
    expect(new Set(drawn).size).to.equal(3);
    expect(run([{ $sample: { size: 30 } }], sales)).to.have.length(4);
  });

  it('$addFields replaces in place, adds behind and goes into arrays', () => {
    const [doc] = run(
      [{ $addFields: { a: 2, 'list.y': '$b', c: '$$REMOVE', d: 4 } }],
      [{ a: 1, b: 3, c: 1, list: [{ x: 1 }, 5] }],
    );
    expect(doc).to.deep.equal({ a: 2, b: 3, list: [{ x: 1, y: 3 }, { y: 3 }], d: 4 });
    expect(Object.keys(doc ?? {})).to.deep.equal(['a', 'b', 'list', 'd']);
  });

  it('change nothing in what comes in', () => {
    const source: Doc[] = [{ _id: 1, a: { b: 1 }, list: [{ x: 1 }] }];
    const before = structuredClone(source);
    run(
      [
        { $set: { 'a.c': 1, 'list.y': 2 } },
        { $unset: 'a.b' },
        { $project: { list: { $concatArrays: ['$list', [1]] } } },
      ],
      source,
    );
    expect(source).to.deep.equal(before);
  });

  const refused: readonly (readonly [stages: Doc[], code: number])[] = [
    [[{ $foo: 1 }], 40324],
    [[{}], 40323],
    [[{ $match: {}, $limit: 1 }], 40323],
    [[{ $setWindowFields: {} }], 238],
    [[{ $out: 'x' }], 238],
    [[{ $group: { n: { $sum: 1 } } }], 15955],
    [[{ $group: { _id: null, n: { $foo: 1 } } }], 15952],
    [[{ $group: { _id: null, n: 1 } }], 40234],
    [[{ $limit: 0 }], 15958],
    [[{ $skip: -1 }], 5107200],
    [[{ $sort: {} }], 15976],
    [[{ $unwind: 'a' }], 28818],
    [[{ $project: {} }], 51272],
    [[{ $count: '' }], 40157],
    [[{ $lookup: { from: 'x' } }], 9],
    [[{ $facet: { a: [{ $facet: {} }] } }], 40600],
    [[{ $project: { a: { $foo: 1 } } }], 168],
    [[{ $project: { a: '$$nobody' } }], 17276],
    [[{ $project: { a: { $eq: [1] } } }], 16020],
  ];
  for (const [stages, expected] of refused) {
    it(`refuse ${JSON.stringify(stages)} with ${expected}, before any document`, () => {
      expect(code(() => runPipeline(stages, [], { collection: () => [], now }))).to.equal(expected);
    });
  }
});
