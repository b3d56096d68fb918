import { MongoError } from '../errors.ts';
import {
  type Doc,
  type Update,
  compileUpdate,
  decode,
  decodeFields,
  isDoc,
  kindOf,
  truthy,
} from '../semantics/index.ts';
import { planQuery } from '../plan/planner.ts';
import { Matches, deadlineAfter } from '../plan/query.ts';
import type { Engine } from '../engine.ts';
import type { StoredDocument } from '../store/collection.ts';
import { type Call, type Command, collectionName, documentField, flagField, wholeField } from './command.ts';
import { WriteErrors } from './write-errors.ts';

const STATEMENT_FIELDS = new Set([
  'q',
  'u',
  'c',
  'multi',
  'upsert',
  'collation',
  'arrayFilters',
  'hint',
  'upsertSupplied',
  'sort',
  'sampleId',
]);

const ID_ONLY: ReadonlySet<string> = new Set(['_id']);

function update(call: Call): Doc {
  const statements = call.documents.get('updates');
  if (!statements) throw new MongoError(40414, "BSON field 'update.updates' is missing but a required field");
  if (statements.length === 0)
    throw new MongoError('InvalidLength', 'Write batch sizes must be between 1 and 100000. Got 0 operations.');
  const name = collectionName(call);
  const errors = new WriteErrors(flagField(call, 'ordered') ?? true);
  const variables = documentField(call, 'let');
  const deadline = deadlineAfter(wholeField(call, 'maxTimeMS'), call.engine.world.monotonicMs);
  const upserted: Doc[] = [];
  let matched = 0;
  let modified = 0;
  for (const [at, raw] of statements.entries()) {
    const goOn = errors.attempt(at, () => {
      const statement = decode(raw);
      for (const field of Object.keys(statement))
        if (!STATEMENT_FIELDS.has(field))
          throw new MongoError(40415, `BSON field 'update.updates.${field}' is an unknown field.`);
      const counts = { matched: 0, modified: 0 };
      try {
        const id = updateOne(call, name, statement, variables, deadline, counts);
        if (id !== undefined) upserted.push({ index: at, _id: id.value });
      } finally {
        matched += counts.matched;
        modified += counts.modified;
      }
    });
    if (!goOn) break;
  }
  return {
    n: matched + upserted.length,
    nModified: modified,
    ...(upserted.length > 0 ? { upserted } : {}),
    ...errors.reply(),
  };
}

function updateOne(
  call: Call,
  name: string,
  statement: Doc,
  variables: Doc | undefined,
  deadline: () => void,
  counts: { matched: number; modified: number },
): { value: unknown } | undefined {
  const { engine } = call;
  const query = statement['q'];
  if (!isDoc(query))
    throw new MongoError(
      'TypeMismatch',
      `BSON field 'update.updates.q' is the wrong type '${kindOf(query)}', expected type 'object'`,
    );
  const multi = truthy(statement['multi']);
  const upsert = truthy(statement['upsert']);
  const change = compileChange(engine, statement['u'], statement['arrayFilters'], upsert, multi);
  const collection = engine.catalog.find(call.db, name);
  const { collation, sort } = statement;
  const plan = planQuery(collection, {
    filter: query,
    hint: statement['hint'],
    ...(isDoc(collation) ? { collation } : {}),
    ...(isDoc(sort) ? { sort } : {}),
    let: variables,
    now: engine.world.now(),
  });
  const matches = new Matches(engine.env, collection, plan, { limit: multi ? 0 : 1 }, deadline);
  // All matches are found before the first is changed, so that a changed document is not met again further on.
  const found: StoredDocument[] = [];
  for (let match = matches.next(); match; match = matches.next()) found.push(match);
  if (found.length === 0 && upsert) {
    const stored = engine.catalog.need(call.db, name).insert(asBuffer(change.insert(query)));
    return { value: idOf(stored.raw) };
  }
  for (const match of found) {
    if (!collection) break;
    const { raw, changed } = change.apply(match.raw, plan.filter);
    if (changed) collection.replace(match, asBuffer(raw));
    counts.matched += 1;
    if (changed) counts.modified += 1;
  }
  return undefined;
}

/** The compiled update of a statement; what MongoDB allows only for one document is refused for many. */
export function compileChange(
  engine: Engine,
  change: unknown,
  arrayFilters: unknown,
  upsert: boolean,
  multi: boolean,
): Update {
  if (!isDoc(change) && !Array.isArray(change))
    throw new MongoError('FailedToParse', `Update argument must be either an object or an array`);
  const replacement = isDoc(change) && !Object.keys(change)[0]?.startsWith('$');
  if (replacement && multi)
    throw new MongoError('FailedToParse', 'multi update is not supported for replacement-style update');
  if (arrayFilters !== undefined && !Array.isArray(arrayFilters))
    throw new MongoError('TypeMismatch', "BSON field 'arrayFilters' is the wrong type, expected type 'array'");
  return compileUpdate(change as Doc | Doc[], {
    upsert,
    now: engine.world.now(),
    ...(Array.isArray(arrayFilters) ? { arrayFilters: arrayFilters as Doc[] } : {}),
  });
}

export function asBuffer(raw: Uint8Array): Buffer {
  return Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
}

/** The `_id` of a stored document, in its own type. */
export function idOf(raw: Buffer): unknown {
  return decodeFields(raw, ID_ONLY)['_id'];
}

export const updateCommand: Command = {
  names: ['update'],
  writes: true,
  rawArrays: ['updates'],
  fields: ['ordered', 'bypassDocumentValidation', 'let', 'stmtId'],
  run: update,
};
