import { MongoError } from '../errors.ts';
import { type Doc, field, isDoc, UNDEFINED } from './values.ts';

/** What a document contributes to an index. */
export interface IndexKeys {
  /** One entry per key, each with one value per field of the pattern. What is missing is null, an empty array is `UNDEFINED`. */
  readonly keys: unknown[][];
  /** Whether an array was expanded. */
  readonly multikey: boolean;
  /** Whether any field of the pattern is there: a sparse index holds only such documents. */
  readonly anyPresent: boolean;
}

const INDEX = /^(?:0|[1-9]\d*)$/;

/**
 * The keys of a document under a pattern such as `{ roomId: 1, 'tags.name': -1 }`; directions do not matter here.
 * An array yields a key per element; two arrays side by side are refused with CannotIndexParallelArrays, as MongoDB does.
 */
export function indexKeys(doc: Doc, pattern: Doc): IndexKeys {
  return extractKeys(doc, keyPaths(Object.keys(pattern)));
}

/** The paths of a pattern split once, for callers that extract many keys. */
export function keyPaths(names: readonly string[]): readonly (readonly string[])[] {
  return names.map((name) => name.split('.'));
}

/** `indexKeys` over paths that are split already. */
export function extractKeys(doc: Doc, paths: readonly (readonly string[])[]): IndexKeys {
  const values: unknown[] = [];
  for (const path of paths) {
    const value = plain(doc, path);
    if (value === NOT_PLAIN) return new Expansion(paths).run(doc);
    values.push(value);
  }
  let anyPresent = false;
  for (let index = 0; index < values.length; index++) {
    if (values[index] === undefined) values[index] = null;
    else anyPresent = true;
  }
  return { keys: [values], multikey: false, anyPresent };
}

const NOT_PLAIN = Symbol('an array lies on the path');

/** The value at a path on which no array lies. */
function plain(doc: Doc, path: readonly string[]): unknown {
  let value: unknown = doc;
  for (const name of path) {
    if (!isDoc(value)) return undefined;
    value = field(value, name);
    if (Array.isArray(value)) return NOT_PLAIN;
  }
  return value;
}

/** One field's progress: where it stands in the document and what of its path is left; `FINAL` once the value is the key's. */
interface Progress {
  readonly at: unknown;
  readonly path: readonly string[];
}

class Expansion {
  private readonly keys: unknown[][] = [];
  private multikey = false;
  private anyPresent = false;
  private readonly paths: readonly (readonly string[])[];

  constructor(paths: readonly (readonly string[])[]) {
    this.paths = paths;
  }

  run(doc: Doc): IndexKeys {
    this.expand(this.paths.map((path) => descend(doc, path)));
    return { keys: this.keys, multikey: this.multikey, anyPresent: this.anyPresent };
  }

  /** Each field stands at a final value or before an array; all that stand before the same array go through it together. */
  private expand(fields: readonly Progress[]): void {
    let array: unknown[] | undefined;
    let name = '';
    for (const [index, { at }] of fields.entries()) {
      if (!Array.isArray(at) || isFinal(fields[index] as Progress)) continue;
      if (array !== undefined && at !== array) {
        throw new MongoError(
          'CannotIndexParallelArrays',
          `cannot index parallel arrays [${(this.paths[index] ?? []).at(-1) ?? ''}] [${name}]`,
        );
      }
      array = at;
      name = (this.paths[index] ?? []).at(-1) ?? '';
    }
    if (array === undefined) {
      this.add(fields.map(({ at }) => at));
      return;
    }
    this.multikey = true;
    if (array.length === 0) {
      this.expand(fields.map((one) => (one.at === array && !isFinal(one) ? emptied(one) : one)));
      return;
    }
    for (const item of array) {
      this.expand(fields.map((one) => (one.at === array && !isFinal(one) ? entered(one, item) : one)));
    }
  }

  private add(values: unknown[]): void {
    this.keys.push(
      values.map((value) => {
        if (value === undefined) return null;
        this.anyPresent = true;
        return value;
      }),
    );
  }
}

/** Marks a value that is taken as it is: an array in an array is not expanded again. */
const FINAL: readonly string[] = ['final'];

function isFinal(one: Progress): boolean {
  return one.path === FINAL;
}

function entered({ path }: Progress, item: unknown): Progress {
  if (path.length === 0) return { at: item, path: FINAL };
  return isDoc(item) ? descend(item, path) : { at: undefined, path: FINAL };
}

function emptied({ path }: Progress): Progress {
  return { at: path.length === 0 ? UNDEFINED : undefined, path: FINAL };
}

/** Goes down until the path ends or an array bars the way; a numeric name picks from an array whose elements do not have that name. */
function descend(from: Doc, path: readonly string[]): Progress {
  let value: unknown = from;
  for (let depth = 0; depth < path.length; depth++) {
    const name = path[depth] as string;
    if (Array.isArray(value)) {
      if (!INDEX.test(name) || value.some((item) => isDoc(item) && field(item, name) !== undefined)) {
        return { at: value, path: path.slice(depth) };
      }
      value = value[Number(name)];
    } else if (isDoc(value)) value = field(value, name);
    else return { at: undefined, path: FINAL };
  }
  return Array.isArray(value) ? { at: value, path: [] } : { at: value, path: FINAL };
}
