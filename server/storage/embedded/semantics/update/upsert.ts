import { ObjectId } from 'bson';
import { MongoError } from '../../errors.ts';
import type { Filter } from '../filter.ts';
import { clone, type Doc, field, isDoc, kindOf, setField } from '../values.ts';

/** The document that an upsert starts from: what the filter binds to one value. */
export function seed(filter: Filter, onlyId: boolean): Doc {
  const doc: Doc = {};
  const bound: string[] = [];
  for (const [path, value] of filter.equalities) {
    if (onlyId && path !== '_id' && !path.startsWith('_id.')) continue;
    if (path.startsWith('_id.')) {
      throw new MongoError(
        'NotExactValueField',
        `field at '_id' must be exactly specified, field at sub-path '${path}'found`,
      );
    }
    for (const other of bound) {
      if (other === path || other.startsWith(`${path}.`) || path.startsWith(`${other}.`)) {
        const reason =
          other === path ? `path '${path}' is matched twice` : `both paths '${other}' and '${path}' are matched`;
        throw new MongoError('NotSingleValueField', `cannot infer query fields to set, ${reason}`);
      }
    }
    bound.push(path);
    plant(doc, path.split('.'), clone(value));
  }
  return doc;
}

function plant(doc: Doc, names: readonly string[], value: unknown): void {
  let at = doc;
  for (const name of names.slice(0, -1)) {
    const next = field(at, name);
    if (isDoc(next)) at = next;
    else {
      const made: Doc = {};
      setField(at, name, made);
      at = made;
    }
  }
  setField(at, names.at(-1) as string, value);
}

/** The document with `_id` in front, a new one where it has none; an `_id` of a forbidden type is refused with InvalidIdField. */
export function withId(doc: Doc): Doc {
  const id = field(doc, '_id');
  checkId(id);
  const { _id: _, ...rest } = doc;
  const ordered: Doc = { _id: id === undefined ? new ObjectId() : id };
  for (const name of Object.keys(rest)) setField(ordered, name, rest[name]);
  return ordered;
}

/** Refuses an `_id` of a type that MongoDB does not take. */
export function checkId(id: unknown): void {
  const kind = kindOf(id);
  if (kind === 'array' || kind === 'regex') {
    throw new MongoError('InvalidIdField', `The '_id' value cannot be of type ${kind}`);
  }
  if (isDoc(id)) {
    const bad = Object.keys(id).find((name) => name.startsWith('$'));
    if (bad !== undefined)
      throw new MongoError(
        'DollarPrefixedFieldName',
        `_id fields may not contain '$'-prefixed fields: ${bad} is not valid for storage.`,
      );
  }
}
