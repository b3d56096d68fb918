import { MongoError } from '../../errors.ts';
import { MAX_DEPTH } from '../decode.ts';
import type { Filter } from '../filter.ts';
import { type Doc, field, formatValue, isDoc, setField } from '../values.ts';

/** What an operator may know while it changes one place of one document. */
export interface Context {
  readonly root: Doc;
  readonly filter: Filter | null;
  readonly arrayFilters: ReadonlyMap<string, Filter>;
  /** Whether the document is new: `$setOnInsert` acts only then. */
  readonly inserting: boolean;
}

/** What an operator does at the end of its path. */
export interface Leaf {
  readonly operator: string;
  /** Whether the path is made where it is not there; otherwise the operator lets such a document be. */
  readonly creates: boolean;
  /** Whether a path that no document could have there (below a number) is let be, too, and not refused. */
  readonly lenient?: boolean;
  /** The new value; `undefined` removes the field. `old` is `undefined` where there is none. */
  apply(old: unknown, path: string, context: Context): unknown;
}

/** A set of changes by path: a leaf, or the changes below each name. */
export type Node = Leaf | Branch;
export type Branch = Map<string, Node>;

/** The farthest beyond its end that an array may be filled with nulls. */
const MAX_PADDING = 1_500_000;
const INDEX = /^(?:0|[1-9]\d*)$/;
const POSITIONAL = /^\$\[(.*)\]$/s;

/** Adds a leaf under its dotted path; two that touch the same place are refused with ConflictingUpdateOperators. */
export function addLeaf(root: Branch, path: string, leaf: Leaf): void {
  const names = checkPath(path);
  let branch = root;
  for (const [index, name] of names.entries()) {
    const next = branch.get(name);
    const last = index === names.length - 1;
    const sibling = [...branch.keys()].find((other) => other !== name);
    if (sibling !== undefined && POSITIONAL.test(sibling) !== POSITIONAL.test(name)) {
      throw conflict(path, names.slice(0, index).join('.'));
    }
    if (next !== undefined && (last || !(next instanceof Map)))
      throw conflict(path, names.slice(0, index + 1).join('.'));
    if (last) branch.set(name, leaf);
    else if (next instanceof Map) branch = next;
    else {
      const made: Branch = new Map();
      branch.set(name, made);
      branch = made;
    }
  }
}

function conflict(path: string, at: string): MongoError {
  return new MongoError('ConflictingUpdateOperators', `Updating the path '${path}' would create a conflict at '${at}'`);
}

/** Checks and splits a path of an update. */
export function checkPath(path: string): string[] {
  if (path === '') throw new MongoError('EmptyFieldName', 'An empty update path is not valid.');
  const names = path.split('.');
  if (names.length > MAX_DEPTH) {
    throw new MongoError('Overflow', `An update path may have at most ${MAX_DEPTH} parts`);
  }
  for (const [index, name] of names.entries()) {
    if (name === '') {
      throw new MongoError(
        'EmptyFieldName',
        `The update path '${path}' contains an empty field name, which is not allowed.`,
      );
    }
    if (!name.startsWith('$')) continue;
    if (name !== '$' && !POSITIONAL.test(name)) {
      throw new MongoError(
        'DollarPrefixedFieldName',
        `The dollar ($) prefixed field '${name}' in '${path}' is not valid for storage.`,
      );
    }
    if (index === 0) {
      throw new MongoError(
        'BadValue',
        `Cannot have positional (i.e. '$') element in the first position in path '${path}'`,
      );
    }
    if (name === '$' && names.indexOf('$', index + 1) > 0) {
      throw new MongoError('BadValue', `Too many positional (i.e. '$') elements found in path '${path}'`);
    }
  }
  return names;
}

/** Makes all changes, in the order of the paths, in which MongoDB also adds new fields. */
export function applyTree(root: Branch, doc: Doc, context: Context): void {
  applyBranch(root, doc, '', context);
}

function applyBranch(branch: Branch, container: Doc | unknown[], path: string, context: Context): void {
  for (const [name, node] of concrete(branch, container, path, context)) {
    applyAt(node, container, name, path === '' ? name : `${path}.${name}`, context);
  }
}

/** The changes under names that exist: the positional ones are replaced by indexes, and what meets at one index is merged. */
function concrete(branch: Branch, container: Doc | unknown[], path: string, context: Context): [string, Node][] {
  const merged: Branch = new Map();
  for (const [name, node] of branch) {
    for (const target of targets(name, container, path, context)) {
      const other = merged.get(target);
      merged.set(target, other === undefined ? node : merge(other, node, path === '' ? target : `${path}.${target}`));
    }
  }
  return [...merged].sort(([a], [b]) => compareNames(a, b));
}

function targets(name: string, container: Doc | unknown[], path: string, context: Context): readonly string[] {
  if (name === '$') {
    return [String(positionIn(context))];
  }
  const identifier = POSITIONAL.exec(name)?.[1];
  if (identifier === undefined) return [name];
  if (!Array.isArray(container)) {
    throw new MongoError(
      'BadValue',
      `Cannot apply array updates to non-array element ${path.split('.').at(-1) ?? ''}: ${formatValue(container)}`,
    );
  }
  if (identifier === '') return container.map((_, index) => String(index));
  const filter = context.arrayFilters.get(identifier);
  if (!filter) {
    throw new MongoError('BadValue', `No array filter found for identifier '${identifier}' in path '${path}.${name}'`);
  }
  return container.flatMap((item, index) => (filter.matches({ [identifier]: item }) ? [String(index)] : []));
}

