/** MongoDB's own error codes, as far as the engine uses them; the name is what clients see as `codeName`. */
const CODES = {
  InternalError: 1,
  BadValue: 2,
  GraphContainsCycle: 5,
  FailedToParse: 9,
  Unauthorized: 13,
  TypeMismatch: 14,
  Overflow: 15,
  InvalidLength: 16,
  ProtocolError: 17,
  IllegalOperation: 20,
  InvalidBSON: 22,
  NamespaceNotFound: 26,
  IndexNotFound: 27,
  PathNotViable: 28,
  CannotBackfillArray: 34,
  ConflictingUpdateOperators: 40,
  CursorNotFound: 43,
  NamespaceExists: 48,
  MaxTimeMSExpired: 50,
  DollarPrefixedFieldName: 52,
  InvalidIdField: 53,
  NotSingleValueField: 54,
  InvalidDBRef: 55,
  EmptyFieldName: 56,
  DottedFieldName: 57,
  CommandNotFound: 59,
  ImmutableField: 66,
  CannotCreateIndex: 67,
  IndexAlreadyExists: 68,
  InvalidOptions: 72,
  InvalidNamespace: 73,
  NoReplicationEnabled: 76,
  IndexOptionsConflict: 85,
  IndexKeySpecsConflict: 86,
  ShutdownInProgress: 91,
  NotExactValueField: 111,
  CommandNotSupported: 115,
  DocumentValidationFailure: 121,
  CommandNotSupportedOnView: 166,
  OptionNotSupportedOnView: 167,
  InvalidPipelineOperator: 168,
  CannotIndexParallelArrays: 171,
  InvalidIndexSpecificationOption: 197,
  NotImplemented: 238,
  ConversionFailure: 241,
  SnapshotUnavailable: 246,
  QueryExceededMemoryLimitNoDiskUseAllowed: 292,
  BSONObjectTooLarge: 10334,
  DuplicateKey: 11000,
  Interrupted: 11601,
  OutOfDiskSpace: 14031,
  KeyTooLong: 17280,
} as const;

/** The name of one of MongoDB's error codes. */
export type ErrorName = keyof typeof CODES;

/** The name of a code, as MongoDB forms it for a code without one too. */
export function codeNameOf(code: number): string {
  return NAMES.get(code) ?? `Location${code}`;
}

const NAMES: ReadonlyMap<number, string> = new Map(Object.entries(CODES).map(([name, code]) => [code, name]));

/** The part of an error that only some codes carry. */
export interface ErrorDetails {
  readonly keyPattern?: Record<string, unknown>;
  readonly keyValue?: Record<string, unknown>;
  readonly labels?: readonly string[];
}

/**
 * A refusal in MongoDB's own terms: every fault of a command, a filter, an update or a pipeline is thrown as one of these.
 * `name` may be one of MongoDB's unnamed codes (`Location40324` is 40324), which are given by their number.
 */
export class MongoError extends Error {
  readonly code: number;
  readonly codeName: string;
  readonly keyPattern?: Record<string, unknown>;
  readonly keyValue?: Record<string, unknown>;
  readonly labels?: readonly string[];

  constructor(name: ErrorName | number, message: string, details: ErrorDetails = {}) {
    super(message);
    this.name = 'MongoError';
    this.code = typeof name === 'number' ? name : CODES[name];
    this.codeName = typeof name === 'number' ? codeNameOf(name) : name;
    if (details.keyPattern) this.keyPattern = details.keyPattern;
    if (details.keyValue) this.keyValue = details.keyValue;
    if (details.labels) this.labels = details.labels;
  }
}
