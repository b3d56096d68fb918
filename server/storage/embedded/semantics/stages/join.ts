import { MongoError } from '../../errors.ts';
import { compileExpression } from '../expressions/compile.ts';
import type { Cell, Evaluate } from '../expressions/types.ts';
import { someAt } from '../filter-path.ts';
import { hashOf } from '../key.ts';
import { type Doc, field, formatValue, isDoc, isNumeric, setField, toWhole } from '../values.ts';
import { expressionOptions, type Stage, type StageEnv, type StageMaker } from './types.ts';

/** Compiles a pipeline inside of a stage. */
type CompilePipeline = (stages: readonly unknown[], env: StageEnv) => Stage;

/** The stages that bring in other documents or run other pipelines. */
export function JOIN_STAGES(compile: CompilePipeline): ReadonlyMap<string, StageMaker> {
  return new Map<string, StageMaker>([
    ['$lookup', (spec, env) => lookup(spec, env, compile)],
    ['$graphLookup', graphLookup],
    ['$facet', (spec, env) => facet(spec, env, compile)],
    ['$unionWith', (spec, env) => unionWith(spec, env, compile)],
  ]);
}

function facet(spec: unknown, env: StageEnv, compile: CompilePipeline): Stage {
  if (!isDoc(spec) || Object.keys(spec).length === 0) {
    throw new MongoError(40169, `the $facet specification must be a non-empty object, but found: ${formatValue(spec)}`);
  }
  const pipelines = Object.entries(spec).map(([name, stages]) => {
    if (!Array.isArray(stages))
      throw new MongoError(40170, `arguments to $facet must be arrays, ${name} is of another type`);
    for (const stage of stages as unknown[]) {
      const operator = isDoc(stage) ? (Object.keys(stage)[0] ?? '') : '';
      if (['$facet', '$out', '$merge', '$geoNear', '$indexStats', '$collStats', '$planCacheStats'].includes(operator)) {
        throw new MongoError(40600, `${operator} is not allowed to be used within a $facet stage`);
      }
    }
    return [name, compile(stages, env)] as const;
  });
  return function* faceted(source) {
    const documents = [...source];
    const result: Doc = {};
    for (const [name, pipeline] of pipelines) setField(result, name, [...pipeline(documents)]);
    yield result;
  };
}

function unionWith(spec: unknown, env: StageEnv, compile: CompilePipeline): Stage {
  const { coll, pipeline = [] } = isDoc(spec) ? spec : { coll: spec };
  if (typeof coll !== 'string')
    throw new MongoError(
      'FailedToParse',
      `the $unionWith stage specification must be an object or string, but found ${formatValue(spec)}`,
    );
  if (!Array.isArray(pipeline)) throw new MongoError('TypeMismatch', "the 'pipeline' of $unionWith must be an array");
  const run = compile(pipeline, env);
  return function* union(source) {
    yield* source;
    yield* run(env.collection(coll));
  };
}

interface Join {
  readonly from: string;
  readonly as: readonly string[];
  readonly localField: string | null;
  readonly foreignField: string | null;
  readonly pipeline: readonly unknown[] | null;
  readonly variables: Doc;
}

function lookupOptions(spec: unknown): Join {
  if (!isDoc(spec)) throw new MongoError('FailedToParse', 'the $lookup specification must be an Object');
  for (const [name, value] of Object.entries(spec)) {
    if (!['from', 'as', 'localField', 'foreignField', 'pipeline', 'let'].includes(name)) {
      throw new MongoError('FailedToParse', `unknown argument to $lookup: ${name}`);
    }
    if (name === 'pipeline') {
      if (!Array.isArray(value))
        throw new MongoError('TypeMismatch', "'pipeline' option must be specified as an array");
    } else if (name === 'let') {
      if (!isDoc(value))
        throw new MongoError('FailedToParse', `$lookup argument 'let: ${formatValue(value)}' must be an object`);
    } else if (typeof value !== 'string') {
      throw new MongoError('FailedToParse', `$lookup argument '${name}: ${formatValue(value)}' must be a string`);
    }
  }
  const { from, as, localField = null, foreignField = null, pipeline = null, let: variables = {} } = spec;
  if (typeof from !== 'string') throw new MongoError('FailedToParse', "must specify 'from' field for a $lookup");
  if (typeof as !== 'string') throw new MongoError('FailedToParse', "must specify 'as' field for a $lookup");
  if ((localField === null) !== (foreignField === null)) {
    throw new MongoError(
      'FailedToParse',
      "$lookup requires both or neither of 'localField' and 'foreignField' to be specified",
    );
  }
  if (localField === null && pipeline === null) {
    throw new MongoError(
      'FailedToParse',
      "$lookup requires either 'pipeline' or both 'localField' and 'foreignField' to be specified",
    );
  }
  if (pipeline === null && Object.hasOwn(spec, 'let')) {
    throw new MongoError('FailedToParse', "$lookup with a 'let' argument must also specify 'pipeline'");
  }
  return {
    from,
    as: as.split('.'),
    localField: localField as string | null,
    foreignField: foreignField as string | null,
    pipeline: pipeline as unknown[] | null,
    variables: variables as Doc,
  };
}

