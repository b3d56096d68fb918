/**
 * The redo log: what is written is appended here and on the disk before it is answered, one record a group of commands. The trees take it
 * over later, many groups at once, and then its place is used again.
 *
 * Why: a group of twelve messages changes a hundred pages of the trees, each somewhere else in the file, and a disk writes a hundred
 * scattered pages far slower than one run of bytes. Over thousands of messages most of these pages are the same ones.
 *
 * Two files are written in turn. They keep their length when they are used again, so that a write changes no length of a file, which would
 * cost a second write, of the file system's journal. A record is
 *
 *     number (8 bytes) · salt (8) · length of the changes (4) · CRC-32 of all the others (4) · changes
 *
 * and a change is
 *
 *     tree (1 byte) · 1 for a value, 0 for a removal (1) · length of the key (2) · length of the value (4) · key · value
 *
 * little endian. Numbers go up by one from record to record, over both files and over the owners of a directory. Every use of a file from
 * its start has a random salt of its own; what lies behind the last record, of a use before it or cut off, has another, also where a client
 * stored bytes that look like a record.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fdatasyncSync,
  fsyncSync,
  ftruncateSync,
  openSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DATA_FILE, syncDirectory } from './data-directory.ts';
import { type Change, TREES } from './memtable.ts';

const PREFIX = `${DATA_FILE}-log-`;
const HEADER_BYTES = 24;
const SALT_AT = 8;
const SALT_BYTES = 8;
const LENGTH_AT = 16;
const CHECKSUM_AT = 20;
const CHANGE_HEADER_BYTES = 8;
/** Taken from the disk when the log is made, so that a full disk has room for the removals that make room. */
const FIRST_BYTES = 256 * 1024;
/** A file that became longer than this, by one large group, is cut again. */
const KEPT_BYTES = 16 * 1024 * 1024;

export interface LogRecord {
  readonly number: number;
  readonly changes: readonly Change[];
}

interface Segment {
  readonly path: string;
  readonly handle: number;
  /** Where the next record begins. */
  position: number;
  length: number;
  /** Of the last record in it. */
  last: number;
  salt: Buffer;
}

/** The records that earlier owners left, and the files that they are in. */
export interface Found {
  readonly records: readonly LogRecord[];
  readonly paths: readonly string[];
}

export class RedoLog {
  readonly #segments: readonly [Segment, Segment];
  #current: Segment;
  #last: number;
  #released: number;
  /** Why nothing can be appended any more. */
  #broken: unknown;

  private constructor(segments: readonly [Segment, Segment], last: number) {
    this.#segments = segments;
    this.#current = segments[0];
    this.#last = last;
    this.#released = last;
  }

  /** Makes the files of a new owner, whose first record follows the one of number `last`. */
  static create(dataDir: string, owner: string, last: number): RedoLog {
    const make = (which: number): Segment => {
      const path = join(dataDir, `${PREFIX}${owner}-${which}`);
      const handle = openSync(path, 'wx+', 0o600);
      writeAll(handle, Buffer.alloc(FIRST_BYTES), 0);
      fsyncSync(handle);
      return { path, handle, position: 0, length: FIRST_BYTES, last: 0, salt: newSalt() };
    };
    const log = new RedoLog([make(0), make(1)], last);
    syncDirectory(dataDir);
    return log;
  }

  /** The number of the last record. */
  get last(): number {
    return this.#last;
  }

