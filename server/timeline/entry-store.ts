import { type Connection, type Model, mongo, Schema } from 'mongoose';
import { entry as entrySchema, type Actor, type Entry, type EntryKind } from '../../shared/contract/entries.ts';
import { iso } from '../clock.ts';
import type { Revised } from './revisions.ts';

/** An entry as it is stored: never changed after it was appended, but for the wording that a recall erases and the recall's note that it did. */
export interface EntryDoc {
  _id: mongo.ObjectId;
  roomId: string;
  stream: string;
  seq: number;
  kind: EntryKind;
  at: Date;
  actor: Actor;
  clientId?: string;
  body: Record<string, unknown>;
  /** For an edit or a recall: the seq of the message that it changes. */
  target?: number;
  /** For a recall: whether the wording that it takes back has been removed from the database. */
  erased?: boolean;
  /** Of what happened in a flow: the run that it belongs to. */
  run?: number;
  /**
   * From a hand-over on, in it and in every entry behind it: the company to which the stream was handed over. Whoever writes on the provider's
   * side and is not of that company comes too late.
   */
  holder?: string;
  /** The correlation id of the call, or of the run of a job, that it follows from. For the log: no reader is shown it. */
  cause?: string;
  /**
   * How many countable entries (everything but edits and recalls) the stream holds up to this one, and how many of those are this actor's
   * own. Two differences give an unread count at any length of room, without counting.
   */
  tally: number;
  ownTally: number;
}

export type EntryModel = Model<EntryDoc>;

export const SEQ_INDEX = 'stream_seq';
export const CLIENT_ID_INDEX = 'stream_client_id';

const schema = new Schema<EntryDoc>(
  {
    roomId: { type: String, required: true },
    stream: { type: String, required: true },
    seq: { type: Number, required: true },
    kind: { type: String, required: true },
    at: { type: Date, required: true },
    actor: { type: Schema.Types.Mixed, required: true },
    clientId: String,
    body: { type: Schema.Types.Mixed, required: true },
    target: Number,
    erased: Boolean,
    run: Number,
    holder: String,
    cause: String,
    tally: { type: Number, required: true },
    ownTally: { type: Number, required: true },
  },
  { collection: 'entries', versionKey: false, minimize: false },
);
schema.index({ roomId: 1, stream: 1, seq: 1 }, { name: SEQ_INDEX, unique: true });
schema.index(
  { roomId: 1, stream: 1, 'actor.id': 1, clientId: 1 },
  { name: CLIENT_ID_INDEX, unique: true, partialFilterExpression: { clientId: { $exists: true } } },
);
schema.index({ roomId: 1, stream: 1, 'actor.id': 1, seq: 1 }, { name: 'stream_actor_seq' });
schema.index(
  { roomId: 1, stream: 1, target: 1 },
  { name: 'stream_target', partialFilterExpression: { target: { $exists: true } } },
);
schema.index(
  { roomId: 1, stream: 1, run: 1, seq: 1 },
  { name: 'stream_run', partialFilterExpression: { run: { $exists: true } } },
);
schema.index(
  { roomId: 1, stream: 1, 'body.attachments': 1, seq: -1 },
  { name: 'stream_attachment', partialFilterExpression: { 'body.attachments': { $exists: true } } },
);
schema.index(
  { roomId: 1, stream: 1, 'body.files.id': 1 },
  { name: 'stream_file', partialFilterExpression: { kind: 'file' } },
);
schema.index({ erased: 1 }, { name: 'to_erase', partialFilterExpression: { erased: false } });

export function entryModel(connection: Connection): EntryModel {
  return connection.model<EntryDoc>('Entry', schema);
}

/** Edits and recalls change what is there; they are nothing new to read. */
export const isCountable = (kind: EntryKind): boolean => kind !== 'edit' && kind !== 'recall';

const HIDDEN_BY_RECALL = ['text', 'attachments', 'files'];

/**
 * The entry as it travels, checked against the contract: what the schema does not name does not leave the house.
 * @throws {z.ZodError} when a stored entry is not one of the contract
 */
export function toWire(doc: EntryDoc, revision?: Revised): Entry {
  const body = revision === undefined ? doc.body : { ...doc.body };
  if (revision?.recalledAt !== undefined) for (const hidden of HIDDEN_BY_RECALL) delete body[hidden];
  else if (revision?.text !== undefined) body['text'] = revision.text;
  return entrySchema.parse({
    id: doc._id.toHexString(),
    roomId: doc.roomId,
    stream: doc.stream,
    seq: doc.seq,
    kind: doc.kind,
    at: iso(doc.at.getTime()),
    actor: doc.actor,
    ...(doc.clientId === undefined ? {} : { clientId: doc.clientId }),
    body,
    ...(revision?.editedAt === undefined ? {} : { editedAt: iso(revision.editedAt.getTime()) }),
    ...(revision?.recalledAt === undefined ? {} : { recalledAt: iso(revision.recalledAt.getTime()) }),
  });
}
