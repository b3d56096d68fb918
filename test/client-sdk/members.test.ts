import { expect } from 'chai';
import type { LiveRoom } from '../../client-sdk/index.ts';
import type { Person } from '../../shared/contract/primitives.ts';
import { settle } from './support/fake-clock.ts';
import { ROOM } from './support/fake-server.ts';
import { makeClient, type Stage } from './support/make-client.ts';

const CAT: Person = { userId: 'cat', name: 'Cat', side: 'provider', org: 'studio' };
const DOG: Person = { ...CAT, userId: 'dog', name: 'Dog' };
const members = (room: LiveRoom) => room.snapshot.room?.members.map(({ userId }) => userId);

describe('client-sdk members of a room', () => {
  let stage: Stage;
  let room: LiveRoom;
  beforeEach(async () => {
    stage = makeClient();
    stage.client.connect();
    room = stage.client.room(ROOM);
    await room.open();
    await settle();
  });
  afterEach(async () => {
    await stage.client.close();
    expect(stage.clock.pending, 'timers left').to.equal(0);
  });

  it('are asked for soon after an entry told of a change, once for several', async () => {
    stage.server.addMember(CAT);
    stage.server.addMember(DOG);
    await stage.clock.advance(900);
    expect(stage.server.count('room.get'), 'not all clients at once').to.equal(0);
    await stage.clock.advance(1_200);
    expect(stage.server.count('room.get')).to.equal(1);
    expect(members(room)).to.deep.equal(['ann', 'bob', 'cat', 'dog']);
  });

  it('are asked for again when the first answer did not come', async () => {
    let failures = 2;
    stage.server.fate = (name) =>
      name === 'room.get' && failures-- > 0 ? { code: 'unavailable', message: 'not now' } : 'answer';
    stage.server.addMember(CAT);
    await stage.clock.advance(10_000);
    expect(members(room)).to.deep.equal(['ann', 'bob', 'cat']);
  });

  it('are learnt of when the change came while the connection was gone', async () => {
    stage.server.line.drop();
    stage.server.addMember(CAT);
    await stage.clock.advance(5_000);
    expect(members(room)).to.deep.equal(['ann', 'bob', 'cat']);
  });

  it('are asked for after a step of a flow that brings somebody in, and with them what may be written', async () => {
    stage.server.members.push(CAT);
    stage.server.canWrite = [];
    stage.server.append({
      id: 'dispatched',
      roomId: ROOM,
      stream: 'public',
      seq: stage.server.raw('public').length + 1,
      at: '2026-11-20T02:00:00.000Z',
      actor: { id: 'system', name: 'Delivery Rooms', side: 'service' },
      kind: 'node',
      body: { event: 'order.dispatched' },
    });
    await stage.clock.advance(2_100);
    expect(members(room)).to.deep.equal(['ann', 'bob', 'cat']);
    expect(room.snapshot.me?.canWrite).to.deep.equal([]);
  });

  it('are not asked for because of a message', async () => {
    stage.server.post('hello');
    await stage.clock.advance(3_000);
    expect(stage.server.count('room.get')).to.equal(0);
  });
});