function lookup(spec: unknown, env: StageEnv, compile: CompilePipeline): Stage {
  const { from, as, localField, foreignField, pipeline, variables } = lookupOptions(spec);
  const cells = new Map<string, Cell>(env.cells);
  const bindings = Object.entries(variables).map(([name, expression]) => {
    const cell: Cell = { value: undefined };
    cells.set(name, cell);
    return [cell, compileExpression(expression, expressionOptions(env))] as const;
  });
  const inner = pipeline && compile(pipeline, { ...env, cells });
  return function* joined(source) {
    const candidates =
      localField === null || foreignField === null
        ? () => env.collection(from)
        : join(from, localField.split('.'), foreignField, env);
    for (const doc of source) {
      const values = bindings.map(([cell, evaluate]) => [cell, evaluate(doc)] as const);
      for (const [cell, value] of values) cell.value = value;
      const found = candidates(doc);
      yield placed(doc, as, [...(inner ? inner(found) : found)]);
    }
  };
}

/** Finds what belongs to a document: by index where there is one, else by a hash of the other collection made once. */
function join(from: string, local: readonly string[], foreign: string, env: StageEnv): (doc: Doc) => Iterable<Doc> {
  let table: Map<string, [number, Doc][]> | null = null;
  return (doc) => {
    const values = localValues(doc, local);
    const indexed = env.lookupBy?.(from, foreign, values);
    if (indexed) return indexed;
    table ??= hashed(env.collection(from), foreign.split('.'));
    const found = new Map<number, Doc>();
    for (const value of values) {
      for (const [order, match] of table.get(hashOf(value)) ?? []) found.set(order, match);
    }
    return [...found].sort(([a], [b]) => a - b).map(([, match]) => match);
  };
}

function hashed(documents: Iterable<Doc>, path: readonly string[]): Map<string, [number, Doc][]> {
  const table = new Map<string, [number, Doc][]>();
  let order = 0;
  for (const doc of documents) {
    const hashes = new Set<string>();
    // The walk of an equality, with a test that notes all it is shown and accepts none; what is missing counts as null.
    const note = (value: unknown): boolean => {
      hashes.add(hashOf(value ?? null));
      return false;
    };
    someAt(doc, path, 0, note, true, undefined);
    for (const hash of hashes) {
      const list = table.get(hash);
      if (list) list.push([order, doc]);
      else table.set(hash, [[order, doc]]);
    }
    order++;
  }
  return table;
}

/** The values that a local field joins by: an array's elements, through arrays of documents too; null where there is none. */
function localValues(doc: Doc, path: readonly string[]): unknown[] {
  const values: unknown[] = [];
  visit(doc, path, 0, values);
  return values.length > 0 ? values : [null];
}

function visit(value: unknown, path: readonly string[], depth: number, values: unknown[]): void {
  if (depth === path.length) {
    if (Array.isArray(value)) values.push(...(value as unknown[]));
    else if (value !== undefined) values.push(value);
    return;
  }
  const name = path[depth] as string;
  if (isDoc(value)) visit(field(value, name), path, depth + 1, values);
  else if (Array.isArray(value)) {
    for (const [index, item] of (value as unknown[]).entries()) {
      if (isDoc(item)) visit(item, path, depth, values);
      if (String(index) === name) visit(item, path, depth + 1, values);
    }
  }
}

function placed(doc: Doc, names: readonly string[], value: unknown): Doc {
  const copy = { ...doc };
  const [first = '', ...rest] = names;
  const below = field(copy, first);
  setField(copy, first, rest.length > 0 ? placed(isDoc(below) ? below : {}, rest, value) : value);
  return copy;
}

function graphLookup(spec: unknown, env: StageEnv): Stage {
  if (!isDoc(spec)) throw new MongoError('FailedToParse', 'the $graphLookup specification must be an object');
  const { from, as, startWith, connectFromField, connectToField, maxDepth, depthField } = spec;
  for (const name of Object.keys(spec)) {
    if (!['from', 'as', 'startWith', 'connectFromField', 'connectToField', 'maxDepth', 'depthField'].includes(name)) {
      if (name === 'restrictSearchWithMatch')
        throw new MongoError('NotImplemented', `this engine does not have ${name} of $graphLookup`);
      throw new MongoError(40104, `Unknown argument to $graphLookup: ${name}`);
    }
  }
  if (
    typeof from !== 'string' ||
    typeof as !== 'string' ||
    typeof connectFromField !== 'string' ||
    typeof connectToField !== 'string' ||
    startWith === undefined
  ) {
    throw new MongoError(
      40105,
      "$graphLookup requires 'from', 'as', 'startWith', 'connectFromField', and 'connectToField' to be specified.",
    );
  }
  const deepest =
    maxDepth === undefined ? Number.POSITIVE_INFINITY : Number(isNumeric(maxDepth) ? toWhole(maxDepth) : null);
  if (deepest < 0) throw new MongoError(40101, '$graphLookup requires a nonnegative number for maxDepth');
  const start: Evaluate = compileExpression(startWith, expressionOptions(env));
  return function* graph(source) {
    // The join's local side is a document made for it: the values that the search has reached.
    const reach = join(from, ['values'], connectToField, env);
    for (const doc of source) {
      const found = new Map<string, Doc>();
      const origin = start(doc);
      let frontier: unknown[] = Array.isArray(origin) ? (origin as unknown[]) : [origin ?? null];
      for (let depth = 0; depth <= deepest && frontier.length > 0; depth++) {
        const next: unknown[] = [];
        for (const match of reach({ values: frontier })) {
          const hash = hashOf(match['_id']);
          if (found.has(hash)) continue;
          found.set(hash, typeof depthField === 'string' ? { ...match, [depthField]: depth } : match);
          visit(match, connectFromField.split('.'), 0, next);
        }
        frontier = next;
      }
      yield placed(doc, as.split('.'), [...found.values()]);
    }
  };
}
