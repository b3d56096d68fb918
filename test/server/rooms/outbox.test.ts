import { expect } from 'chai';
import { Outbox } from '../../../server/rooms/outbox.ts';
import { LaneStore } from '../../../server/rooms/lane-store.ts';
import { Notifications } from '../../../server/rooms/notifications.ts';
import { type RoomModel, roomModel } from '../../../server/rooms/room-model.ts';
import { outboxOf, RoomStore } from '../../../server/rooms/room-store.ts';
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
      lanes: new LaneStore(storage.connection),
      onError: (error) => told.push(error),
    });
    await outbox.sweep();
    expect(told).to.have.length(1);
    expect((await entries.find().lean()).map(({ roomId }) => roomId)).to.have.members(['a', 'z']);
    const left = await rooms.find({ 'outbox.key': { $gt: '' } }).lean();
    expect(left.map(({ _id }) => _id)).to.deep.equal(['broken']);
  });

  it('takes where the notes begin from the hand-over of this run, and not from an earlier one to the same company', async () => {
    const handOver = (org: string, run: number) => ({
      stream: 'provider',
      kind: 'notice' as const,
      actor,
      body: { event: 'notes.handed_over' },
      run,
      holder: org,
    });
    // A server died before it carried anything: the project went to the studio, to others, and back.
    const items = [handOver('studio', 2), handOver('others', 3), handOver('studio', 4)];
    await rooms.create({
      ...roomOf('back'),
      notes: { org: 'studio', run: 4, floor: null },
      outbox: outboxOf(items),
    });
    const store = new RoomStore(rooms, () => undefined);
    const outbox = new Outbox({
      rooms: store,
      appender: new Appender({
        entries,
        clock: new ManualClock(),
        log: createLog('silent'),
        onEntry: () => undefined,
      }),
      notifications: new Notifications(storage.connection),
      lanes: new LaneStore(storage.connection),
      onError: () => undefined,
    });
    const room = await store.fresh('back');
    if (room === undefined) throw new Error('no room');
    await outbox.carry(room);
    const handed = await store.fresh('back');
    expect(handed?.kind === 'project' && handed.notes).to.deep.equal({
      org: 'studio',
      run: 4,
      floor: { seq: 2, tally: 2 },
    });
  });
});
