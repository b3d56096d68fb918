import { MongoError } from '../../errors.ts';
import { type Doc, isDoc, isNumeric, kindOf, toWhole, truthy } from '../values.ts';
import { type Cell, type Compile, type Evaluate, namedOperand, nullish, type Operator } from './types.ts';

/** Expressions that bind variables: over each element of an array, or for what is inside of `$let`. */
export const LOOPS: readonly (readonly [string, Operator])[] = [
  ['$map', map],
  ['$filter', filter],
  ['$reduce', reduce],
  ['$let', bind],
];

function variableName(value: unknown): string {
  if (typeof value !== 'string' || value === '')
    throw new MongoError('FailedToParse', 'empty variable names are not allowed');
  if (value !== 'CURRENT' && !/^[a-z\u0080-\uffff][\w\u0080-\uffff]*$/.test(value)) {
    throw new MongoError('FailedToParse', `'${value}' starts with an invalid character for a user variable name`);
  }
  if (value === 'CURRENT') throw new MongoError('NotImplemented', 'this engine cannot rebind $$CURRENT');
  return value;
}

function each(operand: Doc, compile: Compile, body: string): { items: Evaluate; cell: Cell; inner: Evaluate } {
  const cell: Cell = { value: undefined };
  const name = variableName(operand['as'] ?? 'this');
  return { items: compile(operand['input']), cell, inner: compile(operand[body], new Map([[name, cell]])) };
}

function map(operand: unknown, compile: Compile): Evaluate {
  const { items, cell, inner } = each(namedOperand(operand, '$map', ['input', 'in'], ['as']), compile, 'in');
  return (doc) => {
    const list = items(doc);
    if (nullish(list)) return null;
    if (!Array.isArray(list)) throw new MongoError(16883, `input to $map must be an array not ${kindOf(list)}`);
    return (list as unknown[]).map((item) => {
      cell.value = item;
      return inner(doc) ?? null;
    });
  };
}

function filter(operand: unknown, compile: Compile): Evaluate {
  const spec = namedOperand(operand, '$filter', ['input', 'cond'], ['as', 'limit']);
  const { items, cell, inner } = each(spec, compile, 'cond');
  const limit = Object.hasOwn(spec, 'limit') ? compile(spec['limit']) : () => null;
  return (doc) => {
    const list = items(doc);
    if (nullish(list)) return null;
    if (!Array.isArray(list)) throw new MongoError(28651, `input to $filter must be an array not ${kindOf(list)}`);
    const most = limit(doc) ?? null;
    const whole = isNumeric(most) ? toWhole(most) : null;
    if (most !== null && (whole === null || whole < 1n)) {
      throw new MongoError(327392, '$filter: limit must be represented as a 32-bit integral value greater than 0');
    }
    const kept: unknown[] = [];
    for (const item of list as unknown[]) {
      if (whole !== null && kept.length >= Number(whole)) break;
      cell.value = item;
      if (truthy(inner(doc))) kept.push(item);
    }
    return kept;
  };
}

function reduce(operand: unknown, compile: Compile): Evaluate {
  const spec = namedOperand(operand, '$reduce', ['input', 'initialValue', 'in'], []);
  const value: Cell = { value: undefined };
  const self: Cell = { value: undefined };
  const items = compile(spec['input']);
  const start = compile(spec['initialValue']);
  const inner = compile(
    spec['in'],
    new Map([
      ['value', value],
      ['this', self],
    ]),
  );
  return (doc) => {
    const list = items(doc);
    if (nullish(list)) return null;
    if (!Array.isArray(list))
      throw new MongoError(40080, `$reduce requires that 'input' be an array, found: ${kindOf(list)}`);
    let reached = start(doc);
    for (const item of list as unknown[]) {
      value.value = reached;
      self.value = item;
      reached = inner(doc);
    }
    return reached;
  };
}

function bind(operand: unknown, compile: Compile): Evaluate {
  const spec = namedOperand(operand, '$let', ['vars', 'in'], []);
  const { vars } = spec;
  if (!isDoc(vars)) throw new MongoError('FailedToParse', 'invalid parameter: expected an object (vars)');
  const bound = new Map<string, Cell>();
  const values = Object.entries(vars).map(([name, expression]) => {
    const cell: Cell = { value: undefined };
    bound.set(variableName(name), cell);
    return [cell, compile(expression)] as const;
  });
  const inner = compile(spec['in'], bound);
  return (doc) => {
    const evaluated = values.map(([cell, evaluate]) => [cell, evaluate(doc)] as const);
    for (const [cell, value] of evaluated) cell.value = value;
    return inner(doc);
  };
}