  /** Returns when the changes are on the disk; when it throws, they are no part of the log. */
  append(changes: readonly Change[]): void {
    if (this.#broken !== undefined) throw this.#broken;
    const bytes = HEADER_BYTES + lengthOf(changes);
    if (this.#current.position + bytes > this.#current.length) this.turn();
    const segment = this.#current;
    const record = encodeRecord(this.#last + 1, segment.salt, changes, bytes);
    try {
      writeAll(segment.handle, record, segment.position);
      fdatasyncSync(segment.handle);
    } catch (error) {
      this.#unwrite(segment, error);
      throw error;
    }
    this.#last += 1;
    segment.position += record.length;
    segment.length = Math.max(segment.length, segment.position);
    segment.last = this.#last;
  }

  /** What was written in part, or is perhaps on the disk, must not be taken for a record after a crash; and it gives back its place. */
  #unwrite({ handle, position, length }: Segment, cause: unknown): void {
    try {
      ftruncateSync(handle, length);
      if (position < length) writeAll(handle, Buffer.alloc(Math.min(HEADER_BYTES, length - position)), position);
      fdatasyncSync(handle);
    } catch {
      this.#broken = cause;
    }
  }

  /** Goes on at the start of the other file, if nothing of that is needed any more. */
  turn(): void {
    const other = this.#segments[this.#current === this.#segments[0] ? 1 : 0];
    if (other.last > this.#released) return;
    if (other.length > KEPT_BYTES) {
      ftruncateSync(other.handle, KEPT_BYTES);
      other.length = KEPT_BYTES;
    }
    other.position = 0;
    other.salt = newSalt();
    this.#current = other;
  }

  /** The trees hold everything up to this record, on the disk. */
  release(upTo: number): void {
    this.#released = upTo;
  }

  /** Closes the files, and removes them when the trees hold all of them. */
  close(): void {
    for (const { handle } of this.#segments) closeSync(handle);
    if (this.#released === this.#last) removeLogs(this.#segments.map(({ path }) => path));
  }
}

const newSalt = (): Buffer => randomBytes(SALT_BYTES);

/**
 * The records behind number `after` that earlier owners left, in their order.
 * @throws {Error} when one is missing before the last: then something acknowledged was damaged
 */
export function readLogs(dataDir: string, after: number): Found {
  const paths = readdirSync(dataDir)
    .filter((name) => name.startsWith(PREFIX))
    .map((name) => join(dataDir, name));
  const records = paths
    .flatMap((path) => [...recordsIn(contentOf(path))])
    .filter(({ number }) => number > after)
    .sort((a, b) => a.number - b.number);
  for (const [at, { number }] of records.entries())
    if (number !== after + 1 + at) throw new Error(`its log lacks record ${after + 1 + at} and has record ${number}`);
  return { records, paths };
}

/** A file that is gone since it was listed held nothing that the trees do not have. */
function contentOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return Buffer.alloc(0);
    throw error;
  }
}

/** Removes files of logs. An owner that lives, though another took it for dead, writes from then on where nobody reads any more. */
export function removeLogs(paths: readonly string[]): void {
  // The other of the two may have been faster.
  for (const path of paths) rmSync(path, { force: true });
}

function* recordsIn(file: Buffer): Generator<LogRecord> {
  const salt = file.subarray(SALT_AT, SALT_AT + SALT_BYTES);
  for (let at = 0; at + HEADER_BYTES <= file.length; ) {
    const end = at + HEADER_BYTES + file.readUInt32LE(at + LENGTH_AT);
    if (end > file.length) return;
    const record = file.subarray(at, end);
    const isOfThisUse = record.subarray(SALT_AT, SALT_AT + SALT_BYTES).equals(salt);
    if (!isOfThisUse || checksumOf(record) !== record.readUInt32LE(CHECKSUM_AT)) return;
    yield { number: Number(record.readBigUInt64LE(0)), changes: decodeChanges(record.subarray(HEADER_BYTES)) };
    at = end;
  }
}

const checksumOf = (record: Buffer): number =>
  crc32(record.subarray(HEADER_BYTES), crc32(record.subarray(0, CHECKSUM_AT)));

function lengthOf(changes: readonly Change[]): number {
  let bytes = 0;
  for (const { key, value } of changes) bytes += CHANGE_HEADER_BYTES + key.length + (value?.length ?? 0);
  return bytes;
}

function encodeRecord(number: number, salt: Buffer, changes: readonly Change[], bytes: number): Buffer {
  const record = Buffer.allocUnsafe(bytes);
  record.writeBigUInt64LE(BigInt(number), 0);
  record.set(salt, SALT_AT);
  record.writeUInt32LE(bytes - HEADER_BYTES, LENGTH_AT);
  let at = HEADER_BYTES;
  for (const { tree, key, value } of changes) {
    record[at] = TREES.indexOf(tree);
    record[at + 1] = value ? 1 : 0;
    record.writeUInt16LE(key.length, at + 2);
    record.writeUInt32LE(value?.length ?? 0, at + 4);
    record.set(key, at + CHANGE_HEADER_BYTES);
    at += CHANGE_HEADER_BYTES + key.length;
    if (!value) continue;
    record.set(value, at);
    at += value.length;
  }
  record.writeUInt32LE(checksumOf(record), CHECKSUM_AT);
  return record;
}

function decodeChanges(bytes: Buffer): Change[] {
  const changes: Change[] = [];
  for (let at = 0; at < bytes.length; ) {
    const tree = TREES[bytes[at] ?? TREES.length];
    if (!tree) throw new Error('its log names a tree that this engine does not know');
    const keyEnd = at + CHANGE_HEADER_BYTES + bytes.readUInt16LE(at + 2);
    const end = keyEnd + bytes.readUInt32LE(at + 4);
    const value = bytes[at + 1] === 1 ? bytes.subarray(keyEnd, end) : null;
    changes.push({ tree, key: bytes.subarray(at + CHANGE_HEADER_BYTES, keyEnd), value });
    at = end;
  }
  return changes;
}

/** A write may be cut short without an error, as by a disk that becomes full in the middle. */
function writeAll(handle: number, bytes: Buffer, position: number): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(handle, bytes, at, bytes.length - at, position + at);
}
