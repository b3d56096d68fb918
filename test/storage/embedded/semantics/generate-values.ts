import { Binary, BSONRegExp, Decimal128, Double, Long, MaxKey, ObjectId, Timestamp } from 'bson';
import type { Doc } from '../../../../server/storage/embedded/semantics/index.ts';
import type { Dice } from './dice.ts';

/** The fields of random documents: few, so that filters meet them. */
export const NAMES = ['a', 'b', 'c', 'd'];
/** Paths that lead to them, below them and into arrays. */
export const PATHS = ['a', 'b', 'c', 'd', 'a.b', 'a.c', 'b.a', 'c.b', 'a.0', 'b.1', 'a.b.c', 'a.0.b'];
/** The comparisons. */
export const OPERATORS = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte'] as const;

/** Values that are alike in some way and not in another: widths of numbers, null, empty, types beside one another in the order. */
const SCALARS: readonly (() => unknown)[] = [
  () => 0,
  () => 1,
  () => 2,
  () => 3,
  () => -1,
  () => new Double(1),
  () => 1.5,
  () => 2.5,
  () => Long.fromNumber(2),
  () => Long.fromString('9007199254740993'),
  () => 9007199254740992,
  () => Decimal128.fromString('1.5'),
  () => Decimal128.fromString('1.50'),
  () => Decimal128.fromString('2'),
  () => Decimal128.fromString('-0.1'),
  () => null,
  () => null,
  () => true,
  () => false,
  () => '',
  () => 'a',
  () => 'b',
  () => 'B',
  () => 'é',
  () => '\ufb00',
  () => '😀',
  () => new Date(0),
  () => new Date(1_700_000_000_000),
  () => new Date(-5),
  () => new ObjectId('00000000000000000000000a'),
  () => new ObjectId('64b000000000000000000001'),
];

const RARE: readonly (() => unknown)[] = [
  () => Number.POSITIVE_INFINITY,
  () => Number.NEGATIVE_INFINITY,
  () => new Binary(Buffer.from([1, 2, 255]), 0),
  () => new Binary(Buffer.from([1, 254]), 0),
  () => new Binary(Buffer.from([1, 2, 255]), 5),
  () => new Timestamp({ t: 5, i: 1 }),
  () => new MaxKey(),
  () => new BSONRegExp('^a', 'i'),
  () => Long.MAX_VALUE,
];

/** Makes random values and documents. */
export class ValueGenerator {
  readonly dice: Dice;

  protected readonly emptyArrays: boolean;
  protected readonly decimals: boolean;
  private readonly scalars: readonly (() => unknown)[];

  /**
   * Not every database sorts an empty array as MongoDB does, nor joins a Decimal128 with a double of its value: with `emptyArrays`
   * there are no sorts but by `_id`, with `decimals` no joins.
   */
  constructor(dice: Dice, { emptyArrays = true, decimals = true } = {}) {
    this.dice = dice;
    this.emptyArrays = emptyArrays;
    this.decimals = decimals;
    this.scalars = decimals ? SCALARS : SCALARS.filter((make) => !(make() instanceof Decimal128));
  }

  protected items<T>(make: () => T): T[] {
    const least = this.emptyArrays ? 0 : 1;
    return Array.from({ length: least + this.dice.below(4 - least) }, make);
  }

  scalar(): unknown {
    const { dice } = this;
    return dice.chance(0.07) ? dice.pick(RARE)() : dice.pick(this.scalars)();
  }

  /** A value for a filter: without the end of the order, which other databases do not compare with what is missing. */
  operand(): unknown {
    const value = this.value(1);
    return value instanceof MaxKey ? 3 : value;
  }

  /** An operand that is no Decimal128: some databases take 1.5 and Decimal128 1.5 for different in a list, and all of them for false. */
  member(): unknown {
    const value = this.operand();
    return value instanceof Decimal128 ? 2 : value;
  }

  value(depth = 0): unknown {
    const { dice } = this;
    if (depth < 2 && dice.chance(0.15)) return this.items(() => this.value(depth + 1));
    if (depth < 2 && dice.chance(0.15)) return this.subDocument(depth + 1);
    return this.scalar();
  }

  subDocument(depth = 1): Doc {
    const doc: Doc = {};
    for (const name of this.dice.list(2, () => this.dice.pick(NAMES))) doc[name] = this.value(depth);
    return doc;
  }

  document(id: number): Doc {
    const doc: Doc = { _id: id };
    for (const name of NAMES) {
      if (this.dice.chance(0.25)) continue;
      if (this.dice.chance(0.2)) doc[name] = this.items(() => this.subDocument());
      else doc[name] = this.value();
    }
    return doc;
  }

  path(): string {
    return this.dice.pick(PATHS);
  }

  number(): unknown {
    const { dice } = this;
    return dice.pick<unknown>([1, -2, 1.5, Long.fromNumber(3), Decimal128.fromString('3'), new Double(2), 2147483647]);
  }
}
