import {
  Binary,
  BSONRegExp,
  BSONSymbol,
  Code,
  Decimal128,
  Double,
  Long,
  MaxKey,
  MinKey,
  ObjectId,
  Timestamp,
} from 'bson';
import { MongoError } from '../errors.ts';
import { type Doc, isInt32, setField } from './values.ts';

/** MongoDB's limit on nesting; it also keeps a hostile document from exhausting the stack. */
export const MAX_DEPTH = 200;

const LONGEST_CACHED_NAME = 32;
const NAME_SLOTS = 4096;
const SHORT_TEXT = 24;
/** Field names come again and again: interning them saves their decoding and lets objects share a shape. */
const names: (string | undefined)[] = Array.from({ length: NAME_SLOTS });

/** Reads one document. A malformed one is refused with InvalidBSON, one nested too deeply with Overflow. */
export function decode(raw: Uint8Array): Doc {
  return new Reader(raw).document(0);
}

/**
 * Reads only the top-level fields in `wanted` and passes over the others unread.
 * Cheap where a key or a filter needs two fields of a long document.
 */
export function decodeFields(raw: Uint8Array, wanted: ReadonlySet<string>): Doc {
  return new Reader(raw).document(0, wanted);
}

/** Reads the documents that lie one after another in a buffer (a document sequence of OP_MSG), as slices of it. */
export function splitDocuments(raw: Uint8Array): Uint8Array[] {
  const parts: Uint8Array[] = [];
  const view = new DataView(raw.buffer, raw.byteOffset, raw.byteLength);
  for (let at = 0; at < raw.byteLength; ) {
    const size = at + 4 <= raw.byteLength ? view.getInt32(at, true) : 0;
    if (size < 5 || at + size > raw.byteLength) throw malformed('a document is longer than what was sent');
    parts.push(raw.subarray(at, at + size));
    at += size;
  }
  return parts;
}

function malformed(reason: string): MongoError {
  return new MongoError('InvalidBSON', `Invalid BSON: ${reason}`);
}

class Reader {
  private readonly bytes: Buffer;
  private at = 0;
  private limit: number;

  constructor(raw: Uint8Array) {
    this.bytes = Buffer.isBuffer(raw) ? raw : Buffer.from(raw.buffer, raw.byteOffset, raw.byteLength);
    this.limit = this.bytes.length;
  }

  document(depth: number, wanted?: ReadonlySet<string>): Doc {
    const end = this.enter(depth);
    const doc: Doc = {};
    for (;;) {
      const type = this.bytes[this.at++] ?? 0;
      if (type === 0) break;
      const name = this.name();
      if (wanted && !wanted.has(name)) this.skip(type);
      else if (name === '__proto__') setField(doc, name, this.value(type, depth));
      else doc[name] = this.value(type, depth);
    }
    if (this.at !== end) throw malformed('a document does not end where it says');
    return doc;
  }

  private array(depth: number): unknown[] {
    const end = this.enter(depth);
    const items: unknown[] = [];
    for (;;) {
      const type = this.bytes[this.at++] ?? 0;
      if (type === 0) break;
      while (this.bytes[this.at++] !== 0) if (this.at >= end) throw malformed('an array index has no end');
      items.push(this.value(type, depth));
    }
    if (this.at !== end) throw malformed('an array does not end where it says');
    return items;
  }

  private enter(depth: number): number {
    if (depth > MAX_DEPTH)
      throw new MongoError('Overflow', `BSONObj exceeded maximum nested object depth: ${MAX_DEPTH}`);
    const start = this.at;
    const size = this.int32();
    if (size < 5 || start + size > this.limit || this.bytes[start + size - 1] !== 0) {
      throw malformed('a document has an impossible length');
    }
    return start + size;
  }

  private need(count: number): number {
    const at = this.at;
    if (count < 0 || at + count > this.limit) throw malformed('a value reaches beyond its document');
    this.at = at + count;
    return at;
  }

  private int32(): number {
    const { bytes } = this;
    const start = this.need(4);
    return (
      (bytes[start] as number) |
      ((bytes[start + 1] as number) << 8) |
      ((bytes[start + 2] as number) << 16) |
      ((bytes[start + 3] as number) << 24)
    );
  }

  private name(): string {
    const { bytes } = this;
    const start = this.at;
    let hash = 0;
    let end = start;
    let ascii = true;
    for (let byte = bytes[end]; byte !== 0; byte = bytes[++end]) {
      if (byte === undefined) throw malformed('a field name has no end');
      hash = (Math.imul(hash, 31) + byte) | 0;
      if (byte > 127) ascii = false;
    }
    this.at = end + 1;
    if (!ascii || end - start > LONGEST_CACHED_NAME) return bytes.toString('utf8', start, end);
    const slot = hash & (NAME_SLOTS - 1);
    const known = names[slot];
    if (known !== undefined && known.length === end - start) {
      let same = true;
      for (let index = 0; index < known.length && same; index++)
        same = known.charCodeAt(index) === bytes[start + index];
      if (same) return known;
    }
    const name = bytes.toString('latin1', start, end);
    names[slot] = name;
    return name;
  }

