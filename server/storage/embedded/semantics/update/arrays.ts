import { MongoError } from '../../errors.ts';
import { compareValues } from '../compare.ts';
import { compileFilter } from '../filter.ts';
import { isReference, isRegex } from '../filter-tests.ts';
import { hashOf } from '../key.ts';
import { type Doc, field, formatValue, isDoc, isNumeric, kindOf, toNumber, toWhole } from '../values.ts';
import type { LeafMaker } from './scalars.ts';
import type { Context, Leaf } from './tree.ts';

/** The operators that change an array. */
export const ARRAY_OPERATORS: ReadonlyMap<string, LeafMaker> = new Map<string, LeafMaker>([
  ['$push', push],
  ['$addToSet', addToSet],
  ['$pull', pull],
  ['$pullAll', pullAll],
  ['$pop', pop],
]);

function push(operand: unknown, path: string): Leaf {
  const { items, change } = pushParts(operand, path);
  return {
    operator: '$push',
    creates: true,
    apply: (old, at, context) => {
      if (old !== undefined && !Array.isArray(old)) throw notArray(old, at, context);
      return change((old ?? []) as unknown[], items);
    },
  };
}

function notArray(old: unknown, at: string, { root }: Context): MongoError {
  return new MongoError(
    'BadValue',
    `The field '${at}' must be an array but is of type ${kindOf(old)} in document {_id: ${formatValue(root['_id'])}}`,
  );
}

type Change = (old: readonly unknown[], items: readonly unknown[]) => unknown[];

function pushParts(operand: unknown, path: string): { items: unknown[]; change: Change } {
  if (!isDoc(operand) || !Object.hasOwn(operand, '$each')) {
    return { items: [operand], change: (old, items) => [...old, ...items] };
  }
  for (const name of Object.keys(operand)) {
    if (!['$each', '$slice', '$sort', '$position'].includes(name)) {
      throw new MongoError('BadValue', `Unrecognized clause in $push: ${name}`);
    }
  }
  const { $each: each, $slice: slice, $sort: sort, $position: position } = operand;
  if (!Array.isArray(each)) {
    throw new MongoError(
      'BadValue',
      `The argument to $each in $push must be an array but it was of type: ${kindOf(each)} (in '${path}')`,
    );
  }
  const keep = slice === undefined ? null : wholeClause('$slice', slice);
  const start = position === undefined ? null : wholeClause('$position', position);
  const order = sort === undefined ? null : elementOrder(sort);
  return {
    items: each,
    change: (old, items) => {
      let result = [...old];
      if (start === null) result.push(...items);
      else result.splice(start, 0, ...items);
      if (order) result.sort(order);
      if (keep !== null) result = keep >= 0 ? result.slice(0, keep) : result.slice(keep);
      return result;
    },
  };
}

function wholeClause(name: string, value: unknown): number {
  const number = isNumeric(value) ? toWhole(value) : null;
  if (number === null) {
    throw new MongoError(
      'BadValue',
      `The value for ${name} must be an integer value but was given type: ${kindOf(value)}`,
    );
  }
  return Number(number);
}

function elementOrder(sort: unknown): (a: unknown, b: unknown) => number {
  if (isNumeric(sort)) {
    const sign = direction(sort);
    return (a, b) => sign * compareValues(a, b);
  }
  if (!isDoc(sort)) {
    throw new MongoError(
      'BadValue',
      'The $sort is invalid: use 1/-1 to sort the whole element, or {field:1/-1} to sort embedded fields',
    );
  }
  const fields = Object.entries(sort).map(([name, value]) => {
    if (name === '' || name.split('.').includes('')) {
      throw new MongoError('BadValue', 'The $sort field is empty or a dotted field in it is');
    }
    return [name.split('.'), direction(value)] as const;
  });
  if (fields.length === 0)
    throw new MongoError('BadValue', 'The $sort pattern is empty when it should be a set of fields.');
  return (a, b) => {
    for (const [path, sign] of fields) {
      const order = compareValues(elementAt(a, path), elementAt(b, path));
      if (order !== 0) return sign * order;
    }
    return 0;
  };
}

function direction(value: unknown): number {
  const number = toNumber(value);
  if (number !== 1 && number !== -1) throw new MongoError('BadValue', 'The $sort element value must be either 1 or -1');
  return number;
}

function elementAt(item: unknown, path: readonly string[]): unknown {
  let value = item;
  for (const name of path) {
    if (Array.isArray(value)) value = value[Number(name)];
    else value = isDoc(value) ? field(value, name) : undefined;
  }
  return value === undefined ? null : value;
}

