import { type Connection, type Model, mongo, Schema } from 'mongoose';
import type { FileInfo } from '../../shared/contract/files.ts';
import type { Side } from '../../shared/contract/primitives.ts';
import { CHUNK_BYTES, type ChunkCollection, GridChunks } from './grid-chunks.ts';

/** Where a file belongs, who brought it, and what it is. */
export interface FileFacts {
  roomId: string;
  stream: string;
  type: string;
  by: { userId: string; side: Side; org?: string };
  /** The last entry of the stream when the file was there: it stands behind that one for a reader whose stream begins later. */
  behind?: number;
  /** What the service itself has copied it from: that is copied once. */
  of?: string;
  /** While its bytes are still coming. */
  pending?: true;
}

/** A file, as GridFS describes one; what is ours stands in `metadata`. */
export interface FileDoc {
  _id: mongo.ObjectId;
  filename: string;
  /** Bytes; 0 while it is pending. */
  length: number;
  chunkSize: number;
  /** By the service's clock. */
  uploadDate: Date;
  metadata: FileFacts;
}

export type FileModel = Model<FileDoc>;

const BUCKET = 'files';
const schema = new Schema<FileDoc>(
  {
    filename: { type: String, required: true },
    length: { type: Number, required: true },
    chunkSize: { type: Number, required: true },
    uploadDate: { type: Date, required: true },
    metadata: { type: Schema.Types.Mixed, required: true },
  },
  { collection: `${BUCKET}.files`, versionKey: false },
);
// What a stream holds, for its bound, and what a room holds, for the day on which its files are deleted.
schema.index({ 'metadata.roomId': 1, 'metadata.stream': 1, uploadDate: 1 }, { name: 'room_stream_date' });
// The service's own copies, by their age.
schema.index(
  { uploadDate: 1, _id: 1 },
  { name: 'copies', partialFilterExpression: { 'metadata.of': { $exists: true } } },
);
schema.index(
  { 'metadata.pending': 1, _id: 1 },
  { name: 'pending', partialFilterExpression: { 'metadata.pending': true } },
);

export function fileModel(connection: Connection): FileModel {
  return connection.model<FileDoc>('File', schema);
}

export function fileChunks(connection: Connection): GridChunks {
  if (connection.db === undefined) throw new Error('the database is not connected');
  const chunks: ChunkCollection = connection.db.collection(`${BUCKET}.chunks`);
  return new GridChunks(chunks);
}

const OBJECT_ID = /^[0-9a-f]{24}$/;
const SWEPT_AT_ONCE = 100;

/** Files and their bytes in the database. Who may have them is decided elsewhere. */
export class GridFiles {
  readonly #files: FileModel;
  readonly #chunks: GridChunks;

  constructor(files: FileModel, chunks: GridChunks) {
    this.#files = files;
    this.#chunks = chunks;
  }

  async createIndexes(): Promise<void> {
    await this.#files.createCollection();
    await this.#files.createIndexes();
    await this.#chunks.createIndexes();
  }

