import { MongoError } from '../errors.ts';
import { compileExpression } from './expressions/compile.ts';
import type { Cell } from './expressions/types.ts';
import { type Hit, someAt, type Test } from './filter-path.ts';
import {
  bitsTest,
  type BitOperator,
  type Comparison,
  equalTest,
  inTest,
  isReference,
  isRegex,
  modTest,
  rangeTest,
  regexTest,
  sizeTest,
  typeTest,
} from './filter-tests.ts';
import { compileRegex } from './regex.ts';
import { type Doc, isDoc, kindOf, regexParts, formatValue, truthy } from './values.ts';

// The matcher is our own and not mingo's: mingo has no numeric Decimal128 and Long, ignores the order of fields in sub-documents,
// searches `$in` one by one and misses null in arrays. On typed values the whole of it is shorter than those repairs would be.

/** A compiled query. */
export interface Filter {
  matches(doc: Doc): boolean;
  /** The index that the positional `$` stands for in a document that matches; `undefined` where no array was matched into. */
  position(doc: Doc): number | undefined;
  /** Whether the filter is empty and every document matches. */
  readonly always: boolean;
  /** The top-level fields that the filter reads, or null where it may read any. */
  readonly fields: ReadonlySet<string> | null;
  /** The paths that the filter binds to one value each, in its order: what an upsert begins with. */
  readonly equalities: readonly (readonly [path: string, value: unknown])[];
}

/** What a filter may depend on beyond the document. */
export interface FilterOptions {
  readonly collation?: Doc;
  readonly let?: Doc;
  /** What `$$NOW` is in `$expr`. */
  readonly now?: Date;
  /** Variables of the pipelines around a `$match`. */
  readonly cells?: ReadonlyMap<string, Cell>;
}

type Predicate = (doc: Doc, hit: Hit | undefined) => boolean;

/** Compiles a query; what is malformed or unknown is refused with MongoDB's code, mostly BadValue. */
export function compileFilter(filter: Doc, options: FilterOptions = {}): Filter {
  refuseCollation(options.collation);
  const compiler = new Compiler(options);
  const predicate = compiler.query(filter);
  return {
    matches: (doc) => predicate(doc, undefined),
    position: (doc) => {
      const hit: Hit = { position: undefined };
      predicate(doc, hit);
      return hit.position;
    },
    always: Object.keys(filter).length === 0,
    fields: compiler.readsAnything ? null : compiler.fields,
    equalities: compiler.equalities,
  };
}

/** Refuses every collation but the simple one, which is the order that this engine has. */
export function refuseCollation(collation: Doc | undefined): void {
  if (collation && collation['locale'] !== 'simple') {
    throw new MongoError('NotImplemented', 'this engine has no collation but { locale: "simple" }');
  }
}

class Compiler {
  readonly fields = new Set<string>();
  readonly equalities: (readonly [string, unknown])[] = [];
  readsAnything = false;
  private readonly options: FilterOptions;
  /** Above 0 inside of what does not bind a field to a value (`$or`, `$not`, `$elemMatch`). */
  private unbound = 0;

  constructor(options: FilterOptions) {
    this.options = options;
  }

  query(filter: Doc): Predicate {
    const parts: Predicate[] = [];
    for (const name of Object.keys(filter)) {
      if (name.startsWith('$')) this.topLevel(name, filter[name], parts);
      else this.path(name, filter[name], parts);
    }
    return all(parts);
  }

  private topLevel(name: string, operand: unknown, parts: Predicate[]): void {
    switch (name) {
      case '$and':
        parts.push(all(clauses(name, operand).map((clause) => this.query(clause))));
        return;
      case '$or': {
        const list = clauses(name, operand);
        const branches = list.length === 1 ? list.map((one) => this.query(one)) : this.branches(list);
        parts.push((doc, hit) => branches.some((branch) => branch(doc, hit)));
        return;
      }
      case '$nor': {
        const branches = this.branches(clauses(name, operand));
        parts.push((doc) => !branches.some((branch) => branch(doc, undefined)));
        return;
      }
      case '$comment':
        return;
      case '$expr': {
        this.readsAnything = true;
        const test = compileExpression(operand, this.options);
        parts.push((doc) => truthy(test(doc)));
        return;
      }
      case '$alwaysTrue':
        return;
      case '$alwaysFalse':
        parts.push(() => false);
        return;
      case '$where':
      case '$jsonSchema':
      case '$text':
      case '$sampleRate':
        throw new MongoError('NotImplemented', `this engine does not have ${name}`);
      default:
        throw new MongoError(
          'BadValue',
          `unknown top level operator: ${name}. If you have a field name that starts with a '$' symbol, consider using $getField or $setField.`,
        );
    }
  }

