import { RoomError } from '../../shared/contract/errors.ts';
import { CATCH_UP_MAX, JOINED_ROOMS_MAX } from '../../shared/contract/limits.ts';
import type { ServerEvents } from '../../shared/contract/events.ts';
import type { CommandArgs, CommandOutput } from '../../shared/contract/registry.ts';
import type { Clock } from '../clock.ts';
import type { DirectoryModels } from '../directory/directory-store.ts';
import type { Hub } from '../live/hub.ts';
import { peopleFor } from '../live/places.ts';
import type { Call, Caller, Connection, Handlers } from '../registry/call.ts';
import type { Appender } from '../timeline/appender.ts';
import type { Pages } from '../timeline/pages.ts';
import type { ReadMarks } from '../timeline/read-marks.ts';
import { floorOf, PUBLIC_STREAM, readableStreams, seenIn, writableStreams } from '../rooms/access.ts';
import type { Activity } from '../rooms/activity.ts';
import type { LaneStore } from '../rooms/lane-store.ts';
import { listRooms } from './list-rooms.ts';
import { requireReadable, requireRoom, requireWritable, unknownRoom } from '../rooms/room-access.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import { membersOf, roomView } from './room-view.ts';

export interface RoomParts {
  rooms: RoomStore;
  lanes: LaneStore;
  activity: Activity;
  appender: Pick<Appender, 'watch'>;
  directory: DirectoryModels;
  pages: Pages;
  marks: ReadMarks;
  hub: Hub;
  clock: Clock;
}

type RoomCommands = 'room.list' | 'room.get' | 'room.join' | 'room.leave' | 'entry.fetch' | 'read.mark' | 'typing.set';

export function roomCommands({
  rooms,
  lanes,
  activity,
  appender,
  directory,
  pages,
  marks,
  hub,
  clock,
}: RoomParts): Pick<Handlers, RoomCommands> {
  /** What a connection gets that has just entered a room. */
  async function openedRoom(
    room: RoomDoc,
    streams: readonly string[],
    { since, limit }: Pick<CommandArgs<'room.join'>, 'since' | 'limit'>,
    connection: Connection,
  ): Promise<CommandOutput<'room.join'>> {
    const roomId = room._id;
    await hub.listening();
    const [members, , opened] = await Promise.all([
      membersOf(room, directory, connection.caller()),
      hub.peopleKnown(roomId, streams),
      Promise.all(
        streams.map((stream) => {
          const from = since !== undefined && Object.hasOwn(since, stream) ? since[stream] : undefined;
          const floor = floorOf(connection.caller(), room, stream)?.seq;
          return pages.open(roomId, stream, from, from === undefined ? limit : CATCH_UP_MAX, floor);
        }),
      ),
    ]);
    // Access may have ended meanwhile; then the connection has already been taken out of the room.
    const now = rooms.cached(roomId) ?? room;
    const caller = connection.caller();
    const readable = readableStreams(caller, now);
    const stillOpen = opened.filter(({ stream }) => readable.includes(stream));
    if (stillOpen.length === 0) {
      connection.leave(roomId);
      throw unknownRoom();
    }
    return {
      room: roomView(
        now,
        members,
        stillOpen.map(({ stream, head }) => ({ stream, head })),
        { viewer: caller, now: clock.now() },
      ),
      me: { side: caller.side, canWrite: [...writableStreams(caller, now)] },
      streams: stillOpen,
      online: peopleFor(hub.presence, roomId, caller, readable),
    };
  }

  /** Who reads the stream is told; of what all providers of an opportunity read, none is told of another, nor of a buyer that it does not know yet. */
  function tellReceipt(room: RoomDoc, caller: Caller, receipt: ServerEvents['receipt']): void {
    const { roomId, stream } = receipt;
    const reads = readableStreams(caller, room);
    const told = stream === PUBLIC_STREAM ? seenIn(caller, (one) => reads.includes(one)) : stream;
    const showsBuyer = room.kind === 'opportunity' && caller.side === 'buyer';
    hub.send(roomId, told, 'receipt', receipt, showsBuyer ? 'who knows the buyer' : 'everybody');
  }

  return {
    'room.list': (args, { caller }) => listRooms({ rooms, lanes, activity, pages, marks }, caller, args),

    async 'room.get'({ roomId }, { caller }) {
      const room = await requireRoom(rooms, caller, roomId);
      const [members, streams] = await Promise.all([
        membersOf(room, directory, caller),
        Promise.all(
          readableStreams(caller, room).map(async (stream) => ({ stream, head: await pages.head(roomId, stream) })),
        ),
      ]);
      return {
        room: roomView(room, members, streams, { viewer: caller, now: clock.now() }),
        me: { side: caller.side, canWrite: [...writableStreams(caller, room)] },
      };
    },

    async 'room.join'({ roomId, since, limit }, call) {
      const connection = connectionOf(call);
      const room = await requireRoom(rooms, call.caller, roomId);
      await appender.watch(roomId, readableStreams(call.caller, room));
      // Decided anew in the turn in which it is entered, for who the connection belongs to by then.
      const streams = readableStreams(connection.caller(), rooms.cached(roomId) ?? room);
      if (streams.length === 0) throw unknownRoom();
      // Asked in the same turn as it is entered: joins that run at once count each other.
      const joined = connection.joinedRooms();
      const again = joined.has(roomId);
      if (joined.size >= JOINED_ROOMS_MAX && !again) {
        throw new RoomError('conflict', `A connection opens at most ${JOINED_ROOMS_MAX} rooms: leave one first.`);
      }
      // Joined before it is read: what is written in between arrives live as well, and the client tells by seq. The other way round it would be missed.
      connection.enter(roomId, streams);
      try {
        return await openedRoom(room, streams, { since, limit }, connection);
      } catch (error) {
        // Who was told that it failed is not present in it, and is sent nothing of it.
        if (!again) connection.leave(roomId);
        throw error;
      }
    },

    'room.leave'({ roomId }, call) {
      connectionOf(call).leave(roomId);
      return Promise.resolve({});
    },

    async 'entry.fetch'({ roomId, stream, after, before, limit }, { caller }) {
      const room = await requireReadable(rooms, caller, roomId, stream);
      const range = after !== undefined ? { after } : before !== undefined ? { before } : ('newest' as const);
      return pages.read(roomId, stream, range, limit, floorOf(caller, room, stream)?.seq);
    },

    async 'read.mark'({ roomId, stream, seq }, { caller }) {
      const room = await requireReadable(rooms, caller, roomId, stream);
      const mark = await marks.mark(roomId, stream, caller.userId, seq);
      if (mark === undefined) {
        const head = await pages.head(roomId, stream);
        throw new RoomError('invalid', `seq: the stream ends at ${head}`, {
          details: [{ path: 'seq', reason: `the stream ends at ${head}` }],
        });
      }
      if (mark.moved) tellReceipt(room, caller, { roomId, stream, userId: caller.userId, seq: mark.seq });
      const unread = await marks.unread(roomId, [{ stream, floor: floorOf(caller, room, stream) }], caller.userId);
      return { seq: mark.seq, unread: unread[stream] ?? 0 };
    },

    async 'typing.set'({ roomId, stream, typing }, { caller }) {
      await requireWritable(rooms, caller, roomId, stream);
      hub.typing.set(roomId, stream, caller, typing);
      return {};
    },
  };
}

function connectionOf(call: Call): Connection {
  if (call.connection === undefined) throw new Error('a command that belongs to a connection was called without one');
  return call.connection;
}
