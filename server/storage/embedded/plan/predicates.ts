/** What a filter says about single fields, as far as an index can answer it. */
import { BSONRegExp } from 'bson';
import { type Doc, isDoc, kindOf, toNumber } from '../semantics/index.ts';

export type Comparison = 'gt' | 'gte' | 'lt' | 'lte';

interface OfPath {
  readonly path: string;
  /** Whether bounds over an index without arrays answer this completely, so that the document need not be looked at again. */
  readonly exact: boolean;
}

export type Predicate =
  | (OfPath & { readonly kind: 'points'; readonly values: readonly unknown[] })
  | (OfPath & { readonly kind: 'range'; readonly comparison: Comparison; readonly value: unknown })
  | (OfPath & { readonly kind: 'exists' })
  | (OfPath & { readonly kind: 'type'; readonly type: unknown });

export interface Analysis {
  readonly predicates: readonly Predicate[];
  /** Each `$or` that must hold as well, by its branches. */
  readonly alternatives: readonly (readonly Doc[])[];
  /** Whether predicates and alternatives are all that the filter says. */
  readonly complete: boolean;
}

/** Takes a filter apart into conditions that all must hold. What it does not understand is left out: then `complete` is false. */
export function analyze(filter: Doc): Analysis {
  const found: { predicates: Predicate[]; alternatives: (readonly Doc[])[]; complete: boolean } = {
    predicates: [],
    alternatives: [],
    complete: true,
  };
  collect(filter, found);
  return found;
}

interface Found {
  predicates: Predicate[];
  alternatives: (readonly Doc[])[];
  complete: boolean;
}

function collect(filter: Doc, found: Found): void {
  for (const [name, condition] of Object.entries(filter)) {
    if (name === '$and' && Array.isArray(condition)) for (const part of condition as Doc[]) collect(part, found);
    else if (name === '$or' && Array.isArray(condition)) {
      const branches = condition as Doc[];
      if (branches.length === 1 && branches[0]) collect(branches[0], found);
      else found.alternatives.push(branches);
    } else if (name === '$comment') continue;
    else if (name.startsWith('$')) found.complete = false;
    else collectField(name, condition, found);
  }
}

function collectField(path: string, condition: unknown, found: Found): void {
  if (condition instanceof BSONRegExp || condition instanceof RegExp) {
    found.complete = false;
    prefixRange(path, condition, found);
    return;
  }
  if (!isDoc(condition) || !Object.keys(condition)[0]?.startsWith('$')) {
    points(path, [condition], found);
    return;
  }
  for (const [operator, operand] of Object.entries(condition))
    collectOperator(path, operator, operand, condition, found);
}

function collectOperator(path: string, operator: string, operand: unknown, condition: Doc, found: Found): void {
  switch (operator) {
    case '$eq':
      if (operand instanceof BSONRegExp || operand instanceof RegExp) found.complete = false;
      else points(path, [operand], found);
      return;
    case '$in':
      if (Array.isArray(operand) && !operand.some((value) => kindOf(value) === 'regex')) points(path, operand, found);
      else found.complete = false;
      return;
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      range(path, operator.slice(1) as Comparison, operand, found);
      return;
    case '$exists':
      // False is answered by null in an index, which a missing field shares with a null one.
      if (operand === true || toNumber(operand) > 0) found.predicates.push({ kind: 'exists', path, exact: false });
      found.complete = false;
      return;
    case '$type':
      found.predicates.push({ kind: 'type', path, exact: false, type: operand });
      found.complete = false;
      return;
    case '$regex':
      found.complete = false;
      if (condition['$options'] !== undefined) return;
      if (typeof operand === 'string') prefixRange(path, new BSONRegExp(operand), found);
      else if (operand instanceof BSONRegExp) prefixRange(path, operand, found);
      return;
    case '$elemMatch':
      found.complete = false;
      if (isDoc(operand)) collectElement(path, operand, found);
      return;
    case '$all':
      found.complete = false;
      if (Array.isArray(operand) && operand.length > 0 && isScalar(operand[0]))
        points(path, [operand[0]], found, false);
      return;
    default:
      found.complete = false;
  }
}

/** An element that matches implies that the path matches, so its conditions are good for bounds, never for the answer. */
function collectElement(path: string, operand: Doc, found: Found): void {
  const inner: Found = { predicates: [], alternatives: [], complete: true };
  if (Object.keys(operand)[0]?.startsWith('$')) {
    if (Object.keys(operand).some((name) => name === '$and' || name === '$or' || name === '$nor')) return;
    collectField(path, operand, inner);
  } else
    for (const [name, condition] of Object.entries(operand))
      if (!name.startsWith('$')) collectField(`${path}.${name}`, condition, inner);
  for (const predicate of inner.predicates) found.predicates.push({ ...predicate, exact: false });
}

/** Values whose equality is the equality of their keys; null, arrays and documents need a look at the document. */
function isScalar(value: unknown): boolean {
  switch (kindOf(value)) {
    case 'missing':
    case 'undefined':
    case 'null':
    case 'array':
    case 'object':
    case 'regex':
      return false;
    default:
      return true;
  }
}

function points(path: string, values: readonly unknown[], found: Found, exact = true): void {
  if (values.some((value) => Array.isArray(value) || kindOf(value) === 'undefined' || kindOf(value) === 'missing')) {
    // An array in a filter equals a whole array or one of its elements, and an index holds the elements.
    found.complete = false;
    return;
  }
  const scalar = values.every(isScalar);
  if (!scalar) found.complete = false;
  found.predicates.push({ kind: 'points', path, values, exact: exact && scalar });
}

const ORDERED = new Set(['int', 'long', 'double', 'decimal', 'string', 'objectId', 'bool', 'date', 'timestamp']);

function range(path: string, comparison: Comparison, value: unknown, found: Found): void {
  if (
    !ORDERED.has(kindOf(value)) ||
    (typeof value !== 'string' && Number.isNaN(toNumber(value)) && isNumberKind(value))
  ) {
    found.complete = false;
    return;
  }
  found.predicates.push({ kind: 'range', path, comparison, value, exact: true });
}

export function isNumberKind(value: unknown): boolean {
  const kind = kindOf(value);
  return kind === 'int' || kind === 'long' || kind === 'double' || kind === 'decimal';
}

/** `/^abc/` is a range of strings; only plain characters behind the caret are taken. */
function prefixRange(path: string, expression: BSONRegExp | RegExp, found: Found): void {
  const pattern = expression instanceof RegExp ? expression.source : expression.pattern;
  const options = expression instanceof RegExp ? expression.flags : expression.options;
  if (options !== '' || pattern.includes('|')) return;
  let prefix = /^\^([\w \-/:@#%&,;<>=~"'!]*)/.exec(pattern)?.[1] ?? '';
  if (/^[*?{+]/.test(pattern.slice(prefix.length + 1))) prefix = prefix.slice(0, -1);
  const last = prefix.charCodeAt(prefix.length - 1);
  if (prefix === '') return;
  found.predicates.push({ kind: 'range', path, comparison: 'gte', value: prefix, exact: false });
  found.predicates.push({
    kind: 'range',
    path,
    comparison: 'lt',
    value: prefix.slice(0, -1) + String.fromCharCode(last + 1),
    exact: false,
  });
}