  /** Notes a file whose bytes are to come: what a crash leaves of it is found by that. */
  async begin(file: { name: string; at: number } & Omit<FileFacts, 'pending' | 'behind'>): Promise<mongo.ObjectId> {
    const { name, at, ...facts } = file;
    const _id = new mongo.ObjectId();
    await this.#files.create({
      _id,
      filename: name,
      length: 0,
      chunkSize: CHUNK_BYTES,
      uploadDate: new Date(at),
      metadata: { ...facts, pending: true },
    });
    return _id;
  }

  write(fileId: mongo.ObjectId, n: number, data: Uint8Array): Promise<void> {
    return this.#chunks.write(fileId, n, data);
  }

  /** From now on the file is there, whole. */
  async finish(fileId: mongo.ObjectId, { length, behind }: { length: number; behind: number }): Promise<void> {
    const { matchedCount } = await this.#files.updateOne(
      { _id: fileId, 'metadata.pending': true },
      { $set: { length, 'metadata.behind': behind }, $unset: { 'metadata.pending': 1 } },
    );
    if (matchedCount === 0) throw new Error('an upload was swept away while it was under way');
  }

  /** Removes a file and its bytes; the bytes first, so that a crash in between leaves what says that they are to go. */
  async remove(fileId: mongo.ObjectId): Promise<void> {
    await this.#files.updateOne({ _id: fileId }, { $set: { 'metadata.pending': true } });
    await this.#chunks.remove(fileId);
    await this.#files.deleteOne({ _id: fileId });
  }

  async find(fileId: string): Promise<FileDoc | undefined> {
    if (!OBJECT_ID.test(fileId)) return undefined;
    const doc = await this.#files.findById(fileId).lean<FileDoc>();
    return doc === null || doc.metadata.pending === true ? undefined : doc;
  }

  /** The whole file that was copied from something. */
  async findCopy({ roomId, stream, of }: { roomId: string; stream: string; of: string }): Promise<FileDoc | undefined> {
    const copy = { 'metadata.roomId': roomId, 'metadata.stream': stream, 'metadata.of': of };
    const doc = await this.#files.findOne({ ...copy, 'metadata.pending': { $exists: false } }).lean<FileDoc>();
    return doc ?? undefined;
  }

  /** Some of the whole copies that were begun before an instant of the service's clock, the oldest first. */
  async copiesBefore(before: number): Promise<FileDoc[]> {
    return this.#files
      .find({
        'metadata.of': { $exists: true },
        'metadata.pending': { $exists: false },
        uploadDate: { $gte: new Date(0), $lt: new Date(before) },
      })
      .sort({ uploadDate: 1, _id: 1 })
      .limit(SWEPT_AT_ONCE)
      .lean<FileDoc[]>();
  }

  async findAll(fileIds: readonly string[]): Promise<ReadonlyMap<string, FileDoc>> {
    const ids = fileIds.filter((one) => OBJECT_ID.test(one));
    const docs = ids.length === 0 ? [] : await this.#files.find({ _id: { $in: ids } }).lean<FileDoc[]>();
    const whole = docs.filter(({ metadata }) => metadata.pending !== true);
    return new Map(whole.map((doc) => [doc._id.toHexString(), doc]));
  }

  read(file: Pick<FileDoc, '_id'>, from: number, to: number): AsyncGenerator<Uint8Array> {
    return this.#chunks.read(file._id, from, to);
  }

  /** How many files people have brought to a stream, with those that are still coming, and the bytes of the whole ones. The service's own copies take nobody's place. */
  async held(roomId: string, stream: string): Promise<{ files: number; bytes: number }> {
    const [sum] = await this.#files.aggregate<{ files: number; bytes: number }>([
      { $match: { 'metadata.roomId': roomId, 'metadata.stream': stream, 'metadata.of': { $exists: false } } },
      { $group: { _id: null, files: { $sum: 1 }, bytes: { $sum: '$length' } } },
    ]);
    return { files: sum?.files ?? 0, bytes: sum?.bytes ?? 0 };
  }

  /** Removes what uploads left that began before an instant and never ended. @param before milliseconds of the real clock */
  async sweep(before: number): Promise<void> {
    const first = mongo.ObjectId.createFromTime(Math.floor(before / 1000));
    let left: Pick<FileDoc, '_id'>[];
    do {
      left = await this.#files
        .find({ 'metadata.pending': true, _id: { $lt: first } }, { _id: 1 })
        .limit(SWEPT_AT_ONCE)
        .lean<Pick<FileDoc, '_id'>[]>();
      for (const { _id } of left) await this.remove(_id);
    } while (left.length === SWEPT_AT_ONCE);
  }
}

/** The file as it travels. */
export function infoOf({ _id, filename, length, metadata }: FileDoc): FileInfo {
  return { id: _id.toHexString(), name: filename, size: length, type: metadata.type };
}
