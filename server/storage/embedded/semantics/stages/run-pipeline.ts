import { MongoError } from '../../errors.ts';
import { sortBy, sortOrder } from '../sort.ts';
import { type Doc, isDoc, isNumeric, toWhole } from '../values.ts';
import { GROUP_STAGES } from './group.ts';
import { JOIN_STAGES } from './join.ts';
import { SHAPE_STAGES } from './shape.ts';
import type { PipelineEnv, Stage, StageEnv, StageMaker } from './types.ts';

// The stages are our own and not mingo's, for the reasons in `expressions/compile.ts`, and because mingo's `$count`, `$push` and
// `$lookup` with a pipeline answer otherwise than MongoDB. What is not here is refused.

const STAGES: ReadonlyMap<string, StageMaker> = new Map([...SHAPE_STAGES, ...GROUP_STAGES]);

/** Stages that MongoDB has and this engine does not. */
const REFUSED: ReadonlySet<string> = new Set([
  '$bucketAuto',
  '$changeStream',
  '$changeStreamSplitLargeEvent',
  '$collStats',
  '$currentOp',
  '$densify',
  '$documents',
  '$fill',
  '$geoNear',
  '$indexStats',
  '$listLocalSessions',
  '$listSessions',
  '$merge',
  '$out',
  '$planCacheStats',
  '$redact',
  '$search',
  '$searchMeta',
  '$setWindowFields',
  '$vectorSearch',
]);

/**
 * Runs an aggregation. Stages are compiled, and faults told, before the first document is read; what streams, streams.
 * Results may share nested values with the documents of the source, so neither may be changed.
 */
export function runPipeline(stages: Doc[], source: Iterable<Doc>, env: PipelineEnv): Iterable<Doc> {
  return compilePipeline(stages, { ...env, cells: new Map() })(source);
}

/** Compiles a pipeline to a function from documents to documents. */
export function compilePipeline(stages: readonly unknown[], env: StageEnv): Stage {
  const compiled = stages.map((stage, index) => compileStage(stage, stages[index + 1], env));
  return (source) => compiled.reduce((documents, stage) => stage(documents), source);
}

function compileStage(stage: unknown, next: unknown, env: StageEnv): Stage {
  if (!isDoc(stage)) throw new MongoError('TypeMismatch', "Each element of the 'pipeline' array must be an object");
  const names = Object.keys(stage);
  const name = names[0];
  if (name === undefined || names.length > 1) {
    throw new MongoError(40323, 'A pipeline stage specification object must contain exactly one field.');
  }
  const spec = stage[name];
  if (name === '$sort') return sortStage(spec, limitOf(next));
  const maker = STAGES.get(name) ?? JOIN_STAGES(compilePipeline).get(name);
  if (maker) return maker(spec, env);
  if (REFUSED.has(name)) throw new MongoError('NotImplemented', `this engine does not have the stage ${name}`);
  throw new MongoError(40324, `Unrecognized pipeline stage name: '${name}'`);
}

/** A sort before a limit keeps no more than it must. */
function limitOf(next: unknown): number {
  const limit = isDoc(next) ? next['$limit'] : undefined;
  const count = isNumeric(limit) ? toWhole(limit) : null;
  return count !== null && count > 0n ? Number(count) : Number.POSITIVE_INFINITY;
}

function sortStage(spec: unknown, limit: number): Stage {
  if (!isDoc(spec)) throw new MongoError(15973, 'the $sort key specification must be an object');
  if (Object.keys(spec).length === 0) throw new MongoError(15976, '$sort stage must have at least one sort key');
  sortOrder(spec);
  return function* sort(source) {
    yield* sortBy(source, (doc) => doc, spec, limit);
  };
}
