import { Decimal128 } from 'bson';
import { MongoError } from '../errors.ts';
import { compareValues } from './compare.ts';
import { compileExpression, type ExpressionOptions } from './expressions/compile.ts';
import type { Evaluate } from './expressions/types.ts';
import { hashOf } from './key.ts';
import { Sum } from './numbers.ts';
import { sortOrder } from './sort.ts';
import { type Doc, double, formatValue, isDoc, isNumeric, kindOf, toNumber, toWhole } from './values.ts';

/** The value that a group gathers from its documents. */
export interface Accumulator {
  add(doc: Doc): void;
  /** What was gathered; `undefined` leaves the field out. */
  value(): unknown;
}

/** Starts an accumulator for one group. */
export type AccumulatorMaker = () => Accumulator;

type Gather = (evaluate: Evaluate) => Accumulator;

const SIMPLE: ReadonlyMap<string, Gather> = new Map<string, Gather>([
  ['$sum', sum],
  ['$avg', average],
  ['$min', (evaluate) => extreme(evaluate, -1)],
  ['$max', (evaluate) => extreme(evaluate, 1)],
  ['$first', first],
  ['$last', last],
  ['$push', push],
  ['$addToSet', addToSet],
  ['$mergeObjects', mergeObjects],
  ['$stdDevPop', (evaluate) => deviation(evaluate, 0)],
  ['$stdDevSamp', (evaluate) => deviation(evaluate, 1)],
]);

/** Compiles an accumulator of `$group`; an unknown one is refused with 15952. */
export function accumulator(operator: string, spec: unknown, options: ExpressionOptions): AccumulatorMaker {
  const simple = SIMPLE.get(operator);
  if (simple) {
    if (Array.isArray(spec)) throw new MongoError(40237, `The ${operator} accumulator is a unary operator`);
    const evaluate = compileExpression(spec, options);
    return () => simple(evaluate);
  }
  switch (operator) {
    case '$count':
      if (!isDoc(spec) || Object.keys(spec).length > 0) {
        throw new MongoError('TypeMismatch', '$count takes no arguments, i.e. $count:{}');
      }
      return () => sum(() => 1);
    case '$firstN':
    case '$lastN':
    case '$minN':
    case '$maxN':
      return severalOf(operator, spec, options);
    case '$top':
    case '$bottom':
    case '$topN':
    case '$bottomN':
      return ranked(operator, spec, options);
    case '$accumulator':
    case '$median':
    case '$percentile':
      throw new MongoError('NotImplemented', `this engine does not have the accumulator ${operator}`);
    default:
      throw new MongoError(15952, `unknown group operator '${operator}'`);
  }
}

function sum(evaluate: Evaluate): Accumulator {
  const total = new Sum();
  return {
    add: (doc) => {
      const value = evaluate(doc);
      if (isNumeric(value)) total.add(value);
    },
    value: () => total.total(),
  };
}

function average(evaluate: Evaluate): Accumulator {
  const total = new Sum();
  let count = 0;
  return {
    add: (doc) => {
      const value = evaluate(doc);
      if (!isNumeric(value)) return;
      total.add(value);
      count++;
    },
    value: () => (count === 0 ? null : total.mean(count)),
  };
}

function extreme(evaluate: Evaluate, sign: 1 | -1): Accumulator {
  let best: unknown = null;
  let found = false;
  return {
    add: (doc) => {
      const value = evaluate(doc);
      if (value === undefined || value === null) return;
      if (!found || compareValues(value, best) * sign > 0) best = value;
      found = true;
    },
    value: () => best,
  };
}

function first(evaluate: Evaluate): Accumulator {
  let seen = false;
  let value: unknown = null;
  return {
    add: (doc) => {
      if (seen) return;
      seen = true;
      value = evaluate(doc) ?? null;
    },
    value: () => value,
  };
}

function last(evaluate: Evaluate): Accumulator {
  let value: unknown = null;
  return {
    add: (doc) => {
      value = evaluate(doc) ?? null;
    },
    value: () => value,
  };
}

function push(evaluate: Evaluate): Accumulator {
  const items: unknown[] = [];
  return {
    add: (doc) => {
      const value = evaluate(doc);
      if (value !== undefined) items.push(value);
    },
    value: () => items,
  };
}

