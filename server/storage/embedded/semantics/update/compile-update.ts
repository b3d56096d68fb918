import { MongoError } from '../../errors.ts';
import { compareValues } from '../compare.ts';
import { decode } from '../decode.ts';
import { encode } from '../encode.ts';
import { compileFilter, type Filter } from '../filter.ts';
import { compilePipeline } from '../stages/run-pipeline.ts';
import type { Stage } from '../stages/types.ts';
import { type Doc, field, formatValue, isDoc, kindOf, setField } from '../values.ts';
import { ARRAY_OPERATORS, identifierOf } from './arrays.ts';
import { SCALARS } from './scalars.ts';
import { addLeaf, applyTree, type Branch, checkPath, type Context, locate } from './tree.ts';
import { checkId, seed, withId } from './upsert.ts';

// The update operators are our own and not mingo's, which has no upsert, no replacement, ignores operators on the wrong type without
// a word and cannot tell the widths of numbers.

/** MongoDB's limit on a document, in bytes. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

/** A compiled update: operators, a replacement document or a pipeline. */
export interface Update {
  /** The document after the update; `changed` is false where it is byte for byte the same. `filter` decides the positional `$`. */
  apply(raw: Uint8Array, filter: Filter): { raw: Uint8Array; changed: boolean };
  /** The document that an upsert inserts where nothing matched: what `filter` binds, then the update; `_id` is in front. */
  insert(filter: Doc): Uint8Array;
}

/** What an update depends on beside the document. */
export interface UpdateOptions {
  readonly arrayFilters?: Doc[];
  readonly upsert: boolean;
  /** What `$currentDate` and `$$NOW` are. */
  readonly now: Date;
  readonly let?: Doc;
}

/** Compiles an update; what is malformed is refused with MongoDB's code before any document is touched. */
export function compileUpdate(update: Doc | Doc[], options: UpdateOptions): Update {
  if (Array.isArray(update)) {
    if (options.arrayFilters?.length) {
      throw new MongoError('FailedToParse', 'Cannot specify arrayFilters and a pipeline update');
    }
    return new PipelineUpdate(update, options);
  }
  if (Object.keys(update)[0]?.startsWith('$')) return new OperatorUpdate(update, options);
  if (options.arrayFilters?.length) {
    throw new MongoError('FailedToParse', 'Cannot specify arrayFilters and a replacement document');
  }
  return new Replacement(update);
}

function finish(before: Uint8Array, doc: Doc): { raw: Uint8Array; changed: boolean } {
  const raw = encode(doc);
  if (raw.length > MAX_DOCUMENT_BYTES) {
    throw new MongoError(17419, `Resulting document after update is larger than ${MAX_DOCUMENT_BYTES}`);
  }
  return { raw, changed: Buffer.compare(raw, before) !== 0 };
}

function finishInsert(doc: Doc): Uint8Array {
  const raw = encode(withId(doc));
  if (raw.length > MAX_DOCUMENT_BYTES)
    throw new MongoError(17420, `Document to upsert is larger than ${MAX_DOCUMENT_BYTES}`);
  return raw;
}

function guardId(before: unknown, after: unknown): void {
  if (before === undefined) {
    checkId(after);
    return;
  }
  if (after === undefined || compareValues(before, after) !== 0 || kindOf(before) === 'array') {
    throw new MongoError(
      'ImmutableField',
      `Performing an update on the path '_id' would modify the immutable field '_id' (it is ${formatValue(before)})`,
    );
  }
}

class Replacement implements Update {
  private readonly replacement: Doc;

  constructor(replacement: Doc) {
    for (const name of Object.keys(replacement)) {
      if (name.startsWith('$')) {
        throw new MongoError(
          'DollarPrefixedFieldName',
          `The dollar ($) prefixed field '${name}' in '${name}' is not allowed in the context of an update's replacement document. Consider using an aggregation pipeline with $replaceWith.`,
        );
      }
    }
    this.replacement = replacement;
  }

