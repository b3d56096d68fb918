import { mongo } from 'mongoose';

/** MongoDB's code for a document that a unique index refused. */
export const DUPLICATE_KEY = 11_000;

/** Says whether a unique index refused what was written: somebody else was first. */
export function isDuplicateKey(error: unknown): boolean {
  return error instanceof mongo.MongoServerError && error.code === DUPLICATE_KEY;
}
