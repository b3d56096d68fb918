import { BSONRegExp, Decimal128, Double, Long, MaxKey, MinKey, ObjectId } from 'bson';
import { expect } from 'chai';
import {
  compileFilter,
  compileSort,
  type Doc,
  indexKeys,
  sortBy,
  UNDEFINED,
} from '../../../../server/storage/embedded/semantics/index.ts';

function matches(filter: Doc, ...docs: Doc[]): boolean[] {
  const compiled = compileFilter(filter);
  return docs.map((doc) => compiled.matches(doc));
}

describe('filters', () => {
  const cases: readonly (readonly [title: string, filter: Doc, yes: readonly Doc[], no: readonly Doc[]])[] = [
    [
      'null matches null and missing, not a value',
      { a: null },
      [{}, { a: null }, { a: [1, null] }],
      [{ a: 0 }, { a: [] }],
    ],
    [
      'null below an array matches an element that lacks the field',
      { 'a.b': null },
      [{ a: [{ b: 1 }, {}] }, { a: 5 }, {}],
      [{ a: [] }, { a: [1] }],
    ],
    [
      'equality knows no widths',
      { a: 2 },
      [{ a: Long.fromNumber(2) }, { a: new Double(2) }, { a: Decimal128.fromString('2.0') }],
      [{ a: '2' }],
    ],
    [
      'sub-documents are equal with the order of their fields',
      { a: { x: 1, y: 2 } },
      [{ a: { x: 1, y: 2 } }],
      [{ a: { y: 2, x: 1 } }, { a: { x: 1 } }],
    ],
    [
      'an array matches whole or as an element',
      { a: [1, 2] },
      [{ a: [1, 2] }, { a: [[1, 2]] }],
      [{ a: [2, 1] }, { a: [1, 2, 3] }],
    ],
    [
      'ranges stay within their type',
      { a: { $gte: 5 } },
      [{ a: 5 }, { a: Long.fromNumber(6) }, { a: [1, 7] }],
      [{ a: '6' }, { a: null }, { a: Number.NaN }, {}],
    ],
    ['$lte null matches null and missing', { a: { $lte: null } }, [{}, { a: null }], [{ a: 0 }]],
    ['NaN equals itself alone', { a: { $gte: Number.NaN } }, [{ a: Number.NaN }], [{ a: 1 }]],
    [
      'the ends of the order',
      { a: { $gt: new MinKey(), $lt: new MaxKey() } },
      [{ a: 1 }, { a: 'x' }],
      [{ a: new MinKey() }, { a: new MaxKey() }],
    ],
    [
      '$in by value, with patterns and null',
      { a: { $in: [1, /^x/, null, [3]] } },
      [{ a: new Double(1) }, { a: 'xy' }, {}, { a: [3] }, { a: [[3]] }],
      [{ a: 3 }, { a: 'y' }],
    ],
    ['$nin', { a: { $nin: [1, null] } }, [{ a: 2 }], [{ a: 1 }, {}, { a: [1, 2] }]],
    ['$ne counts elements', { a: { $ne: 1 } }, [{ a: 2 }, {}], [{ a: [1, 2] }]],
    ['$not', { a: { $not: { $gt: 1 } } }, [{ a: 1 }, {}, { a: 'x' }], [{ a: 2 }, { a: [0, 2] }]],
    ['$exists', { 'a.b': { $exists: true } }, [{ a: { b: null } }, { a: [{}, { b: 1 }] }], [{ a: {} }, { a: 1 }]],
    [
      '$type by alias, number and group',
      { a: { $type: ['objectId', 16] } },
      [{ a: new ObjectId() }, { a: 1 }, { a: ['x', 1] }],
      [{ a: Long.ONE }, { a: 1.5 }],
    ],
    ['$type array', { a: { $type: 'array' } }, [{ a: [] }], [{ a: 1 }]],
    ['$size counts the array itself', { a: { $size: 2 } }, [{ a: [1, [2]] }], [{ a: [[1, 2]] }, { a: 2 }]],
    ['$all with one of several', { a: { $all: [1, 2] } }, [{ a: [2, 1, 3] }], [{ a: [1] }, { a: 1 }]],
    ['$all of nothing matches nothing', { a: { $all: [] } }, [], [{ a: [] }, {}]],
    [
      '$elemMatch on documents',
      { a: { $elemMatch: { x: 1, y: 2 } } },
      [{ a: [{ x: 1, y: 2 }] }],
      [{ a: [{ x: 1 }, { y: 2 }] }, { a: { x: 1, y: 2 } }],
    ],
    ['$elemMatch on values', { a: { $elemMatch: { $gt: 1, $lt: 3 } } }, [{ a: [0, 2] }], [{ a: [0, 4] }, { a: 2 }]],
    ['$regex with options', { a: { $regex: '^AB.c', $options: 'is' } }, [{ a: 'ab\nc' }], [{ a: 'xabxc' }, { a: 5 }]],
    [
      'a stored expression equals itself',
      { a: new BSONRegExp('^a', 'i') },
      [{ a: 'Abc' }, { a: new BSONRegExp('^a', 'i') }],
      [{ a: 'b' }],
    ],
    ['$mod cuts', { a: { $mod: [4, 1] } }, [{ a: 5 }, { a: 5.9 }, { a: Long.fromNumber(9) }], [{ a: 4 }, { a: 'x' }]],
    ['bits', { a: { $bitsAllSet: [0, 2] } }, [{ a: 5 }, { a: Long.fromNumber(7) }], [{ a: 4 }, { a: 1.5 }]],
    [
      'a number in a path picks an element',
      { 'a.1': 'y' },
      [{ a: ['x', 'y'] }, { a: { 1: 'y' } }],
      [{ a: ['y', 'x'] }],
    ],
    ['$expr', { $expr: { $gt: ['$a', '$b'] } }, [{ a: 2, b: 1 }, { a: 1 }], [{ a: 1, b: 1 }]],
    ['$comment says nothing', { $comment: 'why', a: 1 }, [{ a: 1 }], [{ a: 2 }]],
    [
      '$or, $and and $nor',
      { $or: [{ a: 1 }, { $and: [{ b: 1 }, { $nor: [{ c: 1 }] }] }] },
      [{ a: 1 }, { b: 1 }],
      [{ b: 1, c: 1 }, {}],
    ],
    ['names of the prototype are missing', { constructor: { $exists: true } }, [{ ['constructor']: 1 }], [{}]],
  ];
  for (const [title, filter, yes, no] of cases) {
    it(title, () => {
      expect(matches(filter, ...yes), 'match').to.deep.equal(yes.map(() => true));
      expect(matches(filter, ...no), 'do not match').to.deep.equal(no.map(() => false));
    });
  }

  it('tell the position for `$`, in the outermost array', () => {
    expect(compileFilter({ 'a.b': 2 }).position({ a: [{ b: 1 }, { b: [1, 2] }] })).to.equal(1);
    expect(compileFilter({ a: { $elemMatch: { $gt: 1 } } }).position({ a: [1, 2, 3] })).to.equal(1);
    expect(compileFilter({ a: 1 }).position({ a: 1 })).to.equal(undefined);
  });

  it('say which fields they read, and whether they read any', () => {
    expect([
      ...(compileFilter({ 'a.b': 1, $or: [{ c: 1 }, { d: { $elemMatch: { x: 1 } } }] }).fields ?? []),
    ]).to.have.members(['a', 'c', 'd']);
    expect(compileFilter({ $expr: '$a' }).fields).to.equal(null);
    expect(compileFilter({}).always).to.equal(true);
  });

  it('search a thousand ids without comparing them one by one', () => {
    const ids = Array.from({ length: 2000 }, (_, index) => new ObjectId(index.toString(16).padStart(24, '0')));
    const filter = compileFilter({ _id: { $in: ids } });
    const found = ids.filter((id) => filter.matches({ _id: id }));
    expect(found).to.have.length(2000);
    expect(filter.matches({ _id: new ObjectId('ffffffffffffffffffffffff') })).to.equal(false);
  });

  const refused: readonly (readonly [filter: Doc, code: number])[] = [
    [{ a: { $foo: 1 } }, 2],
    [{ $foo: 1 }, 2],
    [{ $or: [] }, 2],
    [{ $and: {} }, 2],
    [{ a: { $in: 1 } }, 2],
    [{ a: { $in: [{ $gt: 1 }] } }, 2],
    [{ a: { $gt: 1, b: 2 } }, 2],
    [{ a: { $regex: '(' } }, 51091],
    [{ a: { $regex: 'a', $options: 'q' } }, 51108],
    [{ a: { $options: 'i' } }, 2],
    [{ a: { $ne: /x/ } }, 2],
    [{ a: { $not: 1 } }, 2],
    [{ a: { $size: -1 } }, 2],
    [{ a: { $mod: [0, 1] } }, 2],
    [{ a: { $type: 'no such' } }, 2],
    [{ a: { $elemMatch: 1 } }, 2],
    [{ $where: 'true' }, 238],
    [{ $text: { $search: 'x' } }, 238],
    [{ a: { $near: [0, 0] } }, 238],
  ];
  for (const [filter, code] of refused) {
    it(`refuse ${JSON.stringify(filter)} with ${code}`, () => {
      expect(() => compileFilter(filter))
        .to.throw()
        .with.property('code', code);
    });
  }

  it('refuse to guess the time where nobody told it', () => {
    const filter = { $expr: { $lt: ['$at', '$$NOW'] } };
    expect(() => compileFilter(filter))
      .to.throw()
      .with.property('code', 51144);
    expect(compileFilter(filter, { now: new Date(2) }).matches({ at: new Date(1) })).to.equal(true);
  });

  it('refuse a collation that is not the simple one', () => {
    expect(() => compileFilter({}, { collation: { locale: 'zh' } }))
      .to.throw()
      .with.property('code', 238);
    expect(compileFilter({}, { collation: { locale: 'simple' } }).always).to.equal(true);
  });
});

