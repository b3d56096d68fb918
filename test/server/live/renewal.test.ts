import { expect } from 'chai';
import { Expiry } from '../../../server/live/expiry.ts';
import { Hub } from '../../../server/live/hub.ts';
import { joinedRooms } from '../../../server/live/rooms-socket.ts';
import { within } from '../../support/client.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { roomOf } from '../rooms/room-of.ts';
import { type LiveSocket, OPERATOR, openLiveSocket } from './live-socket.ts';

const NO_ROOMS = { cached: () => undefined, get: () => Promise.resolve(undefined) };

describe('the renewal of a connection', () => {
  let live: LiveSocket;

  beforeEach(async () => {
    live = await openLiveSocket();
  });

  afterEach(() => live.close());

  it('leaves nothing behind when the connection ended while its new token was checked', async () => {
    const clock = new ManualClock();
    const hub = new Hub(clock);
    const expiry = new Expiry(clock);
    const { socket } = live;
    const seats = { seats: ['operator'] };
    hub.connected.add(socket);
    expiry.watch(socket);
    expect([hub.hasOutside(seats), expiry.size]).to.deep.equal([true, 1]);
    expiry.unwatch(socket);
    hub.remove(socket);
    socket.disconnect(true);
    await hub.renew(socket, OPERATOR, NO_ROOMS);
    expiry.watch(socket);
    expect([hub.hasOutside(seats), expiry.size]).to.deep.equal([false, 0]);
  });

  it('reads a room that is not remembered any more and keeps what the new bearer may read', async () => {
    const { io, socket } = live;
    const hub = new Hub(new ManualClock());
    hub.attach(io);
    hub.connected.add(socket);
    hub.enter(socket, 'r', ['public', 'operator']);
    const room = roomOf('r');
    await hub.renew(socket, OPERATOR, { cached: () => undefined, get: () => Promise.resolve(room) });
    expect([...joinedRooms(socket)]).to.deep.equal(['r']);
  });

  it('tells the client of a room that could not be read, and takes it away', async () => {
    const { io, socket, client } = live;
    const hub = new Hub(new ManualClock());
    hub.attach(io);
    hub.connected.add(socket);
    hub.enter(socket, 'r', ['public', 'operator']);
    const told = new Promise<string>((resolve) => {
      client.on('message', (data: Buffer) => {
        if (data.toString().includes('access.revoked')) resolve(data.toString());
      });
    });
    await hub.renew(socket, OPERATOR, { cached: () => undefined, get: () => Promise.reject(new Error('gone')) });
    expect([...joinedRooms(socket)]).to.deep.equal([]);
    expect(await within(told, 'access.revoked')).to.include('"roomId":"r"');
  });
});
