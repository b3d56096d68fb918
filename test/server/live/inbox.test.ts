import { expect } from 'chai';
import mongoose from 'mongoose';
import { Hub } from '../../../server/live/hub.ts';
import { Inbox, newsOf } from '../../../server/live/inbox.ts';
import { roomModel } from '../../../server/rooms/room-model.ts';
import { RoomStore } from '../../../server/rooms/room-store.ts';
import { type EntryDoc, entryModel } from '../../../server/timeline/entry-store.ts';
import { createPages } from '../../../server/timeline/pages.ts';
import { createReadMarks, readMarkModel } from '../../../server/timeline/read-marks.ts';
import { until } from '../../support/client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { roomOf } from '../rooms/room-of.ts';
import { openLiveSocket } from './live-socket.ts';

describe('Inbox', () => {
  it('is closed when what it had begun to tell is told', async () => {
    const live = await openLiveSocket();
    const hub = new Hub(new ManualClock());
    hub.connected.add(live.socket);
    const models = mongoose.createConnection();
    const entries = entryModel(models);
    const rooms = new RoomStore(roomModel(models), () => undefined);
    rooms.learn(roomOf('r'));
    let read = (): void => undefined;
    let reading = false;
    const pages = {
      ...createPages(entries),
      last: () => {
        reading = true;
        return new Promise<undefined>((resolve) => {
          read = () => resolve(undefined);
        });
      },
    };
    const marks = createReadMarks({ entries, marks: readMarkModel(models) });
    const inbox = new Inbox({ hub, rooms, pages, marks, onError: (error) => expect.fail(String(error)) });
    const edit: EntryDoc = {
      _id: new mongoose.mongo.ObjectId(),
      roomId: 'r',
      stream: 'public',
      seq: 2,
      kind: 'edit',
      actor: { id: 'b', name: 'B', side: 'buyer' },
      at: new Date(0),
      body: {},
      target: 1,
      tally: 1,
      ownTally: 1,
    };
    inbox.note(newsOf(edit));
    await until('it reads', () => reading);
    let closed = false;
    const closing = inbox.close().then(() => {
      closed = true;
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).to.equal(false);
    read();
    await closing;
    await live.close();
  });
});
