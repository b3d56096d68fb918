import { mongo, Error as MongooseErrors } from 'mongoose';

/** MongoDB codes by which a server says that it cannot serve now: shutting down, not primary, stepping down, interrupted. */
const NOT_NOW = new Set([6, 7, 89, 91, 189, 262, 9001, 10107, 11600, 11602, 13435, 13436]);

/** Says whether an error means that the database cannot be reached or cannot serve now, rather than that a command was wrong. */
export function isUnreachable(error: unknown): boolean {
  if (error instanceof mongo.MongoNetworkError || error instanceof mongo.MongoServerSelectionError) return true;
  if (error instanceof mongo.MongoNotConnectedError || error instanceof mongo.MongoTopologyClosedError) return true;
  if (error instanceof mongo.MongoOperationTimeoutError || error instanceof mongo.MongoClientClosedError) return true;
  // Not exported by the driver as a class.
  if (error instanceof mongo.MongoDriverError && error.name === 'MongoWaitQueueTimeoutError') return true;
  if (error instanceof MongooseErrors.MongooseServerSelectionError) return true;
  // A bulk write that failed as a whole holds what it failed of in the place of a server's answer.
  if (error instanceof mongo.MongoBulkWriteError && error.errorResponse instanceof Error)
    return isUnreachable(error.errorResponse);
  return error instanceof mongo.MongoServerError && typeof error.code === 'number' && NOT_NOW.has(error.code);
}