  apply(raw: Uint8Array): { raw: Uint8Array; changed: boolean } {
    return finish(raw, this.over(field(decode(raw), '_id')));
  }

  insert(filter: Doc): Uint8Array {
    return finishInsert(this.over(field(seed(compileFilter(filter), true), '_id')));
  }

  private over(id: unknown): Doc {
    const own = field(this.replacement, '_id');
    if (own !== undefined && id !== undefined && compareValues(own, id) !== 0) {
      throw new MongoError(
        'ImmutableField',
        `After applying the update, the (immutable) field '_id' was found to have been altered to _id: ${formatValue(own)}`,
      );
    }
    const doc: Doc = {};
    if (id !== undefined) doc['_id'] = id;
    for (const name of Object.keys(this.replacement)) {
      if (name !== '_id' || id === undefined) setField(doc, name, this.replacement[name]);
    }
    return doc;
  }
}

class PipelineUpdate implements Update {
  private readonly stage: Stage;

  constructor(stages: readonly Doc[], options: UpdateOptions) {
    for (const stage of stages) {
      const name = isDoc(stage) ? (Object.keys(stage)[0] ?? '') : '';
      if (!['$set', '$addFields', '$unset', '$project', '$replaceRoot', '$replaceWith'].includes(name)) {
        throw new MongoError('InvalidOptions', `${name} is not allowed to be used within an update`);
      }
    }
    const { now, let: variables } = options;
    this.stage = compilePipeline(stages, {
      collection: () => [],
      now,
      cells: new Map(),
      ...(variables && { let: variables }),
    });
  }

  apply(raw: Uint8Array): { raw: Uint8Array; changed: boolean } {
    const before = decode(raw);
    const id = field(before, '_id');
    const after = this.run(before);
    guardId(id, field(after, '_id') ?? id);
    return finish(raw, field(after, '_id') === undefined && id !== undefined ? { _id: id, ...after } : after);
  }

  insert(filter: Doc): Uint8Array {
    const start = seed(compileFilter(filter), false);
    const id = field(start, '_id');
    const after = this.run(start);
    if (id !== undefined) guardId(id, field(after, '_id') ?? id);
    return finishInsert(id === undefined ? after : { ...after, _id: id });
  }

  private run(doc: Doc): Doc {
    for (const result of this.stage([doc])) return result;
    return doc;
  }
}

class OperatorUpdate implements Update {
  private readonly tree: Branch = new Map();
  private readonly renames: readonly (readonly [from: string, to: string])[];
  private readonly arrayFilters: ReadonlyMap<string, Filter>;

  constructor(update: Doc, options: UpdateOptions) {
    const renames: [string, string][] = [];
    for (const [operator, operand] of Object.entries(update)) {
      if (!SCALARS.has(operator) && !ARRAY_OPERATORS.has(operator) && operator !== '$rename') {
        throw new MongoError(
          'FailedToParse',
          `Unknown modifier: ${operator}. Expected a valid update modifier or pipeline-style update specified as an array`,
        );
      }
      if (!isDoc(operand)) {
        throw new MongoError(
          'FailedToParse',
          `Modifiers operate on fields but we found type ${kindOf(operand)} instead. For example: {$mod: {<field>: ...}} not {${operator}: ${formatValue(operand)}}`,
        );
      }
      for (const [path, value] of Object.entries(operand)) {
        if (operator === '$rename') renames.push(this.addRename(path, value));
        else this.add(operator, path, value, options.now);
      }
    }
    this.renames = renames;
    this.arrayFilters = compileArrayFilters(options.arrayFilters ?? [], update);
  }

  private add(operator: string, path: string, operand: unknown, now: Date): void {
    const maker = SCALARS.get(operator) ?? ARRAY_OPERATORS.get(operator);
    if (maker) addLeaf(this.tree, path, maker(operand, path, now));
  }

