import type { Entry, EventEntry, StreamPage } from '../../shared/contract/entries.ts';
import { type EntryDoc, type EntryModel, isCountable, toWire } from './entry-store.ts';
import { revisedOf } from './revisions.ts';

type Range = { after: number } | { before: number } | 'newest';

/** Reads streams: by index whatever a stream's length, and each message as it now stands. */
export interface Pages {
  /**
   * Entries of a range, oldest first, and the stream's head (0 for an empty stream).
   * @param floor entries up to this seq are not for this reader
   */
  read(
    roomId: string,
    stream: string,
    range: Range,
    limit: number,
    floor?: number,
  ): Promise<{ entries: Entry[]; head: number }>;
  /** What a client that opens a room gets of a stream: everything after `since` up to `limit`, or the newest. */
  open(roomId: string, stream: string, since: number | undefined, limit: number, floor?: number): Promise<StreamPage>;
  head(roomId: string, stream: string): Promise<number>;
  /** The last entry of each stream that has any. */
  heads(roomId: string, streams: readonly string[]): Promise<EntryDoc[]>;
  /** The newest entry that is something to read (no edit, no recall), as it now stands. */
  last(roomId: string, stream: string): Promise<Entry | undefined>;
  /** The newest of several streams, given their last entries. */
  newest(heads: readonly EntryDoc[]): Promise<Entry | undefined>;
  /** The recall of a message, where there is one. */
  recallOf(doc: EntryDoc): Promise<EntryDoc | undefined>;
  /** What an author has stored in a stream under a `clientId`. */
  sentAs(roomId: string, stream: string, authorId: string, clientId: string): Promise<EntryDoc | undefined>;
  find(roomId: string, entryId: string): Promise<EntryDoc | undefined>;
  /** What happened in a room's flow, in one run or in all, oldest first, after a seq. */
  flowLog(
    roomId: string,
    stream: string,
    range: { run: number | undefined; after: number },
    limit: number,
  ): Promise<EventEntry[]>;
  /** Entries of one stream as they now stand, with the edits and recalls that concern them. */
  present(docs: readonly EntryDoc[]): Promise<Entry[]>;
}

const OBJECT_ID = /^[0-9a-f]{24}$/;

