import { type Connection, type Model, Schema } from 'mongoose';
import type { ActivityOf, RoomDoc } from './room-doc.ts';

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
    opportunity: mixed,
    contact: mixed,
    publishedAs: String,
    numbers: mixed,
    plaza: mixed,
    seeking: mixed,
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
// A list reads each kind by itself, so that it never looks through all of one for a few of the other.
for (const order of ['buyer', 'provider', 'operator'] as const satisfies ActivityOf[]) {
  schema.index({ seats: 1, kind: 1, [`activity.${order}`]: -1, _id: -1 }, { name: `seat_kind_activity_${order}` });
}
schema.index({ seats: 1, kind: 1, createdAt: -1, _id: -1 }, { name: 'seat_kind_created' });
schema.index({ providerOrg: 1, status: 1 }, { name: 'provider_load' });
schema.index({ crew: 1, status: 1 }, { name: 'staff_load' });
schema.index({ wakeAt: 1, _id: 1 }, { name: 'wake' });
schema.index({ provisional: 1, _id: 1 }, { name: 'provisional', partialFilterExpression: { provisional: true } });
schema.index({ 'waiting.queues': 1, 'waiting.since': 1, _id: 1 }, { name: 'queue' });
const isWaiting = { partialFilterExpression: { 'waiting.kind': { $exists: true } } };
schema.index({ 'waiting.kind': 1, 'waiting.since': 1, _id: 1 }, { name: 'waits_for', ...isWaiting });
schema.index({ 'waiting.kind': 1, 'waiting.reason': 1, _id: 1 }, { name: 'waits_because', ...isWaiting });
for (const [name, field] of [
  ['published', 'publishedAs'],
  ['deal_payment', 'opportunity.deal.paymentId'],
  ['deal_order', 'opportunity.deal.orderId'],
] as const) {
  schema.index({ [field]: 1 }, { name, unique: true, partialFilterExpression: { [field]: { $exists: true } } });
}
const isShown = { partialFilterExpression: { 'plaza.since': { $exists: true } } };
const [CATEGORY, REGION] = ['opportunity.demand.category', 'opportunity.demand.region'];
schema.index({ 'plaza.since': -1, _id: -1 }, { name: 'plaza', ...isShown });
schema.index({ [CATEGORY]: 1, 'plaza.since': -1, _id: -1 }, { name: 'plaza_category', ...isShown });
schema.index({ [REGION]: 1, 'plaza.since': -1, _id: -1 }, { name: 'plaza_region', ...isShown });
schema.index({ [CATEGORY]: 1, [REGION]: 1, 'plaza.since': -1, _id: -1 }, { name: 'plaza_category_region', ...isShown });
schema.index(
  { 'plaza.dueAt': 1, _id: 1 },
  { name: 'plaza_due', partialFilterExpression: { 'plaza.dueAt': { $exists: true } } },
);
schema.index(
  { 'seeking.since': 1, _id: 1 },
  { name: 'seeking', partialFilterExpression: { 'seeking.since': { $exists: true } } },
);
schema.index({ changedAt: 1, _id: 1 }, { name: 'changed_id' });
schema.index({ 'outbox.key': 1 }, { name: 'outbox', partialFilterExpression: { 'outbox.key': { $exists: true } } });

export function roomModel(connection: Connection): RoomModel {
  return connection.model<RoomDoc>('Room', schema);
}