function positionIn({ filter, root }: Context): number {
  const position = filter?.position(root);
  if (position === undefined) {
    throw new MongoError('BadValue', 'The positional operator did not find the match needed from the query.');
  }
  return position;
}

function merge(a: Node, b: Node, path: string): Node {
  if (!(a instanceof Map) || !(b instanceof Map)) {
    throw new MongoError('ConflictingUpdateOperators', `Update created a conflict at '${path}'`);
  }
  const merged: Branch = new Map(a);
  for (const [name, node] of b) {
    const other = merged.get(name);
    merged.set(name, other === undefined ? node : merge(other, node, `${path}.${name}`));
  }
  return merged;
}

function compareNames(a: string, b: string): number {
  if (INDEX.test(a) && INDEX.test(b)) return Number(a) - Number(b);
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function applyAt(node: Node, container: Doc | unknown[], name: string, path: string, context: Context): void {
  if (Array.isArray(container) && !INDEX.test(name)) {
    if (insists(node, context)) throw notViable(name, path, container);
    return;
  }
  const old = read(container, name);
  if (!(node instanceof Map)) {
    if (old === undefined && !creates(node, context)) return;
    const value = node.apply(old, path, context);
    if (value !== old || old === undefined) write(container, name, value);
    return;
  }
  if (isDoc(old) || Array.isArray(old)) {
    applyBranch(node, old, path, context);
    return;
  }
  if (old !== undefined) {
    refusePositional(node, old, name, context);
    const [child = ''] = node.keys();
    if (insists(node, context)) {
      throw new MongoError('PathNotViable', `Cannot create field '${child}' in element {${name}: ${formatValue(old)}}`);
    }
    return;
  }
  refuseMissing(node, path, context);
  if (!creates(node, context)) return;
  const made: Doc = {};
  applyBranch(node, made, path, context);
  write(container, name, made);
}

function refuseMissing(branch: Branch, path: string, context: Context): void {
  for (const [name, child] of branch) {
    if (name === '$') positionIn(context);
    if (POSITIONAL.test(name)) {
      throw new MongoError(
        'BadValue',
        `The path '${path}' must exist in the document in order to apply array updates.`,
      );
    }
    if (child instanceof Map) refuseMissing(child, `${path}.${name}`, context);
  }
}

function refusePositional(branch: Branch, value: unknown, name: string, context: Context): void {
  for (const child of branch.keys()) {
    if (child === '$') positionIn(context);
    if (POSITIONAL.test(child)) {
      throw new MongoError(
        'BadValue',
        `Cannot apply array updates to non-array element ${name}: ${formatValue(value)}`,
      );
    }
  }
}

function creates(node: Node, context: Context): boolean {
  if (!(node instanceof Map)) return node.creates && (node.operator !== '$setOnInsert' || context.inserting);
  return [...node.values()].some((child) => creates(child, context));
}

/** Whether any of the changes refuses a path that cannot be there. */
function insists(node: Node, context: Context): boolean {
  if (node instanceof Map) return [...node.values()].some((child) => insists(child, context));
  return node.lenient !== true && (node.operator !== '$setOnInsert' || context.inserting);
}

function notViable(name: string, path: string, container: unknown[]): MongoError {
  const parent = path.split('.').at(-2) ?? '';
  return new MongoError(
    'PathNotViable',
    `Cannot create field '${name}' in element {${parent}: ${formatValue(container)}}`,
  );
}

function read(container: Doc | unknown[], name: string): unknown {
  return Array.isArray(container) ? container[Number(name)] : field(container, name);
}

function write(container: Doc | unknown[], name: string, value: unknown): void {
  if (!Array.isArray(container)) {
    if (value === undefined) delete container[name];
    else setField(container, name, value);
    return;
  }
  const index = Number(name);
  if (index - container.length > MAX_PADDING) {
    throw new MongoError('CannotBackfillArray', 'cannot fill an array with more than 1500000 nulls');
  }
  while (container.length < index) container.push(null);
  // An array keeps its length: what is removed from it leaves null.
  container[index] = value === undefined ? null : value;
}

/** The value at a dotted path of sub-documents, and the name of an array on the way; a path below anything else is refused. */
export function locate(doc: Doc, path: string): { value: unknown; array: string | null } {
  let value: unknown = doc;
  let last = '';
  for (const name of path.split('.')) {
    if (Array.isArray(value) && INDEX.test(name)) return { value: undefined, array: last };
    if (value === undefined) return { value, array: null };
    if (!isDoc(value)) {
      throw new MongoError(
        'PathNotViable',
        `cannot use the part (${name} of ${path}) to traverse the element ({${last}: ${formatValue(value)}})`,
      );
    }
    value = field(value, name);
    last = name;
  }
  return { value, array: null };
}
