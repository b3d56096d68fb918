import { Binary, BSONRegExp, Decimal128, Double, Long, MaxKey, ObjectId, Timestamp } from 'bson';
import type { Doc } from '../../../../server/storage/embedded/semantics/index.ts';

/** Random numbers from a seed (mulberry32): the same seed makes the same commands. */
export class Dice {
  private state: number;

  constructor(seed: number) {
    this.state = seed >>> 0;
  }

  /** A number from 0 up to, not including, 1. */
  roll(): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  }

  /** A whole number from 0 up to, not including, `count`. */
  below(count: number): number {
    return Math.floor(this.roll() * count);
  }

  chance(probability: number): boolean {
    return this.roll() < probability;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }

  list<T>(most: number, make: () => T): T[] {
    return Array.from({ length: this.below(most + 1) }, make);
  }
}

const NAMES = ['a', 'b', 'c', 'd'];
const PATHS = ['a', 'b', 'c', 'd', 'a.b', 'a.c', 'b.a', 'c.b', 'a.0', 'b.1', 'a.b.c', 'a.0.b'];
const OPERATORS = ['$eq', '$ne', '$gt', '$gte', '$lt', '$lte'] as const;

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

/** Makes random documents and commands about them. */
export class Generator {
  readonly dice: Dice;

  private readonly emptyArrays: boolean;
  private readonly decimals: boolean;
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

