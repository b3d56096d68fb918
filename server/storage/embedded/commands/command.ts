/** What a command is: its name, its fields, and how it is run. */
import type { Engine } from '../engine.ts';
import { MongoError } from '../errors.ts';
import { type Doc, isDoc, kindOf, toNumber, truthy } from '../semantics/index.ts';

/** One call of a command. */
export interface Call {
  readonly engine: Engine;
  readonly connectionId: number;
  readonly db: string;
  /** The command's name as the client wrote it: `isMaster` and `ismaster` are one command. */
  readonly name: string;
  /** The body without the arrays that `documents` holds. */
  readonly body: Doc;
  /** Statements and documents by the name of their array, as they came; from the body or from a document sequence beside it. */
  readonly documents: ReadonlyMap<string, readonly Buffer[]>;
  readonly session: string | undefined;
}

export interface Command {
  readonly names: readonly string[];
  /** Whether the call goes through the commit queue. */
  readonly writes: boolean | ((call: Call) => boolean);
  /** The array fields that are kept as raw documents. */
  readonly rawArrays?: readonly string[];
  /** The fields that the command understands; others are refused, as the server does. */
  readonly fields: readonly string[];
  /** Only on the database `admin`. */
  readonly adminOnly?: boolean;
  /** The reply: a document to which `ok: 1` is added, or the bytes of a whole reply. */
  run(call: Call): Doc | Buffer;
}

/** Fields that any command may carry. */
export const GENERIC_FIELDS: ReadonlySet<string> = new Set([
  'lsid',
  '$db',
  '$readPreference',
  '$clusterTime',
  '$audit',
  '$client',
  '$configTime',
  '$topologyTime',
  'apiVersion',
  'apiStrict',
  'apiDeprecationErrors',
  'comment',
  'maxTimeMS',
  'readConcern',
  'writeConcern',
  'txnNumber',
  'startTransaction',
  'autocommit',
  'clientOperationKey',
  'mayBypassWriteBlocking',
]);

/** The collection that the command names. */
export function collectionName(call: Call): string {
  const value = call.body[call.name];
  if (typeof value !== 'string')
    throw new MongoError('InvalidNamespace', `collection name has invalid type ${kindOf(value)}`);
  if (value === '' || value.includes('\0'))
    throw new MongoError(
      'InvalidNamespace',
      `Invalid namespace specified '${call.db}.${value.replaceAll('\0', '\\0')}'`,
    );
  return value;
}

function wrongType(call: Call, field: string, value: unknown, expected: string): MongoError {
  return new MongoError(
    'TypeMismatch',
    `BSON field '${call.name}.${field}' is the wrong type '${kindOf(value)}', expected type '${expected}'`,
  );
}

/** An optional sub-document. */
export function documentField(call: Call, field: string): Doc | undefined {
  const value = call.body[field];
  if (value === undefined || value === null) return undefined;
  if (!isDoc(value)) throw wrongType(call, field, value, 'object');
  return value;
}

export function arrayField(call: Call, field: string): unknown[] | undefined {
  const value = call.body[field];
  if (value === undefined) return undefined;
  if (!Array.isArray(value)) throw wrongType(call, field, value, 'array');
  return value;
}

/** An optional whole number that is not negative, unless `negative` allows it. */
export function wholeField(call: Call, field: string, negative = false): number | undefined {
  const value = call.body[field];
  if (value === undefined || value === null) return undefined;
  const number = toNumber(value);
  if (typeof value === 'boolean' || Number.isNaN(number)) throw wrongType(call, field, value, 'long');
  const whole = Math.trunc(number);
  if (whole < 0 && !negative)
    throw new MongoError(51024, `BSON field '${field}' value must be >= 0, actual value '${whole}'`);
  return whole;
}

/** An optional boolean; numbers are read as the server reads them. */
export function flagField(call: Call, field: string): boolean | undefined {
  const value = call.body[field];
  if (value === undefined || value === null) return undefined;
  if (typeof value === 'boolean') return value;
  if (Number.isNaN(toNumber(value))) throw wrongType(call, field, value, 'bool');
  return truthy(value);
}

export function textField(call: Call, field: string): string | undefined {
  const value = call.body[field];
  if (value === undefined) return undefined;
  if (typeof value !== 'string') throw wrongType(call, field, value, 'string');
  return value;
}