describe('sorts', () => {
  const ids = (docs: readonly Doc[]): unknown[] => docs.map((doc) => doc['_id']);

  it('take the least element going up and the greatest going down; an empty array lies below null', () => {
    const docs: Doc[] = [{ _id: 1, a: [5, 1] }, { _id: 2, a: 3 }, { _id: 3 }, { _id: 4, a: [] }, { _id: 5, a: null }];
    expect(ids(sortBy(docs, (doc) => doc, { a: 1, _id: 1 }))).to.deep.equal([4, 3, 5, 1, 2]);
    expect(ids(sortBy(docs, (doc) => doc, { a: -1, _id: 1 }))).to.deep.equal([1, 2, 3, 5, 4]);
  });

  it('choose one element for all fields of an array of documents', () => {
    const docs = [
      {
        _id: 1,
        a: [
          { x: 1, y: 9 },
          { x: 2, y: 0 },
        ],
      },
      { _id: 2, a: [{ x: 1, y: 5 }] },
    ];
    expect(ids(sortBy(docs, (doc) => doc, { 'a.x': 1, 'a.y': 1 }))).to.deep.equal([2, 1]);
    expect(() => sortBy([{ a: [1], b: [1] }], (doc: Doc) => doc, { a: 1, b: 1 }))
      .to.throw()
      .with.property('code', 2);
  });

  it('keep only as many as asked for, the same as sorting all', () => {
    const docs: Doc[] = Array.from({ length: 5000 }, (_, index) => ({ _id: (index * 7919) % 5000 }));
    const all = sortBy(docs, (doc) => doc, { _id: 1 });
    expect(sortBy(docs, (doc) => doc, { _id: 1 }, 10)).to.deep.equal(all.slice(0, 10));
    expect([...docs].sort(compileSort({ _id: 1 }))).to.deep.equal(all);
  });

  it('refuse a direction that is none', () => {
    expect(() => compileSort({ a: 2 }))
      .to.throw()
      .with.property('code', 15975);
    expect(() => compileSort({ a: 'up' }))
      .to.throw()
      .with.property('code', 15974);
  });
});