function addToSet(evaluate: Evaluate): Accumulator {
  const items = new Map<string, unknown>();
  return {
    add: (doc) => {
      const value = evaluate(doc);
      if (value === undefined) return;
      const hash = hashOf(value);
      if (!items.has(hash)) items.set(hash, value);
    },
    value: () => [...items.values()],
  };
}

function mergeObjects(evaluate: Evaluate): Accumulator {
  const merged: Doc = {};
  return {
    add: (doc) => {
      const value = evaluate(doc);
      if (value === undefined || value === null) return;
      if (!isDoc(value))
        throw new MongoError(
          40400,
          `$mergeObjects requires object inputs, but input ${formatValue(value)} is of type ${kindOf(value)}`,
        );
      Object.assign(merged, value);
    },
    value: () => merged,
  };
}

function deviation(evaluate: Evaluate, sample: 0 | 1): Accumulator {
  let count = 0;
  let mean = 0;
  let squares = 0;
  return {
    add: (doc) => {
      const value = evaluate(doc);
      if (!isNumeric(value)) return;
      if (value instanceof Decimal128)
        throw new MongoError('NotImplemented', 'this engine has no standard deviation of Decimal128');
      count++;
      const delta = toNumber(value) - mean;
      mean += delta / count;
      squares += delta * (toNumber(value) - mean);
    },
    value: () => (count <= sample ? null : double(Math.sqrt(squares / (count - sample)))),
  };
}

function countOf(operator: string, spec: unknown, options: ExpressionOptions): number {
  const value = compileExpression(spec, options)({});
  const count = isNumeric(value) ? toWhole(value) : null;
  if (count === null)
    throw new MongoError(5787902, `Value for 'n' must be of integral type, but found ${formatValue(value)}`);
  if (count <= 0n) throw new MongoError(5787908, `'n' must be greater than 0, found ${count} (${operator})`);
  return Number(count);
}

function severalOf(operator: string, spec: unknown, options: ExpressionOptions): AccumulatorMaker {
  if (!isDoc(spec) || !Object.hasOwn(spec, 'n') || !Object.hasOwn(spec, 'input')) {
    throw new MongoError(5787906, `${operator} needs an object with 'n' and 'input'`);
  }
  const evaluate = compileExpression(spec['input'], options);
  const count = countOf(operator, spec['n'], options);
  return () => {
    const items: unknown[] = [];
    const skipsNull = operator === '$minN' || operator === '$maxN';
    return {
      add: (doc) => {
        const value = evaluate(doc) ?? null;
        if (!(skipsNull && value === null)) items.push(value);
      },
      value: () => {
        if (operator === '$firstN') return items.slice(0, count);
        if (operator === '$lastN') return items.slice(-count);
        const sign = operator === '$minN' ? 1 : -1;
        return items.sort((a, b) => sign * compareValues(a, b)).slice(0, count);
      },
    };
  };
}

function ranked(operator: string, spec: unknown, options: ExpressionOptions): AccumulatorMaker {
  const several = operator.endsWith('N');
  if (
    !isDoc(spec) ||
    !isDoc(spec['sortBy']) ||
    !Object.hasOwn(spec, 'output') ||
    several !== Object.hasOwn(spec, 'n')
  ) {
    throw new MongoError(5788001, `${operator} needs an object with 'sortBy', 'output'${several ? " and 'n'" : ''}`);
  }
  const evaluate = compileExpression(spec['output'], options);
  const { keyOf, compareKeys } = sortOrder(spec['sortBy']);
  const count = several ? countOf(operator, spec['n'], options) : 1;
  return () => {
    const items: { key: readonly unknown[]; value: unknown }[] = [];
    return {
      add: (doc) => items.push({ key: keyOf(doc), value: evaluate(doc) ?? null }),
      value: () => {
        items.sort((a, b) => compareKeys(a.key, b.key));
        const chosen = operator.startsWith('$top') ? items.slice(0, count) : items.slice(-count);
        return several ? chosen.map(({ value }) => value) : (chosen[0]?.value ?? null);
      },
    };
  };
}
