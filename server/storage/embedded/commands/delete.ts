import { MongoError } from '../errors.ts';
import { type Doc, decode, isDoc, kindOf, toNumber } from '../semantics/index.ts';
import { planQuery } from '../plan/planner.ts';
import { Matches, deadlineAfter } from '../plan/query.ts';
import type { StoredDocument } from '../store/collection.ts';
import { type Call, type Command, collectionName, documentField, flagField, wholeField } from './command.ts';
import { WriteErrors } from './write-errors.ts';

function remove(call: Call): Doc {
  const statements = call.documents.get('deletes');
  if (!statements) throw new MongoError(40414, "BSON field 'delete.deletes' is missing but a required field");
  if (statements.length === 0)
    throw new MongoError('InvalidLength', 'Write batch sizes must be between 1 and 100000. Got 0 operations.');
  const { engine } = call;
  const name = collectionName(call);
  const errors = new WriteErrors(flagField(call, 'ordered') ?? true);
  const variables = documentField(call, 'let');
  const deadline = deadlineAfter(wholeField(call, 'maxTimeMS'), engine.world.monotonicMs);
  let removed = 0;
  for (const [at, raw] of statements.entries()) {
    const goOn = errors.attempt(at, () => {
      const { q: query, limit, collation, hint } = decode(raw);
      if (!isDoc(query))
        throw new MongoError(
          'TypeMismatch',
          `BSON field 'delete.deletes.q' is the wrong type '${kindOf(query)}', expected type 'object'`,
        );
      const count = toNumber(limit);
      if (count !== 0 && count !== 1)
        throw new MongoError('FailedToParse', `The limit field in delete objects must be 0 or 1. Got ${count}`);
      const collection = engine.catalog.find(call.db, name);
      const plan = planQuery(collection, {
        filter: query,
        hint,
        ...(isDoc(collation) ? { collation } : {}),
        let: variables,
        now: engine.world.now(),
      });
      const matches = new Matches(engine.env, collection, plan, { limit: count }, deadline);
      const found: StoredDocument[] = [];
      for (let match = matches.next(); match; match = matches.next()) found.push(match);
      for (const match of found) collection?.remove(match);
      removed += found.length;
    });
    if (!goOn) break;
  }
  return { n: removed, ...errors.reply() };
}

export const deleteCommand: Command = {
  names: ['delete'],
  writes: true,
  rawArrays: ['deletes'],
  fields: ['ordered', 'let', 'stmtId'],
  run: remove,
};
