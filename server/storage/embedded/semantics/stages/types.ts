import type { ExpressionOptions } from '../expressions/compile.ts';
import type { Cell } from '../expressions/types.ts';
import type { Doc } from '../values.ts';

/** What a pipeline may reach beyond the documents that come in. */
export interface PipelineEnv {
  /** All documents of a collection of the same database; none where there is no such collection. */
  collection(name: string): Iterable<Doc>;
  /** The documents whose field equals one of the values, by an index; where absent or without one (undefined) a join hashes the collection once. */
  lookupBy?(name: string, field: string, values: unknown[]): Iterable<Doc> | undefined;
  readonly let?: Doc;
  /** What `$$NOW` is. */
  readonly now: Date;
  /** The dice of `$sample` and `$rand`: a number from 0 up to, not including, 1. */
  readonly random?: () => number;
}

/** A pipeline's surroundings with the variables of the pipelines around it. */
export interface StageEnv extends PipelineEnv {
  readonly cells: ReadonlyMap<string, Cell>;
}

/** A compiled stage. */
export type Stage = (source: Iterable<Doc>) => Iterable<Doc>;

/** Compiles one stage from what stands beside its name. */
export type StageMaker = (spec: unknown, env: StageEnv) => Stage;

/** What expressions in a stage may use. */
export function expressionOptions(env: StageEnv): ExpressionOptions {
  return {
    now: env.now,
    cells: env.cells,
    ...(env.let && { let: env.let }),
    ...(env.random && { random: env.random }),
  };
}