  private branches(list: readonly Doc[]): Predicate[] {
    this.unbound++;
    const branches = list.map((clause) => this.query(clause));
    this.unbound--;
    return branches;
  }

  private path(name: string, operand: unknown, parts: Predicate[]): void {
    const path = name.split('.');
    this.fields.add(path[0] as string);
    const place = at(path);
    if (isRegex(operand)) {
      parts.push(place(regexTest(operand)));
      return;
    }
    if (!isOperators(operand)) {
      this.bind(name, operand);
      parts.push(place(equalTest(operand)));
      return;
    }
    this.operators(name, place, operand, parts);
  }

  private operators(name: string, place: Place, operand: Doc, parts: Predicate[]): void {
    for (const operator of Object.keys(operand)) {
      if (operator === '$options') {
        if (!Object.hasOwn(operand, '$regex')) throw new MongoError('BadValue', '$options needs a $regex');
        continue;
      }
      if (operator === '$eq') this.bind(name, operand[operator]);
      const predicate = this.operator(name, place, operator, operand);
      if (predicate) parts.push(predicate);
    }
  }

  private bind(path: string, value: unknown): void {
    if (this.unbound === 0) this.equalities.push([path, value]);
  }

  private operator(name: string, place: Place, operator: string, operators: Doc): Predicate | null {
    const operand = operators[operator];
    switch (operator) {
      case '$ne':
        if (isRegex(operand)) throw new MongoError('BadValue', "Can't have regex as arg to $ne.");
        return not(place(equalTest(operand)));
      case '$nin':
        return not(place(inTest(operator, operand)));
      case '$not':
        return this.negation(name, place, operand);
      case '$exists': {
        const exists = place((value) => value !== undefined, false);
        return truthy(operand) ? exists : not(exists);
      }
      case '$all':
        return this.allOf(name, place, operand);
      case '$elemMatch': {
        const test = this.elemMatch(operand);
        return (doc, hit) => place(arrayTest(test, hit), false)(doc, hit);
      }
      case '$size':
        return place(sizeTest(operand), false);
      case '$comment':
        return null;
      default: {
        if (operator === '$in' && Array.isArray(operand) && operand.length === 1 && !isRegex(operand[0])) {
          this.bind(name, operand[0]);
        }
        return place(leafTest(operator, operand, operators));
      }
    }
  }

  private negation(name: string, place: Place, operand: unknown): Predicate {
    if (isRegex(operand)) return not(place(regexTest(operand)));
    if (!isDoc(operand)) throw new MongoError('BadValue', '$not needs a regex or a document');
    const operators = Object.keys(operand);
    if (operators.length === 0) throw new MongoError('BadValue', '$not cannot be empty');
    this.unbound++;
    const parts: Predicate[] = [];
    for (const operator of operators) {
      if (!operator.startsWith('$')) throw new MongoError('BadValue', `unknown operator: ${operator}`);
      if (operator === '$options') continue;
      const predicate = this.operator(name, place, operator, operand);
      if (predicate) parts.push(predicate);
    }
    this.unbound--;
    return not(all(parts));
  }

  private allOf(name: string, place: Place, operand: unknown): Predicate {
    if (!Array.isArray(operand)) throw new MongoError('BadValue', '$all needs an array');
    if (operand.length === 0) return () => false;
    const isElemMatch = (item: unknown): item is Doc => isDoc(item) && Object.keys(item)[0] === '$elemMatch';
    const nested = isElemMatch(operand[0]);
    return all(
      (operand as unknown[]).map((item) => {
        if (isElemMatch(item) !== nested) throw new MongoError('BadValue', 'no $ expressions in $all');
        if (isElemMatch(item)) {
          const test = this.elemMatch(item['$elemMatch']);
          return place(arrayTest(test, undefined), false);
        }
        if (isRegex(item)) return place(regexTest(item));
        if (isDoc(item) && Object.keys(item)[0]?.startsWith('$')) {
          throw new MongoError('BadValue', 'no $ expressions in $all');
        }
        this.bind(name, item);
        return place(equalTest(item));
      }),
    );
  }

  private elemMatch(operand: unknown): Test {
    if (!isDoc(operand)) throw new MongoError('BadValue', '$elemMatch needs an Object');
    this.unbound++;
    const fields = new Set(this.fields);
    const test = this.elementTest(operand);
    // The fields named inside are those of the elements.
    this.fields.clear();
    for (const name of fields) this.fields.add(name);
    this.unbound--;
    return test;
  }

