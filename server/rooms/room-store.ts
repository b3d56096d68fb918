import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import { type Connection, type Model, Schema } from 'mongoose';
import type { Actor, EntryKind } from '../../shared/contract/entries.ts';
import type { Role, Side } from '../../shared/contract/primitives.ts';
import type { ProjectStatus } from '../../shared/contract/projects.ts';
import type { RoomKind } from '../../shared/contract/rooms.ts';
import type { CrewMember } from '../../shared/model/flow/flow.ts';
import type { Floor } from '../timeline/read-marks.ts';
import type { NotificationDoc } from './notifications.ts';
import type { fieldsOf, ProjectState, WaitingPlace } from './project-state.ts';

/** Somebody who has the room by name: added by their company, or called to a node of it. */
export interface Member {
  userId: string;
  name: string;
  side: Side;
  org?: string;
  roles?: Role[];
}

/** An entry that is decided and not yet in the timeline. */
export interface OutboxItem {
  /** Becomes the entry's `clientId`, so that putting it into the timeline twice stores it once. */
  key: string;
  stream: string;
  kind: EntryKind;
  actor: Actor;
  body: Record<string, unknown>;
  /** Of what happened in a flow: the run that it belongs to. */
  run?: number;
  /** The company to which the notes are handed over by this entry. */
  holder?: string;
  /** A notification that the entry tells, kept for other channels as well. */
  notification?: Omit<NotificationDoc, '_id' | 'roomId' | 'cause'>;
  /** The correlation id of what decided it. */
  cause?: string;
}

/** Whose list of rooms is sorted by which instant: a party's list must not move for a stream that it cannot read. */
export type ActivityOf = 'buyer' | 'provider' | 'operator';

/** The notes as they were handed over to a provider; the earlier one's are not for its eyes. */
export interface HandedOver {
  org: string;
  /** The run that began with it: a company can come to a project twice. */
  run: number;
  /** The last entry before the hand-over; null until the hand-over stands in the stream, and nothing of it is read by the provider before. */
  floor: Floor | null;
}

/** A room and what it is about, in one document: a change of state, of access and of the entries to come is one atomic write. */
export interface RoomDoc {
  _id: string;
  kind: RoomKind;
  title: string;
  status: ProjectStatus;
  buyer: { id: string; org: string; name: string };
  providerOrg: string | null;
  vendorOrg: string;
  members: Member[];
  /** Who finds the room in their list; follows from the parties and members (see `seatsOf`). */
  seats: string[];
  project: ProjectState;
  /** Staff who hold a role in this run, by user id: their load. */
  crew: string[];
  /** Staff who are or were the operator of a step in this run: they are in the room. */
  workers: CrewMember[];
  /** When the flow's clock changes something next. */
  wakeAt: Date | null;
  /** The current due instant is a guess, until its year's calendar is known. */
  provisional: boolean;
  /** What the project waits for in a queue. */
  waiting: WaitingPlace | null;
  /** Since a change of provider: where the notes of the present one begin. Null for the first, who reads them all. */
  notes: HandedOver | null;
  activity: Record<ActivityOf, Date>;
  outbox: OutboxItem[];
  /** The correlation id of the call, or of the run of a job, that changed it last: what made a step due, or wait. */
  cause?: string;
  /** Raised by each change; every change is a compare-and-set on it. */
  version: number;
  /** The database's own time of the last change: other servers learn of changes by it. */
  changedAt: Date;
  createdAt: Date;
}

export type RoomModel = Model<RoomDoc>;

const mixed = Schema.Types.Mixed;
const schema = new Schema<RoomDoc>(
  {
    _id: String,
    kind: String,
    title: String,
    status: String,
    buyer: mixed,
    providerOrg: String,
    vendorOrg: String,
    members: [mixed],
    seats: [String],
    project: mixed,
    crew: [String],
    workers: [mixed],
    wakeAt: Date,
    provisional: Boolean,
    waiting: mixed,
    notes: mixed,
    activity: mixed,
    outbox: [mixed],
    cause: String,
    version: Number,
    changedAt: Date,
    createdAt: Date,
  },
  { collection: 'rooms', versionKey: false, minimize: false },
);
schema.index(
  { 'project.orderId': 1 },
  { name: 'order', unique: true, partialFilterExpression: { 'project.orderId': { $exists: true } } },
);
for (const side of ['buyer', 'provider', 'operator'] as const) {
  schema.index({ seats: 1, [`activity.${side}`]: -1, _id: -1 }, { name: `seat_activity_${side}` });
}
schema.index({ seats: 1, createdAt: -1, _id: -1 }, { name: 'seat_created' });
schema.index({ providerOrg: 1, status: 1 }, { name: 'provider_load' });
schema.index({ crew: 1, status: 1 }, { name: 'staff_load' });
schema.index({ wakeAt: 1, _id: 1 }, { name: 'wake' });
schema.index({ provisional: 1, _id: 1 }, { name: 'provisional', partialFilterExpression: { provisional: true } });
schema.index({ 'waiting.queues': 1, 'waiting.since': 1, _id: 1 }, { name: 'queue' });
const isWaiting = { partialFilterExpression: { 'waiting.kind': { $exists: true } } };
schema.index({ 'waiting.kind': 1, 'waiting.since': 1, _id: 1 }, { name: 'waits_for', ...isWaiting });
schema.index({ 'waiting.kind': 1, 'waiting.reason': 1, _id: 1 }, { name: 'waits_because', ...isWaiting });
schema.index({ changedAt: 1, _id: 1 }, { name: 'changed_id' });
schema.index({ 'outbox.key': 1 }, { name: 'outbox', partialFilterExpression: { 'outbox.key': { $exists: true } } });

