/** Checks of a data directory before LMDB touches it: LMDB itself reads a foreign or cut-off file until the process is killed. */
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  openSync,
  closeSync,
  readSync,
  readdirSync,
  statSync,
  ftruncateSync,
  fstatSync,
  fsyncSync,
} from 'node:fs';
import { dirname, join } from 'node:path';

export const DATA_FILE = 'engine.mdb';
export const SOCKET_FILE = 'engine.sock';

/** Why the engine does not start: one sentence for the operator, which names the directory. */
export class StartRefused extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'StartRefused';
  }
}

const REASONS: Record<string, string> = {
  EACCES: 'permission denied',
  EPERM: 'permission denied',
  EROFS: 'the file system is read-only',
  ENOSPC: 'the disk is full',
  EDQUOT: 'the disk quota is used up',
  ENOTDIR: 'a part of the path is not a directory',
  EEXIST: 'there is a file of that name',
  ENOENT: 'a part of the path does not exist',
  EMFILE: 'too many open files',
};

/** The operating system's error in words, the code alone where we have no better word. */
export function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // LMDB's errors carry numbers as codes, and say in their message what the number means.
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return REASONS[code] ?? (code || error.message);
}

/** Makes the directory if need be, and refuses one that the engine cannot or must not use. */
export function prepareDataDirectory(dataDir: string): void {
  try {
    makeDirectory(dataDir);
  } catch (error) {
    throw new StartRefused(`The data directory ${dataDir} cannot be created: ${reasonOf(error)}.`, { cause: error });
  }
  try {
    accessSync(dataDir, constants.R_OK | constants.W_OK | constants.X_OK);
  } catch (error) {
    throw new StartRefused(`The data directory ${dataDir} is not writable: ${reasonOf(error)}.`, { cause: error });
  }
  const file = join(dataDir, DATA_FILE);
  if (existsSync(file)) {
    checkDataFile(dataDir, file);
    return;
  }
  const others = readdirSync(dataDir).filter(
    (name) => !name.startsWith('.') && name !== 'lost+found' && name !== SOCKET_FILE,
  );
  if (others.length > 0 && !others.every((name) => name.startsWith(DATA_FILE)))
    throw new StartRefused(
      `The data directory ${dataDir} holds other files (${others.slice(0, 3).join(', ')}) and no database of this engine; give it a directory of its own.`,
    );
}

/** As `mkdirSync` with `recursive`, which never returns where the system has no place for a directory (below `/proc`). */
function makeDirectory(path: string): void {
  if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) return;
  const parent = dirname(path);
  if (parent !== path) makeDirectory(parent);
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    // Another process may have been faster.
    if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw error;
  }
}

/** Where LMDB's two meta pages keep what is checked here (LMDB data version 2: a page header of 24 bytes, then MDB_meta). */
const META = {
  magic: 24,
  version: 28,
  pageSize: 48,
  freeRoot: 88,
  mainRoot: 136,
  lastPage: 144,
  transaction: 152,
  bytes: 168,
} as const;
const MAGIC = 0xbeefc0de;
const NO_PAGE = 0xffffffffffffffffn;

/** Pages at the end which a transaction took and gave back are never written, so a sound file may be a little short. */
const MAX_SHORT_BYTES = 1024 * 1024;

function checkDataFile(dataDir: string, file: string): void {
  let handle: number;
  try {
    handle = openSync(file, 'r+');
  } catch (error) {
    throw new StartRefused(`The database in ${dataDir} cannot be opened: ${reasonOf(error)}.`, { cause: error });
  }
  try {
    const size = fstatSync(handle).size;
    if (size === 0) return;
    const metas = readMetas(handle, size);
    if (metas === undefined)
      throw new StartRefused(`The file ${DATA_FILE} in ${dataDir} is not a database of this engine, or it is damaged.`);
    const newest = metas.reduce((a, b) => (b.transaction > a.transaction ? b : a));
    const needed = (newest.lastPage + 1n) * BigInt(newest.pageSize);
    const short = needed - BigInt(size);
    if (
      short > BigInt(MAX_SHORT_BYTES) ||
      newest.roots.some((root) => (root + 1n) * BigInt(newest.pageSize) > BigInt(size))
    )
      throw new StartRefused(
        `The database in ${dataDir} is damaged: its file is cut off (${size} of ${needed} bytes); restore it from a backup.`,
      );
    // A page that was never written reads as zeros then, instead of ending the process with SIGBUS.
    if (short > 0n) ftruncateSync(handle, Number(needed));
  } finally {
    closeSync(handle);
  }
}

interface Meta {
  readonly pageSize: number;
  readonly lastPage: bigint;
  readonly transaction: bigint;
  readonly roots: readonly bigint[];
}

function readMetas(handle: number, size: number): readonly [Meta, Meta] | undefined {
  const first = readMeta(handle, 0);
  if (!first || first.pageSize < 512 || first.pageSize > 65536 || size < 2 * first.pageSize) return undefined;
  const second = readMeta(handle, first.pageSize);
  return second && [first, second];
}

function readMeta(handle: number, position: number): Meta | undefined {
  const page = Buffer.alloc(META.bytes);
  if (readSync(handle, page, 0, page.length, position) < page.length) return undefined;
  if (page.readUInt32LE(META.magic) !== MAGIC || (page.readUInt32LE(META.version) & 0xffff) !== 2) return undefined;
  return {
    pageSize: page.readUInt32LE(META.pageSize),
    lastPage: page.readBigUInt64LE(META.lastPage),
    transaction: page.readBigUInt64LE(META.transaction),
    roots: [page.readBigUInt64LE(META.freeRoot), page.readBigUInt64LE(META.mainRoot)].filter(
      (root) => root !== NO_PAGE,
    ),
  };
}

/** Makes the name of a new data file as durable as its content. Not every system can do it for a directory. */
export function syncDirectory(dataDir: string): void {
  if (process.platform === 'win32') return;
  const handle = openSync(dataDir, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Bytes that the database takes on disk. */
export function fileBytes(dataDir: string): number {
  return statSync(join(dataDir, DATA_FILE)).size;
}
