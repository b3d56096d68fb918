import { MongoError } from '../../errors.ts';
import { type Doc, field, isDoc, setField } from '../values.ts';
import { ARITHMETIC } from './arithmetic.ts';
import { ARRAYS } from './arrays.ts';
import { CONVERSIONS } from './conversions.ts';
import { DATES } from './dates.ts';
import { LOGIC } from './logic.ts';
import { OBJECTS } from './objects.ts';
import { SETS } from './sets.ts';
import { STRINGS } from './strings.ts';
import { LOOPS } from './loops.ts';
import type { Cell, Compile, Evaluate, Operator } from './types.ts';

// Aggregation expressions are compiled here, on typed values, and not by mingo: mingo gives wrong sums with Long and Decimal128, an
// order of its own to types, and live references. Its calendar is right, and `dates.ts` uses it for the expressions on dates.

/** What an expression may depend on beyond the document. */
export interface ExpressionOptions {
  /** What `$$NOW` is; without it an expression that asks for the time is refused. */
  readonly now?: Date;
  readonly random?: () => number;
  /** Variables with their values, as a command's `let` gives them. */
  readonly let?: Doc;
  /** Variables that somebody else sets, as `$lookup` does for each document. */
  readonly cells?: ReadonlyMap<string, Cell>;
}

const OPERATORS: ReadonlyMap<string, Operator> = new Map([
  ...ARITHMETIC,
  ...ARRAYS,
  ...CONVERSIONS,
  ...DATES,
  ...LOGIC,
  ...LOOPS,
  ...OBJECTS,
  ...SETS,
  ...STRINGS,
]);

/** Compiles an aggregation expression; an unknown operator is refused with 168, an unknown variable with 17276. */
export function compileExpression(spec: unknown, options: ExpressionOptions = {}): Evaluate {
  const cells = new Map<string, Cell>(options.cells);
  const { now, random = Math.random } = options;
  for (const [name, value] of Object.entries(options.let ?? {})) cells.set(name, { value });
  return compiler(cells, now, random)(spec);
}

function compiler(cells: ReadonlyMap<string, Cell>, now: Date | undefined, random: () => number): Compile {
  const compile = (spec: unknown, bound?: ReadonlyMap<string, Cell>): Evaluate => {
    if (bound) return compiler(new Map([...cells, ...bound]), now, random)(spec);
    if (typeof spec === 'string') return text(spec, cells, now);
    if (Array.isArray(spec)) {
      const items = spec.map((item) => self(item));
      return (doc) => items.map((item) => item(doc) ?? null);
    }
    return isDoc(spec) ? object(spec, self) : () => spec;
  };
  const self: Compile = Object.assign(compile, { random });
  return self;
}

function object(spec: Doc, compile: Compile): Evaluate {
  const names = Object.keys(spec);
  const first = names[0];
  if (first?.startsWith('$')) {
    if (names.length > 1) {
      throw new MongoError(
        15983,
        `An object representing an expression must have exactly one field: ${names.join(', ')}`,
      );
    }
    const operator = OPERATORS.get(first);
    if (!operator) throw new MongoError('InvalidPipelineOperator', `Unrecognized expression '${first}'`);
    return operator(spec[first], compile, first);
  }
  const fields = names.map((name) => {
    if (name.startsWith('$'))
      throw new MongoError(16410, `FieldPath field names may not start with '$'. Got '${name}'.`);
    if (name.includes('.')) throw new MongoError(16412, "FieldPath field names may not contain '.'.");
    return [name, compile(spec[name])] as const;
  });
  return (doc) => {
    const made: Doc = {};
    for (const [name, evaluate] of fields) {
      const value = evaluate(doc);
      if (value !== undefined) setField(made, name, value);
    }
    return made;
  };
}

function text(spec: string, cells: ReadonlyMap<string, Cell>, now: Date | undefined): Evaluate {
  if (!spec.startsWith('$')) return () => spec;
  if (!spec.startsWith('$$')) return path(spec.slice(1));
  const [name = '', ...rest] = spec.slice(2).split('.');
  for (const part of rest) checkName(part);
  const source = variable(name, cells, now);
  if (rest.length === 0) return source;
  return (doc) => valueAt(source(doc), rest, 0);
}

function variable(name: string, cells: ReadonlyMap<string, Cell>, now: Date | undefined): Evaluate {
  const cell = cells.get(name);
  if (cell) return () => cell.value;
  switch (name) {
    case 'ROOT':
    case 'CURRENT':
      return (doc) => doc;
    case 'REMOVE':
      return () => undefined;
    case 'NOW':
      if (!now) throw new MongoError(51144, "Builtin variable '$$NOW' is not available");
      return () => now;
    case '':
      throw new MongoError('FailedToParse', 'empty variable names are not allowed');
    case 'CLUSTER_TIME':
    case 'USER_ROLES':
    case 'SEARCH_META':
      throw new MongoError('NotImplemented', `this engine does not have $$${name}`);
    default:
      throw new MongoError(17276, `Use of undefined variable: ${name}`);
  }
}

function checkName(name: string): void {
  if (name === '') throw new MongoError(15998, 'FieldPath field names may not be empty strings.');
  if (name.startsWith('$')) throw new MongoError(16410, `FieldPath field names may not start with '$'. Got '${name}'.`);
}

function path(dotted: string): Evaluate {
  if (dotted === '') throw new MongoError(16872, "'$' by itself is not a valid FieldPath");
  if (dotted.endsWith('.')) throw new MongoError(40353, "FieldPath must not end with a '.'.");
  const names = dotted.split('.');
  for (const name of names) checkName(name);
  const [first = ''] = names;
  if (names.length === 1) return (doc) => field(doc, first);
  return (doc) => valueAt(field(doc, first), names, 1);
}

/** The value at a path: through an array it is the array of what its documents have there. */
function valueAt(value: unknown, names: readonly string[], from: number): unknown {
  let reached = value;
  for (let index = from; index < names.length; index++) {
    if (Array.isArray(reached)) {
      const found: unknown[] = [];
      for (const item of reached as unknown[]) {
        if (!isDoc(item)) continue;
        const inner = valueAt(item, names, index);
        if (inner !== undefined) found.push(inner);
      }
      return found;
    }
    if (!isDoc(reached)) return undefined;
    reached = field(reached, names[index] as string);
  }
  return reached;
}
