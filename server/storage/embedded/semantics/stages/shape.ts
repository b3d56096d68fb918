import { Long } from 'bson';
import { MongoError } from '../../errors.ts';
import { compileExpression } from '../expressions/compile.ts';
import { compileFilter } from '../filter.ts';
import { compileAddFields, compileProjectStage, compileUnset, type Projection } from '../projection.ts';
import { type Doc, field, formatValue, isDoc, isNumeric, setField, toWhole } from '../values.ts';
import { expressionOptions, type Stage, type StageEnv, type StageMaker } from './types.ts';

/** The stages that look at one document at a time. */
export const SHAPE_STAGES: readonly (readonly [string, StageMaker])[] = [
  ['$match', match],
  ['$project', (spec, env) => each(compileProjectStage(specDoc('$project', spec), expressionOptions(env)))],
  ['$addFields', (spec, env) => each(compileAddFields(specDoc('$addFields', spec), expressionOptions(env)))],
  ['$set', (spec, env) => each(compileAddFields(specDoc('$set', spec), expressionOptions(env)))],
  ['$unset', unset],
  ['$replaceRoot', (spec, env) => replaceRoot(rootOf(spec), env)],
  ['$replaceWith', replaceRoot],
  ['$limit', limit],
  ['$skip', skip],
  ['$unwind', unwind],
  ['$count', count],
  ['$sample', sample],
];

function specDoc(name: string, spec: unknown): Doc {
  if (!isDoc(spec)) {
    throw new MongoError(name === '$project' ? 15969 : 40272, `${name} specification must be an object`);
  }
  return spec;
}

function each(projection: Projection): Stage {
  return function* project(source) {
    for (const doc of source) yield projection(doc);
  };
}

function match(spec: unknown, env: StageEnv): Stage {
  if (!isDoc(spec)) throw new MongoError(15959, 'the match filter must be an expression in an object');
  const variables: Doc = { ...env.let };
  const filter = compileFilter(spec, { now: env.now, let: variables, cells: env.cells });
  return function* matching(source) {
    for (const doc of source) if (filter.matches(doc)) yield doc;
  };
}

function unset(spec: unknown): Stage {
  const names: unknown[] = Array.isArray(spec) ? spec : [spec];
  if (names.length === 0 || !names.every((name) => typeof name === 'string' && name !== '')) {
    throw new MongoError(31002, '$unset specification must be a string or an array containing only string values');
  }
  return each(compileUnset(names as string[]));
}

function rootOf(spec: unknown): unknown {
  if (!isDoc(spec))
    throw new MongoError(40229, `expected an object as specification for $replaceRoot stage, got ${formatValue(spec)}`);
  if (!Object.hasOwn(spec, 'newRoot')) throw new MongoError(40231, 'no newRoot specified for the $replaceRoot stage');
  return spec['newRoot'];
}

function replaceRoot(spec: unknown, env: StageEnv): Stage {
  const evaluate = compileExpression(spec, expressionOptions(env));
  return function* replace(source) {
    for (const doc of source) {
      const root = evaluate(doc);
      if (!isDoc(root)) {
        throw new MongoError(
          40228,
          `'newRoot' expression must evaluate to an object, but resulting value was: ${formatValue(root)}.`,
        );
      }
      yield root;
    }
  };
}

function wholeNumber(name: string, code: number, spec: unknown): number {
  const number = isNumeric(spec) ? toWhole(spec) : null;
  if (number === null)
    throw new MongoError(code, `invalid argument to ${name} stage: Expected an integer: ${name}: ${formatValue(spec)}`);
  return Number(number);
}

function limit(spec: unknown): Stage {
  const most = wholeNumber('$limit', 5107201, spec);
  if (most < 0)
    throw new MongoError(
      5107201,
      `invalid argument to $limit stage: Expected a non-negative number in: $limit: ${most}`,
    );
  if (most === 0) throw new MongoError(15958, 'the limit must be positive');
  return function* limited(source) {
    let left = most;
    for (const doc of source) {
      yield doc;
      if (--left === 0) return;
    }
  };
}

function skip(spec: unknown): Stage {
  const over = wholeNumber('$skip', 5107200, spec);
  if (over < 0)
    throw new MongoError(5107200, `invalid argument to $skip stage: Expected a non-negative number in: $skip: ${over}`);
  return function* skipping(source) {
    let left = over;
    for (const doc of source) if (left-- <= 0) yield doc;
  };
}

