import { MongoError } from '../../errors.ts';
import { compareValues } from '../compare.ts';
import { isDoc, truthy } from '../values.ts';
import { type Evaluate, fixed, nullish, type Operator, variadic } from './types.ts';

/** Comparison, boolean and conditional expressions; missing stands below null in comparisons. */
export const LOGIC: readonly (readonly [string, Operator])[] = [
  ['$eq', fixed(2, (a, b) => compareValues(a, b) === 0)],
  ['$ne', fixed(2, (a, b) => compareValues(a, b) !== 0)],
  ['$gt', fixed(2, (a, b) => compareValues(a, b) > 0)],
  ['$gte', fixed(2, (a, b) => compareValues(a, b) >= 0)],
  ['$lt', fixed(2, (a, b) => compareValues(a, b) < 0)],
  ['$lte', fixed(2, (a, b) => compareValues(a, b) <= 0)],
  ['$cmp', fixed(2, (a, b) => Math.sign(compareValues(a, b)))],
  ['$not', fixed(1, (value) => !truthy(value))],
  ['$and', shortCircuit(false)],
  ['$or', shortCircuit(true)],
  ['$cond', condition],
  ['$ifNull', ifNull],
  ['$switch', choice],
  ['$anyElementTrue', fixed(1, (items) => elements('$anyElementTrue', 17041, items).some((item) => truthy(item)))],
  ['$allElementsTrue', fixed(1, (items) => elements('$allElementsTrue', 17040, items).every((item) => truthy(item)))],
  ['$literal', (operand) => () => operand],
  ['$expr', (operand, compile) => compile(operand)],
  [
    '$rand',
    (_operand, { random }) =>
      () =>
        random(),
  ],
  ['$comment', variadic(() => undefined)],
];

function elements(name: string, code: number, items: unknown): unknown[] {
  if (!Array.isArray(items)) throw new MongoError(code, `${name}'s argument must be an array`);
  return items;
}

function shortCircuit(decisive: boolean): Operator {
  return (operand, compile) => {
    const parts = (Array.isArray(operand) ? (operand as unknown[]) : [operand]).map((spec) => compile(spec));
    return (doc) => {
      for (const part of parts) if (truthy(part(doc)) === decisive) return decisive;
      return !decisive;
    };
  };
}

function condition(operand: unknown, compile: (spec: unknown) => Evaluate): Evaluate {
  let parts: unknown[];
  if (isDoc(operand)) {
    for (const name of Object.keys(operand)) {
      if (!['if', 'then', 'else'].includes(name))
        throw new MongoError(17083, `Unrecognized parameter to $cond: ${name}`);
    }
    for (const [index, name] of ['if', 'then', 'else'].entries()) {
      if (!Object.hasOwn(operand, name)) throw new MongoError(17080 + index, `Missing '${name}' parameter to $cond`);
    }
    parts = [operand['if'], operand['then'], operand['else']];
  } else {
    parts = Array.isArray(operand) ? operand : [operand];
    if (parts.length !== 3) {
      throw new MongoError(16020, `Expression $cond takes exactly 3 arguments. ${parts.length} were passed in.`);
    }
  }
  const test = compile(parts[0]);
  const yes = compile(parts[1]);
  const no = compile(parts[2]);
  return (doc) => (truthy(test(doc)) ? yes(doc) : no(doc));
}

function ifNull(operand: unknown, compile: (spec: unknown) => Evaluate): Evaluate {
  const specs: unknown[] = Array.isArray(operand) ? operand : [operand];
  if (specs.length < 2) throw new MongoError(1257300, `$ifNull needs at least two arguments, had: ${specs.length}`);
  const parts = specs.map((spec) => compile(spec));
  return (doc) => {
    let value: unknown;
    for (const part of parts) {
      value = part(doc);
      if (!nullish(value)) return value;
    }
    return value;
  };
}

function choice(operand: unknown, compile: (spec: unknown) => Evaluate): Evaluate {
  if (!isDoc(operand)) throw new MongoError(40060, '$switch requires an object as an argument');
  const { branches, default: other } = operand;
  const unknown = Object.keys(operand).find((name) => name !== 'branches' && name !== 'default');
  if (unknown !== undefined) throw new MongoError(40067, `$switch found an unknown argument: ${unknown}`);
  if (!Array.isArray(branches)) throw new MongoError(40061, "$switch expected an array for 'branches'");
  const parts = (branches as unknown[]).map((branch) => {
    if (!isDoc(branch)) throw new MongoError(40062, '$switch expected each branch to be an object');
    if (!Object.hasOwn(branch, 'case'))
      throw new MongoError(40064, "$switch requires each branch have a 'case' expression");
    if (!Object.hasOwn(branch, 'then'))
      throw new MongoError(40065, "$switch requires each branch have a 'then' expression.");
    return [compile(branch['case']), compile(branch['then'])] as const;
  });
  if (parts.length === 0) throw new MongoError(40068, '$switch requires at least one branch.');
  const fallback = Object.hasOwn(operand, 'default') ? compile(other) : null;
  return (doc) => {
    for (const [test, then] of parts) if (truthy(test(doc))) return then(doc);
    if (fallback) return fallback(doc);
    throw new MongoError(40066, '$switch could not find a matching branch for an input, and no default was specified.');
  };
}
