import { type Connection, type Model, Schema } from 'mongoose';
import { z } from 'zod';
import type { Role } from '../../shared/contract/primitives.ts';
import { type Call, type CallEntry, isOver, wakeAt } from '../../shared/model/call/call.ts';
import { pairOf } from '../../shared/model/call/request.ts';
import { cursorInstant, decodeCursor, encodeCursor } from '../registry/cursor.ts';
import type { OutboxItem } from '../rooms/room-doc.ts';
import { outboxOf } from '../rooms/room-store.ts';

/** A call, and what the service keeps of it. No number is in it: those are in the vault. */
export interface CallDoc {
  /** The call's. */
  _id: string;
  roomId: string;
  stream: string;
  /** When it was asked for, by the service's clock. */
  at: Date;
  call: Call;
  /** Raised by each change; every change is a compare-and-set on it. */
  version: number;
  /** The two people, while it is not over: no two documents have it in common. */
  running?: string;
  /** When it is settled if nothing more is heard of it, by the service's clock; while it is not over. */
  wakeAt?: Date;
  /** Since when the bridge has it, or is about to get it: whoever has set this hands it over, and nobody else ever does. */
  placedAt?: Date;
  /** What the bridge calls it. */
  carrierId?: string;
  /** What the caller was, as their token said; of a call that somebody has to agree to. */
  askedAs?: readonly Role[];
  /** Of the number in the vault that came with the request, until it is handed over. */
  fromNumberId?: string;
  /** Of the number in the vault that the caller is to ring, and until when, by the service's clock. */
  dial?: { numberId: string; until: Date };
  /** Its carrier has told that it is over. */
  told?: true;
  /** Nothing of it is at its carrier any more, or ever was. */
  freed?: true;
  /** What its room keeps of a call that connected, is kept. */
  recorded?: true;
  /** What its connection or its end leaves to be done beside the timeline: when that is tried next, and how often it was in vain. */
  left?: { at: Date; tries: number };
  outbox: OutboxItem[];
  /** The correlation id of what changed it last. */
  cause?: string;
}

const mixed = Schema.Types.Mixed;
const schema = new Schema<CallDoc>(
  {
    _id: String,
    roomId: String,
    stream: String,
    at: Date,
    call: mixed,
    version: Number,
    running: String,
    wakeAt: Date,
    placedAt: Date,
    carrierId: String,
    askedAs: mixed,
    fromNumberId: String,
    dial: mixed,
    told: Boolean,
    freed: Boolean,
    recorded: Boolean,
    left: mixed,
    outbox: [mixed],
    cause: String,
  },
  { collection: 'calls', versionKey: false, minimize: false },
);
const whereThereIs = (field: string) => ({ partialFilterExpression: { [field]: { $exists: true } } });
schema.index({ running: 1 }, { name: 'running', unique: true, ...whereThereIs('running') });
schema.index({ wakeAt: 1, _id: 1 }, { name: 'wake', ...whereThereIs('wakeAt') });
schema.index({ 'left.at': 1, _id: 1 }, { name: 'left', ...whereThereIs('left.at') });
schema.index({ at: 1, _id: 1 }, { name: 'untold', ...whereThereIs('outbox.key') });
schema.index({ roomId: 1, at: -1, _id: -1 }, { name: 'room_at' });
schema.index({ roomId: 1, stream: 1, at: -1, _id: -1 }, { name: 'room_stream_at' });

export type CallModel = Model<CallDoc>;

export function callModel(connection: Connection): CallModel {
  return connection.model<CallDoc>('Call', schema);
}

type Kept = Pick<
  CallDoc,
  'placedAt' | 'carrierId' | 'askedAs' | 'fromNumberId' | 'dial' | 'told' | 'freed' | 'recorded' | 'left'
>;

/** What a change of a call sets and takes away, and the entries that tell of it. */
export interface CallChange {
  readonly call?: Call;
  readonly entries?: readonly CallEntry[];
  readonly set?: Partial<Kept>;
  readonly unset?: readonly (keyof Kept)[];
}

export interface Changed {
  readonly doc: CallDoc;
  /** Whether this change was made; false where nothing was to be changed. */
  readonly changed: boolean;
}

export type Due = Pick<CallDoc, '_id' | 'wakeAt' | 'left'>;

const cursorShape = z.tuple([cursorInstant, z.string()]);
const PAGE = 200;

/** The calls of all rooms. */
export class CallStore {
  readonly model: CallModel;

  constructor(model: CallModel) {
    this.model = model;
  }

  async get(callId: string): Promise<CallDoc | undefined> {
    return (await this.model.findById(callId).lean<CallDoc>()) ?? undefined;
  }

  /** The call between two people that is not over. */
  async running(pair: string): Promise<CallDoc | undefined> {
    return (await this.model.findOne({ running: pair }).lean<CallDoc>()) ?? undefined;
  }

  /** Stores a call that was asked for. @throws {mongo.MongoServerError} a duplicate key where the two have one that is not over */
  async create(
    call: Call,
    entries: readonly CallEntry[],
    { set, cause }: { set: Partial<Kept>; cause: string },
  ): Promise<CallDoc> {
    const { id: _id, roomId, stream, at } = call;
    const doc: CallDoc = {
      _id,
      roomId,
      stream,
      at: new Date(at),
      ...stateOf(call).set,
      ...set,
      version: 1,
      outbox: outboxOf(itemsOf(entries), cause),
      cause,
    };
    await this.model.create(doc);
    return doc;
  }

