/**
 * How records lie in the three trees of the store.
 *
 *     documents   collection id (4 bytes) · record number (6 bytes)                 -> the document's BSON as it came
 *     index       index id (4 bytes) · encoded key                                 -> record number   (unique indexes)
 *                 index id (4 bytes) · encoded key · record number (6 bytes)       -> nothing         (other indexes)
 *     catalog     one record a collection, a tree to free, the format, the owner, the last record of the log
 *
 * Ids and record numbers are big endian, so that memcmp, the order of LMDB, is their order. A record number is never used twice in the
 * life of a collection while the engine runs, so natural order is insertion order.
 */

/**
 * The version of the layout; an engine refuses a directory whose version it does not know. Version 2 keeps for each index which of its
 * fields are multikey; an engine of version 1 would leave them as they are and add arrays, so a directory is not given back to it.
 * Version 3 has a redo log before the trees, which an engine of version 2 would not read.
 */
export const FORMAT_VERSION = 3;

/** LMDB's own limit for a key. */
export const MAX_KEY_BYTES = 1978;
export const ID_BYTES = 4;
export const RECORD_BYTES = 6;

/** No encoded key may be longer, so that it fits LMDB's key with the ids around it. */
export const MAX_ENCODED_BYTES = MAX_KEY_BYTES - ID_BYTES - RECORD_BYTES;

export const NOTHING = Buffer.alloc(0);

export function idPrefix(id: number): Buffer {
  const prefix = Buffer.allocUnsafe(ID_BYTES);
  prefix.writeUInt32BE(id, 0);
  return prefix;
}

export function documentKey(collection: number, record: number): Buffer {
  const key = Buffer.allocUnsafe(ID_BYTES + RECORD_BYTES);
  key.writeUInt32BE(collection, 0);
  key.writeUIntBE(record, ID_BYTES, RECORD_BYTES);
  return key;
}

export function recordOf(key: Buffer): number {
  return key.readUIntBE(key.length - RECORD_BYTES, RECORD_BYTES);
}

export function recordBytes(record: number): Buffer {
  const bytes = Buffer.allocUnsafe(RECORD_BYTES);
  bytes.writeUIntBE(record, 0, RECORD_BYTES);
  return bytes;
}

export function uniqueEntryKey(index: number, encoded: Uint8Array): Buffer {
  const key = Buffer.allocUnsafe(ID_BYTES + encoded.length);
  key.writeUInt32BE(index, 0);
  key.set(encoded, ID_BYTES);
  return key;
}

/** The key of an entry that is not unique: the unique form with the record number behind it. */
export function plainEntryKey(uniqueForm: Buffer, record: number): Buffer {
  const key = Buffer.allocUnsafe(uniqueForm.length + RECORD_BYTES);
  uniqueForm.copy(key, 0);
  key.writeUIntBE(record, uniqueForm.length, RECORD_BYTES);
  return key;
}

/** The smallest byte string that is larger than every string with this prefix; undefined when there is none. */
export function successor(prefix: Uint8Array): Buffer | undefined {
  let last = prefix.length - 1;
  while (last >= 0 && prefix[last] === 0xff) last -= 1;
  if (last < 0) return undefined;
  const next = Buffer.from(prefix.subarray(0, last + 1));
  next[last] = (next[last] ?? 0) + 1;
  return next;
}

export function concat(a: Uint8Array, b: Uint8Array): Buffer {
  const joined = Buffer.allocUnsafe(a.length + b.length);
  joined.set(a, 0);
  joined.set(b, a.length);
  return joined;
}