  private cstring(): string {
    const start = this.at;
    const end = this.bytes.indexOf(0, start);
    if (end < 0) throw malformed('a string has no end');
    this.at = end + 1;
    return this.bytes.toString('utf8', start, end);
  }

  private string(): string {
    const size = this.int32();
    if (size < 1) throw malformed('a string has an impossible length');
    const start = this.need(size);
    if (this.bytes[start + size - 1] !== 0) throw malformed('a string has no end');
    return size <= SHORT_TEXT
      ? this.shortText(start, start + size - 1)
      : this.bytes.toString('utf8', start, start + size - 1);
  }

  /** Reads short text without a call into the runtime, which costs more than the text. */
  private shortText(start: number, end: number): string {
    const { bytes } = this;
    const codes: number[] = [];
    for (let index = start; index < end; index++) {
      const byte = bytes[index] as number;
      if (byte > 127) return bytes.toString('utf8', start, end);
      codes.push(byte);
    }
    return String.fromCharCode(...codes);
  }

  private value(type: number, depth: number): unknown {
    switch (type) {
      case 0x01: {
        const value = this.bytes.readDoubleLE(this.need(8));
        return isInt32(value) ? new Double(value) : value;
      }
      case 0x02:
        return this.string();
      case 0x03:
        return this.document(depth + 1);
      case 0x04:
        return this.array(depth + 1);
      case 0x05:
        return this.binary();
      // The deprecated type `undefined`: no driver of ours writes it.
      case 0x06:
      case 0x0a:
        return null;
      case 0x07: {
        const start = this.need(12);
        const id = Buffer.allocUnsafe(12);
        for (let index = 0; index < 12; index++) id[index] = this.bytes[start + index] as number;
        return new ObjectId(id);
      }
      case 0x08:
        return this.bytes[this.need(1)] !== 0;
      case 0x09:
        return this.date();
      case 0x0b: {
        const pattern = this.cstring();
        return regex(pattern, this.cstring());
      }
      case 0x0d:
        return new Code(this.string());
      case 0x0e:
        return new BSONSymbol(this.string());
      case 0x0f: {
        this.int32();
        const code = this.string();
        return new Code(code, this.document(depth + 1));
      }
      case 0x10:
        return this.int32();
      case 0x11: {
        const start = this.need(8);
        return new Timestamp(new Long(this.bytes.readInt32LE(start), this.bytes.readInt32LE(start + 4), true));
      }
      case 0x12: {
        const start = this.need(8);
        return new Long(this.bytes.readInt32LE(start), this.bytes.readInt32LE(start + 4));
      }
      case 0x13: {
        const start = this.need(16);
        return new Decimal128(Uint8Array.prototype.slice.call(this.bytes, start, start + 16));
      }
      case 0xff:
        return new MinKey();
      case 0x7f:
        return new MaxKey();
      default:
        throw malformed(`the type ${type} is unknown or not supported`);
    }
  }

  private date(): Date {
    const start = this.need(8);
    const millis = this.bytes.readInt32LE(start + 4) * 0x1_0000_0000 + this.bytes.readUInt32LE(start);
    const date = new Date(millis);
    if (Number.isNaN(date.getTime())) throw malformed('a date lies beyond the years that this engine can hold');
    return date;
  }

  private binary(): Binary {
    let size = this.int32();
    const subtype = this.bytes[this.need(1)] ?? 0;
    if (subtype === Binary.SUBTYPE_BYTE_ARRAY) {
      if (this.int32() !== size - 4) throw malformed('an old binary value has an impossible length');
      size -= 4;
    }
    const start = this.need(size);
    return new Binary(Uint8Array.prototype.slice.call(this.bytes, start, start + size), subtype);
  }

  private skip(type: number): void {
    switch (type) {
      case 0x01:
      case 0x09:
      case 0x11:
      case 0x12:
        this.need(8);
        return;
      case 0x02:
      case 0x0d:
      case 0x0e:
        this.need(this.int32());
        return;
      case 0x03:
      case 0x04:
      case 0x0f:
        this.need(this.int32() - 4);
        return;
      case 0x05:
        this.need(this.int32() + 1);
        return;
      case 0x07:
        this.need(12);
        return;
      case 0x08:
        this.need(1);
        return;
      case 0x0b:
        this.cstring();
        this.cstring();
        return;
      case 0x10:
        this.need(4);
        return;
      case 0x13:
        this.need(16);
        return;
      case 0x06:
      case 0x0a:
      case 0xff:
      case 0x7f:
        return;
      default:
        throw malformed(`the type ${type} is unknown or not supported`);
    }
  }
}

function regex(pattern: string, options: string): BSONRegExp {
  try {
    return new BSONRegExp(pattern, options);
  } catch {
    throw new MongoError('InvalidBSON', `Invalid BSON: a regular expression with the options '${options}'`);
  }
}
