import type { mongo } from 'mongoose';
import { RoomError } from '../../shared/contract/errors.ts';
import type { FileInfo } from '../../shared/contract/files.ts';
import { FILE_BYTES_PER_STREAM_MAX, FILE_MAX_BYTES, FILES_PER_STREAM_MAX } from '../../shared/contract/limits.ts';
import type { FlowFile } from '../../shared/model/flow/flow.ts';
import type { Clock } from '../clock.ts';
import type { Caller } from '../registry/call.ts';
import { floorOf, readableStreams } from '../rooms/access.ts';
import { requireRoom, requireWritable } from '../rooms/room-access.ts';
import type { RoomDoc } from '../rooms/room-doc.ts';
import type { RoomStore } from '../rooms/room-store.ts';
import { isAttachedAbove, isTakenBack } from '../timeline/attachments.ts';
import type { EntryModel } from '../timeline/entry-store.ts';
import type { Pages } from '../timeline/pages.ts';
import { checkHead, kindOf, soundOf, TextCheck } from './file-kind.ts';
import { extensionOf, fileName } from './file-name.ts';
import { type FileDoc, type FileFacts, type GridFiles, infoOf } from './grid-files.ts';
import { inChunks } from './grid-chunks.ts';

export interface FileStoreParts {
  files: GridFiles;
  rooms: RoomStore;
  entries: EntryModel;
  pages: Pages;
  clock: Clock;
}

/** A file on its way in. */
export interface Upload {
  roomId: string;
  stream: string;
  /** As the sender calls it. */
  name: string;
  /** Ends when all of it has come, and with an error when it will not. */
  bytes: AsyncIterable<Uint8Array>;
}

/** A recording on its way in, which the service itself brings. */
export interface Copy extends Pick<FileFacts, 'roomId' | 'stream' | 'by'> {
  /** What it is copied from: one that is there already is not copied again. */
  of: string;
  /** Without an extension: its content says that. */
  name: string;
  maxBytes: number;
  bytes: AsyncIterable<Uint8Array>;
}

/** What is asked of a file on its way in. */
interface Rules {
  maxBytes: number;
  /** Judges its first bytes, before anything is stored. */
  judge(head: Uint8Array): Promise<{ name: string; type: string }>;
  /** Looks at all of its bytes. */
  text?: TextCheck | undefined;
  /** Refuses it when all of it has come, */
  mayEnd?(): Promise<unknown>;
  /** and when it is there. */
  mayStay?(): Promise<unknown>;
}

/** What everybody is told who may not know whether a file exists. */
export const unknownFile = (): RoomError => new RoomError('not_found', 'There is no such file.');

export const tooLarge = (maxBytes = FILE_MAX_BYTES): RoomError =>
  new RoomError('too_large', `A file is at most ${maxBytes} bytes.`, { details: { maxBytes } });

const emptyFile = (): RoomError => invalidAt('file', 'must not be empty');

/** Files of rooms: who brings them, who gets them, and what may be one. */
export class FileStore {
  readonly #parts: FileStoreParts;

  constructor(parts: FileStoreParts) {
    this.#parts = parts;
  }

  /** Says whether a caller may bring a file to a stream now. @throws {RoomError} `not_found`, `forbidden`, `read_only` or `too_large` */
  async requireRoomFor(caller: Caller, roomId: string, stream: string): Promise<void> {
    await requireWritable(this.#parts.rooms, caller, roomId, stream);
    await this.#requireSpace(roomId, stream, 1);
  }

  /**
   * Takes a file in, chunk by chunk; resolves when it is on disk. Its type is judged before anything is stored, and the right to write again at the end.
   * Whatever goes wrong, nothing of it stays.
   * @throws {RoomError} also `too_large`, `unsupported_type` and `invalid`
   */
  async add(caller: Caller, { roomId, stream, name, bytes }: Upload): Promise<FileInfo> {
    const safe = fileName(name);
    if (safe === undefined) throw invalidAt('file', 'must have a name');
    const kind = kindOf(extensionOf(safe));
    const { userId, side, org } = caller;
    const by = { userId, side, ...(org === undefined ? {} : { org }) };
    return this.#bring({ roomId, stream, by }, bytes, {
      maxBytes: FILE_MAX_BYTES,
      async judge(head) {
        await checkHead(kind, head);
        return { name: safe, type: kind.type };
      },
      text: kind.content === 'text' ? new TextCheck() : undefined,
      mayEnd: () => requireWritable(this.#parts.rooms, caller, roomId, stream),
      // Looked at again when it is there: of uploads that run at once none may pass the bound unseen.
      mayStay: () => this.#requireSpace(roomId, stream, 0),
    });
  }

