import { MongoError } from '../errors.ts';
import { MAX_DEPTH } from './decode.ts';
import { compileExpression, type ExpressionOptions } from './expressions/compile.ts';
import type { Evaluate } from './expressions/types.ts';
import { compileFilter, type Filter } from './filter.ts';
import { type Doc, field, formatValue, isDoc, isNumeric, setField, toNumber, toWhole, truthy } from './values.ts';

// Not mingo's: it moves `_id`, loses fields beside `$slice` and shares what it returns with what is stored.

/** One name of a projection and what happens to the value under it. */
interface Node {
  /** What lies below, in the order of the specification. */
  readonly children: Map<string, Node>;
  keep: boolean | null;
  /** Makes the value from the whole document. */
  computed: Evaluate | null;
  /** Changes the value where there is one: `$slice` and the positional `$`. */
  refine: Refine | null;
}

type Refine = (present: unknown, root: Doc, filter: Filter | undefined) => unknown;

/** A compiled projection; the result shares nested values with the document, so neither may be changed. */
export type Projection = (doc: Doc, filter?: Filter) => Doc;

/** Compiles the projection of `find` and findAndModify, with `$slice`, `$elemMatch`, positional `$` and expressions. */
export function compileProjection(spec: Doc, options: ExpressionOptions = {}): Projection {
  if (Object.keys(spec).length === 0) return (doc) => doc;
  return new Parser(options, true).parse(spec);
}

/** Compiles `$project`, which knows expressions but not the operators that only `find` has. */
export function compileProjectStage(spec: Doc, options: ExpressionOptions): Projection {
  if (Object.keys(spec).length === 0) {
    throw new MongoError(
      51272,
      'Invalid $project :: caused by :: projection specification must have at least one field',
    );
  }
  return new Parser(options, false).parse(spec);
}

/** Compiles `$addFields`: what is there is replaced in its place, what is new comes behind. */
export function compileAddFields(spec: Doc, options: ExpressionOptions): Projection {
  if (Object.keys(spec).length === 0) {
    throw new MongoError(40177, 'Invalid $addFields :: caused by :: specification must have at least one field');
  }
  const parser = new Parser(options, false);
  for (const name of Object.keys(spec)) parser.addComputed(name, spec[name]);
  return (doc) => addComputed(parser.root, { ...doc }, doc, undefined);
}

/** Compiles `$unset`: a projection that only leaves out. */
export function compileUnset(names: readonly string[]): Projection {
  return new Parser({}, false).parse(Object.fromEntries(names.map((name) => [name, 0])));
}

function node(): Node {
  return { children: new Map(), keep: null, computed: null, refine: null };
}

class Parser {
  readonly root = node();
  /** True: what is named is kept; false: what is named is left out; null: not known yet. */
  private inclusive: boolean | null = null;
  private keepId: boolean | null = null;
  /** Set by `$elemMatch`, which by itself makes a projection inclusive. */
  private picks = false;
  private readonly options: ExpressionOptions;
  private readonly find: boolean;

  constructor(options: ExpressionOptions, find: boolean) {
    this.options = options;
    this.find = find;
  }

  parse(spec: Doc): Projection {
    for (const name of Object.keys(spec)) this.entry(name, spec[name]);
    const { root } = this;
    const inclusive = this.inclusive ?? (this.keepId === true || this.picks);
    if (inclusive) {
      if (this.keepId !== false && !root.children.has('_id')) root.children.set('_id', { ...node(), keep: true });
      return (doc, filter) => addComputed(root, include(root, doc), doc, filter);
    }
    if (this.keepId === false) root.children.set('_id', { ...node(), keep: false });
    return (doc, filter) => addComputed(root, exclude(root, doc), doc, filter);
  }

  private entry(path: string, value: unknown): void {
    if (isDoc(value)) {
      const names = Object.keys(value);
      if (names.length === 0)
        throw new MongoError(51270, 'An empty sub-projection is not a valid value. Found empty object at path');
      if (!names[0]?.startsWith('$')) {
        for (const name of names) this.entry(`${path}.${name}`, value[name]);
        return;
      }
      if (this.find && this.findOperator(path, names[0], value)) return;
    }
    if (isNumeric(value) || typeof value === 'boolean') {
      this.plain(path, truthy(value));
      return;
    }
    this.demand(true, path);
    this.addComputed(path, value);
  }

  private plain(path: string, keep: boolean): void {
    if (this.find && keep && path.endsWith('.$')) {
      this.positional(path.slice(0, -2));
      return;
    }
    if (path === '_id') {
      this.keepId = keep;
      if (keep) this.place('_id').keep = true;
      return;
    }
    this.demand(keep, path);
    this.place(path).keep = keep;
  }

  private demand(inclusive: boolean, path: string): void {
    if (this.inclusive === !inclusive) {
      if (inclusive) throw new MongoError(31253, `Cannot do inclusion on field ${path} in exclusion projection`);
      throw new MongoError(31254, `Cannot do exclusion on field ${path} in inclusion projection`);
    }
    this.inclusive = inclusive;
  }

  /** Makes the node of a path; a path that is there already, or lies above or below one, is refused. */
  private place(path: string): Node {
    let at = this.root;
    const names = path.split('.');
    if (names.length > MAX_DEPTH) throw new MongoError('Overflow', `A path may have at most ${MAX_DEPTH} parts`);
    for (const [index, name] of names.entries()) {
      if (name === '') throw new MongoError(15998, 'FieldPath field names may not be empty strings.');
      if (name.startsWith('$'))
        throw new MongoError(16410, `FieldPath field names may not start with '$'. Got '${name}'.`);
      const next = at.children.get(name) ?? node();
      const last = index === names.length - 1;
      if (next.keep !== null || next.computed || next.refine) throw new MongoError(31249, `Path collision at ${path}`);
      if (last && next.children.size > 0) throw new MongoError(31250, `Path collision at ${path}`);
      at.children.set(name, next);
      at = next;
    }
    return at;
  }

