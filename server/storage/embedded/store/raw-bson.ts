/**
 * Reading BSON where it lies, without decoding it: the store keeps documents as they came, and looks only at the fields that it needs.
 * Every function throws a `MongoError` (InvalidBSON, 22) rather than read outside of the bytes that it was given.
 */
import { MongoError } from '../errors.ts';

/** One top-level element: `start` is its type byte, `value` the first byte of its value, `end` the byte behind it. */
export interface RawElement {
  readonly name: string;
  readonly type: number;
  readonly start: number;
  readonly value: number;
  readonly end: number;
}

export const BSON_TYPE = {
  double: 0x01,
  string: 0x02,
  document: 0x03,
  array: 0x04,
  binary: 0x05,
  undefined: 0x06,
  objectId: 0x07,
  boolean: 0x08,
  date: 0x09,
  null: 0x0a,
  regex: 0x0b,
  dbPointer: 0x0c,
  code: 0x0d,
  symbol: 0x0e,
  codeWithScope: 0x0f,
  int32: 0x10,
  timestamp: 0x11,
  int64: 0x12,
  decimal128: 0x13,
  minKey: 0xff,
  maxKey: 0x7f,
} as const;

/** MongoDB's limit for one document, in bytes. */
export const MAX_DOCUMENT_BYTES = 16 * 1024 * 1024;

function invalid(reason: string): MongoError {
  return new MongoError('InvalidBSON', `Invalid BSON: ${reason}`);
}

function cstringEnd(raw: Buffer, at: number, limit: number): number {
  const end = raw.indexOf(0, at);
  if (end < 0 || end >= limit) throw invalid('a name without its end');
  return end;
}

/** How many bytes the value of `type` at `at` takes; `limit` is the first byte that does not belong to the document. */
function valueSize(raw: Buffer, type: number, at: number, limit: number): number {
  switch (type) {
    case BSON_TYPE.double:
    case BSON_TYPE.date:
    case BSON_TYPE.timestamp:
    case BSON_TYPE.int64:
      return 8;
    case BSON_TYPE.objectId:
      return 12;
    case BSON_TYPE.int32:
      return 4;
    case BSON_TYPE.boolean:
      return 1;
    case BSON_TYPE.undefined:
    case BSON_TYPE.null:
    case BSON_TYPE.minKey:
    case BSON_TYPE.maxKey:
      return 0;
    case BSON_TYPE.decimal128:
      return 16;
    case BSON_TYPE.regex: {
      const options = cstringEnd(raw, at, limit) + 1;
      return cstringEnd(raw, options, limit) + 1 - at;
    }
    case BSON_TYPE.string:
    case BSON_TYPE.code:
    case BSON_TYPE.symbol:
      return 4 + lengthAt(raw, at, limit);
    case BSON_TYPE.binary:
      return 5 + lengthAt(raw, at, limit);
    case BSON_TYPE.document:
    case BSON_TYPE.array:
    case BSON_TYPE.codeWithScope:
      return lengthAt(raw, at, limit);
    case BSON_TYPE.dbPointer:
      return 16 + lengthAt(raw, at, limit);
    default:
      throw invalid(`unknown type 0x${type.toString(16)}`);
  }
}

function lengthAt(raw: Buffer, at: number, limit: number): number {
  if (at + 4 > limit) throw invalid('a length is cut off');
  const length = raw.readInt32LE(at);
  if (length < 0) throw invalid('a negative length');
  return length;
}

/** Checks that the bytes are exactly one document by its length and its closing byte; the elements are checked when they are read. */
export function checkFrame(raw: Buffer): void {
  if (raw.length < 5 || raw.readInt32LE(0) !== raw.length || raw[raw.length - 1] !== 0)
    throw invalid('the length does not fit the document');
}

