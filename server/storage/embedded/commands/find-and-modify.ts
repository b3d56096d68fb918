import { MongoError } from '../errors.ts';
import { type Doc, RawDocument } from '../semantics/index.ts';
import { planQuery } from '../plan/planner.ts';
import { Matches, deadlineAfter, projector } from '../plan/query.ts';
import {
  type Call,
  type Command,
  arrayField,
  collectionName,
  documentField,
  flagField,
  wholeField,
} from './command.ts';
import { asBuffer, compileChange, idOf } from './update.ts';

function findAndModify(call: Call): Doc {
  const { engine, body } = call;
  const name = collectionName(call);
  const remove = flagField(call, 'remove') ?? false;
  const upsert = flagField(call, 'upsert') ?? false;
  const wantsNew = flagField(call, 'new') ?? false;
  if (remove === (body['update'] !== undefined))
    throw new MongoError(
      'FailedToParse',
      remove ? 'Cannot specify both an update and remove=true' : 'Either an update or remove=true must be specified',
    );
  if (remove && (upsert || wantsNew))
    throw new MongoError(
      'FailedToParse',
      `Cannot specify both ${upsert ? 'upsert' : 'new'}=true and remove=true${upsert ? '' : "; 'remove' always returns the deleted document"}`,
    );
  const query = documentField(call, 'query') ?? {};
  const change = remove
    ? undefined
    : compileChange(engine, body['update'], arrayField(call, 'arrayFilters'), upsert, false);
  const collection = engine.catalog.find(call.db, name);
  const sort = documentField(call, 'sort');
  const plan = planQuery(collection, {
    filter: query,
    sort,
    hint: body['hint'],
    collation: documentField(call, 'collation'),
    let: documentField(call, 'let'),
    now: engine.world.now(),
  });
  const fields = documentField(call, 'fields');
  const project = projector(fields, plan.filter);
  const deadline = deadlineAfter(wholeField(call, 'maxTimeMS'), engine.world.monotonicMs);
  const match = new Matches(engine.env, collection, plan, { limit: 1 }, deadline).next();
  const value = (raw: Buffer | undefined): unknown => (raw ? new RawDocument(project(raw)) : null);
  if (!match || !collection) {
    if (!upsert || !change)
      return { lastErrorObject: { n: 0, ...(remove ? {} : { updatedExisting: false }) }, value: null };
    const stored = engine.catalog.need(call.db, name).insert(asBuffer(change.insert(query)));
    return {
      lastErrorObject: { n: 1, updatedExisting: false, upserted: idOf(stored.raw) },
      value: value(wantsNew ? stored.raw : undefined),
    };
  }
  // Before the document is touched: a projection that fails must not leave a change behind.
  const before = wantsNew ? undefined : value(match.raw);
  if (!change) {
    collection.remove(match);
    return { lastErrorObject: { n: 1 }, value: before };
  }
  const { raw, changed } = change.apply(match.raw, plan.filter);
  const after = wantsNew ? value(asBuffer(raw)) : before;
  if (changed) collection.replace(match, asBuffer(raw));
  return { lastErrorObject: { n: 1, updatedExisting: true }, value: after };
}

export const findAndModifyCommand: Command = {
  names: ['findAndModify', 'findandmodify'],
  writes: true,
  fields: [
    'query',
    'sort',
    'remove',
    'update',
    'new',
    'fields',
    'upsert',
    'bypassDocumentValidation',
    'collation',
    'arrayFilters',
    'hint',
    'let',
    'stmtId',
  ],
  run: findAndModify,
};