export function createPages(entries: EntryModel): Pages {
  // A server's first batch is 101 documents unless it is told otherwise: a page would take two round trips.
  const pageOf = (range: { roomId: string; stream: string; seq?: object }, order: 1 | -1, limit: number) =>
    entries
      .find(range)
      .sort({ seq: order })
      .limit(limit)
      .batchSize(limit + 1)
      .lean<EntryDoc[]>()
      .exec();

  const head = async (roomId: string, stream: string): Promise<number> => {
    const last = await entries.findOne({ roomId, stream }, { seq: 1 }).sort({ seq: -1 }).lean<Pick<EntryDoc, 'seq'>>();
    return last?.seq ?? 0;
  };

  async function present(docs: readonly EntryDoc[]): Promise<Entry[]> {
    const [first] = docs;
    if (first === undefined) return [];
    const targets = docs.flatMap((doc) =>
      doc.kind === 'message' ? [doc.seq] : doc.kind === 'edit' && doc.target !== undefined ? [doc.target] : [],
    );
    const revised = await revisedOf(entries, first, targets);
    return docs.map((doc) => {
      if (doc.kind === 'message') return toWire(doc, revised.get(doc.seq));
      const recalledAt = doc.target === undefined ? undefined : revised.get(doc.target)?.recalledAt;
      return doc.kind === 'edit' && recalledAt !== undefined ? toWire(doc, { recalledAt }) : toWire(doc);
    });
  }

  async function heads(roomId: string, streams: readonly string[]): Promise<EntryDoc[]> {
    const found = await Promise.all(
      streams.map((stream) => entries.findOne({ roomId, stream }).sort({ seq: -1 }).lean<EntryDoc>().exec()),
    );
    return found.filter((doc) => doc !== null);
  }

  async function newest(ends: readonly EntryDoc[]): Promise<Entry | undefined> {
    const readable = await Promise.all(ends.map(lastReadable));
    const [first, ...others] = readable.filter((doc) => doc !== undefined);
    if (first === undefined) return undefined;
    const last = others.reduce((newer, doc) => (doc.at > newer.at ? doc : newer), first);
    return (await present([last]))[0];
  }

  /**
   * The last entry of a stream that is no edit and no recall: the first at which the tally is what it is at the end. Found by halving, since
   * any number of edits may stand behind it.
   */
  async function lastReadable(end: EntryDoc): Promise<EntryDoc | undefined> {
    const { roomId, stream, tally } = end;
    if (isCountable(end.kind)) return end;
    if (tally === 0) return undefined;
    const isThere = async (seq: number): Promise<boolean> => {
      const doc = await entries.findOne({ roomId, stream, seq }, { tally: 1 }).lean<Pick<EntryDoc, 'tally'>>();
      return doc?.tally === tally;
    };
    let below = 0;
    let there = end.seq;
    // It is near the end as a rule: ever larger steps back, then halves of the last one.
    for (let step = 1; there - step > 0; step *= 2) {
      if (!(await isThere(there - step))) {
        below = there - step;
        break;
      }
      there -= step;
    }
    while (there - below > 1) {
      const middle = Math.floor((below + there) / 2);
      if (await isThere(middle)) there = middle;
      else below = middle;
    }
    return (await entries.findOne({ roomId, stream, seq: there }).lean<EntryDoc>()) ?? undefined;
  }

  return {
    head,
    present,
    async read(roomId, stream, range, limit, floor = 0) {
      if (range === 'newest') {
        const above = floor === 0 ? {} : { seq: { $gt: floor } };
        const docs = (await pageOf({ roomId, stream, ...above }, -1, limit)).reverse();
        return { entries: await present(docs), head: docs.at(-1)?.seq ?? 0 };
      }
      if ('before' in range) {
        const docs = await pageOf({ roomId, stream, seq: { $gt: floor, $lt: range.before } }, -1, limit);
        const [shown, end] = await Promise.all([present(docs.reverse()), head(roomId, stream)]);
        return { entries: shown, head: end };
      }
      const docs = await pageOf({ roomId, stream, seq: { $gt: Math.max(floor, range.after) } }, 1, limit);
      const last = docs.length < limit ? docs.at(-1)?.seq : undefined;
      const [shown, end] = await Promise.all([present(docs), last ?? head(roomId, stream)]);
      return { entries: shown, head: end };
    },
    async open(roomId, stream, since, limit, floor) {
      const page = await this.read(roomId, stream, since === undefined ? 'newest' : { after: since }, limit, floor);
      return { stream, ...page, truncated: since !== undefined && (page.entries.at(-1)?.seq ?? page.head) < page.head };
    },
    heads,
    newest,
    async last(roomId, stream) {
      return newest(await heads(roomId, [stream]));
    },
    async recallOf({ roomId, stream, seq }) {
      const doc = await entries.findOne({ roomId, stream, target: seq, kind: 'recall' }).lean<EntryDoc>();
      return doc ?? undefined;
    },
    async sentAs(roomId, stream, authorId, clientId) {
      const doc = await entries.findOne({ roomId, stream, 'actor.id': authorId, clientId }).lean<EntryDoc>();
      return doc ?? undefined;
    },
    async flowLog(roomId, stream, { run, after }, limit) {
      // Runs follow each other, so that an order by run is the order by seq.
      const docs = await entries
        .find({ roomId, stream, run: run ?? { $gte: 1 }, seq: { $gt: after } })
        .sort({ run: 1, seq: 1 })
        .limit(limit)
        .lean<EntryDoc[]>();
      return docs.map((doc) => {
        const entry = toWire(doc);
        if (entry.kind === 'message' || entry.kind === 'edit' || entry.kind === 'recall')
          throw new Error('a message tells of no flow');
        return entry;
      });
    },
    async find(roomId, entryId) {
      if (!OBJECT_ID.test(entryId)) return undefined;
      const doc = await entries.findOne({ _id: entryId, roomId }).lean<EntryDoc>();
      return doc ?? undefined;
    },
  };
}