  addComputed(path: string, spec: unknown): void {
    if (isDoc(spec) && Object.keys(spec).length > 0 && !Object.keys(spec)[0]?.startsWith('$')) {
      for (const name of Object.keys(spec)) this.addComputed(`${path}.${name}`, spec[name]);
      return;
    }
    this.place(path).computed = compileExpression(spec, this.options);
  }

  private findOperator(path: string, operator: string | undefined, value: Doc): boolean {
    const operand = value[operator ?? ''];
    if (operator === '$elemMatch') {
      if (!isDoc(operand))
        throw new MongoError(
          'BadValue',
          `elemMatch: Invalid argument, object required, but got ${formatValue(operand)}`,
        );
      if (path.includes('.')) throw new MongoError(31255, 'Cannot use $elemMatch projection on a nested field');
      const filter = compileFilter({ items: { $elemMatch: operand } }, this.options);
      this.picks = true;
      this.place(path).computed = (root) => {
        const items = field(root, path);
        if (!Array.isArray(items)) return undefined;
        const found: unknown[] = items.filter((item: unknown) => filter.matches({ items: [item] })).slice(0, 1);
        return found.length > 0 ? found : undefined;
      };
      return true;
    }
    if (operator !== '$slice' || (Array.isArray(operand) && !isNumeric(operand[0]))) return false;
    const cut = slicer(operand);
    this.place(path).refine = (present) => (Array.isArray(present) ? cut(present) : present);
    return true;
  }

  private positional(path: string): void {
    this.demand(true, path);
    this.place(path).refine = (items, root, filter) => {
      if (!Array.isArray(items)) return items;
      const position = filter?.position(root);
      if (position === undefined || position >= items.length) {
        throw new MongoError(
          51246,
          `Executor error during find command :: caused by :: positional operator '.$' couldn't find a matching element in the array ${path}`,
        );
      }
      return [items[position]];
    };
  }
}

function slicer(operand: unknown): (items: readonly unknown[]) => unknown[] {
  if (isNumeric(operand)) {
    const count = Math.trunc(toNumber(operand));
    return (items) => (count >= 0 ? items.slice(0, count) : items.slice(count));
  }
  if (!Array.isArray(operand) || operand.length !== 2 || !isNumeric(operand[1])) {
    throw new MongoError(28724, `First argument to $slice must be an array, but is of type: ${formatValue(operand)}`);
  }
  const skip = Math.trunc(toNumber(operand[0]));
  const limit = Number(toWhole(operand[1]) ?? Math.trunc(toNumber(operand[1])));
  if (limit <= 0) throw new MongoError(28724, 'Third argument to $slice must be positive');
  return (items) => {
    const start = skip >= 0 ? skip : Math.max(items.length + skip, 0);
    return items.slice(start, start + limit);
  };
}

function include(branch: Node, doc: Doc): Doc {
  const kept: Doc = {};
  for (const name of Object.keys(doc)) {
    const child = branch.children.get(name);
    if (!child) continue;
    const value = field(doc, name);
    if (child.keep || child.refine) setField(kept, name, value);
    else if (child.children.size > 0) {
      const below = includeBelow(child, value);
      if (below !== undefined) setField(kept, name, below);
    }
  }
  return kept;
}

function includeBelow(branch: Node, value: unknown): unknown {
  if (isDoc(value)) return include(branch, value);
  if (!Array.isArray(value)) return undefined;
  return (value as unknown[]).map((item) => includeBelow(branch, item)).filter((item) => item !== undefined);
}

function exclude(branch: Node, doc: Doc): Doc {
  const kept: Doc = {};
  for (const name of Object.keys(doc)) {
    const child = branch.children.get(name);
    const value = field(doc, name);
    if (!child || child.computed || child.refine) setField(kept, name, value);
    else if (child.keep === null) setField(kept, name, excludeBelow(child, value));
    else if (child.keep) setField(kept, name, value);
  }
  return kept;
}

function excludeBelow(branch: Node, value: unknown): unknown {
  if (isDoc(value)) return exclude(branch, value);
  if (!Array.isArray(value)) return value;
  return (value as unknown[]).map((item) => excludeBelow(branch, item));
}

function addComputed(branch: Node, target: Doc, root: Doc, filter: Filter | undefined): Doc {
  for (const [name, child] of branch.children) {
    const present = field(target, name);
    if (child.computed) {
      const value = child.computed(root);
      if (value === undefined) delete target[name];
      else setField(target, name, value);
    } else if (child.refine) {
      if (present !== undefined) setField(target, name, child.refine(present, root, filter));
    } else if (child.children.size > 0) {
      if (some(child, (one) => one.computed !== null)) setField(target, name, addBelow(child, present, root, filter));
      else if (some(child, (one) => one.refine !== null))
        setField(target, name, refineBelow(child, present, root, filter));
    }
  }
  return target;
}

function addBelow(branch: Node, value: unknown, root: Doc, filter: Filter | undefined): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map((item) => addBelow(branch, item, root, filter));
  return addComputed(branch, isDoc(value) ? { ...value } : {}, root, filter);
}

function refineBelow(branch: Node, value: unknown, root: Doc, filter: Filter | undefined): unknown {
  if (Array.isArray(value)) return (value as unknown[]).map((item) => refineBelow(branch, item, root, filter));
  return isDoc(value) ? addComputed(branch, { ...value }, root, filter) : value;
}

function some(branch: Node, test: (node: Node) => boolean): boolean {
  for (const child of branch.children.values()) if (test(child) || some(child, test)) return true;
  return false;
}
