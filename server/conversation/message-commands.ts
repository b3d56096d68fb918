import type { Actor, Entry } from '../../shared/contract/entries.ts';
import { RoomError } from '../../shared/contract/errors.ts';
import { RECALL_WINDOW_MS } from '../../shared/contract/limits.ts';
import type { FileInfo } from '../../shared/contract/files.ts';
import type { CommandOutput } from '../../shared/contract/registry.ts';
import { type Clock, iso } from '../clock.ts';
import type { FileStore } from '../files/file-store.ts';
import type { Call, Caller, Handlers } from '../registry/call.ts';
import { floorOf, ownStream, readableStreams, writableStreams } from '../rooms/access.ts';
import { requireReadable, requireRoom, requireWritable } from '../rooms/room-access.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import type { Appended, Appender, Draft } from '../timeline/appender.ts';
import type { EntryDoc } from '../timeline/entry-store.ts';
import type { Pages } from '../timeline/pages.ts';
import type { WordingEraser } from '../timeline/wording-eraser.ts';

export interface MessageParts {
  rooms: RoomStore;
  appender: Appender;
  pages: Pages;
  eraser: WordingEraser;
  files: Pick<FileStore, 'take'>;
  clock: Clock;
}

export function messageCommands({
  rooms,
  appender,
  pages,
  eraser,
  files,
  clock,
}: MessageParts): Pick<Handlers, 'message.send' | 'message.edit' | 'message.recall'> {
  /** The caller's own message in a stream that they may still write to. What they cannot read is no different from what does not exist. */
  async function ownMessage(caller: Caller, roomId: string, entryId: string): Promise<EntryDoc> {
    const room = await requireRoom(rooms, caller, roomId);
    const doc = await pages.find(roomId, entryId);
    if (doc === undefined || !isReadable(caller, room, doc))
      throw new RoomError('not_found', 'There is no such entry.');
    await requireWritable(rooms, caller, roomId, doc.stream);
    if (doc.kind !== 'message' || doc.actor.id !== caller.userId || doc.actor.side !== caller.side) {
      throw new RoomError('forbidden', 'Only the author of a message changes it.');
    }
    return doc;
  }

  /** A repeat is answered with the first entry as it now stands: it may have been edited or recalled meanwhile. */
  async function repeated(first: EntryDoc): Promise<CommandOutput<'message.send'>> {
    const [entry] = await pages.present([first]);
    if (entry?.kind !== 'message') throw new RoomError('conflict', 'This clientId was used for something else.');
    return { entry, duplicate: true };
  }

  /** Appends in the order in which a connection sent: one call may have had to read more before than the next. */
  async function inTurn({ turn }: Call, draft: Draft): Promise<Appended> {
    await turn?.comes;
    const appended = appender.append(draft);
    turn?.pass();
    return appended;
  }

  async function revise(
    call: Call,
    original: EntryDoc,
    kind: 'edit' | 'recall',
    body: Record<string, unknown>,
  ): Promise<Entry> {
    const { roomId, stream, seq: target } = original;
    const { caller, correlationId: cause } = call;
    const { entry } = await inTurn(call, { roomId, stream, kind, actor: actorOf(caller), body, target, cause });
    return entry;
  }

  return {
    async 'message.send'({ roomId, stream: named, clientId, text, attachments, replyTo, mentions }, call) {
      const { caller } = call;
      const stream = named ?? ownStream(caller, await requireRoom(rooms, caller, roomId));
      const room = await requireReadable(rooms, caller, roomId, stream);
      if (!writableStreams(caller, room).includes(stream)) {
        // Whoever did not learn that it was stored may still ask, also when nobody writes here any more.
        const earlier = await pages.sentAs(roomId, stream, caller.userId, clientId);
        if (earlier !== undefined) return repeated(earlier);
        await requireWritable(rooms, caller, roomId, stream);
      }
      let attached: FileInfo[] = [];
      if (attachments !== undefined && attachments.length > 0) {
        try {
          attached = await files.take(caller, room, stream, attachments, 'attachments');
        } catch (error) {
          // What was sent with it may be gone by now: whoever did not learn that it was stored may still ask.
          const earlier = await pages.sentAs(roomId, stream, caller.userId, clientId);
          if (earlier !== undefined) return repeated(earlier);
          throw error;
        }
      }
      const answered = replyTo === undefined ? undefined : await pages.find(roomId, replyTo);
      if (replyTo !== undefined && (answered?.stream !== stream || !isReadable(caller, room, answered))) {
        const reason = 'must be an entry of the same stream';
        throw new RoomError('invalid', `replyTo: ${reason}`, { details: [{ path: 'replyTo', reason }] });
      }
      const body = {
        text,
        ...(attached.length === 0 ? {} : { attachments, files: attached }),
        ...(replyTo === undefined ? {} : { replyTo }),
        ...(mentions === undefined ? {} : { mentions }),
      };
      const { doc, entry, duplicate } = await inTurn(call, {
        roomId,
        stream,
        kind: 'message',
        actor: actorOf(caller),
        clientId,
        body,
        cause: call.correlationId,
      });
      if (duplicate) return repeated(doc);
      if (entry.kind !== 'message') throw new Error('not a message');
      return { entry, duplicate };
    },

    async 'message.edit'({ roomId, entryId, text }, call) {
      const original = await ownMessage(call.caller, roomId, entryId);
      const entry = await revise(call, original, 'edit', { entryId, text });
      if (entry.kind !== 'edit') throw new Error('not an edit');
      return { entry };
    },

    async 'message.recall'({ roomId, entryId }, call) {
      const original = await ownMessage(call.caller, roomId, entryId);
      const until = original.at.getTime() + RECALL_WINDOW_MS;
      // What was recalled in time stays recalled: whoever did not learn of it may ask again.
      if (clock.now() > until && (await pages.recallOf(original)) === undefined) {
        throw new RoomError('conflict', 'A message can be recalled within 2 minutes.', {
          details: { recallableUntil: iso(until) },
        });
      }
      const entry = await revise(call, original, 'recall', { entryId });
      if (entry.kind !== 'recall') throw new Error('not a recall');
      await eraser.erase(original);
      return { entry };
    },
  };
}

const isReadable = (caller: Caller, room: RoomDoc, { stream, seq }: EntryDoc): boolean =>
  readableStreams(caller, room).includes(stream) && seq > (floorOf(caller, room, stream)?.seq ?? 0);

export function actorOf({ userId, name, side, org }: Caller): Actor {
  return { id: userId, name, side, ...(org === undefined ? {} : { org }) };
}
