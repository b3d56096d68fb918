import { expect } from 'chai';
import { Outbox } from '../../../server/rooms/outbox.ts';
import { Notifications } from '../../../server/rooms/notifications.ts';
import { outboxOf, type RoomModel, RoomStore, roomModel } from '../../../server/rooms/room-store.ts';
import { connectStorage, type Storage } from '../../../server/storage/connect.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { Appender } from '../../../server/timeline/appender.ts';
import { type EntryModel, entryModel } from '../../../server/timeline/entry-store.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { roomOf } from './room-of.ts';

describe('Outbox', () => {
  let database: TestDatabase;
  let storage: Storage;
  let entries: EntryModel;
  let rooms: RoomModel;

  before(async () => {
    database = await createTestDatabase();
    storage = await connectStorage({ mongodbUri: database.env.MONGODB_URI, dataDir: database.env.DATA_DIR });
    entries = entryModel(storage.connection);
    rooms = roomModel(storage.connection);
    for (const model of [entries, rooms]) {
      await model.createCollection();
      await model.createIndexes();
    }
  });
  after(async () => {
    await storage.stop();
    await database.drop();
  });

  const actor = { id: 'system', name: 'Delivery Rooms', side: 'service' } as const;

  it('carries what was left behind, also past a room whose entries cannot be carried', async () => {
    const notice = (body: Record<string, unknown>) => ({ stream: 'public', kind: 'notice' as const, actor, body });
    for (const [id, body] of [
      ['a', { event: 'one' }],
      ['broken', { event: 7 }],
      ['z', { event: 'two' }],
    ] as const)
      await rooms.create({ ...roomOf(id), outbox: outboxOf([notice(body)]) });
    const told: unknown[] = [];
    const appender = new Appender({
      entries,
      clock: new ManualClock(),
      log: createLog('silent'),
      onEntry: () => undefined,
    });
    const outbox = new Outbox({
      rooms: new RoomStore(rooms, () => undefined),
      appender,
      notifications: new Notifications(storage.connection),
      onError: (error) => told.push(error),
    });
    await outbox.sweep();
    expect(told).to.have.length(1);
    expect((await entries.find().lean()).map(({ roomId }) => roomId)).to.have.members(['a', 'z']);
    const left = await rooms.find({ 'outbox.key': { $gt: '' } }).lean();
    expect(left.map(({ _id }) => _id)).to.deep.equal(['broken']);
  });
});
