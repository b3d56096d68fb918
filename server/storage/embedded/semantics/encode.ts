import { Binary, BSONSymbol, type BSONRegExp, Code, type Decimal128, type Double, type Long, ObjectId } from 'bson';
import { MongoError } from '../errors.ts';
import { MAX_DEPTH } from './decode.ts';
import { binaryParts, type Doc, isDoc, isInt32, kindOf, regexParts, toNumber } from './values.ts';

/** A document that is BSON already: `encode` copies its bytes where it stands in another document. */
export class RawDocument {
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

let scratch = Buffer.allocUnsafeSlow(1 << 16);
let at = 0;

/** Writes a document as BSON. Fields that are `undefined` are left out; in an array they become null. */
export function encode(doc: Doc): Uint8Array {
  at = 0;
  writeDocument(doc, 0);
  const result = Buffer.allocUnsafe(at);
  scratch.copy(result, 0, 0, at);
  // One large document must not hold its size for ever.
  if (scratch.length > 1 << 22) scratch = Buffer.allocUnsafeSlow(1 << 16);
  return result;
}

function reserve(count: number): void {
  if (at + count <= scratch.length) return;
  const larger = Buffer.allocUnsafeSlow(Math.max(scratch.length * 2, at + count));
  scratch.copy(larger, 0, 0, at);
  scratch = larger;
}

function writeDocument(doc: Doc, depth: number): void {
  if (depth > MAX_DEPTH) throw new MongoError('Overflow', `BSONObj exceeded maximum nested object depth: ${MAX_DEPTH}`);
  const start = begin();
  for (const name of Object.keys(doc)) {
    const value = doc[name];
    if (value !== undefined && typeof value !== 'function') writeField(name, value, depth);
  }
  end(start);
}

function writeArray(items: readonly unknown[], depth: number): void {
  if (depth > MAX_DEPTH) throw new MongoError('Overflow', `BSONObj exceeded maximum nested object depth: ${MAX_DEPTH}`);
  const start = begin();
  for (let index = 0; index < items.length; index++) writeField(String(index), items[index] ?? null, depth);
  end(start);
}

function begin(): number {
  reserve(4);
  at += 4;
  return at - 4;
}

function end(start: number): void {
  reserve(1);
  scratch[at++] = 0;
  putInt32(at - start, start);
}

function writeHead(type: number, name: string): void {
  const { length } = name;
  reserve(length * 3 + 2);
  scratch[at++] = type;
  let index = 0;
  for (; index < length; index++) {
    const code = name.charCodeAt(index);
    if (code === 0) throw new MongoError('BadValue', 'a field name may not hold a null character');
    if (code > 127) break;
    scratch[at + index] = code;
  }
  if (index === length) at += length;
  else {
    if (name.includes('\0')) throw new MongoError('BadValue', 'a field name may not hold a null character');
    at += scratch.write(name, at, 'utf8');
  }
  scratch[at++] = 0;
}

function writeText(text: string): void {
  const { length } = text;
  reserve(length * 3 + 5);
  const start = at + 4;
  let index = 0;
  // A call into the runtime costs more than a short loop.
  if (length <= 48) {
    for (; index < length; index++) {
      const code = text.charCodeAt(index);
      if (code > 127) break;
      scratch[start + index] = code;
    }
  }
  const written = index === length ? length : scratch.write(text, start, 'utf8');
  putInt32(written + 1, at);
  at = start + written;
  scratch[at++] = 0;
}

function putInt32(value: number, place: number): void {
  scratch[place] = value;
  scratch[place + 1] = value >> 8;
  scratch[place + 2] = value >> 16;
  scratch[place + 3] = value >> 24;
}

function writeCText(text: string): void {
  if (text.includes('\0')) throw new MongoError('BadValue', 'a regular expression may not hold a null character');
  reserve(text.length * 3 + 1);
  at += scratch.write(text, at, 'utf8');
  scratch[at++] = 0;
}

function writeBytes(bytes: Uint8Array): void {
  reserve(bytes.length);
  scratch.set(bytes, at);
  at += bytes.length;
}

function writeInt32(value: number): void {
  reserve(4);
  putInt32(value, at);
  at += 4;
}

function writeInt64(low: number, high: number): void {
  reserve(8);
  putInt32(low, at);
  putInt32(high, at + 4);
  at += 8;
}

function writeField(name: string, value: unknown, depth: number): void {
  if (typeof value === 'string') {
    writeHead(0x02, name);
    writeText(value);
    return;
  }
  if (typeof value === 'number') {
    if (isInt32(value)) {
      writeHead(0x10, name);
      writeInt32(value);
    } else {
      writeHead(0x01, name);
      writeDouble(value);
    }
    return;
  }
  if (isDoc(value)) {
    writeHead(0x03, name);
    writeDocument(value, depth + 1);
  } else if (value instanceof ObjectId) {
    writeHead(0x07, name);
    reserve(12);
    const { id } = value;
    for (let index = 0; index < 12; index++) scratch[at++] = id[index] as number;
  } else if (value instanceof RawDocument) {
    writeHead(0x03, name);
    writeBytes(value.bytes);
  } else writeOther(name, value, depth);
}

function writeDouble(value: number): void {
  reserve(8);
  scratch.writeDoubleLE(value, at);
  at += 8;
}

function writeOther(name: string, value: unknown, depth: number): void {
  switch (kindOf(value)) {
    case 'array':
      writeHead(0x04, name);
      writeArray(value as unknown[], depth + 1);
      return;
    case 'null':
    case 'undefined':
      writeHead(0x0a, name);
      return;
    case 'bool':
      writeHead(0x08, name);
      reserve(1);
      scratch[at++] = value === true ? 1 : 0;
      return;
    case 'date':
      writeHead(0x09, name);
      writeDate(value as Date);
      return;
    case 'long':
    case 'timestamp':
      writeLong(name, value as Long | bigint);
      return;
    case 'double':
      writeHead(0x01, name);
      writeDouble((value as Double).value);
      return;
    case 'int':
      writeHead(0x10, name);
      writeInt32(toNumber(value));
      return;
    case 'decimal':
      writeHead(0x13, name);
      writeBytes((value as Decimal128).bytes);
      return;
    case 'binData':
      writeHead(0x05, name);
      writeBinary(value as Binary | Uint8Array);
      return;
    case 'regex': {
      const { pattern, options } = regexParts(value as BSONRegExp | RegExp);
      writeHead(0x0b, name);
      writeCText(pattern);
      writeCText(options);
      return;
    }
    case 'minKey':
      writeHead(0xff, name);
      return;
    case 'maxKey':
      writeHead(0x7f, name);
      return;
    default:
      writeCode(name, value, depth);
  }
}

function writeDate(value: Date): void {
  const millis = value.getTime();
  if (Number.isNaN(millis)) throw new MongoError('BadValue', 'an invalid date cannot be stored');
  const high = Math.floor(millis / 0x1_0000_0000);
  writeInt64((millis - high * 0x1_0000_0000) | 0, high);
}

function writeLong(name: string, value: Long | bigint): void {
  if (typeof value === 'bigint') {
    writeHead(0x12, name);
    reserve(8);
    at = scratch.writeBigInt64LE(BigInt.asIntN(64, value), at);
    return;
  }
  writeHead(kindOf(value) === 'timestamp' ? 0x11 : 0x12, name);
  writeInt64(value.low, value.high);
}

function writeBinary(value: Binary | Uint8Array): void {
  const { bytes, subtype } = binaryParts(value);
  const old = subtype === Binary.SUBTYPE_BYTE_ARRAY;
  writeInt32(bytes.length + (old ? 4 : 0));
  reserve(1);
  scratch[at++] = subtype;
  if (old) writeInt32(bytes.length);
  writeBytes(bytes);
}

function writeCode(name: string, value: unknown, depth: number): void {
  if (value instanceof BSONSymbol) {
    writeHead(0x0e, name);
    writeText(value.value);
    return;
  }
  if (!(value instanceof Code)) throw new MongoError('BadValue', `a value of the field '${name}' has no BSON type`);
  if (value.scope === null) {
    writeHead(0x0d, name);
    writeText(value.code);
    return;
  }
  writeHead(0x0f, name);
  const start = begin();
  writeText(value.code);
  writeDocument(value.scope, depth + 1);
  putInt32(at - start, start);
}
