import { MongoError } from '../../errors.ts';
import { compareValues } from '../compare.ts';
import { sortOrder } from '../sort.ts';
import { type Doc, field, formatValue, isDoc, isNumeric, kindOf, setField, toNumber, toWhole } from '../values.ts';
import { type Compile, type Evaluate, fixed, named, nullish, type Operator, ranged, variadic } from './types.ts';

/** Expressions on arrays. */
export const ARRAYS: readonly (readonly [string, Operator])[] = [
  ['$arrayElemAt', fixed(2, arrayElemAt)],
  ['$first', fixed(1, (items) => edge('$first', items, 0))],
  ['$last', fixed(1, (items) => edge('$last', items, -1))],
  ['$firstN', named(['n', 'input'], [], ({ n, input }) => several('$firstN', n, input))],
  ['$lastN', named(['n', 'input'], [], ({ n, input }) => several('$lastN', n, input))],
  ['$minN', named(['n', 'input'], [], ({ n, input }) => several('$minN', n, input))],
  ['$maxN', named(['n', 'input'], [], ({ n, input }) => several('$maxN', n, input))],
  ['$concatArrays', variadic(concatArrays)],
  ['$in', fixed(2, isIn)],
  ['$indexOfArray', ranged(2, 4, indexOfArray)],
  ['$isArray', fixed(1, (value) => Array.isArray(value))],
  ['$range', ranged(2, 3, range)],
  ['$reverseArray', fixed(1, (items) => (nullish(items) ? null : [...array('$reverseArray', 34435, items)].reverse()))],
  ['$size', fixed(1, size)],
  ['$slice', ranged(2, 3, slice)],
  ['$sortArray', sortArray],
  ['$zip', named(['inputs'], ['useLongestLength', 'defaults'], zip)],
  ['$arrayToObject', fixed(1, arrayToObject)],
  ['$objectToArray', fixed(1, objectToArray)],
];

function array(name: string, code: number, value: unknown): unknown[] {
  if (!Array.isArray(value))
    throw new MongoError(code, `The argument to ${name} must be an array, but was of type: ${kindOf(value)}`);
  return value;
}

function whole(name: string, code: number, value: unknown): number {
  const number = isNumeric(value) ? toWhole(value) : null;
  if (number === null || number > 0x7fffffffn || number < -0x80000000n) {
    throw new MongoError(
      code,
      `${name} requires an argument that can be represented as a 32-bit integer, found: ${formatValue(value)}`,
    );
  }
  return Number(number);
}

function arrayElemAt(items: unknown, index: unknown): unknown {
  if (nullish(items) || nullish(index)) return null;
  if (!Array.isArray(items))
    throw new MongoError(28689, `$arrayElemAt's first argument must be an array, but is ${kindOf(items)}`);
  if (!isNumeric(index))
    throw new MongoError(28690, `$arrayElemAt's second argument must be a numeric value, but is ${kindOf(index)}`);
  return items.at(whole('$arrayElemAt', 28691, index)) as unknown;
}

function edge(name: string, items: unknown, index: number): unknown {
  if (nullish(items)) return null;
  return array(name, 28689, items).at(index);
}

function several(name: string, count: unknown, items: unknown): unknown {
  const many = whole(name, 5787903, count);
  if (many <= 0) throw new MongoError(5787908, `'n' must be greater than 0, found ${many}`);
  const list = array(name, 5788200, items);
  if (name === '$firstN') return list.slice(0, many);
  if (name === '$lastN') return list.slice(-many);
  const sign = name === '$minN' ? 1 : -1;
  return list
    .filter((item) => !nullish(item))
    .sort((a, b) => sign * compareValues(a, b))
    .slice(0, many);
}

function concatArrays(values: readonly unknown[]): unknown {
  const all: unknown[] = [];
  for (const value of values) {
    if (nullish(value)) return null;
    if (!Array.isArray(value)) throw new MongoError(28664, `$concatArrays only supports arrays, not ${kindOf(value)}`);
    all.push(...(value as unknown[]));
  }
  return all;
}

