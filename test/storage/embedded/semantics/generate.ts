import { Double, Long } from 'bson';
import type { Doc } from '../../../../server/storage/embedded/semantics/index.ts';
import { UpdateGenerator } from './generate-updates.ts';
import { NAMES } from './generate-values.ts';

/** Makes random documents and commands about them, expressions and pipelines among them. */
export class Generator extends UpdateGenerator {
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
        return { $match: dice.chance(0.7) ? this.filter() : { $expr: { $gte: [this.expression(), 'a'] } } };
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

/** Puts what a group or a join gathers in order: that of a set or a join is anybody's, and not every database keeps that of a list. */
function settled(stage: Doc): Doc[] {
  if (Object.hasOwn(stage, '$lookup')) {
    return [{ $addFields: { joined: { $sortArray: { input: '$joined', sortBy: { _id: 1 } } } } }];
  }
  const group = stage['$group'] as Doc | undefined;
  const lists = Object.keys(group ?? {}).filter(
    (name) => name !== '_id' && /^\$(?:addToSet|push)$/.test(Object.keys(group?.[name] as Doc)[0] ?? ''),
  );
  return lists.map((name) => ({ $addFields: { [name]: { $sortArray: { input: `$${name}`, sortBy: 1 } } } }));
}
