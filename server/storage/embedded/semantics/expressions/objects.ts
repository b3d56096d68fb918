import { MongoError } from '../../errors.ts';
import { type Doc, field, formatValue, isDoc, kindOf, setField } from '../values.ts';
import { type Compile, type Evaluate, namedOperand, nullish, type Operator, variadic } from './types.ts';

/** Expressions on documents. */
export const OBJECTS: readonly (readonly [string, Operator])[] = [
  ['$mergeObjects', variadic(mergeObjects)],
  ['$getField', getField],
  ['$setField', setFieldOperator],
  ['$unsetField', unsetField],
];

function mergeObjects(values: readonly unknown[]): unknown {
  const parts = values.length === 1 && Array.isArray(values[0]) ? (values[0] as unknown[]) : values;
  const merged: Doc = {};
  for (const part of parts) {
    if (nullish(part)) continue;
    if (!isDoc(part)) {
      throw new MongoError(
        40400,
        `$mergeObjects requires object inputs, but input ${formatValue(part)} is of type ${kindOf(part)}`,
      );
    }
    for (const name of Object.keys(part)) setField(merged, name, part[name]);
  }
  return merged;
}

function constantName(spec: unknown, name: string): string {
  const value = isDoc(spec) && Object.keys(spec).length === 1 && '$literal' in spec ? spec['$literal'] : spec;
  if (typeof value !== 'string' || (value === spec && value.startsWith('$'))) {
    throw new MongoError(
      4161107,
      `${name} requires 'field' to evaluate to a constant string, but got ${formatValue(spec)}`,
    );
  }
  return value;
}

function getField(operand: unknown, compile: Compile): Evaluate {
  const named = isDoc(operand) && !Object.keys(operand)[0]?.startsWith('$');
  const spec = named ? namedOperand(operand, '$getField', ['field'], ['input']) : { field: operand };
  const name = compile(spec['field']);
  const input = compile('input' in spec ? spec['input'] : '$$CURRENT');
  return (doc) => {
    const key = name(doc);
    if (typeof key !== 'string')
      throw new MongoError(3041704, `$getField requires 'field' to evaluate to type String, but got ${kindOf(key)}`);
    const value = input(doc);
    if (nullish(value)) return value;
    return isDoc(value) ? field(value, key) : undefined;
  };
}

function setFieldOperator(operand: unknown, compile: Compile): Evaluate {
  const spec = namedOperand(operand, '$setField', ['field', 'input', 'value'], []);
  return setter('$setField', constantName(spec['field'], '$setField'), compile(spec['input']), compile(spec['value']));
}

function unsetField(operand: unknown, compile: Compile): Evaluate {
  const spec = namedOperand(operand, '$unsetField', ['field', 'input'], []);
  return setter('$unsetField', constantName(spec['field'], '$unsetField'), compile(spec['input']), () => undefined);
}

function setter(operator: string, name: string, input: Evaluate, value: Evaluate): Evaluate {
  return (doc) => {
    const base = input(doc);
    if (nullish(base)) return null;
    if (!isDoc(base)) throw new MongoError(4161105, `${operator} requires 'input' to evaluate to type Object`);
    const copy = { ...base };
    const next = value(doc);
    if (next === undefined) delete copy[name];
    else setField(copy, name, next);
    return copy;
  };
}