function isIn(value: unknown, items: unknown): boolean {
  if (!Array.isArray(items))
    throw new MongoError(40081, `$in requires an array as a second argument, found: ${kindOf(items)}`);
  return items.some((item) => compareValues(item, value) === 0);
}

function indexOfArray(items: unknown, value: unknown, from: unknown = 0, to?: unknown): unknown {
  if (nullish(items)) return null;
  if (!Array.isArray(items))
    throw new MongoError(40090, `$indexOfArray requires an array as a first argument, found: ${kindOf(items)}`);
  const start = bound('$indexOfArray', from);
  const end = to === undefined ? items.length : Math.min(bound('$indexOfArray', to), items.length);
  for (let index = start; index < end; index++) if (compareValues(items[index], value) === 0) return index;
  return -1;
}

function bound(name: string, value: unknown): number {
  const number = whole(name, 40096, value);
  if (number < 0)
    throw new MongoError(40097, `${name} requires a nonnegative starting or ending index, found: ${number}`);
  return number;
}

function range(start: unknown, end: unknown, step: unknown = 1): unknown {
  if (!isNumeric(start))
    throw new MongoError(34443, `$range requires a numeric starting value, found value of type: ${kindOf(start)}`);
  const from = whole('$range', 34444, start);
  if (!isNumeric(end))
    throw new MongoError(34445, `$range requires a numeric ending value, found value of type: ${kindOf(end)}`);
  const to = whole('$range', 34446, end);
  if (!isNumeric(step))
    throw new MongoError(34447, `$range requires a numeric step value, found value of type: ${kindOf(step)}`);
  const by = whole('$range', 34448, step);
  if (by === 0) throw new MongoError(34449, '$range requires a non-zero step value');
  // 64 MB of numbers, as MongoDB bounds it.
  if (Math.abs((to - from) / by) > 4_000_000)
    throw new MongoError('QueryExceededMemoryLimitNoDiskUseAllowed', '$range would use too much memory');
  const items: number[] = [];
  for (let value = from; by > 0 ? value < to : value > to; value += by) items.push(value);
  return items;
}

function size(items: unknown): number {
  if (!Array.isArray(items))
    throw new MongoError(17124, `The argument to $size must be an array, but was of type: ${kindOf(items)}`);
  return items.length;
}

function slice(items: unknown, first: unknown, second: unknown): unknown {
  if (nullish(items) || nullish(first) || second === null) return null;
  if (!Array.isArray(items))
    throw new MongoError(28724, `First argument to $slice must be an array, but is of type: ${kindOf(items)}`);
  const one = whole('$slice', 28726, isNumeric(first) ? first : wrongSlice(28725, 'Second', first));
  if (second === undefined) return one >= 0 ? items.slice(0, one) : items.slice(one);
  const count = whole('$slice', 28728, isNumeric(second) ? second : wrongSlice(28727, 'Third', second));
  if (count <= 0) throw new MongoError(28729, `Third argument to $slice must be positive: ${count}`);
  const start = one >= 0 ? one : Math.max(items.length + one, 0);
  return items.slice(start, start + count);
}

function wrongSlice(code: number, which: string, value: unknown): never {
  throw new MongoError(code, `${which} argument to $slice must be numeric, but is of type: ${kindOf(value)}`);
}

function sortArray(operand: unknown, compile: Compile): Evaluate {
  if (!isDoc(operand))
    throw new MongoError(2942500, `$sortArray requires an object as an argument, found: ${kindOf(operand)}`);
  const { input, sortBy } = operand;
  if (input === undefined) throw new MongoError(2942502, "$sortArray requires 'input' to be specified");
  if (sortBy === undefined) throw new MongoError(2942503, "$sortArray requires 'sortBy' to be specified");
  const items = compile(input);
  const compare = elementOrder(sortBy);
  return (doc) => {
    const list = items(doc);
    if (nullish(list)) return null;
    if (!Array.isArray(list))
      throw new MongoError(
        2942504,
        `The input argument to $sortArray must be an array, but was of type: ${kindOf(list)}`,
      );
    return [...(list as unknown[])].sort(compare);
  };
}

