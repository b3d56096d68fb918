import { Decimal128, Double, Long, ObjectId } from 'bson';
import { expect } from 'chai';
import {
  compileFilter,
  compileUpdate,
  decode,
  type Doc,
  encode,
} from '../../../../server/storage/embedded/semantics/index.ts';

const now = new Date(1_700_000_000_000);

function apply(doc: Doc, update: Doc | Doc[], filter: Doc = {}, arrayFilters: Doc[] = []): Doc {
  return decode(
    compileUpdate(update, { upsert: false, now, arrayFilters }).apply(encode(doc), compileFilter(filter)).raw,
  );
}

function insert(filter: Doc, update: Doc | Doc[]): Doc {
  return decode(compileUpdate(update, { upsert: true, now }).insert(filter));
}

function code(act: () => unknown): unknown {
  try {
    act();
  } catch (error) {
    return (error as { code?: number }).code;
  }
  return 'no error';
}

describe('update operators', () => {
  const cases: readonly (readonly [title: string, doc: Doc, update: Doc, after: Doc])[] = [
    ['$set makes the path', { _id: 1 }, { $set: { 'a.b': 1 } }, { _id: 1, a: { b: 1 } }],
    ['$set in and beyond an array, filled with null', { a: [1] }, { $set: { 'a.3': 4 } }, { a: [1, null, null, 4] }],
    [
      '$unset leaves null in an array and lets a number be',
      { a: [1, 2], b: 5 },
      { $unset: { 'a.0': '', 'b.c': '' } },
      { a: [null, 2], b: 5 },
    ],
    [
      '$inc keeps the wider type',
      { a: 1, b: Long.ONE, c: 1.5 },
      { $inc: { a: 1, b: 1, c: 1, d: 7 } },
      { a: 2, b: Long.fromNumber(2), c: 2.5, d: 7 },
    ],
    [
      '$inc of an Int32 beyond its end becomes a Long',
      { a: 2147483647 },
      { $inc: { a: 1 } },
      { a: Long.fromNumber(2147483648) },
    ],
    [
      '$inc with decimals is exact',
      { a: Decimal128.fromString('0.1') },
      { $inc: { a: Decimal128.fromString('0.2') } },
      { a: Decimal128.fromString('0.3') },
    ],
    ['$mul of nothing is zero', { _id: 1 }, { $mul: { a: Long.fromNumber(5) } }, { _id: 1, a: Long.ZERO }],
    [
      '$min and $max compare across types',
      { a: 5, b: 'x' },
      { $min: { a: 3, b: 9 }, $max: { c: 1 } },
      { a: 3, b: 9, c: 1 },
    ],
    ['$rename', { a: 1, b: 2 }, { $rename: { a: 'c.d', x: 'y' } }, { b: 2, c: { d: 1 } }],
    ['$currentDate', { _id: 1 }, { $currentDate: { at: true } }, { _id: 1, at: now }],
    ['$bit', { a: 12 }, { $bit: { a: { and: 10, or: 1 } } }, { a: 9 }],
    [
      '$push with all its clauses',
      { a: [5, 1] },
      { $push: { a: { $each: [4, 2], $position: 0, $sort: -1, $slice: 3 } } },
      { a: [5, 4, 2] },
    ],
    [
      '$push sorts documents by a field',
      { a: [{ n: 2 }] },
      { $push: { a: { $each: [{ n: 1 }, {}], $sort: { n: 1 } } } },
      { a: [{}, { n: 1 }, { n: 2 }] },
    ],
    [
      '$addToSet by value, keeping what repeats already',
      { a: [1, 1] },
      { $addToSet: { a: { $each: [new Double(1), 2, 2] } } },
      { a: [1, 1, 2] },
    ],
    ['$pull by condition', { a: [1, 5, 7] }, { $pull: { a: { $gte: 5 } } }, { a: [1] }],
    [
      '$pull of documents by their fields',
      { a: [{ x: 1, y: 1 }, { x: 2 }] },
      { $pull: { a: { x: 1 } } },
      { a: [{ x: 2 }] },
    ],
    ['$pullAll', { a: [1, 2, 1, 3] }, { $pullAll: { a: [1, 3] } }, { a: [2] }],
    ['$pop at both ends', { a: [1, 2, 3], b: [1, 2] }, { $pop: { a: 1, b: -1 } }, { a: [1, 2], b: [2] }],
    ['$setOnInsert says nothing to a document that is there', { a: 1 }, { $setOnInsert: { b: 1 } }, { a: 1 }],
  ];
  for (const [title, doc, update, after] of cases) {
    it(title, () => {
      expect(apply(doc, update)).to.deep.equal(after);
    });
  }

  it('add new fields in the order of their names, numbers as numbers, and leave the rest where it is', () => {
    const after = apply({ _id: 1, z: 1 }, { $set: { c: 1, 'n.10': 1, 'n.9': 1 }, $inc: { b: 1 }, $push: { a: 1 } });
    expect(Object.keys(after)).to.deep.equal(['_id', 'z', 'a', 'b', 'c', 'n']);
  });

  it('leave the types of what they do not touch', () => {
    const doc = { _id: new ObjectId(), double: new Double(1), long: Long.ONE, dec: Decimal128.fromString('1.500') };
    const raw = encode(doc);
    const update = compileUpdate({ $set: { x: 1 }, $unset: { y: '' } }, { upsert: false, now });
    const { raw: after, changed } = update.apply(raw, compileFilter({}));
    expect(changed).to.equal(true);
    const { x, ...rest } = decode(after);
    expect(x).to.equal(1);
    expect(Buffer.from(encode(rest)).equals(raw)).to.equal(true);
  });

  it('tell whether anything changed, a width included', () => {
    const changed = (doc: Doc, update: Doc): boolean =>
      compileUpdate(update, { upsert: false, now }).apply(encode(doc), compileFilter({})).changed;
    expect(changed({ a: 1 }, { $set: { a: 1 } })).to.equal(false);
    expect(changed({ a: 1 }, { $set: { a: new Double(1) } })).to.equal(true);
    expect(changed({ a: [1] }, { $addToSet: { a: 1 } })).to.equal(false);
    expect(changed({ a: 1 }, { $unset: { b: '' } })).to.equal(false);
  });

  it('do the same to the next document: no value is shared between two', () => {
    const update = compileUpdate(
      { $set: { 'list.$[]': { n: 1 } }, $push: { log: { $each: ['x'] } } },
      { upsert: false, now },
    );
    const first = update.apply(encode({ list: [0, 0] }), compileFilter({})).raw;
    const second = update.apply(encode({ list: [0, 0] }), compileFilter({})).raw;
    expect(decode(second)).to.deep.equal(decode(first));
    expect(decode(second)).to.deep.equal({ list: [{ n: 1 }, { n: 1 }], log: ['x'] });
  });

  it('change the element that the query matched, all elements, or those that a filter names', () => {
    expect(apply({ a: [1, 2, 3] }, { $set: { 'a.$': 9 } }, { a: { $gte: 2 } })).to.deep.equal({ a: [1, 9, 3] });
    expect(apply({ a: [{ n: 1 }, { n: 2 }] }, { $inc: { 'a.$[].n': 1 } })).to.deep.equal({ a: [{ n: 2 }, { n: 3 }] });
    const nested = { a: [{ b: [1, 5] }, { b: [6] }] };
    const filters = [{ 'outer.b': 5 }, { inner: { $gt: 4 } }];
    expect(apply(nested, { $set: { 'a.$[outer].b.$[inner]': 0 } }, {}, filters)).to.deep.equal({
      a: [{ b: [1, 0] }, { b: [6] }],
    });
  });

  const refused: readonly (readonly [title: string, doc: Doc, update: Doc | Doc[], code: number])[] = [
    ['an unknown operator', {}, { $foo: { a: 1 } }, 9],
    ['a field beside operators', {}, { $set: { a: 1 }, b: 1 }, 9],
    ['an operator with no document', {}, { $set: 5 }, 9],
    ['one path twice', {}, { $set: { a: 1 }, $inc: { a: 1 } }, 40],
    ['a path and one below it', {}, { $set: { a: 1, 'a.b': 1 } }, 40],
    ['a path below a number', { a: 1 }, { $set: { 'a.b': 1 } }, 28],
    ['a name in an array', { a: [1] }, { $set: { 'a.b': 1 } }, 28],
    ['$pull below a number', { a: 1 }, { $pull: { 'a.b': 1 } }, 28],
    ['an empty path', {}, { $set: { '': 1 } }, 56],
    ['an empty part of a path', {}, { $set: { 'a..b': 1 } }, 56],
    ['a part that begins with $', {}, { $set: { 'a.$b': 1 } }, 52],
    ['another _id', { _id: 1 }, { $set: { _id: 2 } }, 66],
    ['no _id', { _id: 1 }, { $unset: { _id: '' } }, 66],
    ['$inc by text', { a: 1 }, { $inc: { a: '1' } }, 14],
    ['$inc of text', { a: '1' }, { $inc: { a: 1 } }, 14],
    ['$inc of null', { a: null }, { $inc: { a: 1 } }, 14],
    ['$inc beyond 64 bits', { a: Long.MAX_VALUE }, { $inc: { a: 1 } }, 2],
    ['$push to what is no array', { a: 1 }, { $push: { a: 1 } }, 2],
    ['$addToSet to what is no array', { a: null }, { $addToSet: { a: 1 } }, 2],
    ['$pop of what is no array', { a: 1 }, { $pop: { a: 1 } }, 14],
    ['$pop by two', { a: [1] }, { $pop: { a: 2 } }, 9],
    ['$pull from what is no array', { a: 1 }, { $pull: { a: 1 } }, 2],
    ['$rename onto itself', { a: 1 }, { $rename: { a: 'a' } }, 2],
    ['$rename out of an array', { a: [{ b: 1 }] }, { $rename: { 'a.0.b': 'c' } }, 2],
    ['`$` without a match', { a: [1] }, { $set: { 'a.$': 1 } }, 2],
    ['`$[]` of what is no array', { a: 1 }, { $set: { 'a.$[]': 1 } }, 2],
    ['an unknown array filter', { a: [1] }, { $set: { 'a.$[x]': 1 } }, 2],
    ['a stage that no update may have', {}, [{ $match: { a: 1 } }], 72],
    ['a replacement with an operator in it', {}, { a: 1, $set: { b: 1 } }, 52],
    ['a path that would nest too deeply', {}, { $set: { [Array.from({ length: 201 }, () => 'a').join('.')]: 1 } }, 15],
    ['far beyond the end of an array', { a: [] }, { $set: { 'a.1600000': 1 } }, 34],
  ];
  for (const [title, doc, update, expected] of refused) {
    it(`refuse ${title} with ${expected}`, () => {
      expect(code(() => apply(doc, update))).to.equal(expected);
    });
  }

  it('refuse an array filter that is not used or says nothing', () => {
    expect(code(() => apply({}, { $set: { a: 1 } }, {}, [{ x: 1 }]))).to.equal(9);
    expect(code(() => apply({}, { $set: { 'a.$[x]': 1 } }, {}, [{}]))).to.equal(9);
  });
});

