import { type Doc, field, isDoc } from './values.ts';

/** Where a filter matched: the index in the outermost array on the last path that matched through one, for the positional `$`. */
export interface Hit {
  position: number | undefined;
}

/** A test of one value; `undefined` is a missing field. */
export type Test = (value: unknown) => boolean;

const INDEX = /^(?:0|[1-9]\d*)$/;

/**
 * Whether any value at the path passes, under MongoDB's rules for arrays on the way: the rest of a path is sought in each element
 * that is a document, and a numeric name picks an element. With `leafArrays` an array at the end is tested element by element and
 * then as a whole, otherwise only as a whole. An element that lacks the rest of the path counts as missing; an empty array yields nothing.
 */
export function someAt(
  doc: Doc | readonly unknown[],
  path: readonly string[],
  from: number,
  test: Test,
  leafArrays: boolean,
  hit: Hit | undefined,
): boolean {
  let value: unknown = step(doc, path[from] as string);
  let depth = from + 1;
  while (depth < path.length && isDoc(value)) value = field(value, path[depth++] as string);
  if (!Array.isArray(value)) return test(depth < path.length ? undefined : value);
  if (depth === path.length) return (leafArrays && someItem(value, test, hit)) || test(value);
  return someBelow(value, path, depth, test, leafArrays, hit);
}

function step(container: Doc | readonly unknown[], name: string): unknown {
  if (!Array.isArray(container)) return field(container as Doc, name);
  return INDEX.test(name) ? (container as readonly unknown[])[Number(name)] : undefined;
}

function someItem(items: readonly unknown[], test: Test, hit: Hit | undefined): boolean {
  for (let index = 0; index < items.length; index++) {
    if (test(items[index])) {
      if (hit) hit.position = index;
      return true;
    }
  }
  return false;
}

function someBelow(
  items: readonly unknown[],
  path: readonly string[],
  depth: number,
  test: Test,
  leafArrays: boolean,
  hit: Hit | undefined,
): boolean {
  const name = path[depth] as string;
  const picked = INDEX.test(name) ? Number(name) : -1;
  for (let index = 0; index < items.length; index++) {
    const item = items[index];
    let found = isDoc(item) && someAt(item, path, depth, test, leafArrays, hit);
    if (!found && index === picked) {
      if (depth + 1 === path.length) found = test(item);
      else if (isDoc(item) || Array.isArray(item)) found = someAt(item, path, depth + 1, test, leafArrays, hit);
    }
    if (found) {
      if (hit) hit.position = index;
      return true;
    }
  }
  return false;
}
