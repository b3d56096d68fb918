import { MongoError } from '../../errors.ts';
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
    const position = context.filter?.position(context.root);
    if (position === undefined) {
      throw new MongoError('BadValue', 'The positional operator did not find the match needed from the query.');
    }
    return [String(position)];
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
    if (creates(node, context)) throw notViable(name, path, container);
    return;
  }
  const old = read(container, name);
  if (!(node instanceof Map)) {
    if (old === undefined && (!node.creates || (node.operator === '$setOnInsert' && !context.inserting))) return;
    const value = node.apply(old, path, context);
    if (value !== old || old === undefined) write(container, name, value);
    return;
  }
  if (isDoc(old) || Array.isArray(old)) {
    applyBranch(node, old, path, context);
    return;
  }
  if (old !== undefined) {
    refusePositional(node, old, name);
    const child = [...node.keys()][0] ?? '';
    if (creates(node, context)) {
      throw new MongoError('PathNotViable', `Cannot create field '${child}' in element {${name}: ${formatValue(old)}}`);
    }
    return;
  }
  if (!creates(node, context)) return;
  if ([...node.keys()].some((child) => POSITIONAL.test(child))) {
    throw new MongoError('BadValue', `The path '${path}' must exist in the document in order to apply array updates.`);
  }
  const made: Doc = {};
  applyBranch(node, made, path, context);
  write(container, name, made);
}

function refusePositional(branch: Branch, value: unknown, name: string): void {
  if ([...branch.keys()].some((child) => POSITIONAL.test(child))) {
    throw new MongoError('BadValue', `Cannot apply array updates to non-array element ${name}: ${formatValue(value)}`);
  }
}

function creates(node: Node, context: Context): boolean {
  if (!(node instanceof Map)) return node.creates && (node.operator !== '$setOnInsert' || context.inserting);
  return [...node.values()].some((child) => creates(child, context));
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

/** The value at a dotted path of sub-documents; an array on the way ends the search and is told. */
export function locate(doc: Doc, path: string): { value: unknown; array: string | null } {
  let value: unknown = doc;
  let array: string | null = null;
  for (const name of path.split('.')) {
    if (Array.isArray(value)) return { value: undefined, array };
    if (!isDoc(value)) return { value: undefined, array: null };
    value = field(value, name);
    array = name;
  }
  return { value, array: null };
}
