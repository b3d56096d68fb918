import { type Connection, type Model, Schema } from 'mongoose';
import { z } from 'zod';
import type { DeskItem } from '../../shared/contract/desk.ts';
import { type Desk, EMPTY_DESK, foldDesk } from '../../shared/model/opportunity/desk.ts';
import { deskOf } from '../../shared/model/opportunity/streams.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import type { Pages } from '../timeline/pages.ts';

/** What a provider has asked the operators in a demand: folded from its desk stream, so that nobody counts a stream to show it. */
export interface DeskDoc {
  /** `<room id>/<org>` */
  _id: string;
  roomId: string;
  org: string;
  name: string;
  /** Of the demand. */
  title: string;
  /** The entry of the stream up to which it is folded; every change is a compare-and-set on it. */
  seq: number;
  answered: number;
  unanswered: number;
  /** Missing where everything is answered. */
  since?: Date;
  /** The database's own time of the last change: other servers learn of changes by it. */
  changedAt: Date;
}

/** Whose desk it is. */
export type DeskOf = Pick<DeskDoc, 'roomId' | 'org' | 'name' | 'title'>;

const schema = new Schema<DeskDoc>(
  {
    _id: String,
    roomId: String,
    org: String,
    name: String,
    title: String,
    seq: Number,
    answered: Number,
    unanswered: Number,
    since: Date,
    changedAt: Date,
  },
  { collection: 'desks', versionKey: false },
);
schema.index({ since: 1, _id: 1 }, { name: 'since_id', partialFilterExpression: { since: { $exists: true } } });
schema.index({ changedAt: 1, _id: 1 }, { name: 'changed_id' });

/** Entries that are read at a time. */
const PAGE = 200;
const cursorShape = z.tuple([cursorInstant, z.string()]);

export class Desks {
  readonly model: Model<DeskDoc>;
  readonly #pages: Pick<Pages, 'read'>;

  constructor({ connection, pages }: { connection: Connection; pages: Pick<Pages, 'read'> }) {
    this.model = connection.model<DeskDoc>('Desk', schema);
    this.#pages = pages;
  }

  /**
   * Takes over what stands in a provider's desk stream by now. When this resolves, all of it is counted, whoever else counts at once.
   * @returns the desk, and whether this call has changed it
   */
  async follow(of: DeskOf): Promise<{ desk: DeskDoc; changed: boolean }> {
    const _id = `${of.roomId}/${of.org}`;
    for (;;) {
      const stored = await this.model.findById(_id).lean<DeskDoc>();
      const before = stored === null ? EMPTY_DESK : foldedOf(stored);
      const after = await this.#fold(of, before);
      if (stored !== null && after.seq === before.seq) return { desk: stored, changed: false };
      const desk = await this.#store(_id, of, stored, after);
      if (desk !== undefined) return { desk, changed: true };
    }
  }

  /** A page of what is not answered, the oldest first. */
  async list(query: {
    cursor?: string | undefined;
    limit: number;
  }): Promise<{ items: DeskItem[]; nextCursor?: string }> {
    const filter: Record<string, unknown> = { since: { $gte: new Date(0) } };
    if (query.cursor !== undefined) {
      const [at, id] = decodeCursor(query.cursor, cursorShape);
      filter['since'] = { $gte: new Date(at) };
      filter['$or'] = [{ since: { $gt: new Date(at) } }, { _id: { $gt: id } }];
    }
    const found = await this.model
      .find(filter)
      .sort({ since: 1, _id: 1 })
      .limit(query.limit + 1)
      .lean<DeskDoc[]>();
    const page = found.slice(0, query.limit);
    const end = page.at(-1);
    return {
      items: page.map(deskItem),
      ...(found.length > query.limit && end?.since !== undefined
        ? { nextCursor: encodeCursor([end.since.getTime(), end._id]) }
        : {}),
    };
  }

  async #fold(of: DeskOf, from: Desk): Promise<Desk> {
    let desk = from;
    for (;;) {
      const { entries, head } = await this.#pages.read(of.roomId, deskOf(of.org), { after: desk.seq }, PAGE);
      // What was taken back may be counted already, as a question or as an answer. A desk is short, and people seldom think better of it.
      if (from.seq > 0 && entries.some(({ kind }) => kind === 'recall')) return this.#fold(of, EMPTY_DESK);
      desk = foldDesk(desk, entries);
      if (desk.seq >= head || entries.length === 0) return desk;
    }
  }

  /** @returns undefined when somebody else was faster */
  async #store(_id: string, of: DeskOf, seen: DeskDoc | null, desk: Desk): Promise<DeskDoc | undefined> {
    const { since, ...numbers } = desk;
    const set = { ...of, ...numbers, ...(since === null ? {} : { since: new Date(since) }) };
    try {
      const stored = await this.model
        .findOneAndUpdate(
          { _id, seq: seen === null ? { $exists: false } : seen.seq },
          { $set: set, ...(since === null ? { $unset: { since: true } } : {}), $currentDate: { changedAt: true } },
          { upsert: seen === null, returnDocument: 'after' },
        )
        .lean<DeskDoc>();
      return stored ?? undefined;
    } catch (error) {
      if (isDuplicateKey(error)) return undefined;
      throw error;
    }
  }
}

function foldedOf({ seq, answered, unanswered, since }: DeskDoc): Desk {
  return { seq, answered, unanswered, since: since?.toISOString() ?? null };
}

export function deskItem({ roomId, org, name, title, unanswered, since }: DeskDoc): DeskItem {
  return { roomId, org, name, title, unanswered, since: since?.toISOString() ?? null };
}