  /**
   * Takes in a recording that the service itself copies, however many files the stream has; resolves with its id when it is on disk.
   * @throws {RoomError} `too_large`, `unsupported_type` for what is no sound, `invalid` for nothing
   */
  async copy({ bytes, name, maxBytes, ...facts }: Copy): Promise<string> {
    const known = await this.#parts.files.findCopy(facts);
    if (known !== undefined) return known._id.toHexString();
    const judge = async (head: Uint8Array) => {
      const { extension, type } = await soundOf(head);
      return { name: `${name}.${extension}`, type };
    };
    return (await this.#bring(facts, bytes, { maxBytes, judge })).id;
  }

  /** Some of the copies that were begun before an instant of the service's clock, the oldest first, and what each is copied from. */
  async copiesBefore(before: number): Promise<{ id: string; of: string }[]> {
    const files = await this.#parts.files.copiesBefore(before);
    return files.map(({ _id, metadata: { of = '' } }) => ({ id: _id.toHexString(), of }));
  }

  /** Removes a copy that nothing names. */
  async dropCopy(fileId: string): Promise<void> {
    const file = await this.#parts.files.find(fileId);
    if (file?.metadata.of !== undefined) await this.#parts.files.remove(file._id);
  }

  async #bring(
    facts: Pick<FileFacts, 'roomId' | 'stream' | 'by' | 'of'>,
    bytes: AsyncIterable<Uint8Array>,
    { maxBytes, judge, text, mayEnd, mayStay }: Rules,
  ): Promise<FileInfo> {
    const { files, pages, clock } = this.#parts;
    let begun: { fileId: mongo.ObjectId; name: string; type: string } | undefined;
    try {
      let length = 0;
      let n = 0;
      for await (const chunk of inChunks(bytes)) {
        length += chunk.length;
        if (length > maxBytes) throw tooLarge(maxBytes);
        text?.add(chunk);
        if (begun === undefined) {
          const kind = await judge(chunk);
          begun = { ...kind, fileId: await files.begin({ ...facts, ...kind, at: clock.now() }) };
        }
        await files.write(begun.fileId, n++, chunk);
      }
      text?.end();
      if (begun === undefined) throw emptyFile();
      await mayEnd?.();
      const { fileId, name, type } = begun;
      await files.finish(fileId, { length, behind: await pages.head(facts.roomId, facts.stream) });
      await mayStay?.();
      return { id: fileId.toHexString(), name, size: length, type };
    } catch (error) {
      // Where even this fails, the sweep finds it: what is not finished says so.
      if (begun !== undefined) await files.remove(begun.fileId).catch(() => undefined);
      throw error;
    }
  }

  /**
   * The file, for somebody who reads its stream at this moment. After the message that showed it was taken back it is there for those alone who brought
   * it, and for operators.
   * @throws {RoomError} `not_found` for everyone else
   */
  async require(caller: Caller, fileId: string): Promise<FileDoc> {
    const file = await this.#parts.files.find(fileId);
    if (file === undefined) throw unknownFile();
    const room = await this.#roomOf(caller, file);
    if (!readableStreams(caller, room).includes(file.metadata.stream)) throw unknownFile();
    if (await this.#isWithheld(caller, room, file)) throw unknownFile();
    return file;
  }

  /**
   * The files that a caller attaches to what they write into a stream: each must belong to that stream of that room.
   * @param path the field of the input that names them, for the faults
   * @throws {RoomError} `invalid` with the path and the reason of each that cannot be attached
   */
  async take(
    caller: Caller,
    room: RoomDoc,
    stream: string,
    ids: readonly string[],
    path = 'files',
  ): Promise<FlowFile[]> {
    const found = await this.#parts.files.findAll(ids);
    const taken: FlowFile[] = [];
    const faults: { path: string; reason: string }[] = [];
    for (const [index, id] of ids.entries()) {
      const fault = (reason: string): unknown => faults.push({ path: `${path}.${index}`, reason });
      const file = found.get(id);
      const isHere = file?.metadata.roomId === room._id && file.metadata.stream === stream;
      if (ids.indexOf(id) !== index) fault('is named twice');
      else if (file === undefined || !isHere || (await this.#isWithheld(caller, room, file)))
        fault('there is no such file in this stream');
      else taken.push(infoOf(file));
    }
    const [first] = faults;
    if (first !== undefined) throw new RoomError('invalid', `${first.path}: ${first.reason}`, { details: faults });
    return taken;
  }

  /** Bytes `from` up to and with `to`. */
  read(file: FileDoc, from: number, to: number): AsyncGenerator<Uint8Array> {
    return this.#parts.files.read(file, from, to);
  }

  async #roomOf(caller: Caller, { metadata: { roomId } }: FileDoc): Promise<RoomDoc> {
    try {
      return await requireRoom(this.#parts.rooms, caller, roomId);
    } catch (error) {
      throw error instanceof RoomError && error.code === 'not_found' ? unknownFile() : error;
    }
  }

  /** Says whether a file is kept from somebody who reads its stream. */
  async #isWithheld(caller: Caller, room: RoomDoc, { _id, metadata }: FileDoc): Promise<boolean> {
    const { entries } = this.#parts;
    const { by, behind = 0 } = metadata;
    const id = _id.toHexString();
    if (caller.side === 'operator') return false;
    // What an earlier provider brought is not for the next one, unless somebody shows it again.
    const floor = floorOf(caller, room, metadata.stream);
    const isBelow = floor !== undefined && (behind <= floor.seq || (by.side === 'provider' && by.org !== caller.org));
    if (isBelow && !(await isAttachedAbove(entries, metadata, id, floor.seq))) return true;
    if (by.userId === caller.userId && by.side === caller.side) return false;
    return isTakenBack(entries, metadata, id);
  }

  async #requireSpace(roomId: string, stream: string, more: number): Promise<void> {
    const held = await this.#parts.files.held(roomId, stream);
    if (held.files + more <= FILES_PER_STREAM_MAX && held.bytes <= FILE_BYTES_PER_STREAM_MAX) return;
    throw new RoomError('too_large', 'This stream holds as many files as it may.', {
      details: { maxFiles: FILES_PER_STREAM_MAX, maxBytes: FILE_BYTES_PER_STREAM_MAX },
    });
  }
}

function invalidAt(path: string, reason: string): RoomError {
  return new RoomError('invalid', `${path}: ${reason}`, { details: [{ path, reason }] });
}