  private elementTest(operand: Doc): Test {
    const first = Object.keys(operand)[0];
    const onValues = first?.startsWith('$') && !LOGICAL.has(first) && !isReference(operand);
    if (!onValues) {
      const predicate = this.query(operand);
      return (item) => {
        if (isDoc(item)) return predicate(item, undefined);
        return Array.isArray(item) && predicate(asDoc(item), undefined);
      };
    }
    const parts: Predicate[] = [];
    // An element that is an array is tested as a whole, not element by element again.
    this.operators('item', (test) => (doc) => test(doc['item']), operand, parts);
    const predicate = all(parts);
    return (item) => predicate({ item }, undefined);
  }
}

const LOGICAL: ReadonlySet<string> = new Set(['$and', '$or', '$nor', '$where', '$expr', '$comment']);

function asDoc(items: readonly unknown[]): Doc {
  return Object.fromEntries(items.map((item, index) => [String(index), item]));
}

function arrayTest(test: Test, hit: Hit | undefined): Test {
  return (value) => {
    if (!Array.isArray(value)) return false;
    const index = value.findIndex((item) => test(item));
    if (index >= 0 && hit) hit.position = index;
    return index >= 0;
  };
}

function clauses(name: string, operand: unknown): Doc[] {
  if (!Array.isArray(operand)) throw new MongoError('BadValue', `${name} must be an array`);
  if (operand.length === 0) throw new MongoError('BadValue', '$and/$or/$nor must be a nonempty array');
  return (operand as unknown[]).map((clause) => {
    if (!isDoc(clause)) throw new MongoError('BadValue', '$or/$and/$nor entries need to be full objects');
    return clause;
  });
}

/** Whether a field's operand is a set of operators and not a sub-document to be equal to: its first name decides. */
function isOperators(operand: unknown): operand is Doc {
  if (!isDoc(operand)) return false;
  return Object.keys(operand)[0]?.startsWith('$') === true && !isReference(operand);
}

function leafTest(operator: string, operand: unknown, operators: Doc): Test {
  switch (operator) {
    case '$eq':
      return equalTest(operand);
    case '$gt':
    case '$gte':
    case '$lt':
    case '$lte':
      if (isRegex(operand))
        throw new MongoError('BadValue', `Can't have RegEx as arg to predicate over field '${operator}'.`);
      return rangeTest(operator satisfies Comparison, operand);
    case '$in':
      return inTest(operator, operand);
    case '$type':
      return typeTest(operand);
    case '$mod':
      return modTest(operand);
    case '$regex':
      return patternTest(operand, operators['$options']);
    case '$bitsAllSet':
    case '$bitsAllClear':
    case '$bitsAnySet':
    case '$bitsAnyClear':
      return bitsTest(operator satisfies BitOperator, operand);
    case '$geoWithin':
    case '$geoIntersects':
    case '$near':
    case '$nearSphere':
      throw new MongoError('NotImplemented', `this engine does not have ${operator}`);
    default:
      throw new MongoError('BadValue', `unknown operator: ${operator}`);
  }
}

function patternTest(operand: unknown, options: unknown): Test {
  if (options !== undefined && typeof options !== 'string') {
    throw new MongoError('BadValue', '$options has to be a string');
  }
  if (isRegex(operand)) {
    const parts = regexParts(operand);
    if (options !== undefined && parts.options !== '')
      throw new MongoError(51075, 'options set in both $regex and $options');
    return patternTest(parts.pattern, options ?? parts.options);
  }
  if (typeof operand !== 'string')
    throw new MongoError('BadValue', `$regex has to be a string, got ${formatValue(operand)}`);
  const regex = compileRegex(operand, options ?? '');
  return (value) => {
    if (typeof value === 'string') return regex.test(value);
    if (kindOf(value) === 'symbol') return regex.test(String(value));
    return isRegex(value) && regexParts(value).pattern === operand && regexParts(value).options === (options ?? '');
  };
}

/** Turns a test of a value into a test of the document that holds it. */
type Place = (test: Test, leafArrays?: boolean) => Predicate;

function at(path: readonly string[]): Place {
  return (test, leafArrays = true) =>
    (doc, hit) =>
      someAt(doc, path, 0, test, leafArrays, hit);
}

function not(predicate: Predicate): Predicate {
  return (doc) => !predicate(doc, undefined);
}

function all(parts: readonly Predicate[]): Predicate {
  const [only] = parts;
  if (only && parts.length === 1) return only;
  return (doc, hit) => {
    for (const part of parts) if (!part(doc, hit)) return false;
    return true;
  };
}