function addToSet(operand: unknown): Leaf {
  const items = eachOf(operand);
  return {
    operator: '$addToSet',
    creates: true,
    apply: (old, at) => {
      if (old !== undefined && !Array.isArray(old)) {
        throw new MongoError(
          'BadValue',
          `Cannot apply $addToSet to non-array field. Field named '${at.split('.').at(-1) ?? ''}' has non-array type ${kindOf(old)}`,
        );
      }
      const present = new Set(((old ?? []) as unknown[]).map((item) => hashOf(item)));
      const added: unknown[] = [];
      for (const item of items) {
        const hash = hashOf(item);
        if (present.has(hash)) continue;
        present.add(hash);
        added.push(item);
      }
      return added.length === 0 && old !== undefined ? old : [...((old ?? []) as unknown[]), ...added];
    },
  };
}

function eachOf(operand: unknown): readonly unknown[] {
  if (!isDoc(operand) || Object.keys(operand)[0] !== '$each') return [operand];
  const extra = Object.keys(operand)[1];
  if (extra !== undefined)
    throw new MongoError('BadValue', `Found unexpected fields after $each in $addToSet: ${formatValue(operand)}`);
  const each = operand['$each'];
  if (!Array.isArray(each)) {
    throw new MongoError(
      'TypeMismatch',
      `The argument to $each in $addToSet must be an array but it was of type ${kindOf(each)}`,
    );
  }
  return each;
}

function pull(operand: unknown): Leaf {
  return culling('$pull', pullTest(operand));
}

function pullTest(operand: unknown): (item: unknown) => boolean {
  if (isRegex(operand)) {
    const filter = compileFilter({ item: operand });
    return (item) => !Array.isArray(item) && filter.matches({ item });
  }
  if (!isDoc(operand)) return (item) => compareValues(item, operand) === 0;
  const first = Object.keys(operand)[0];
  if (
    first?.startsWith('$') &&
    !isReference(operand) &&
    !['$and', '$or', '$nor', '$expr', '$comment'].includes(first)
  ) {
    const filter = compileFilter({ items: { $elemMatch: operand } });
    return (item) => filter.matches({ items: [item] });
  }
  const filter = compileFilter(operand);
  return (item) => isDoc(item) && filter.matches(item);
}

function pullAll(operand: unknown): Leaf {
  if (!Array.isArray(operand)) {
    throw new MongoError('BadValue', `$pullAll requires an array argument but was given a ${kindOf(operand)}`);
  }
  const unwanted = new Set((operand as unknown[]).map((item) => hashOf(item)));
  return culling('$pullAll', (item) => unwanted.has(hashOf(item)));
}

function culling(operator: string, unwanted: (item: unknown) => boolean): Leaf {
  return {
    operator,
    creates: false,
    apply: (old) => {
      if (!Array.isArray(old)) throw new MongoError('BadValue', `Cannot apply ${operator} to a non-array value`);
      const kept = (old as unknown[]).filter((item) => !unwanted(item));
      return kept.length === old.length ? old : kept;
    },
  };
}

function pop(operand: unknown): Leaf {
  const end = isNumeric(operand) ? toNumber(operand) : Number.NaN;
  if (!isNumeric(operand)) {
    throw new MongoError('FailedToParse', `Expected a number in: $pop: ${formatValue(operand)}`);
  }
  if (end !== 1 && end !== -1)
    throw new MongoError('FailedToParse', `$pop expects 1 or -1, found: ${formatValue(operand)}`);
  return {
    operator: '$pop',
    creates: false,
    apply: (old, at) => {
      if (!Array.isArray(old)) {
        throw new MongoError('TypeMismatch', `Path '${at}' contains an element of non-array type '${kindOf(old)}'`);
      }
      return end === 1 ? old.slice(0, -1) : old.slice(1);
    },
  };
}

/** The documents of `arrayFilters` by the identifier that each is about. */
export function identifierOf(filter: Doc): string {
  const names = new Set<string>();
  collect(filter, names);
  const [name, other] = names;
  if (name === undefined)
    throw new MongoError('FailedToParse', 'Cannot use an expression without a top-level field name in arrayFilters');
  if (other !== undefined) {
    throw new MongoError(
      'FailedToParse',
      `Error parsing array filter :: caused by :: Expected a single top-level field name, found '${name}' and '${other}'`,
    );
  }
  if (!/^[a-z][a-zA-Z0-9]*$/.test(name)) {
    throw new MongoError(
      'BadValue',
      `Error parsing array filter :: caused by :: The top-level field name must be an alphanumeric string beginning with a lowercase letter, found '${name}'`,
    );
  }
  return name;
}

function collect(filter: Doc, names: Set<string>): void {
  for (const [name, operand] of Object.entries(filter)) {
    if (!name.startsWith('$')) names.add(name.split('.')[0] as string);
    else if (Array.isArray(operand))
      for (const clause of operand as unknown[]) if (isDoc(clause)) collect(clause, names);
  }
}
