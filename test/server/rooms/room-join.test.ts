import { expect } from 'chai';
import mongoose from 'mongoose';
import { directoryModels } from '../../../server/directory/directory-store.ts';
import { Hub } from '../../../server/live/hub.ts';
import type { Caller, Connection } from '../../../server/registry/call.ts';
import { Activity } from '../../../server/rooms/activity.ts';
import { LaneStore } from '../../../server/rooms/lane-store.ts';
import { roomCommands } from '../../../server/conversation/room-commands.ts';
import { roomModel } from '../../../server/rooms/room-model.ts';
import { RoomStore } from '../../../server/rooms/room-store.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { entryModel } from '../../../server/timeline/entry-store.ts';
import { createPages } from '../../../server/timeline/pages.ts';
import { createReadMarks, readMarkModel } from '../../../server/timeline/read-marks.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { roomOf } from './room-of.ts';

const MANAGER: Caller = {
  userId: 'm',
  name: 'M',
  side: 'vendor',
  org: 'maker',
  roles: ['vendor_admin'],
  expiresAt: Number.MAX_SAFE_INTEGER,
};

describe('room.join', () => {
  /** The command without a database, with one room that is remembered. */
  function joining(watch: (connection: Connection) => void, joinedBefore: readonly string[] = []) {
    const models = mongoose.createConnection();
    models.config.bufferCommands = false;
    const entries = entryModel(models);
    const rooms = new RoomStore(roomModel(models), () => undefined);
    rooms.learn(roomOf('r'));
    const joined = new Set(joinedBefore);
    const lanes = new LaneStore(models);
    let caller = MANAGER;
    const connection: Connection = {
      id: 'c',
      isOpen: () => true,
      caller: () => caller,
      joinedRooms: () => joined,
      enter: (roomId) => void joined.add(roomId),
      leave: (roomId) => void joined.delete(roomId),
      renew: (next) => {
        caller = next;
        return Promise.resolve();
      },
    };
    const commands = roomCommands({
      rooms,
      lanes,
      activity: new Activity({
        rooms: roomModel(models),
        lanes,
        kindOf: () => 'project',
        dice: Math.random,
        onError: () => undefined,
      }),
      appender: {
        watch: () => {
          watch(connection);
          return Promise.resolve();
        },
      },
      directory: directoryModels(models),
      pages: createPages(entries),
      marks: createReadMarks({ entries, marks: readMarkModel(models) }),
      hub: new Hub(new ManualClock()),
      clock: new ManualClock(),
    });
    const call = { caller: MANAGER, connection, log: createLog('silent'), correlationId: 'x' };
    const failure = commands['room.join']({ roomId: 'r', limit: 1 }, call).then(
      () => expect.fail('was answered'),
      (error: unknown) => error,
    );
    return { joined, failure };
  }

  it('enters with the rights that the connection has by then, not with those of the call', async () => {
    const { joined, failure } = joining((connection) => void connection.renew({ ...MANAGER, roles: [] }));
    expect(await failure).to.have.property('code', 'not_found');
    expect([...joined]).to.deep.equal([]);
  });

  it('leaves the room again when it fails', async () => {
    const { joined, failure } = joining(() => undefined);
    expect(await failure).to.be.instanceOf(Error);
    expect([...joined]).to.deep.equal([]);
  });

  it('does not leave a room that had been joined before', async () => {
    const { joined, failure } = joining(() => undefined, ['r']);
    expect(await failure).to.be.instanceOf(Error);
    expect([...joined]).to.deep.equal(['r']);
  });
});
