import { type Connection, type Model, Schema } from 'mongoose';
import type { EntryDoc, EntryModel } from './entry-store.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';

/** How far somebody has read a stream, with the tallies at that point. */
export interface ReadMark {
  roomId: string;
  stream: string;
  userId: string;
  seq: number;
  tally: number;
  ownTally: number;
}

export type ReadMarkModel = Model<ReadMark>;

const schema = new Schema<ReadMark>(
  {
    roomId: { type: String, required: true },
    stream: { type: String, required: true },
    userId: { type: String, required: true },
    seq: { type: Number, required: true },
    tally: { type: Number, required: true },
    ownTally: { type: Number, required: true },
  },
  { collection: 'readMarks', versionKey: false },
);
schema.index({ roomId: 1, userId: 1, stream: 1 }, { name: 'room_user_stream', unique: true });

export function readMarkModel(connection: Connection): ReadMarkModel {
  return connection.model<ReadMark>('ReadMark', schema);
}

/** What is known of a stream's last entry. */
export type StreamEnd = Pick<EntryDoc, 'roomId' | 'stream' | 'seq' | 'tally'>;

/** Where a stream begins for a reader who must not read what stands before: the last such entry's seq and tally. */
export interface Floor {
  seq: number;
  tally: number;
}

/** What of a stream somebody has not read: others' entries after their mark, edits and recalls not counted. */
export interface ReadMarks {
  /** Somebody's marks in some rooms, with one query. */
  of(roomIds: readonly string[], userId: string): Promise<ReadMark[]>;
  /** What stands unread between a mark and the last entry of its stream: one indexed look-up at most. */
  unreadUpTo(head: StreamEnd, mark: ReadMark | undefined, userId: string, floor?: Floor): Promise<number>;
  /** Unread entries by stream. Two indexed look-ups a stream at most, whatever its length. */
  unread(
    roomId: string,
    streams: readonly { stream: string; floor?: Floor | undefined }[],
    userId: string,
  ): Promise<Record<string, number>>;
  /**
   * Moves a mark forward; backwards changes nothing.
   * @returns the mark that now stands, and whether this call moved it; undefined when `seq` is beyond the head
   */
  mark(
    roomId: string,
    stream: string,
    userId: string,
    seq: number,
  ): Promise<{ seq: number; moved: boolean } | undefined>;
}

type Tallies = Pick<EntryDoc, 'seq' | 'tally' | 'ownTally'>;

export function createReadMarks(parts: { entries: EntryModel; marks: ReadMarkModel }): ReadMarks {
  const { entries, marks } = parts;
  const fields = { seq: 1, tally: 1, ownTally: 1 } as const;

  const lastEntry = (roomId: string, stream: string) =>
    entries
      .findOne({ roomId, stream }, { roomId: 1, stream: 1, seq: 1, tally: 1 })
      .sort({ seq: -1 })
      .lean<StreamEnd>()
      .exec();
  const lastOwn = (roomId: string, stream: string, userId: string, upTo: number) =>
    entries
      .findOne({ roomId, stream, 'actor.id': userId, seq: { $lte: upTo } }, fields)
      .sort({ seq: -1 })
      .lean<Tallies>()
      .exec();

  async function unreadUpTo(
    head: StreamEnd,
    stored: ReadMark | undefined,
    userId: string,
    floor?: Floor,
  ): Promise<number> {
    let mark: Pick<ReadMark, 'tally' | 'ownTally'> | undefined = stored;
    if (floor !== undefined && (stored === undefined || stored.seq < floor.seq)) {
      const own = await lastOwn(head.roomId, head.stream, userId, floor.seq);
      mark = { tally: floor.tally, ownTally: own?.ownTally ?? 0 };
    }
    const all = head.tally - (mark?.tally ?? 0);
    if (all <= 0) return 0;
    const own = await lastOwn(head.roomId, head.stream, userId, head.seq);
    return Math.max(0, all - ((own?.ownTally ?? 0) - (mark?.ownTally ?? 0)));
  }

  return {
    of: (roomIds, userId) =>
      marks
        .find({ roomId: { $in: [...roomIds] }, userId })
        .lean<ReadMark[]>()
        .exec(),
    unreadUpTo,
    async unread(roomId, streams, userId) {
      const stored = await marks.find({ roomId, userId }).lean<ReadMark[]>();
      const counted = await Promise.all(
        streams.map(async ({ stream, floor }): Promise<[string, number]> => {
          const head = await lastEntry(roomId, stream);
          if (head === null) return [stream, 0];
          const mark = stored.find((candidate) => candidate.stream === stream);
          return [stream, await unreadUpTo(head, mark, userId, floor)];
        }),
      );
      return Object.fromEntries(counted);
    },
    async mark(roomId, stream, userId, seq) {
      const before = await marks.findOne({ roomId, userId, stream }).lean<ReadMark>();
      if (before !== null && seq <= before.seq) return { seq: before.seq, moved: false };
      if (seq === 0) return { seq: 0, moved: false };
      const at = await entries.findOne({ roomId, stream, seq }, fields).lean<Tallies>();
      if (at === null) return undefined;
      const own = await lastOwn(roomId, stream, userId, seq);
      const next = { seq, tally: at.tally, ownTally: own?.ownTally ?? 0 };
      // Two devices may mark at once: the condition keeps the farther one, the unique index keeps a single mark.
      for (;;) {
        try {
          const result = await marks.updateOne(
            { roomId, userId, stream, seq: { $lt: seq } },
            { $set: next },
            { upsert: before === null },
          );
          if (result.modifiedCount + result.upsertedCount > 0) return { seq, moved: true };
        } catch (error) {
          if (!isDuplicateKey(error)) throw error;
        }
        const now = await marks.findOne({ roomId, userId, stream }, { seq: 1 }).lean<Pick<ReadMark, 'seq'>>();
        if (now !== null && now.seq >= seq) return { seq: now.seq, moved: false };
      }
    },
  };
}