  /**
   * Decides on a call as it stands and stores the decision by compare-and-set; decides anew when another was faster.
   * @param decide gives the change, or undefined for none; it may be called several times and may throw to refuse
   * @returns undefined where there is no such call
   */
  async change(
    callId: string,
    decide: (doc: CallDoc) => CallChange | undefined,
    cause?: string,
  ): Promise<Changed | undefined> {
    for (let doc = await this.get(callId); doc !== undefined; doc = await this.get(callId)) {
      const change = decide(doc);
      if (change === undefined) return { doc, changed: false };
      const { call, entries = [], set = {}, unset = [] } = change;
      const state = call === undefined ? { set: {}, unset: {} } : stateOf(call);
      const gone = { ...state.unset, ...Object.fromEntries(unset.map((field) => [field, true])) };
      const changed = await this.model
        .findOneAndUpdate(
          { _id: callId, version: doc.version },
          {
            $set: { ...state.set, ...set, ...(cause === undefined ? {} : { cause }) },
            ...(Object.keys(gone).length === 0 ? {} : { $unset: gone }),
            $inc: { version: 1 },
            ...(entries.length === 0 ? {} : { $push: { outbox: { $each: outboxOf(itemsOf(entries), cause) } } }),
          },
          { returnDocument: 'after' },
        )
        .lean<CallDoc>();
      if (changed !== null) return { doc: changed, changed: true };
    }
    return undefined;
  }

  /** A page of the calls in some streams of a room, newest first, with where the next one goes on. */
  async list(
    roomId: string,
    streams: readonly string[],
    { cursor, limit }: { cursor?: string | undefined; limit: number },
  ): Promise<{ docs: CallDoc[]; nextCursor?: string }> {
    const [only, ...more] = streams;
    if (only === undefined) return { docs: [] };
    // Who reads several streams with calls reads all that the room has: those of a room are in one order, and none is passed over but one that is not theirs.
    const filter: Record<string, unknown> = { roomId, ...(more.length === 0 ? { stream: only } : {}) };
    if (cursor !== undefined) {
      const [at, id] = decodeCursor(cursor, cursorShape);
      filter['at'] = { $lte: new Date(at) };
      filter['$or'] = [{ at: { $lt: new Date(at) } }, { _id: { $lt: id } }];
    }
    const found = await this.model
      .find(filter)
      .sort({ at: -1, _id: -1 })
      .limit(limit + 1)
      .lean<CallDoc[]>();
    const page = found.slice(0, limit);
    const docs = page.filter(({ stream }) => streams.includes(stream));
    const end = page.at(-1);
    return found.length > limit && end !== undefined
      ? { docs, nextCursor: encodeCursor([end.at.getTime(), end._id]) }
      : { docs };
  }

  /** The calls whose `field` is due by an instant, the earliest first, page by page. */
  async *dueBy(field: 'wakeAt' | 'left.at', now: number): AsyncGenerator<Due[]> {
    let behind: { at: Date; id: string } | undefined;
    for (;;) {
      const page: Due[] = await this.model
        .find(
          {
            [field]: { $gte: behind?.at ?? new Date(0), $lte: new Date(now) },
            ...(behind === undefined ? {} : { $or: [{ [field]: { $gt: behind.at } }, { _id: { $gt: behind.id } }] }),
          },
          { wakeAt: 1, left: 1 },
        )
        .sort({ [field]: 1, _id: 1 })
        .limit(PAGE)
        .lean<Due[]>();
      yield page;
      const last = page.at(-1);
      const at = field === 'wakeAt' ? last?.wakeAt : last?.left?.at;
      if (page.length < PAGE || last === undefined || at === undefined) return;
      behind = { at, id: last._id };
    }
  }

  /** The earliest instant at which a call is settled, in milliseconds since the epoch. */
  async nextDueAt(): Promise<number | null> {
    const next = await this.model
      .findOne({ wakeAt: { $gte: new Date(0) } }, { wakeAt: 1 })
      .sort({ wakeAt: 1, _id: 1 })
      .lean<Due>();
    return next?.wakeAt?.getTime() ?? null;
  }

  /** The calls of which the timeline does not know all, those asked for first before the others, page by page. */
  async *untold(): AsyncGenerator<CallDoc[]> {
    let behind: CallDoc | undefined;
    for (;;) {
      const page: CallDoc[] = await this.model
        .find({
          'outbox.key': { $gt: '' },
          at: { $gte: behind?.at ?? new Date(0) },
          ...(behind === undefined ? {} : { $or: [{ at: { $gt: behind.at } }, { _id: { $gt: behind._id } }] }),
        })
        .sort({ at: 1, _id: 1 })
        .limit(PAGE)
        .lean<CallDoc[]>();
      yield page;
      behind = page.at(-1);
      if (page.length < PAGE) return;
    }
  }

  /** These stand in the timeline. */
  async delivered(callId: string, items: readonly OutboxItem[]): Promise<void> {
    await this.model.updateOne({ _id: callId }, { $pull: { outbox: { key: { $in: items.map(({ key }) => key) } } } });
  }
}

const itemsOf = (entries: readonly CallEntry[]) =>
  entries.map(({ body, ...entry }) => ({ ...entry, body: { ...body } }));

/** The fields of a document that follow from its call. */
function stateOf(call: Call): { set: Pick<CallDoc, 'call' | 'running' | 'wakeAt'>; unset: Record<string, true> } {
  const due = wakeAt(call);
  return isOver(call) || due === null
    ? { set: { call }, unset: { running: true, wakeAt: true } }
    : { set: { call, running: pairOf(call.from, call.to), wakeAt: new Date(due) }, unset: {} };
}
