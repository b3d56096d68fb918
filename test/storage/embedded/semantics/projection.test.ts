import { expect } from 'chai';
import { compileFilter, compileProjection, type Doc } from '../../../../server/storage/embedded/semantics/index.ts';

const doc: Doc = {
  _id: 1,
  a: { x: 1, y: 2 },
  b: [{ x: 1, y: 2 }, 5, { y: 3 }, [{ x: 9 }]],
  c: 'text',
  list: [1, 2, 3, 4],
};

describe('projections', () => {
  const cases: readonly (readonly [title: string, spec: Doc, result: Doc])[] = [
    ['nothing asked, all given', {}, doc],
    ['fields kept, in the order of the document', { c: 1, a: 1 }, { _id: 1, a: { x: 1, y: 2 }, c: 'text' }],
    ['without _id', { c: 1, _id: 0 }, { c: 'text' }],
    ['only _id', { _id: 1 }, { _id: 1 }],
    ['all but _id', { _id: 0, list: 0 }, { a: { x: 1, y: 2 }, b: doc['b'], c: 'text' }],
    ['paths kept through arrays', { 'b.x': 1 }, { _id: 1, b: [{ x: 1 }, {}, [{ x: 9 }]] }],
    ['paths left out through arrays', { 'b.x': 0, list: 0, a: 0, c: 0 }, { _id: 1, b: [{ y: 2 }, 5, { y: 3 }, [{}]] }],
    ['nested form', { a: { x: 1 } }, { _id: 1, a: { x: 1 } }],
    [
      '$slice keeps the other fields',
      { list: { $slice: -2 }, b: 0 },
      { _id: 1, a: { x: 1, y: 2 }, c: 'text', list: [3, 4] },
    ],
    ['$slice from a place', { list: { $slice: [1, 2] }, c: 1 }, { _id: 1, c: 'text', list: [2, 3] }],
    ['$elemMatch gives the first element', { list: { $elemMatch: { $gt: 1 } } }, { _id: 1, list: [2] }],
    ['$elemMatch of nothing gives no field', { list: { $elemMatch: { $gt: 9 } }, c: 1 }, { _id: 1, c: 'text' }],
    [
      'expressions come behind',
      { c: 1, sum: { $add: ['$a.x', 1] }, copy: '$a.y', text: { $literal: 1 } },
      { _id: 1, c: 'text', sum: 2, copy: 2, text: 1 },
    ],
    [
      '$$REMOVE and what is missing leave no field',
      { c: 1, gone: '$$REMOVE', none: '$nowhere' },
      { _id: 1, c: 'text' },
    ],
  ];
  for (const [title, spec, result] of cases) {
    it(title, () => {
      const projected = compileProjection(spec)(doc);
      expect(projected).to.deep.equal(result);
      expect(Object.keys(projected)).to.deep.equal(Object.keys(result));
    });
  }

  it('positional `$` gives the element that the filter matched', () => {
    const filter = compileFilter({ list: { $gte: 3 } });
    expect(compileProjection({ 'list.$': 1 })(doc, filter)).to.deep.equal({ _id: 1, list: [3] });
    expect(() => compileProjection({ 'list.$': 1 })(doc, compileFilter({ c: 'text' })))
      .to.throw()
      .with.property('code', 51246);
  });

  it('leave the document as it was', () => {
    const before = structuredClone(doc);
    compileProjection({ 'a.z': { $literal: 1 }, 'b.x': 1, list: { $slice: 1 } })(doc);
    expect(doc).to.deep.equal(before);
  });

  const refused: readonly (readonly [spec: Doc, code: number])[] = [
    [{ a: 1, b: 0 }, 31254],
    [{ a: 0, b: 1 }, 31253],
    [{ a: 1, 'a.b': 1 }, 31249],
    [{ 'a.b': 1, a: 1 }, 31250],
    [{ a: { $foo: 1 } }, 168],
    [{ a: {} }, 51270],
    [{ '': 1 }, 15998],
    [{ 'a.$b': 1 }, 16410],
  ];
  for (const [spec, code] of refused) {
    it(`refuse ${JSON.stringify(spec)} with ${code}`, () => {
      expect(() => compileProjection(spec))
        .to.throw()
        .with.property('code', code);
    });
  }
});