describe('replacements and pipelines', () => {
  it('keep the _id in front and drop the rest', () => {
    expect(apply({ _id: 1, a: 1, b: 2 }, { c: 3 })).to.deep.equal({ _id: 1, c: 3 });
    expect(apply({ _id: 1, a: 1 }, {})).to.deep.equal({ _id: 1 });
    expect(code(() => apply({ _id: 1 }, { _id: 2 }))).to.equal(66);
  });

  it('run stages on the document', () => {
    const stages = [{ $set: { b: { $add: ['$a', 1] } } }, { $unset: 'c' }];
    expect(apply({ _id: 1, a: 1, c: 5 }, stages)).to.deep.equal({ _id: 1, a: 1, b: 2 });
    expect(apply({ _id: 1, a: { x: 1 } }, [{ $replaceWith: '$a' }])).to.deep.equal({ _id: 1, x: 1 });
  });
});

describe('upserts', () => {
  it('begin with what the filter binds, _id in front', () => {
    const doc = insert(
      { b: 1, 'c.d': { $eq: 2 }, e: { $gt: 5 }, $and: [{ f: 3 }], $or: [{ g: 4 }], h: { $in: [6] } },
      { $set: { a: 1 } },
    );
    expect(Object.keys(doc)).to.deep.equal(['_id', 'b', 'c', 'f', 'g', 'h', 'a']);
    expect(doc['_id']).to.be.instanceOf(ObjectId);
    expect(doc['c']).to.deep.equal({ d: 2 });
  });

  it('heed $setOnInsert', () => {
    expect(insert({ _id: 1 }, { $set: { a: 1 }, $setOnInsert: { 'b.c': 2 } })).to.deep.equal({
      _id: 1,
      a: 1,
      b: { c: 2 },
    });
  });

  it('take only the _id for a replacement, and the bound fields for a pipeline', () => {
    expect(insert({ _id: 1, a: 5 }, { b: 2 })).to.deep.equal({ _id: 1, b: 2 });
    expect(insert({ _id: 1, a: 5 }, [{ $set: { b: '$a' } }])).to.deep.equal({ _id: 1, a: 5, b: 5 });
  });

  it('do not change the filter that they were given', () => {
    const filter = { _id: 1, a: { b: [1] } };
    insert(filter, { $push: { 'a.b': 2 } });
    expect(filter).to.deep.equal({ _id: 1, a: { b: [1] } });
  });

  it('refuse what cannot be an _id, or one that the update turns', () => {
    expect(code(() => insert({}, { $set: { _id: [1] } }))).to.equal(53);
    expect(code(() => insert({ _id: 1 }, { $set: { _id: 2 } }))).to.equal(66);
    expect(code(() => insert({ a: 1, $and: [{ a: 2 }] }, { $set: { b: 1 } }))).to.equal(54);
  });
});
