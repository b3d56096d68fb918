// What the values mean: BSON, its order and keys, filters, updates, projections, sorts and pipelines. Pure functions, no I/O.
export { compareValues, equalValues, rankOf } from './compare.ts';
export { decode, decodeFields, splitDocuments } from './decode.ts';
export { encode, RawDocument } from './encode.ts';
export { compileFilter, type Filter, refuseCollation } from './filter.ts';
export { extractKeys, type IndexKeys, indexKeys, keyPaths } from './index-keys.ts';
export { encodeKey, hashOf, type Key, KEY_LIMIT } from './key.ts';
export { compileProjection, type Projection } from './projection.ts';
export { compileSort, sortBy } from './sort.ts';
export { runPipeline } from './stages/run-pipeline.ts';
export type { PipelineEnv } from './stages/types.ts';
export { compileUpdate, MAX_DOCUMENT_BYTES, type Update, type UpdateOptions } from './update/compile-update.ts';
export { checkId, withId } from './update/upsert.ts';
export {
  clone,
  type Doc,
  field,
  formatValue,
  isDoc,
  isNumeric,
  type Kind,
  kindOf,
  toNumber,
  toWhole,
  truthy,
  UNDEFINED,
} from './values.ts';
