import type { Call as ShownCall } from '../../shared/contract/calls.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import type { DirectoryModels } from '../directory/directory-store.ts';
import type { Call, Caller, Handlers } from '../registry/call.ts';
import { isTalk, ownStream, readableStreams, writableStreams } from '../rooms/access.ts';
import { requireReadable, requireRoom, requireWritable } from '../rooms/room-access.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { CallDoc } from './call-store.ts';
import { areStillIn, calleeIn } from './callees.ts';
import { type Calls, unknownCall } from './calls.ts';
import type { Recordings } from './recordings.ts';

export interface CallParts {
  rooms: RoomStore;
  directory: DirectoryModels;
  calls: Calls;
  recordings: Pick<Recordings, 'of'> | undefined;
}

type CallHandlers = Pick<Handlers, 'call.place' | 'call.approve' | 'call.cancel' | 'call.list'>;

export function callCommands({ rooms, directory, calls, recordings }: CallParts): CallHandlers {
  async function shown(room: RoomDoc, docs: readonly CallDoc[], { caller, correlationId }: Call): Promise<ShownCall[]> {
    const files = caller.side === 'operator' ? await recordings?.of(docs.map(({ _id }) => _id)) : undefined;
    return Promise.all(
      docs.map(async (doc) => {
        const canWrite = writableStreams(caller, room).includes(doc.stream);
        const call = await calls.shown(doc, caller, canWrite, correlationId);
        const recording = files?.get(doc._id);
        return recording === undefined ? call : { ...call, recording };
      }),
    );
  }

  async function answered(roomId: string, doc: CallDoc, call: Call): Promise<CommandOutput<'call.place'>> {
    const room = await requireRoom(rooms, call.caller, roomId);
    const [one] = await shown(room, [doc], call);
    if (one === undefined) throw unknownCall();
    return { call: one };
  }

  /** A call of a room, for somebody who reads its stream. */
  async function required(caller: Caller, roomId: string, callId: string): Promise<CallDoc> {
    await requireRoom(rooms, caller, roomId);
    const doc = await calls.store.get(callId);
    if (doc?.roomId !== roomId) throw unknownCall();
    await requireReadable(rooms, caller, roomId, doc.stream).catch((error: unknown) => {
      // Of a stream that somebody does not read they are not told that it has calls.
      throw error instanceof RoomError && error.code === 'not_found' ? unknownCall() : error;
    });
    return doc;
  }

  return {
    async 'call.place'({ roomId, stream: named, to, fromNumber }, call) {
      const { caller, correlationId } = call;
      const stream = named ?? ownStream(caller, await requireRoom(rooms, caller, roomId));
      const room = await requireWritable(rooms, caller, roomId, stream);
      if (!isTalk(stream, room))
        throw new RoomError(
          'forbidden',
          'Calls belong where buyer and provider talk to each other, and to no other stream.',
        );
      const callee = await calleeIn(room, { stream, caller, to }, directory);
      if (callee === undefined)
        throw new RoomError('not_found', 'There is nobody by that id whom you could call here.');
      const doc = await calls.place({ room, stream, caller, to: callee, fromNumber }, correlationId);
      return answered(roomId, doc, call);
    },

    async 'call.approve'({ roomId, callId }, call) {
      const { caller, correlationId } = call;
      const doc = await required(caller, roomId, callId);
      const room = await requireWritable(rooms, caller, roomId, doc.stream);
      if (doc.call.awaits !== undefined && !(await areStillIn(room, doc, directory)))
        throw new RoomError('read_only', 'The two do not talk here any more.');
      return answered(roomId, await calls.approve(callId, caller, correlationId), call);
    },

    async 'call.cancel'({ roomId, callId }, call) {
      const { caller, correlationId } = call;
      await required(caller, roomId, callId);
      return answered(roomId, await calls.cancel(callId, caller, correlationId), call);
    },

    async 'call.list'({ roomId, stream, cursor, limit }, call) {
      const { caller } = call;
      const room =
        stream === undefined
          ? await requireRoom(rooms, caller, roomId)
          : await requireReadable(rooms, caller, roomId, stream);
      const streams = (stream === undefined ? readableStreams(caller, room) : [stream]).filter((one) =>
        isTalk(one, room),
      );
      const { docs, nextCursor } = await calls.store.list(roomId, streams, { cursor, limit });
      return {
        items: await shown(room, docs, call),
        ...(nextCursor === undefined ? {} : { nextCursor }),
      };
    },
  };
}
