import { mongo } from 'mongoose';

/** What GridFS drivers write by default, in bytes. */
export const CHUNK_BYTES = 255 * 1024;
/** Chunks that a reader holds at a time: a server's own first batch would be a whole file. */
const READ_AHEAD = 2;

interface Chunk {
  _id: mongo.ObjectId;
  files_id: mongo.ObjectId;
  n: number;
  data: mongo.Binary;
}

export type ChunkCollection = mongo.Collection<Chunk>;

/** Whatever is iterated, in pieces of exactly `CHUNK_BYTES`, the last one excepted. Holds one piece. */
export async function* inChunks(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let piece = new Uint8Array(CHUNK_BYTES);
  let held = 0;
  for await (const part of bytes) {
    for (let taken = 0; taken < part.length; ) {
      const more = part.subarray(taken, taken + CHUNK_BYTES - held);
      piece.set(more, held);
      held += more.length;
      taken += more.length;
      if (held < CHUNK_BYTES) continue;
      yield piece;
      piece = new Uint8Array(CHUNK_BYTES);
      held = 0;
    }
  }
  if (held > 0) yield piece.subarray(0, held);
}

/**
 * The bytes of files, in the layout of GridFS, so that any of its tools can read them. The driver's own streams are not used: its upload looks for a first
 * file without an index, and leaves a chunk behind that was on its way when it was aborted; its download holds a whole batch of chunks, up to 16 MB.
 */
export class GridChunks {
  readonly #chunks: ChunkCollection;

  constructor(chunks: ChunkCollection) {
    this.#chunks = chunks;
  }

  async createIndexes(): Promise<void> {
    await this.#chunks.createIndex({ files_id: 1, n: 1 }, { unique: true });
  }

  async write(fileId: mongo.ObjectId, n: number, data: Uint8Array): Promise<void> {
    await this.#chunks.insertOne({ _id: new mongo.ObjectId(), files_id: fileId, n, data: new mongo.Binary(data) });
  }

  /** Bytes `from` up to and with `to`. Ends with an error where one of them is missing. */
  async *read(fileId: mongo.ObjectId, from: number, to: number): AsyncGenerator<Uint8Array> {
    let n = Math.floor(from / CHUNK_BYTES);
    const last = Math.floor(to / CHUNK_BYTES);
    const cursor = this.#chunks
      .find({ files_id: fileId, n: { $gte: n, $lte: last } })
      .sort({ n: 1 })
      .batchSize(READ_AHEAD);
    for await (const chunk of cursor) {
      if (chunk.n !== n) break;
      const start = n * CHUNK_BYTES;
      yield chunk.data.buffer.subarray(Math.max(0, from - start), Math.min(chunk.data.length(), to + 1 - start));
      n += 1;
    }
    if (n <= last) throw new Error(`chunk ${n} of a file is missing`);
  }

  async remove(fileId: mongo.ObjectId): Promise<void> {
    await this.#chunks.deleteMany({ files_id: fileId });
  }
}
