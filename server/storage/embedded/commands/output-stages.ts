/** `$out` and `$merge`: a result that is stored instead of returned. */
import { MongoError } from '../errors.ts';
import { type Doc, compileUpdate, decode, encode, formatValue, isDoc } from '../semantics/index.ts';
import type { Results } from '../cursors.ts';
import type { Engine } from '../engine.ts';
import { planQuery } from '../plan/planner.ts';
import { Matches } from '../plan/query.ts';
import type { Collection } from '../store/collection.ts';
import { specOf } from '../store/index-definition.ts';

interface Target {
  readonly db: string;
  readonly name: string;
}

function targetOf(db: string, value: unknown): Target {
  if (typeof value === 'string') return { db, name: value };
  if (isDoc(value) && typeof value['coll'] === 'string')
    return { db: typeof value['db'] === 'string' ? value['db'] : db, name: value['coll'] };
  throw new MongoError('FailedToParse', `the output stage needs a collection, found ${formatValue(value)}`);
}

/** Stores the results as the stage says; only in a write transaction. */
export function writeOutput(engine: Engine, db: string, stage: Doc, results: Results): void {
  if (stage['$out'] !== undefined) out(engine, targetOf(db, stage['$out']), results);
  else merge(engine, db, stage['$merge'], results);
}

/** The collection is replaced as a whole, or, when a document is refused, not at all. Its indexes stay. */
function out(engine: Engine, target: Target, results: Results): void {
  const { catalog } = engine;
  // Everything is read before anything is written: the source may be the target.
  const documents = drain(results);
  const old = catalog.find(target.db, target.name);
  const fresh = catalog.create(target.db, `tmp.out.${catalog.takeId()}`, old?.options ?? {});
  try {
    for (const index of old?.indexes ?? []) if (index !== old?.idIndex) fresh.addIndex(specOf(index));
    for (const raw of documents) fresh.insert(raw);
  } catch (error) {
    if (error instanceof MongoError) catalog.drop(fresh);
    throw error;
  }
  if (old) catalog.drop(old);
  engine.cursors.endNamespace(`${target.db}.${target.name}`);
  catalog.rename(fresh, target.db, target.name);
}

function drain(results: Results): Buffer[] {
  const documents: Buffer[] = [];
  for (let raw = results.next(); raw; raw = results.next()) documents.push(raw);
  return documents;
}

const WHEN_MATCHED = new Set(['replace', 'keepExisting', 'merge', 'fail']);
const WHEN_NOT_MATCHED = new Set(['insert', 'discard', 'fail']);

function merge(engine: Engine, db: string, spec: unknown, results: Results): void {
  const options = isDoc(spec) ? spec : { into: spec };
  const target = targetOf(db, options['into']);
  const { whenMatched = 'merge', whenNotMatched = 'insert' } = options;
  const on = options['on'] === undefined ? ['_id'] : [options['on']].flat().map(String);
  if (!Array.isArray(whenMatched) && !WHEN_MATCHED.has(String(whenMatched)))
    throw new MongoError(
      'BadValue',
      `Enumeration value '${String(whenMatched)}' for field 'whenMatched' is not a valid value.`,
    );
  if (!WHEN_NOT_MATCHED.has(String(whenNotMatched)))
    throw new MongoError(
      'BadValue',
      `Enumeration value '${String(whenNotMatched)}' for field 'whenNotMatched' is not a valid value.`,
    );
  const documents = drain(results);
  const collection = engine.catalog.need(target.db, target.name);
  if (
    !collection.indexes.some(
      (index) =>
        index.unique &&
        !index.partial &&
        index.fields.length === on.length &&
        on.every((field) => index.fields.includes(field)),
    )
  )
    throw new MongoError(51183, 'Cannot find index to verify that join fields will be unique');
  for (const raw of documents)
    mergeOne(engine, collection, raw, on, whenMatched, String(whenNotMatched), options['let']);
}

function mergeOne(
  engine: Engine,
  collection: Collection,
  raw: Buffer,
  on: readonly string[],
  whenMatched: unknown,
  whenNotMatched: string,
  variables: unknown,
): void {
  const doc = decode(raw);
  const filter: Doc = {};
  for (const field of on) {
    const value = field
      .split('.')
      .reduce<unknown>((at, name) => (isDoc(at) && Object.hasOwn(at, name) ? at[name] : undefined), doc);
    if (Array.isArray(value)) throw new MongoError(51185, "$merge write error: 'on' field cannot be an array");
    filter[field] = { $eq: value ?? null };
  }
  const now = engine.world.now();
  const plan = planQuery(collection, { filter, now });
  const match = new Matches(engine.env, collection, plan, { limit: 1 }, () => undefined).next();
  if (!match) {
    if (whenNotMatched === 'fail')
      throw new MongoError(
        13113,
        '$merge could not find a matching document in the target collection for at least one document in the source collection',
      );
    if (whenNotMatched === 'insert') collection.insert(raw);
    return;
  }
  if (Array.isArray(whenMatched)) {
    const given = isDoc(variables) ? variables : {};
    const update = compileUpdate(whenMatched as Doc[], { upsert: false, now, let: { ...given, new: doc } });
    const { raw: next, changed } = update.apply(match.raw, plan.filter);
    if (changed) collection.replace(match, Buffer.from(next));
    return;
  }
  switch (whenMatched) {
    case 'keepExisting':
      return;
    case 'fail':
      throw collection.duplicateKey(collection.idIndex, [doc['_id']]);
    case 'replace':
      collection.replace(match, Buffer.from(encode({ _id: decode(match.raw)['_id'], ...doc })));
      return;
    default:
      collection.replace(match, Buffer.from(encode({ ...decode(match.raw), ...doc })));
  }
}
