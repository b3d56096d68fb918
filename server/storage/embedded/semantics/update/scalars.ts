import { Long, Timestamp } from 'bson';
import { MongoError } from '../../errors.ts';
import { compareValues } from '../compare.ts';
import { addNumbers, multiplyNumbers, widest } from '../numbers.ts';
import { type Doc, formatValue, isDoc, isNumeric, kindOf, toWhole } from '../values.ts';
import type { Context, Leaf } from './tree.ts';

/** Makes the leaf of an operator from the operand that stands under its path. */
export type LeafMaker = (operand: unknown, path: string, now: Date) => Leaf;

/** The operators that replace a value by another. */
export const SCALARS: ReadonlyMap<string, LeafMaker> = new Map<string, LeafMaker>([
  ['$set', (operand) => leaf('$set', () => operand)],
  ['$setOnInsert', (operand) => leaf('$setOnInsert', (old, _, { inserting }) => (inserting ? operand : old))],
  ['$unset', () => ({ operator: '$unset', creates: false, lenient: true, apply: () => undefined })],
  ['$inc', (operand, path) => arithmetic('$inc', 'increment', addNumbers, operand, path)],
  ['$mul', (operand, path) => arithmetic('$mul', 'multiply', multiplyNumbers, operand, path)],
  ['$min', (operand) => leaf('$min', (old) => (old === undefined || compareValues(operand, old) < 0 ? operand : old))],
  ['$max', (operand) => leaf('$max', (old) => (old === undefined || compareValues(operand, old) > 0 ? operand : old))],
  ['$currentDate', currentDate],
  ['$bit', bit],
]);

function leaf(operator: string, apply: Leaf['apply']): Leaf {
  return { operator, creates: true, apply };
}

function identity({ root }: Context): string {
  return `{_id: ${formatValue(root['_id'])}}`;
}

function arithmetic(
  operator: string,
  verb: string,
  compute: (a: unknown, b: unknown) => unknown,
  operand: unknown,
  path: string,
): Leaf {
  if (!isNumeric(operand)) {
    throw new MongoError(
      'TypeMismatch',
      `Cannot ${verb} with non-numeric argument: {${path}: ${formatValue(operand)}}`,
    );
  }
  return leaf(operator, (old, at, context) => {
    if (old === undefined) return operator === '$inc' ? operand : zeroLike(operand);
    if (!isNumeric(old)) {
      throw new MongoError(
        'TypeMismatch',
        `Cannot apply ${operator} to a value of non-numeric type. ${identity(context)} has the field '${at.split('.').at(-1) ?? ''}' of non-numeric type ${kindOf(old)}`,
      );
    }
    const value = compute(old, operand);
    if (value === null) {
      throw new MongoError(
        'BadValue',
        `Failed to apply ${operator} operations to current value (${formatValue(old)}) for document ${identity(context)}`,
      );
    }
    return value;
  });
}

/** A product with a missing field: zero in the operand's own type. */
function zeroLike(operand: unknown): unknown {
  return widest(operand, operand) === 'long' ? Long.ZERO : multiplyNumbers(operand, 0);
}

function currentDate(operand: unknown, _path: string, now: Date): Leaf {
  if (operand === true || operand === false) return leaf('$currentDate', () => now);
  if (isDoc(operand)) {
    const type = operand['$type'];
    if (Object.keys(operand).length === 1 && type === 'date') return leaf('$currentDate', () => now);
    if (Object.keys(operand).length === 1 && type === 'timestamp') {
      const stamp = new Timestamp({ t: Math.floor(now.getTime() / 1000), i: 1 });
      return leaf('$currentDate', () => stamp);
    }
    throw new MongoError(
      'BadValue',
      "The '$type' string field is required to be 'date' or 'timestamp': {$currentDate: {field : {$type: 'date'}}}",
    );
  }
  throw new MongoError(
    'BadValue',
    `${kindOf(operand)} is not valid type for $currentDate. Please use a boolean ('true') or a $type expression ({$type: 'timestamp/date'}).`,
  );
}

function bit(operand: unknown): Leaf {
  if (!isDoc(operand) || Object.keys(operand).length === 0) {
    throw new MongoError(
      'BadValue',
      `The $bit modifier is not compatible with a ${kindOf(operand)}. You must pass in an embedded document: {$bit: {field: {and/or/xor: #}}`,
    );
  }
  const steps = Object.entries(operand).map(([name, mask]) => bitStep(name, mask));
  return leaf('$bit', (old, at, context) => {
    if (old !== undefined && !isWhole(old)) {
      throw new MongoError(
        'BadValue',
        `Cannot apply $bit to a value of non-integral type.${identity(context)} has the field ${at.split('.').at(-1) ?? ''} of non-integer type ${kindOf(old)}`,
      );
    }
    return steps.reduce<unknown>((value, step) => step(value), old ?? 0);
  });
}

function isWhole(value: unknown): boolean {
  const kind = kindOf(value);
  return kind === 'int' || kind === 'long';
}

function bitStep(name: string, mask: unknown): (value: unknown) => unknown {
  if (!isWhole(mask)) {
    throw new MongoError(
      'BadValue',
      `The $bit modifier field must be an Integer(32/64 bit); a '${kindOf(mask)}' is not supported here: ${formatValue({ [name]: mask } satisfies Doc)}`,
    );
  }
  const right = toWhole(mask) ?? 0n;
  return (value) => {
    const left = toWhole(value) ?? 0n;
    const result = combine(name, left, right);
    return kindOf(value) === 'long' || kindOf(mask) === 'long' ? Long.fromBigInt(result) : Number(result);
  };
}

function combine(name: string, left: bigint, right: bigint): bigint {
  switch (name) {
    case 'and':
      return left & right;
    case 'or':
      return left | right;
    case 'xor':
      return left ^ right;
    default:
      throw new MongoError(
        'BadValue',
        `The $bit modifier only supports 'and', 'or', and 'xor', not '${name}' which is an unknown operator: {${name}: ${right}}`,
      );
  }
}