  private addRename(from: string, to: unknown): [string, string] {
    if (typeof to !== 'string') {
      throw new MongoError('BadValue', `The 'to' field for $rename must be a string: ${from}: ${formatValue(to)}`);
    }
    if (from === to)
      throw new MongoError('BadValue', `The source and target field for $rename must differ: ${from}: "${to}"`);
    for (const path of [from, to]) {
      if (checkPath(path).some((name) => name.startsWith('$'))) {
        throw new MongoError('BadValue', `The source and target field for $rename must not be dynamic: ${path}`);
      }
    }
    // The rename itself follows from `renames`; here both its ends are claimed, so that nothing else touches them.
    addLeaf(this.tree, from, { operator: '$rename', creates: false, lenient: true, apply: () => undefined });
    addLeaf(this.tree, to, {
      operator: '$rename',
      creates: true,
      apply: (old, path) => this.renamed.get(path) ?? old,
    });
    return [from, to];
  }

  /** What the fields to be renamed held, by their new paths; filled before the tree is applied to a document. */
  private readonly renamed = new Map<string, unknown>();

  apply(raw: Uint8Array, filter: Filter): { raw: Uint8Array; changed: boolean } {
    const doc = decode(raw);
    const id = field(doc, '_id');
    this.change(doc, { root: doc, filter, arrayFilters: this.arrayFilters, inserting: false });
    guardId(id, field(doc, '_id'));
    return finish(raw, doc);
  }

  insert(filter: Doc): Uint8Array {
    const doc = seed(compileFilter(filter), false);
    const id = field(doc, '_id');
    this.change(doc, { root: doc, filter: null, arrayFilters: this.arrayFilters, inserting: true });
    guardId(id, field(doc, '_id'));
    return finishInsert(doc);
  }

  private change(doc: Doc, context: Context): void {
    this.renamed.clear();
    const idle = new Set<string>();
    for (const [from, to] of this.renames) {
      const source = locate(doc, from);
      if (source.array !== null) throw throughArray('source', from, source.array, doc);
      if (source.value === undefined) idle.add(to);
      else {
        const target = locate(doc, to);
        if (target.array !== null) throw throughArray('destination', to, target.array, doc);
        this.renamed.set(to, source.value);
      }
    }
    applyTree(idle.size === 0 ? this.tree : without(this.tree, idle, ''), doc, context);
  }
}

function throughArray(end: string, path: string, array: string, doc: Doc): MongoError {
  return new MongoError(
    'BadValue',
    `The ${end} field cannot be an array element, '${path}' in doc with _id: ${formatValue(doc['_id'])} has an array field called '${array}'`,
  );
}

/** The tree without the targets of renames that have nothing to rename: such a target is neither made nor touched. */
function without(branch: Branch, paths: ReadonlySet<string>, prefix: string): Branch {
  const kept: Branch = new Map();
  for (const [name, node] of branch) {
    const path = prefix + name;
    if (node instanceof Map) {
      const inner = without(node, paths, `${path}.`);
      if (inner.size > 0) kept.set(name, inner);
    } else if (!paths.has(path)) kept.set(name, node);
  }
  return kept;
}

function compileArrayFilters(list: readonly Doc[], update: Doc): ReadonlyMap<string, Filter> {
  const filters = new Map<string, Filter>();
  const paths = Object.values(update).flatMap((operand) => (isDoc(operand) ? Object.keys(operand) : []));
  const used = new Set(paths.flatMap((path) => [...path.matchAll(/\$\[([^\]]+)\]/g)].map(([, name]) => name)));
  for (const one of list) {
    const name = identifierOf(one);
    if (filters.has(name)) {
      throw new MongoError('FailedToParse', `Found multiple array filters with the same top-level field name ${name}`);
    }
    if (!used.has(name)) {
      throw new MongoError(
        'FailedToParse',
        `The array filter for identifier '${name}' was not used in the update ${formatValue(update)}`,
      );
    }
    filters.set(name, compileFilter(one));
  }
  for (const name of used) {
    if (name !== undefined && !filters.has(name)) {
      throw new MongoError(
        'BadValue',
        `No array filter found for identifier '${name}' in path '${paths.find((path) => path.includes(`$[${name}]`)) ?? ''}'`,
      );
    }
  }
  return filters;
}