/** The top-level elements in their order. */
export function* elements(raw: Buffer): Generator<RawElement> {
  checkFrame(raw);
  const limit = raw.length - 1;
  let at = 4;
  while (at < limit) {
    const type = raw[at] ?? 0;
    const nameEnd = cstringEnd(raw, at + 1, limit);
    const value = nameEnd + 1;
    const end = value + valueSize(raw, type, value, limit);
    if (end > limit) throw invalid('an element is longer than its document');
    yield { name: raw.toString('utf8', at + 1, nameEnd), type, start: at, value, end };
    at = end;
  }
}

const MAX_DEPTH = 180;

/** Walks the whole tree, so that a document that is stored can always be read back. */
export function validate(raw: Buffer, depth = 0): void {
  if (depth > MAX_DEPTH) throw new MongoError('Overflow', 'BSON nesting is deeper than 180 levels');
  checkFrame(raw);
  const limit = raw.length - 1;
  let at = 4;
  while (at < limit) {
    const type = raw[at] ?? 0;
    const value = cstringEnd(raw, at + 1, limit) + 1;
    const end = value + valueSize(raw, type, value, limit);
    if (end > limit) throw invalid('an element is longer than its document');
    if (type === BSON_TYPE.document || type === BSON_TYPE.array) validate(raw.subarray(value, end), depth + 1);
    else if (type === BSON_TYPE.string && (end - value < 5 || raw[end - 1] !== 0))
      throw invalid('a string without its end');
    at = end;
  }
}

/** The first element of this name, if there is one. */
export function findElement(raw: Buffer, name: string): RawElement | undefined {
  for (const element of elements(raw)) if (element.name === name) return element;
  return undefined;
}

/** The bytes of the element's value. */
export function valueBytes(raw: Buffer, element: RawElement): Buffer {
  return raw.subarray(element.value, element.end);
}

/** The documents of an array element. */
export function arrayDocuments(raw: Buffer, element: RawElement): Buffer[] {
  const array = valueBytes(raw, element);
  const documents: Buffer[] = [];
  for (const item of elements(array)) {
    if (item.type !== BSON_TYPE.document)
      throw new MongoError(
        'TypeMismatch',
        `BSON field '${element.name}.${item.name}' is the wrong type, expected 'object'`,
      );
    documents.push(valueBytes(array, item));
  }
  return documents;
}

/** Makes one document of byte runs, each of which holds whole elements. */
export function joinElements(runs: readonly Buffer[]): Buffer {
  let length = 5;
  for (const run of runs) length += run.length;
  const raw = Buffer.allocUnsafe(length);
  raw.writeInt32LE(length, 0);
  let at = 4;
  for (const run of runs) {
    run.copy(raw, at);
    at += run.length;
  }
  raw[at] = 0;
  return raw;
}

/** The document with only those top-level fields that `keep` accepts, in the document's own order. */
export function pickElements(raw: Buffer, keep: (name: string) => boolean): Buffer {
  const runs: Buffer[] = [];
  let from = -1;
  let to = -1;
  for (const element of elements(raw)) {
    if (!keep(element.name)) continue;
    if (element.start !== to) {
      if (from >= 0) runs.push(raw.subarray(from, to));
      from = element.start;
    }
    to = element.end;
  }
  if (from >= 0) runs.push(raw.subarray(from, to));
  return joinElements(runs);
}

/** The top-level fields, of those that `keep` accepts, in which two documents differ in any byte. */
export function changedElements(one: Buffer, other: Buffer, keep: (name: string) => boolean): Set<string> {
  const changed = new Set<string>();
  const before = new Map<string, Buffer>();
  for (const { name, start, end } of elements(one)) {
    if (!keep(name)) continue;
    if (before.has(name)) changed.add(name);
    before.set(name, one.subarray(start, end));
  }
  for (const { name, start, end } of elements(other)) {
    if (!keep(name)) continue;
    if (before.get(name)?.equals(other.subarray(start, end)) !== true) changed.add(name);
    before.delete(name);
  }
  for (const name of before.keys()) changed.add(name);
  return changed;
}
