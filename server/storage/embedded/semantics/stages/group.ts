import { MongoError } from '../../errors.ts';
import { accumulator, type AccumulatorMaker } from '../accumulators.ts';
import { compareValues } from '../compare.ts';
import { compileExpression } from '../expressions/compile.ts';
import type { Evaluate } from '../expressions/types.ts';
import { hashOf } from '../key.ts';
import { sortBy } from '../sort.ts';
import { type Doc, formatValue, isDoc, setField } from '../values.ts';
import { expressionOptions, type Stage, type StageEnv, type StageMaker } from './types.ts';

/** The stages that gather documents into groups. */
export const GROUP_STAGES: readonly (readonly [string, StageMaker])[] = [
  ['$group', group],
  ['$sortByCount', sortByCount],
  ['$bucket', bucket],
];

/** The fields of a group and how each gathers its value. */
type Outputs = readonly (readonly [name: string, maker: AccumulatorMaker])[];

function group(spec: unknown, env: StageEnv): Stage {
  if (!isDoc(spec)) throw new MongoError(15947, "a group's fields must be specified in an object");
  if (!Object.hasOwn(spec, '_id')) throw new MongoError(15955, 'a group specification must include an _id');
  const { _id: id, ...fields } = spec;
  return grouping(compileExpression(id, expressionOptions(env)), outputs(fields, env));
}

function outputs(fields: Doc, env: StageEnv): Outputs {
  return Object.entries(fields).map(([name, spec]) => {
    if (name.includes('.')) throw new MongoError(40235, `The field name '${name}' cannot contain '.'`);
    if (name.startsWith('$')) throw new MongoError(40236, `The field name '${name}' cannot be an operator name`);
    if (!isDoc(spec)) throw new MongoError(40234, `The field '${name}' must be an accumulator object`);
    const [operator, another] = Object.keys(spec);
    if (operator === undefined || another !== undefined) {
      throw new MongoError(40238, `The field '${name}' must specify one accumulator`);
    }
    return [name, accumulator(operator, spec[operator], expressionOptions(env))] as const;
  });
}

function grouping(idOf: Evaluate, fields: Outputs): Stage {
  return function* grouped(source) {
    const groups = new Map<string, { id: unknown; states: ReturnType<AccumulatorMaker>[] }>();
    for (const doc of source) {
      const id = idOf(doc) ?? null;
      const hash = hashOf(id);
      let found = groups.get(hash);
      if (!found) {
        found = { id, states: fields.map(([, maker]) => maker()) };
        groups.set(hash, found);
      }
      for (const state of found.states) state.add(doc);
    }
    for (const { id, states } of groups.values()) yield result(id, fields, states);
  };
}

function result(id: unknown, fields: Outputs, states: readonly ReturnType<AccumulatorMaker>[]): Doc {
  const doc: Doc = { _id: id };
  for (const [index, [name]] of fields.entries()) {
    const value = states[index]?.value();
    if (value !== undefined) setField(doc, name, value);
  }
  return doc;
}

function sortByCount(spec: unknown, env: StageEnv): Stage {
  const expression =
    (typeof spec === 'string' && spec.startsWith('$')) || (isDoc(spec) && Object.keys(spec)[0]?.startsWith('$'));
  if (!expression) {
    throw new MongoError(
      40149,
      `the sortByCount field must be defined as a $-prefixed path or an expression: ${formatValue(spec)}`,
    );
  }
  const count = grouping(compileExpression(spec, expressionOptions(env)), outputs({ count: { $sum: 1 } }, env));
  return function* counted(source) {
    yield* sortBy(count(source), (doc) => doc, { count: -1 });
  };
}

function bucket(spec: unknown, env: StageEnv): Stage {
  if (!isDoc(spec)) throw new MongoError(40201, 'Argument to $bucket stage must be an object');
  const { groupBy, boundaries, default: other, output = { count: { $sum: 1 } } } = spec;
  if (groupBy === undefined || boundaries === undefined) {
    throw new MongoError(40198, "$bucket requires 'groupBy' and 'boundaries' to be specified.");
  }
  const unknown = Object.keys(spec).find((name) => !['groupBy', 'boundaries', 'default', 'output'].includes(name));
  if (unknown !== undefined) throw new MongoError(40197, `Unrecognized option to $bucket: ${unknown}.`);
  if (!isDoc(output)) throw new MongoError(40196, "The $bucket 'output' field must be an object");
  const limits = bounds(boundaries, env);
  const valueOf = compileExpression(groupBy, expressionOptions(env));
  const hasDefault = Object.hasOwn(spec, 'default');
  const fallback = compileExpression(other ?? null, expressionOptions(env))({});
  const idOf = (doc: Doc): unknown => {
    const value = valueOf(doc);
    const above = limits.findIndex((limit) => compareValues(value, limit) < 0);
    if (above > 0) return limits[above - 1];
    if (hasDefault) return fallback;
    throw new MongoError(40066, '$switch could not find a matching branch for an input, and no default was specified.');
  };
  const grouped = grouping(idOf, outputs(output, env));
  return function* bucketed(source) {
    yield* sortBy(grouped(source), (doc) => doc, { _id: 1 });
  };
}

function bounds(boundaries: unknown, env: StageEnv): unknown[] {
  if (!Array.isArray(boundaries))
    throw new MongoError(40200, "The $bucket 'boundaries' field must be an array of values");
  if (boundaries.length < 2) throw new MongoError(40192, "The $bucket 'boundaries' field must have at least 2 values");
  const limits = (boundaries as unknown[]).map((item) => compileExpression(item, expressionOptions(env))({}));
  for (let index = 1; index < limits.length; index++) {
    if (compareValues(limits[index - 1], limits[index]) >= 0) {
      throw new MongoError(40194, "The 'boundaries' option to $bucket must be sorted in ascending order");
    }
  }
  return limits;
}