  private items<T>(make: () => T): T[] {
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

  condition(depth = 0): unknown {
    const { dice } = this;
    switch (dice.below(14)) {
      case 0:
      case 1:
      case 2:
        return this.operand();
      case 3:
      case 4:
      case 5:
        return { [dice.pick(OPERATORS)]: this.operand() };
      case 6:
        return { $gte: this.operand(), $lt: this.operand() };
      case 7:
        return { [dice.pick(['$in', '$nin'])]: dice.list(3, () => this.member()) };
      case 8:
        return { $exists: dice.chance(0.5) };
      case 9:
        return {
          $type: dice.pick([
            'number',
            'string',
            'array',
            'object',
            'null',
            'int',
            'long',
            'double',
            'decimal',
            'date',
            'bool',
            'objectId',
            16,
          ]),
        };
      case 10:
        return depth > 0 ? { $size: 1 } : { $not: this.operators(1) };
      case 11:
        return { $size: dice.below(3) };
      case 12:
        return { $elemMatch: dice.chance(0.5) ? this.operators(1) : this.filter(1) };
      default:
        return dice.chance(0.5)
          ? { $all: [this.value(1), ...dice.list(1, () => this.value(1))] }
          : dice.pick([{ $regex: '^a' }, { $regex: 'A', $options: 'i' }, { $mod: [2, 1] }]);
    }
  }

  operators(depth: number): unknown {
    for (let tries = 0; tries < 20; tries++) {
      const condition = this.condition(depth);
      if (typeof condition === 'object' && condition !== null && Object.keys(condition)[0]?.startsWith('$'))
        return condition;
    }
    return { $gt: 1 };
  }

  filter(depth = 0): Doc {
    const { dice } = this;
    const filter: Doc = {};
    for (let count = 1 + dice.below(depth > 0 ? 1 : 2); count > 0; count--) {
      if (depth < 2 && dice.chance(0.15)) {
        filter[dice.pick(['$and', '$or', '$nor'])] = [this.filter(depth + 1), this.filter(depth + 1)];
      } else filter[this.path()] = this.condition(depth);
    }
    return filter;
  }

  /** A sort that leaves nothing open, by one path that may hold arrays at most: MongoDB refuses two, others do not. */
  sort(): Doc {
    const path = this.dice.pick([...NAMES, 'a.b', 'a.c', 'b.a', 'c.b']);
    if (this.emptyArrays || this.dice.chance(0.1)) return { _id: this.dice.pick([1, -1]) };
    return { [path]: this.dice.pick([1, -1]), _id: this.dice.pick([1, -1]) };
  }

  projection(): Doc {
    const { dice } = this;
    const keep = dice.chance(0.5) ? 1 : 0;
    const projection: Doc = {};
    // Under different names: that two paths collide is told by some databases only once there is a document.
    for (const path of [
      dice.pick(['a', 'a.b', 'a.0', 'a.b.c']),
      dice.pick(['b', 'b.a', 'b.1']),
      dice.pick(['c', 'c.b']),
    ]) {
      if (dice.chance(0.4)) projection[path] = keep;
    }
    if (dice.chance(0.3)) projection['_id'] = dice.pick([0, 1]);
    // Beside others and on a field of its own: alone, databases do not agree on what else is kept. `$elemMatch` ends DocumentDB's backend.
    const name = dice.pick(NAMES);
    const taken = Object.keys(projection).map((path) => path.split('.')[0]);
    if (taken.every((one) => one === '_id') || taken.includes(name)) return projection;
    if (dice.chance(0.3)) projection[name] = { $slice: dice.pick<unknown>([1, -1, 2, [1, 1], [-2, 1]]) };
    return projection;
  }

  number(): unknown {
    const { dice } = this;
    return dice.pick<unknown>([1, -2, 1.5, Long.fromNumber(3), Decimal128.fromString('3'), new Double(2), 2147483647]);
  }

  /** Operators; `$setOnInsert` only for what may insert, as some databases do not look at it otherwise. */
  update(inserts = false): Doc {
    const { dice } = this;
    const update: Doc = {};
    const add = (operator: string, path: string, operand: unknown): void => {
      const held = update[operator];
      update[operator] = { ...(held as Doc | undefined), [path]: operand };
    };
    for (let count = 1 + dice.below(3); count > 0; count--) this.updateOperator(add, inserts);
    return update;
  }

  private updateOperator(add: (operator: string, path: string, operand: unknown) => void, inserts: boolean): void {
    const { dice } = this;
    const path = this.path();
    // What changes nothing where a path ends early is used on names only: not every database leaves such a document alone.
    const name = dice.pick(NAMES);
    switch (dice.below(15)) {
      case 0:
      case 1:
      case 2:
        return add('$set', path, this.value(1));
      case 3:
        return add('$unset', name, '');
      case 4:
        return add('$inc', path, this.number());
      case 5:
        return add('$mul', path, this.number());
      case 6:
        return add(dice.pick(['$min', '$max']), path, this.value(1));
      case 7:
        return add('$push', path, this.value(1));
      case 8:
        return add('$push', path, this.pushClauses());
      case 9:
        return add('$addToSet', path, dice.chance(0.5) ? this.value(1) : { $each: dice.list(3, () => this.value(1)) });
      case 10:
        return add(
          '$pull',
          name,
          dice.chance(0.5) ? this.value(1) : dice.chance(0.5) ? this.operators(1) : this.filter(1),
        );
      case 11:
        return add(
          '$pullAll',
          name,
          dice.list(2, () => this.value(1)),
        );
      case 12:
        return add('$pop', name, dice.pick([1, -1]));
      case 13:
        return add('$rename', name, dice.pick(['e', 'f', ...NAMES]));
      default:
        return inserts
          ? add('$setOnInsert', path, this.value(1))
          : add('$bit', path, { [dice.pick(['and', 'or', 'xor'])]: 5 });
    }
  }

  /** An update of elements chosen by the query, by a filter of their own or altogether. */
  elementUpdate(): { filter: Doc; update: Doc; arrayFilters?: Doc[] } {
    const { dice } = this;
    const name = dice.pick(NAMES);
    const change = (path: string): Doc =>
      dice.pick([{ $set: { [path]: this.value(1) } }, { $max: { [path]: this.scalar() } }]);
    switch (dice.below(4)) {
      case 0:
        return { filter: { [name]: { $elemMatch: this.filter(1) } }, update: change(`${name}.$`) };
      case 1:
        return {
          filter: { [name]: { $elemMatch: { [dice.pick(OPERATORS)]: this.operand() } } },
          update: change(`${name}.$`),
        };
      case 2:
        return { filter: { [name]: { $type: 'array' } }, update: change(`${name}.$[]`) };
      default:
        return {
          filter: { [name]: { $type: 'array' } },
          update: change(`${name}.$[item]`),
          arrayFilters: [
            {
              [dice.pick(['item', 'item.a', 'item.b'])]: {
                [dice.pick(OPERATORS)]: dice.pick<unknown>([1, 'a', true, new Date(0)]),
              },
            },
          ],
        };
    }
  }

  private pushClauses(): Doc {
    const { dice } = this;
    const clauses: Doc = { $each: [this.value(1), ...dice.list(2, () => this.value(1))] };
    if (dice.chance(0.4)) clauses['$position'] = dice.pick([0, 1, -1]);
    if (dice.chance(0.4)) clauses['$slice'] = dice.pick([2, -2]);
    if (dice.chance(0.4)) clauses['$sort'] = dice.pick<unknown>([1, -1, { a: 1 }, { b: -1 }]);
    return clauses;
  }

  replacement(): Doc {
    const { _id: _, ...doc } = this.document(0);
    return doc;
  }

  expression(depth = 0): unknown {
    const { dice } = this;
    const inner = (): unknown => (depth < 2 && dice.chance(0.5) ? this.expression(depth + 1) : `$${this.path()}`);
    const constant = (): unknown => ({ $literal: this.member() });
    switch (dice.below(16)) {
      case 0:
        return {
          [dice.pick(['$eq', '$ne', '$gt', '$gte', '$lt', '$lte', '$cmp'])]: [
            inner(),
            dice.chance(0.5) ? inner() : constant(),
          ],
        };
      case 1:
        return { $cond: [inner(), inner(), constant()] };
      case 2:
        return { $ifNull: [inner(), constant()] };
      case 3:
        return { [dice.pick(['$and', '$or'])]: [inner(), inner()] };
      case 4:
        return { $not: [inner()] };
      case 5:
        return { $type: inner() };
      case 6:
        return { [dice.pick(['$sum', '$min', '$max'])]: dice.chance(0.5) ? inner() : [inner(), inner()] };
      case 7:
        return { $isArray: [inner()] };
      case 8:
        return { $cond: [{ $isArray: [inner()] }, { $literal: 'array' }, inner()] };
      case 9:
        return { $mergeObjects: [{ x: inner() }, { y: inner() }] };
      case 10:
        return [inner(), inner()];
      case 11:
        return { x: inner(), y: constant() };
      case 12:
        return { $let: { vars: { v: inner() }, in: ['$$v', '$$v.b'] } };
      case 13:
        return this.arrayExpression(inner);
      case 14:
        return this.numberExpression(inner);
      default:
        return `$${this.path()}`;
    }
  }

  private arrayExpression(inner: () => unknown): unknown {
    const { dice } = this;
    const name = dice.pick(NAMES);
    const list = { $cond: [{ $isArray: `$${name}` }, `$${name}`, [inner()]] };
    return dice.pick<() => unknown>([
      () => ({ $size: list }),
      () => ({ $map: { input: list, as: 'item', in: { v: '$$item', w: inner() } } }),
      () => ({ $filter: { input: list, cond: { $gt: ['$$this', inner()] } } }),
      () => ({ $reduce: { input: list, initialValue: [], in: { $concatArrays: ['$$value', ['$$this']] } } }),
      () => ({ $arrayElemAt: [list, dice.pick([0, -1, 1, 5])] }),
      () => ({ $slice: [list, dice.pick([1, -1, 2])] }),
      () => ({ $concatArrays: [list, [inner()]] }),
      () => ({ $in: [inner(), list] }),
      () => ({ $indexOfArray: [list, inner()] }),
      () => ({ $reverseArray: list }),
      () => ({ $first: list }),
      () => ({ $last: list }),
      () => ({ $sortArray: { input: list, sortBy: 1 } }),
    ])();
  }

  private numberExpression(inner: () => unknown): unknown {
    const { dice } = this;
    const number = (): unknown => ({ $cond: [{ $isNumber: inner() }, inner(), this.number()] });
    const safe = (path: string): unknown => ({ $cond: [{ $isNumber: `$${path}` }, `$${path}`, this.number()] });
    return dice.pick<() => unknown>([
      () => ({ $add: [safe('a'), safe('b')] }),
      () => ({ $subtract: [safe('a'), safe('c')] }),
      () => ({ $multiply: [safe('a'), safe('b')] }),
      () => ({ $divide: [safe('a'), dice.pick<unknown>([2, new Double(4), Long.fromNumber(5)])] }),
      () => ({ $abs: safe('a') }),
      () => ({ $floor: safe('b') }),
      () => ({ $ceil: safe('b') }),
      () => ({ $round: [safe('a'), dice.pick([0, 1])] }),
      () => ({ $trunc: safe('a') }),
      () => number(),
    ])();
  }

  stage(collection: string): Doc {
    const { dice } = this;
    const kind = dice.below(13);
    if (this.decimals && (kind === 9 || kind === 10)) return { $skip: 0 };
    switch (kind) {
      case 0:
        return { $match: dice.chance(0.7) ? this.filter() : { $expr: this.expression() } };
      case 1:
        return { [dice.pick(['$addFields', '$set'])]: { [dice.pick(['x', 'a', 'a.z', 'b'])]: this.expression() } };
      case 2:
        return {
          $project: dice.chance(0.5) ? { _id: dice.pick([0, 1]), a: 1, z: this.expression() } : { [this.path()]: 0 },
        };
      case 3:
        return { $unset: dice.chance(0.5) ? this.path() : ['a', 'c'] };
      case 4:
        return {
          $unwind: dice.chance(0.5)
            ? `$${dice.pick(NAMES)}`
            : {
                path: `$${dice.pick(['a', 'b', 'a.b'])}`,
                preserveNullAndEmptyArrays: dice.chance(0.5),
                includeArrayIndex: 'index',
              },
        };
      case 5:
      case 6:
        return { $group: this.group() };
      case 7:
        return { $sort: this.sort() };
      case 8:
        return { $replaceRoot: { newRoot: { $mergeObjects: [{ _id: '$_id' }, { r: this.expression() }] } } };
      case 9:
        return {
          $lookup: {
            from: collection,
            localField: dice.pick(NAMES),
            foreignField: dice.pick([...NAMES, 'a.b']),
            as: 'joined',
          },
        };
      case 10:
        return {
          $lookup: {
            from: collection,
            let: { v: `$${dice.pick(NAMES)}` },
            pipeline: [{ $match: { $expr: { $eq: ['$b', '$$v'] } } }, { $sort: { _id: 1 } }, { $project: { _id: 1 } }],
            as: 'joined',
          },
        };
      case 11:
        return {
          $facet: { one: [{ $sort: this.sort() }, { $limit: 2 }], two: [{ $group: { _id: null, n: { $sum: 1 } } }] },
        };
      default:
        // Not `$count`: over nothing MongoDB answers with no document, not every database does.
        return { $group: { _id: null, n: { $sum: 1 } } };
    }
  }

  private group(): Doc {
    const { dice } = this;
    // What is missing is not null to every database here, so it is given a value first.
    const present = (path: string): unknown => ({ $ifNull: [`$${path}`, 'none'] });
    const group: Doc = {
      _id: dice.pick<unknown>([
        null,
        present('a'),
        present('b'),
        present('c'),
        { x: present('a'), y: present('b') },
        present('a.b'),
        { $type: '$a' },
      ]),
    };
    for (const name of ['p', 'q']) {
      const operator = dice.pick([
        '$sum',
        '$avg',
        '$min',
        '$max',
        '$push',
        this.decimals ? '$push' : '$addToSet',
        '$count',
      ]);
      if (operator === '$count') group[name] = { $count: {} };
      else group[name] = { [operator]: operator === '$sum' && dice.chance(0.3) ? 1 : present(this.path()) };
    }
    return group;
  }

  pipeline(collection: string): Doc[] {
    const stages: Doc[] = [];
    for (let count = 1 + this.dice.below(3); count > 0; count--) {
      const stage = this.stage(collection);
      stages.push(stage);
      // What leaves fields out comes last: a database that merges it with the stage behind it lets that one see them.
      if (Object.hasOwn(stage, '$unset') || Object.hasOwn(stage, '$project')) break;
    }
    return [{ $sort: { _id: 1 } }, ...stages.flatMap((stage) => [stage, ...settled(stage)])];
  }
}

/** Puts what a group gathers in order: the order of a set is anybody's, and not every database keeps that of a list. */
function settled(stage: Doc): Doc[] {
  const group = stage['$group'] as Doc | undefined;
  const lists = Object.keys(group ?? {}).filter(
    (name) => name !== '_id' && /^\$(?:addToSet|push)$/.test(Object.keys(group?.[name] as Doc)[0] ?? ''),
  );
  return lists.map((name) => ({ $addFields: { [name]: { $sortArray: { input: `$${name}`, sortBy: 1 } } } }));
}