export function roomModel(connection: Connection): RoomModel {
  return connection.model<RoomDoc>('Room', schema);
}

/** What a change of a room sets, and the entries that tell of it. */
export interface RoomChange {
  set: Partial<Pick<RoomDoc, 'members' | 'title' | 'notes'> & ReturnType<typeof fieldsOf>>;
  entries: Omit<OutboxItem, 'key' | 'cause'>[];
}

const CACHED = 20_000;

/** Rooms, read through a cache that every change of this server updates at once and `learn` updates for changes of others. */
export class RoomStore {
  readonly model: RoomModel;
  readonly #cache = new LRUCache<string, RoomDoc>({ max: CACHED });
  readonly #reading = new Map<string, Promise<RoomDoc | undefined>>();
  readonly #onChange: (room: RoomDoc, before: RoomDoc | undefined) => void;
  readonly #onStored: (room: RoomDoc) => void;

  /**
   * @param onChange called when a room's state is newer than what this server last remembered, with that where there is any
   * @param onStored called when this server itself has changed a room
   */
  constructor(
    model: RoomModel,
    onChange: (room: RoomDoc, before: RoomDoc | undefined) => void,
    onStored: (room: RoomDoc) => void = () => undefined,
  ) {
    this.model = model;
    this.#onChange = onChange;
    this.#onStored = onStored;
  }

  /** The room as this server knows it: no older than the last `learn`. */
  get(roomId: string): Promise<RoomDoc | undefined> {
    const known = this.#cache.get(roomId);
    if (known !== undefined) return Promise.resolve(known);
    const reading = this.#reading.get(roomId) ?? this.fresh(roomId).finally(() => this.#reading.delete(roomId));
    this.#reading.set(roomId, reading);
    return reading;
  }

  /** What is known without asking the database. */
  cached(roomId: string): RoomDoc | undefined {
    return this.#cache.get(roomId);
  }

  async fresh(roomId: string): Promise<RoomDoc | undefined> {
    const doc = await this.model.findById(roomId).lean<RoomDoc>();
    if (doc === null) return undefined;
    this.learn(doc);
    return this.#cache.get(roomId) ?? doc;
  }

  /** Takes over a room's newer state; an older one is passed over. */
  learn(doc: RoomDoc): void {
    const known = this.#cache.get(doc._id);
    if (known !== undefined && known.version >= doc.version) return;
    this.#cache.set(doc._id, doc);
    // Also for one that was not remembered: connections may have joined it before it was forgotten.
    this.#onChange(doc, known);
  }

  /**
   * Decides on the room as it stands and stores the decision by compare-and-set; decides anew when another was faster.
   * @param decide gives the change, or undefined for none; it may be called several times and may throw to refuse
   * @param cause the correlation id of what asks for it
   */
  async change(
    roomId: string,
    decide: (room: RoomDoc) => RoomChange | undefined,
    cause?: string,
  ): Promise<RoomDoc | undefined> {
    for (let room = await this.fresh(roomId); room !== undefined; room = await this.fresh(roomId)) {
      const change = decide(room);
      if (change === undefined) return room;
      const next = { ...room, ...change.set };
      const changed = await this.model
        .findOneAndUpdate(
          { _id: roomId, version: room.version },
          {
            $set: { ...change.set, seats: seatsOf(next), ...(cause === undefined ? {} : { cause }) },
            $inc: { version: 1 },
            $currentDate: { changedAt: true },
            ...(change.entries.length === 0 ? {} : { $push: { outbox: { $each: outboxOf(change.entries, cause) } } }),
          },
          { returnDocument: 'after' },
        )
        .lean<RoomDoc>();
      if (changed !== null) {
        this.#onStored(changed);
        this.learn(changed);
        return changed;
      }
    }
    return undefined;
  }
}

/** @param cause the correlation id of what decided them */
export function outboxOf(entries: RoomChange['entries'], cause?: string): OutboxItem[] {
  return entries.map((entry) => ({ key: randomUUID(), ...entry, ...(cause === undefined ? {} : { cause }) }));
}

/** The keys under which a room is found in its people's lists, each with one index and one order. */
export function seatsOf(room: Pick<RoomDoc, 'buyer' | 'providerOrg' | 'vendorOrg' | 'members' | 'workers'>): string[] {
  const seats = [`buyer:${room.buyer.org}:${room.buyer.id}`, `vendor:${room.vendorOrg}`, 'operator'];
  if (room.providerOrg !== null) {
    seats.push(`provider:${room.providerOrg}`);
    for (const { userId } of room.workers) seats.push(`provider:${room.providerOrg}:${userId}`);
  }
  for (const member of room.members) {
    if (member.side === 'buyer' || member.org === room.providerOrg)
      seats.push(`${member.side}:${member.org ?? ''}:${member.userId}`);
  }
  return [...new Set(seats)];
}

/** The seat that a caller's list is found under: an admin sits for the company, others for themselves. */
export function seatOf(caller: {
  side: Side;
  org?: string;
  userId: string;
  roles: readonly Role[];
}): string | undefined {
  const org = caller.org ?? '';
  switch (caller.side) {
    case 'operator':
    case 'service':
      return 'operator';
    case 'vendor':
      return caller.roles.includes('vendor_admin') || caller.roles.includes('project_manager')
        ? `vendor:${org}`
        : undefined;
    case 'provider':
      return caller.roles.includes('provider_admin') ? `provider:${org}` : `provider:${org}:${caller.userId}`;
    case 'buyer':
      return `buyer:${org}:${caller.userId}`;
  }
}