function count(spec: unknown): Stage {
  if (typeof spec !== 'string') throw new MongoError(40156, 'the count field must be a non-empty string');
  if (spec === '') throw new MongoError(40157, 'the count field must be a non-empty string');
  if (spec.startsWith('$')) throw new MongoError(40158, 'the count field cannot be a $-prefixed path');
  if (spec.includes('\0')) throw new MongoError(40159, 'the count field cannot contain a null byte');
  if (spec.includes('.')) throw new MongoError(40160, "the count field cannot contain '.'");
  return function* counting(source) {
    let total = 0;
    for (const _ of source) total++;
    if (total > 0) yield { [spec]: total };
  };
}

function sample(spec: unknown, env: StageEnv): Stage {
  if (!isDoc(spec)) throw new MongoError(28745, 'the $sample stage specification must be an object');
  const unknown = Object.keys(spec).find((name) => name !== 'size');
  if (unknown !== undefined) throw new MongoError(28748, `unrecognized option to $sample: ${unknown}`);
  const { size } = spec;
  if (size === undefined) throw new MongoError(28749, '$sample stage must specify a size');
  const whole = isNumeric(size) ? toWhole(size) : null;
  if (whole === null) throw new MongoError(28746, 'size argument to $sample must be a number');
  if (whole <= 0n) throw new MongoError(28747, 'size argument to $sample must be a positive integer');
  const { random = Math.random } = env;
  return function* sampling(source) {
    // Reservoir sampling keeps as many as are asked for, then the order is drawn too.
    const kept: Doc[] = [];
    let seen = 0;
    for (const doc of source) {
      seen++;
      if (kept.length < Number(whole)) kept.push(doc);
      else {
        const place = Math.floor(random() * seen);
        if (place < kept.length) kept[place] = doc;
      }
    }
    for (let left = kept.length; left > 0; left--) {
      const [drawn] = kept.splice(Math.floor(random() * left), 1);
      if (drawn) yield drawn;
    }
  };
}

interface Unwind {
  readonly names: readonly string[];
  readonly keepEmpty: boolean;
  readonly index: string | null;
}

function unwind(spec: unknown): Stage {
  const { names, keepEmpty, index } = unwindOptions(spec);
  return function* unwinding(source) {
    for (const doc of source) {
      const value = valueOf(doc, names);
      if (Array.isArray(value) && value.length > 0) {
        for (let at = 0; at < value.length; at++)
          yield withIndex(replaced(doc, names, value[at]), index, Long.fromNumber(at));
      } else if (value === undefined || value === null || Array.isArray(value)) {
        if (keepEmpty) yield withIndex(Array.isArray(value) ? replaced(doc, names, undefined) : doc, index, null);
      } else yield withIndex(doc, index, null);
    }
  };
}

function unwindOptions(spec: unknown): Unwind {
  const options: Doc = isDoc(spec) ? spec : { path: spec };
  for (const name of Object.keys(options)) {
    if (!['path', 'preserveNullAndEmptyArrays', 'includeArrayIndex'].includes(name)) {
      throw new MongoError(28811, `unrecognized option to $unwind stage: ${name}`);
    }
  }
  const { path, preserveNullAndEmptyArrays: keep = false, includeArrayIndex: index } = options;
  if (path === undefined) throw new MongoError(28812, 'no path specified to $unwind stage');
  if (typeof path !== 'string')
    throw new MongoError(isDoc(spec) ? 28808 : 15981, 'expected a string as the path for $unwind stage');
  if (!path.startsWith('$'))
    throw new MongoError(28818, `path option to $unwind stage should be prefixed with a '$': ${path}`);
  if (typeof keep !== 'boolean') {
    throw new MongoError(28809, 'expected a boolean for the preserveNullAndEmptyArrays option to $unwind stage');
  }
  if (index !== undefined && (typeof index !== 'string' || index === '')) {
    throw new MongoError(28810, 'expected a non-empty string for the includeArrayIndex option to $unwind stage');
  }
  if (index?.startsWith('$')) {
    throw new MongoError(
      28822,
      `includeArrayIndex option to $unwind stage should not be prefixed with a '$': ${index}`,
    );
  }
  return { names: path.slice(1).split('.'), keepEmpty: keep, index: index ?? null };
}

/** The value at a path of sub-documents; `$unwind` looks through no array on the way. */
function valueOf(doc: Doc, names: readonly string[]): unknown {
  let value: unknown = doc;
  for (const name of names) value = isDoc(value) ? field(value, name) : undefined;
  return value;
}

function replaced(doc: Doc, names: readonly string[], value: unknown): Doc {
  const copy = { ...doc };
  const [first = '', ...rest] = names;
  const below = field(copy, first);
  if (rest.length > 0) setField(copy, first, replaced(isDoc(below) ? below : {}, rest, value));
  else if (value === undefined) delete copy[first];
  else setField(copy, first, value);
  return copy;
}

function withIndex(doc: Doc, index: string | null, position: Long | null): Doc {
  return index === null ? doc : replaced(doc, index.split('.'), position);
}
