import { MongoError } from '../errors.ts';
import type { Doc } from '../semantics/index.ts';
import { validate } from '../store/raw-bson.ts';
import { type Call, type Command, collectionName, flagField } from './command.ts';
import { WriteErrors } from './write-errors.ts';

function insert(call: Call): Doc {
  const documents = call.documents.get('documents');
  if (!documents) throw new MongoError(40414, "BSON field 'insert.documents' is missing but a required field");
  if (documents.length === 0)
    throw new MongoError('InvalidLength', 'Write batch sizes must be between 1 and 100000. Got 0 operations.');
  const collection = call.engine.catalog.need(call.db, collectionName(call));
  const errors = new WriteErrors(flagField(call, 'ordered') ?? true);
  let inserted = 0;
  for (const [at, raw] of documents.entries()) {
    const goOn = errors.attempt(at, () => {
      validate(raw);
      collection.insert(raw);
      inserted += 1;
    });
    if (!goOn) break;
  }
  return { n: inserted, ...errors.reply() };
}

export const insertCommand: Command = {
  names: ['insert'],
  writes: true,
  rawArrays: ['documents'],
  fields: ['ordered', 'bypassDocumentValidation', 'maxTimeMS', 'stmtId'],
  run: insert,
};