describe('the keys of a document in an index', () => {
  const cases: readonly (readonly [title: string, doc: Doc, pattern: Doc, keys: unknown[][]])[] = [
    ['scalars', { a: 1, b: 'x' }, { a: 1, b: -1 }, [[1, 'x']]],
    ['what is missing is null', { a: 1 }, { a: 1, b: 1 }, [[1, null]]],
    [
      'an element each',
      { a: [1, 2], b: 3 },
      { a: 1, b: 1 },
      [
        [1, 3],
        [2, 3],
      ],
    ],
    ['through documents in an array', { a: [{ b: 1 }, { c: 2 }, 5] }, { 'a.b': 1 }, [[1], [null], [null]]],
    [
      'two paths through one array together',
      { a: [{ b: 1, c: 2 }, { b: 3 }] },
      { 'a.b': 1, 'a.c': 1 },
      [
        [1, 2],
        [3, null],
      ],
    ],
    ['an empty array', { a: [] }, { a: 1, 'a.b': 1 }, [[UNDEFINED, null]]],
    ['an array in an array is one key', { a: [[1, 2]] }, { a: 1 }, [[[1, 2]]]],
    ['a number picks an element', { a: [{ b: 1 }, { b: 2 }] }, { 'a.1.b': 1 }, [[2]]],
  ];
  for (const [title, doc, pattern, keys] of cases) {
    it(title, () => {
      expect(indexKeys(doc, pattern).keys).to.deep.equal(keys);
    });
  }

  it('two arrays side by side are refused', () => {
    expect(() => indexKeys({ a: [1], b: [2] }, { a: 1, b: 1 }))
      .to.throw()
      .with.property('code', 171);
  });

  it('tells whether any field is there, for sparse indexes', () => {
    expect(indexKeys({ c: 1 }, { a: 1 }).anyPresent).to.equal(false);
    expect(indexKeys({ a: null }, { a: 1 }).anyPresent).to.equal(true);
  });
});
