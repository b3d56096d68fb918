import { expect } from 'chai';
import { Expiry } from '../../../server/live/expiry.ts';
import { Hub } from '../../../server/live/hub.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { type LiveSocket, OPERATOR, openLiveSocket } from './live-socket.ts';

describe('the renewal of a connection', () => {
  let live: LiveSocket;

  beforeEach(async () => {
    live = await openLiveSocket();
  });

  afterEach(() => live.close());

  it('leaves nothing behind when the connection ended while its new token was checked', () => {
    const clock = new ManualClock();
    const hub = new Hub(clock);
    const expiry = new Expiry(clock);
    const { socket } = live;
    const seats = { seats: ['operator'] };
    hub.add(socket);
    expiry.watch(socket);
    expect([hub.hasOutside(seats), expiry.size]).to.deep.equal([true, 1]);
    expiry.unwatch(socket);
    hub.remove(socket);
    socket.disconnect(true);
    hub.renew(socket, OPERATOR, () => undefined);
    expiry.watch(socket);
    expect([hub.hasOutside(seats), expiry.size]).to.deep.equal([false, 0]);
  });
});
