import { Binary, Decimal128, Double, Long, MaxKey, MinKey, ObjectId } from 'bson';
import { expect } from 'chai';
import * as fc from 'fast-check';
import {
  compareValues,
  decode,
  decodeFields,
  encode,
  encodeKey,
  hashOf,
  KEY_LIMIT,
} from '../../../../server/storage/embedded/semantics/index.ts';
import { anyValue } from './values.ts';

const directions = fc.array(fc.constantFrom<1 | -1>(1, -1), { minLength: 3, maxLength: 3 });

describe('the order of values', () => {
  it('puts the types in the order that MongoDB documents', () => {
    const ascending = [
      new MinKey(),
      null,
      Number.NaN,
      Decimal128.fromString('-Infinity'),
      -1,
      new Double(0),
      Long.fromNumber(1),
      Decimal128.fromString('1.5'),
      2,
      '',
      'a',
      '\ufb00',
      '\u{1f600}',
      {},
      { a: 1 },
      [],
      [1],
      new Binary(new Uint8Array([9]), 0),
      new Binary(new Uint8Array([0, 0]), 0),
      new ObjectId('000000000000000000000001'),
      false,
      true,
      new Date(-1),
      new Date(1),
      new MaxKey(),
    ];
    for (let index = 1; index < ascending.length; index++) {
      expect(compareValues(ascending[index - 1], ascending[index]), `at ${index}`).to.equal(-1);
      expect(compareValues(ascending[index], ascending[index - 1]), `at ${index}, turned`).to.equal(1);
    }
  });

  it('takes numbers of all widths for what they are worth', () => {
    for (const one of [1, new Double(1), Long.fromNumber(1), Decimal128.fromString('1.00')]) {
      for (const other of [1, new Double(1), Long.fromNumber(1), Decimal128.fromString('1')]) {
        expect(compareValues(one, other)).to.equal(0);
        expect(hashOf(one)).to.equal(hashOf(other));
      }
    }
    expect(compareValues(Long.fromString('9007199254740993'), 9007199254740992)).to.equal(1);
    expect(compareValues(Decimal128.fromString('0.1'), 0.1)).to.equal(-1);
  });

  it('minds the order of fields and compares their types before their names', () => {
    expect(compareValues({ a: 1, b: 2 }, { b: 2, a: 1 })).to.equal(-1);
    expect(compareValues({ b: 1 }, { a: 'x' })).to.equal(-1);
  });

  it('is total: turned round, transitive', () => {
    fc.assert(
      fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
        expect(compareValues(a, b)).to.equal(-compareValues(b, a) + 0);
        const [low, middle, high] = [a, b, c].sort(compareValues);
        expect(compareValues(low, middle)).to.be.at.most(0);
        expect(compareValues(middle, high)).to.be.at.most(0);
        expect(compareValues(low, high)).to.be.at.most(0);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('index keys', () => {
  it('sort by memcmp as the values do, compound and descending, and are equal only for equal values', () => {
    fc.assert(
      fc.property(
        fc.array(anyValue, { minLength: 3, maxLength: 3 }),
        fc.array(anyValue, { minLength: 3, maxLength: 3 }),
        directions,
        (a, b, signs) => {
          const left = encodeKey(a, signs);
          const right = encodeKey(b, signs);
          let expected = 0;
          for (let index = 0; index < 3 && expected === 0; index++) {
            expected = compareValues(a[index], b[index]) * (signs[index] as number);
          }
          expect(Math.sign(Buffer.compare(left.key, right.key))).to.equal(expected + 0);
        },
      ),
      { numRuns: 5000 },
    );
  });

  it('begin with the key of their leading values, and no key begins another of as many values', () => {
    fc.assert(
      fc.property(anyValue, anyValue, anyValue, (a, b, c) => {
        const whole = Buffer.from(encodeKey([a, b], [1, -1]).key);
        expect(whole.subarray(0, encodeKey([a], [1]).key.length).equals(encodeKey([a], [1]).key)).to.equal(true);
        const [left, right] = [Buffer.from(encodeKey([a], [1]).key), Buffer.from(encodeKey([c], [1]).key)];
        if (compareValues(a, c) !== 0) {
          const short = Math.min(left.length, right.length);
          expect(left.subarray(0, short).equals(right.subarray(0, short))).to.equal(false);
        }
      }),
      { numRuns: 2000 },
    );
  });

  it('are cut and marked where the values are too long', () => {
    const long = 'x'.repeat(KEY_LIMIT * 2);
    const { key, exact } = encodeKey([long, 1], [1, 1]);
    expect(key.length).to.equal(KEY_LIMIT);
    expect(exact).to.equal(false);
    expect(encodeKey(['short'], [1]).exact).to.equal(true);
    expect(hashOf(`${long}a`)).not.to.equal(hashOf(`${long}b`));
  });

  it('have a hash that tells values apart exactly as the order does', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        expect(hashOf(a) === hashOf(b)).to.equal(compareValues(a, b) === 0);
      }),
      { numRuns: 3000 },
    );
  });
});

describe('BSON', () => {
  it('keeps type and value of everything through decode and encode', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        const raw = encode({ a, list: [b], nested: { b } });
        expect(Buffer.from(encode(decode(raw))).equals(raw)).to.equal(true);
      }),
      { numRuns: 2000 },
    );
  });

  it('keeps a Double a Double and a Long a Long', () => {
    const doc = decode(encode({ double: new Double(1), zero: -0, long: Long.fromNumber(1), int: 1 }));
    expect(doc['double']).to.be.instanceOf(Double);
    expect(doc['long']).to.be.instanceOf(Long);
    expect(Object.is(doc['zero'], -0)).to.equal(true);
    expect(doc['int']).to.equal(1);
  });

  it('holds no memory of the buffer it was read from', () => {
    const raw = Buffer.from(
      encode({
        id: new ObjectId('0102030405060708090a0b0c'),
        bytes: new Binary(new Uint8Array([1, 2]), 0),
        n: Decimal128.fromString('1.5'),
      }),
    );
    const doc = decode(raw);
    const before = encode(doc);
    raw.fill(0);
    expect(Buffer.from(encode(doc)).equals(before)).to.equal(true);
  });

  it('reads single fields and passes over values of every type', () => {
    fc.assert(
      fc.property(anyValue, anyValue, (a, b) => {
        const raw = encode({ skipped: a, list: [a], wanted: b, after: a });
        const picked = decodeFields(raw, new Set(['wanted']));
        expect(Object.keys(picked)).to.deep.equal(['wanted']);
        expect(Buffer.from(encode(picked)).equals(encode({ wanted: b }))).to.equal(true);
      }),
      { numRuns: 1000 },
    );
  });

  it('keeps a field called __proto__ a field', () => {
    const doc = decode(encode(JSON.parse('{"__proto__": {"polluted": 1}, "a": 1}') as Record<string, unknown>));
    expect(Object.keys(doc)).to.deep.equal(['__proto__', 'a']);
    expect(({} as Record<string, unknown>)['polluted']).to.equal(undefined);
  });

  it('refuses what is cut, mutated or nested without end, and never hangs or reads beyond', () => {
    const deep = (depth: number): Record<string, unknown> => (depth === 0 ? {} : { a: deep(depth - 1) });
    expect(() => encode(deep(250)))
      .to.throw()
      .with.property('codeName', 'Overflow');
    const raw = Buffer.from(
      encode({ a: 'text', b: [1, { c: new Date(0) }], d: new Binary(new Uint8Array(4), 2), e: 5 }),
    );
    fc.assert(
      fc.property(
        fc.nat({ max: raw.length - 1 }),
        fc.integer({ min: 0, max: 255 }),
        fc.nat({ max: raw.length }),
        (at, byte, length) => {
          const broken = Buffer.from(raw);
          broken[at] = byte;
          for (const candidate of [broken, raw.subarray(0, length)]) {
            try {
              decode(candidate);
            } catch (error) {
              expect(error).to.have.property('name', 'MongoError');
            }
          }
        },
      ),
      { numRuns: 3000 },
    );
  });
});