function elementOrder(sortBy: unknown): (a: unknown, b: unknown) => number {
  if (isNumeric(sortBy)) {
    const sign = toNumber(sortBy);
    if (sign !== 1 && sign !== -1) throw new MongoError(2942505, 'The $sort element value must be either 1 or -1');
    return (a, b) => sign * compareValues(a, b);
  }
  if (!isDoc(sortBy)) throw new MongoError(2942505, 'The $sort is invalid: use 1/-1 or an object');
  const { keyOf, compareKeys } = sortOrder(sortBy);
  const key = (item: unknown): readonly unknown[] => keyOf(isDoc(item) ? item : {});
  return (a, b) => compareKeys(key(a), key(b));
}

function zip({ inputs, useLongestLength: longest = false, defaults }: Doc): unknown {
  if (nullish(inputs)) return null;
  if (!Array.isArray(inputs))
    throw new MongoError(34461, `inputs must be an array of expressions, found ${kindOf(inputs)}`);
  const lists: unknown[][] = [];
  for (const list of inputs as unknown[]) {
    if (nullish(list)) return null;
    if (!Array.isArray(list))
      throw new MongoError(34468, `$zip found a non-array expression in input: ${formatValue(list)}`);
    lists.push(list);
  }
  const lengths = lists.map((list) => list.length);
  const length = lists.length === 0 ? 0 : longest === true ? Math.max(...lengths) : Math.min(...lengths);
  const fill: unknown[] = Array.isArray(defaults) ? defaults : [];
  return Array.from({ length }, (_, row) =>
    lists.map((list, column) => (row < list.length ? list[row] : (fill[column] ?? null))),
  );
}

function arrayToObject(items: unknown): unknown {
  if (nullish(items)) return null;
  if (!Array.isArray(items))
    throw new MongoError(40386, `$arrayToObject requires an array input, found: ${kindOf(items)}`);
  const made: Doc = {};
  for (const item of items as unknown[]) {
    if (Array.isArray(item)) {
      if (item.length !== 2)
        throw new MongoError(
          40397,
          `$arrayToObject requires an array of size 2 arrays,found array of size: ${item.length}`,
        );
      if (typeof item[0] !== 'string')
        throw new MongoError(
          40395,
          `$arrayToObject requires an array of key-value pairs, where the key must be of type string. Found key type: ${kindOf(item[0])}`,
        );
      setField(made, item[0], item[1] ?? null);
    } else if (isDoc(item)) {
      const key = field(item, 'k');
      if (Object.keys(item).length !== 2 || field(item, 'v') === undefined || key === undefined) {
        throw new MongoError(
          40392,
          `$arrayToObject requires an object keys of 'k' and 'v'. Found incorrect number of keys:${Object.keys(item).length}`,
        );
      }
      if (typeof key !== 'string')
        throw new MongoError(
          40394,
          `$arrayToObject requires an object with keys 'k' and 'v', where the value of 'k' must be of type string. Found type: ${kindOf(key)}`,
        );
      setField(made, key, field(item, 'v'));
    } else throw new MongoError(40398, `Unrecognised input type format for $arrayToObject: ${kindOf(item)}`);
  }
  return made;
}

function objectToArray(value: unknown): unknown {
  if (nullish(value)) return null;
  if (!isDoc(value)) throw new MongoError(40390, `$objectToArray requires a document input, found: ${kindOf(value)}`);
  return Object.keys(value).map((k) => ({ k, v: field(value, k) }));
}
