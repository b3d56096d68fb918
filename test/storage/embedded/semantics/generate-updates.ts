import type { Doc } from '../../../../server/storage/embedded/semantics/index.ts';
import { QueryGenerator } from './generate-queries.ts';
import { NAMES, OPERATORS } from './generate-values.ts';

/** Makes random updates. */
export class UpdateGenerator extends QueryGenerator {
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
}
