import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import * as fc from 'fast-check';

/** Arbitrary BSON values of every type that may stand in an index, numbers close to one another on purpose. */
export const anyValue: fc.Arbitrary<unknown> = fc.letrec((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    { weight: 6, arbitrary: tie('number') },
    { weight: 4, arbitrary: tie('plain') },
    { weight: 1, arbitrary: fc.array(tie('value'), { maxLength: 3 }) },
    {
      weight: 1,
      arbitrary: fc
        .dictionary(fc.constantFrom('a', 'b', 'ab', 'é', 'z\u{1f600}'), tie('value'), { maxKeys: 3 })
        .map((doc) => ({ ...doc })),
    },
  ),
  number: fc.oneof(
    fc.integer({ min: -3, max: 3 }),
    fc.constantFrom(
      -0,
      0.1,
      1.5,
      -1.5,
      5e-324,
      Number.MAX_VALUE,
      -Number.MAX_VALUE,
      Number.NaN,
      Infinity,
      -Infinity,
      2 ** 53,
      2 ** 53 + 2,
      2 ** 63,
    ),
    fc.constantFrom(new Double(1), new Double(-2), new Double(0)),
    fc.bigInt({ min: 2n ** 53n - 2n, max: 2n ** 53n + 3n }).map((value) => Long.fromBigInt(value)),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map((value) => Long.fromBigInt(value)),
    fc.integer({ min: -3, max: 3 }).map((value) => Long.fromNumber(value)),
    fc.double({ noDefaultInfinity: true, noNaN: true }),
    fc
      .constantFrom(
        '0',
        '-0',
        '1',
        '1.0',
        '1.50',
        '0.1',
        '-0.1',
        '9007199254740993',
        '9007199254740992.5',
        '1E+400',
        '-1E+400',
        '1E-400',
        '-1E-400',
        '1E-6176',
        '9.999999999999999999999999999999999E+6144',
        'NaN',
        'Infinity',
        '-Infinity',
      )
      .map((text) => Decimal128.fromString(text)),
  ),
  plain: fc.oneof(
    fc.string({ unit: fc.constantFrom('a', 'b', '\0', '\u0001', 'é', '\ufb00', '\u{1f600}'), maxLength: 4 }),
    fc.constantFrom<unknown>(
      null,
      true,
      false,
      new MinKey(),
      new MaxKey(),
      new BSONSymbol('a'),
      new Code('f'),
      new Code('f', { a: 1 }),
    ),
    fc.integer({ min: -10, max: 10 }).map((value) => new Date(value)),
    fc.integer({ min: 0, max: 3 }).map((value) => new ObjectId(`00000000000000000000000${value}`)),
    fc
      .uint8Array({ maxLength: 3 })
      .chain((bytes) => fc.constantFrom(0, 5).map((subtype) => new Binary(bytes, subtype))),
    fc.integer({ min: 0, max: 2 }).map((i) => new Timestamp({ t: 2 ** 32 - 1 - i, i })),
    fc.constantFrom(new BSONRegExp('a', 'i'), new BSONRegExp('a', ''), new BSONRegExp('b', '')),
  ),
})).value;
