import { type Connection, type Model, Schema } from 'mongoose';
import type { OpportunityStatus } from '../../shared/contract/opportunities.ts';
import { engagementOf } from '../../shared/model/opportunity/opportunity.ts';
import { statusForProvider } from '../../shared/model/opportunity/status-for.ts';
import { companyOf, readByCompany } from './access.ts';
import type { OpportunityRoom } from './room-doc.ts';
import { seatsOfProvider } from './seats.ts';
import { orgsOf } from './standing.ts';

/**
 * An opportunity as one company that has engaged finds it in its lists: what happens in streams that the company does not read, other companies' among them, moves
 * nothing in it. It follows from the room, and is kept with the room's entries (`Outbox`).
 */
export interface LaneDoc {
  /** `<roomId>/<org>` */
  _id: string;
  roomId: string;
  org: string;
  /** The company's people who find it in their list of rooms; nobody once its engagement has ended. */
  seats: string[];
  /** The streams that the company reads now. */
  reads: readonly string[];
  /** The demand's status as the company is told it. */
  status: OpportunityStatus;
  /** When something last happened that the company reads. */
  at: Date;
  /** Of the room, as it was when this was taken from it. */
  version: number;
  createdAt: Date;
}

export type LaneModel = Model<LaneDoc>;

const schema = new Schema<LaneDoc>(
  {
    _id: String,
    roomId: String,
    org: String,
    seats: [String],
    reads: [String],
    status: String,
    at: Date,
    version: Number,
    createdAt: Date,
  },
  { collection: 'lanes', versionKey: false },
);
schema.index({ seats: 1, at: -1, roomId: -1 }, { name: 'seat_at' });
schema.index({ roomId: 1 }, { name: 'room' });

const idOf = (roomId: string, org: string): string => `${roomId}/${org}`;

/** What companies find opportunities by. */
export class LaneStore {
  readonly model: LaneModel;

  constructor(connection: Connection) {
    this.model = connection.model<LaneDoc>('Lane', schema);
  }

  /** Takes over what a room now says of its companies. An older state of the room, and the same one again, change nothing. */
  async keep({ _id: roomId, opportunity, members, version }: OpportunityRoom): Promise<void> {
    const orgs = orgsOf(opportunity);
    if (orgs.length === 0) return;
    await this.model.bulkWrite(
      orgs.flatMap((org) => {
        const _id = idOf(roomId, org);
        const began = new Date(engagementOf(opportunity, org)?.at ?? opportunity.createdAt);
        const reads = readByCompany(opportunity, org);
        const seats = reads.length === 0 ? [] : seatsOfProvider(org, members);
        const first = { roomId, org, at: began, createdAt: began, version: 0 };
        const now = { seats, reads, status: statusForProvider(opportunity, org), version };
        return [
          { updateOne: { filter: { _id }, update: { $setOnInsert: first }, upsert: true } },
          // It begins anew for a company that comes back.
          { updateOne: { filter: { _id, version: { $lt: version } }, update: { $set: now, $max: { at: began } } } },
        ];
      }),
    );
  }

  /** The update that notes for those companies who read a stream that something happened in it. */
  noted(roomId: string, stream: string, at: Date): Parameters<LaneModel['bulkWrite']>[0][number] {
    const org = companyOf(stream);
    const update = { $max: { at } };
    return org === undefined
      ? { updateMany: { filter: { roomId, reads: stream }, update } }
      : { updateOne: { filter: { _id: idOf(roomId, org), reads: stream }, update } };
  }
}
