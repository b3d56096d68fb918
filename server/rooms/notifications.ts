import { type Connection, type Model, Schema } from 'mongoose';
import type { Receiver } from '../../shared/contract/templates.ts';
import type { Audience } from '../../shared/model/flow/audience.ts';
import type { Notification } from '../../shared/model/flow/flow.ts';
import type { OpportunityNotice } from '../../shared/model/opportunity/notices.ts';

/** What a node of a flow has somebody told. */
export interface OfFlow {
  to: Receiver;
  when: Notification['when'];
  node: { id: string; name: string };
  visit: number;
}

/** What somebody is told of an opportunity, or of a desk in it. */
interface OfOpportunity {
  what: OpportunityNotice;
  engagementId?: string;
}

/** A notification for channels beside the room's timeline (mail, text messages, webhooks). It holds no address: channels look those up. */
export type NotificationDoc = {
  /** The key, or the id, of the entry that tells it in the room. */
  _id: string;
  roomId: string;
  audience: Audience;
  words: { zh: string; en: string };
  at: Date;
  /** The correlation id of what it follows from. */
  cause?: string;
} & (OfFlow | OfOpportunity);

/** What an entry that is decided carries of it. */
type WithoutKey<Doc> = Doc extends unknown ? Omit<Doc, '_id' | 'roomId' | 'cause'> : never;
export type NotificationDraft = WithoutKey<NotificationDoc>;

const mixed = Schema.Types.Mixed;
const schema = new Schema<NotificationDoc>(
  {
    _id: String,
    roomId: String,
    to: String,
    audience: mixed,
    when: String,
    node: mixed,
    visit: Number,
    what: String,
    engagementId: String,
    words: mixed,
    at: Date,
    cause: String,
  },
  { collection: 'notifications', versionKey: false },
);
schema.index({ at: 1, _id: 1 }, { name: 'at_id' });

/** The outbox of notifications. */
export class Notifications {
  readonly model: Model<NotificationDoc>;

  constructor(connection: Connection) {
    this.model = connection.model<NotificationDoc>('Notification', schema);
  }

  /** Keeps notifications; the same ones again change nothing. */
  async keep(notifications: readonly NotificationDoc[]): Promise<void> {
    if (notifications.length === 0) return;
    await this.model.bulkWrite(
      notifications.map(({ _id, ...rest }) => ({
        updateOne: { filter: { _id }, update: { $setOnInsert: rest }, upsert: true },
      })),
      { ordered: false },
    );
  }
}
