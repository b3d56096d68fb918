import { expect } from 'chai';
import type { RoomItem } from '../../../shared/contract/rooms.ts';
import type { RoomSnapshot } from '../../../client-sdk/index.ts';
import { applyInbox, applySnapshot, unreadOf } from '../../../client-sdk/element/rooms-state.ts';
import { message, view } from './support/entries.ts';

const item = (id: string, minute: number): RoomItem => ({
  id,
  kind: 'project',
  title: id,
  status: 'executing',
  unread: { public: 0 },
  last: message(1, 'you', minute, { roomId: id }),
  updatedAt: message(1, 'you', minute).at,
});
const rooms = [item('a', 20), item('b', 10)];

describe('list of rooms', () => {
  it('puts a room in which something happened first, with what is unread there', () => {
    const last = message(2, 'you', 30, { roomId: 'b' });
    const next = applyInbox(rooms, { roomId: 'b', stream: 'provider', head: 2, unread: 3, last });
    expect(next?.map(({ id }) => id)).to.deep.equal(['b', 'a']);
    expect(next?.[0]).to.deep.include({ unread: { public: 0, provider: 3 }, last, updatedAt: last.at });
    expect(unreadOf(next?.[0] as RoomItem)).to.equal(3);
  });

  it('does not go back to an older entry that was told later', () => {
    const last = message(1, 'you', 5, { roomId: 'b', stream: 'provider' });
    const next = applyInbox(rooms, { roomId: 'b', stream: 'provider', head: 1, unread: 1, last });
    expect(next?.[1]).to.deep.include({ id: 'b', last: rooms[1]?.last, unread: { public: 0, provider: 1 } });
  });

  it('has to be asked anew for a room that it does not know', () => {
    const last = message(1, 'you', 30, { roomId: 'c' });
    expect(applyInbox(rooms, { roomId: 'c', stream: 'public', head: 1, unread: 1, last })).to.equal(undefined);
  });

  it('shows the open room as it is itself', () => {
    const newest = message(4, 'you', 40);
    const snapshot: RoomSnapshot = {
      roomId: 'b',
      status: 'open',
      room: { id: 'b', kind: 'project', title: 'New title', status: 'paused', streams: [], members: [] },
      me: undefined,
      streams: {
        public: view([newest], { unread: 2 }),
        provider: view([message(1, 'you', 35)], { stream: 'provider', unread: 1 }),
      },
      online: [],
      typing: {},
      project: undefined,
      opportunity: undefined,
      calls: [],
    };
    const next = applySnapshot(rooms, snapshot);
    expect(next?.[0]).to.deep.include({ id: 'b', title: 'New title', status: 'paused', last: newest });
    expect(next?.[0]?.unread).to.deep.equal({ public: 2, provider: 1 });
    expect(applySnapshot(rooms, { ...snapshot, room: undefined })).to.equal(undefined);
  });
});
