import type { Doc } from '../../../../server/storage/embedded/semantics/index.ts';
import { NAMES, OPERATORS, ValueGenerator } from './generate-values.ts';

/** Makes random filters, sorts and projections. */
export class QueryGenerator extends ValueGenerator {
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
}
