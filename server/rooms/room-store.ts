import { randomUUID } from 'node:crypto';
import { LRUCache } from 'lru-cache';
import type { RoomKind } from '../../shared/contract/rooms.ts';
import type { OpportunityRoom, OutboxItem, ProjectRoom, RoomDoc, RoomOf } from './room-doc.ts';
import type { RoomModel } from './room-model.ts';
import type { opportunityFields } from './opportunity-state.ts';
import type { fieldsOf } from './project-state.ts';
import { seatsOf } from './seats.ts';

/** What a change of a room sets, and the entries that tell of it. */
export interface RoomChange<Fields = unknown> {
  set: Partial<Pick<RoomDoc, 'members' | 'title'> & Fields>;
  /** A key is given where the entry is to be found by it. */
  entries: (Omit<OutboxItem, 'key' | 'cause'> & { key?: string })[];
}

/** What else a change sets, by what the room is about. */
interface FieldsOf {
  project: Pick<ProjectRoom, 'notes'> & ReturnType<typeof fieldsOf>;
  opportunity: Pick<OpportunityRoom, 'numbers'> & ReturnType<typeof opportunityFields>;
}

export type ProjectChange = RoomChange<FieldsOf['project']>;
export type OpportunityChange = RoomChange<FieldsOf['opportunity']>;

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
  change(
    roomId: string,
    decide: (room: RoomDoc) => RoomChange | undefined,
    cause?: string,
  ): Promise<RoomDoc | undefined> {
    return this.#change(roomId, (room): room is RoomDoc => room !== undefined, decide, cause);
  }

  /** Does the same where what the room is about changes too; a room of another kind is no such room. */
  changeOf<Kind extends RoomKind>(
    kind: Kind,
    roomId: string,
    decide: (room: RoomOf[Kind]) => RoomChange<FieldsOf[Kind]> | undefined,
    cause?: string,
  ): Promise<RoomOf[Kind] | undefined> {
    return this.#change(roomId, (room): room is RoomOf[Kind] => room?.kind === kind, decide, cause);
  }

  async #change<Room extends RoomDoc, Fields>(
    roomId: string,
    isOne: (room: RoomDoc | undefined) => room is Room,
    decide: (room: Room) => RoomChange<Fields> | undefined,
    cause?: string,
  ): Promise<Room | undefined> {
    for (let room = await this.fresh(roomId); isOne(room); room = await this.fresh(roomId)) {
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
        .lean<Room>();
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
