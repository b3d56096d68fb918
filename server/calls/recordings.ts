import { type Connection, type Model, Schema } from 'mongoose';
import { RECORDING_MAX_BYTES, RECORDING_WAIT_MS } from '../../shared/contract/limits.ts';
import { SYSTEM_ACTOR } from '../../shared/model/flow/flow.ts';
import type { Clock } from '../clock.ts';
import type { FileStore } from '../files/file-store.ts';
import { SealBroken, type Sealed } from '../numbers/keyring.ts';
import type { Vault } from '../numbers/vault.ts';
import { isDuplicateKey } from '../storage/duplicate-key.ts';
import { isUnreachable } from '../storage/unreachable.ts';
import { type CallBridge, CallFailed } from './bridges/call-bridge.ts';

/** A recording that a carrier has named. It stays when the file is here, and when it was removed, so that one that is named again is not copied again. */
export interface RecordingDoc {
  /** A digest of the call and of what the carrier calls it. */
  _id: string;
  callId: string;
  roomId: string;
  /** What the bridge fetches it by, under the vault's key: carriers write numbers into the names of files. Null when it is not needed any more. */
  reference: Sealed | null;
  wantedAt: Date;
  /** When it is tried again, also where whoever tries now should die; null for good once it is here, or given up. */
  tryAt: Date | null;
  /** Times that it was tried. */
  tries: number;
  fileId: string | null;
  /** The correlation id of the callback that named it. */
  cause?: string;
}

const schema = new Schema<RecordingDoc>(
  {
    _id: String,
    callId: String,
    roomId: String,
    reference: Schema.Types.Mixed,
    wantedAt: Date,
    tryAt: Date,
    tries: Number,
    fileId: String,
    cause: String,
  },
  { collection: 'callRecordings', versionKey: false },
);
schema.index({ tryAt: 1, _id: 1 }, { name: 'try' });
schema.index({ callId: 1, wantedAt: -1 }, { name: 'call' });

export type RecordingModel = Model<RecordingDoc>;

export function recordingModel(connection: Connection): RecordingModel {
  return connection.model<RecordingDoc>('CallRecording', schema);
}

/** What a copy of a recording says that it is copied from. */
const copiedFrom = (recordingId: string): string => `recording:${recordingId}`;

/** The recording that a copy is of. */
export const recordingOf = (copied: string): string => copied.slice(copiedFrom('').length);

/** The stream of the platform's own remarks: nobody else reads it, in whatever room. */
const STREAM = 'operator';
/** Longer than a bridge takes to fetch one. In milliseconds. */
const LEASE_MS = 15 * 60_000;
/** Twice as long after each try. */
const AGAIN_MS = 30_000;
const AGAIN_MAX_MS = 15 * 60_000;
const AT_A_TIME = 4;

export interface RecordingsParts {
  /** Its indexes are made by then. */
  model: RecordingModel;
  bridge: Pick<CallBridge, 'name' | 'recording'>;
  files: Pick<FileStore, 'copy' | 'dropCopy'>;
  vault: Pick<Vault, 'keyring' | 'mac'>;
  /** The service's time. */
  clock: Pick<Clock, 'now'>;
  /** True from when on nothing more is begun. */
  stopping: () => boolean;
  /** Told of one that is given up. */
  onLost: (error: unknown, about: { call: string; room: string; correlationId: string | undefined }) => void;
}

/**
 * Copies recordings to the service's own files before their carrier drops them. Operators alone can fetch them. Each is copied once, whatever number of servers
 * work on it and however often its carrier names it; it is asked for until it is there, and for a day at most.
 */
export class Recordings {
  readonly #parts: RecordingsParts;

  constructor(parts: RecordingsParts) {
    this.#parts = parts;
  }

  /** Resolves when it is on disk that this one is to be copied. */
  async want(
    { callId, recording }: { callId: string; recording: string },
    { roomId, cause }: { roomId: string; cause?: string | undefined },
  ): Promise<void> {
    const { model, vault, clock } = this.#parts;
    const _id = vault.mac('recording', callId, nameIn(recording)).toString('base64url');
    const reference = vault.keyring.seal(Buffer.from(recording), aboutOf(_id));
    const at = new Date(clock.now());
    // Where it is named again, a newer address holds longer.
    const { matchedCount } = await model.updateOne({ _id, tryAt: { $ne: null } }, { $set: { reference } });
    if (matchedCount > 0) return;
    try {
      await model.create({
        _id,
        callId,
        roomId,
        reference,
        wantedAt: at,
        tryAt: at,
        tries: 0,
        fileId: null,
        ...(cause === undefined ? {} : { cause }),
      });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }

  /** Copies what is due, on several servers at once if need be. @returns how many were copied */
  async run(): Promise<number> {
    let copied = 0;
    const worker = async (): Promise<void> => {
      while (!this.#parts.stopping()) {
        const doc = await this.#claim();
        if (doc === undefined) return;
        const one = await this.#copy(doc);
        copied += one;
      }
    };
    await Promise.all(Array.from({ length: AT_A_TIME }, worker));
    return copied;
  }

  /** The files of those that are here, by their calls. */
  async of(callIds: readonly string[]): Promise<ReadonlyMap<string, string>> {
    const docs = await this.#parts.model
      .find({ callId: { $in: [...callIds] }, fileId: { $ne: null } }, { callId: 1, fileId: 1 })
      .sort({ callId: 1, wantedAt: -1 })
      .lean<Pick<RecordingDoc, 'callId' | 'fileId'>[]>();
    return new Map(docs.flatMap(({ callId, fileId }) => (fileId === null ? [] : [[callId, fileId] as const])));
  }

  /** Takes one that is due, for as long as a copy may take. */
  async #claim(): Promise<RecordingDoc | undefined> {
    const { model, clock } = this.#parts;
    const now = clock.now();
    const doc = await model
      .findOneAndUpdate(
        { tryAt: { $gte: new Date(0), $lte: new Date(now) } },
        { $set: { tryAt: new Date(now + LEASE_MS) }, $inc: { tries: 1 } },
        { sort: { tryAt: 1, _id: 1 }, returnDocument: 'after' },
      )
      .lean<RecordingDoc>();
    return doc ?? undefined;
  }

  async #copy(doc: RecordingDoc): Promise<number> {
    const { model, files } = this.#parts;
    const { _id } = doc;
    let fileId: string;
    try {
      fileId = await this.#fetch(doc);
    } catch (error) {
      // Without a database nothing can be told of it: the lease runs out.
      if (isUnreachable(error)) throw error;
      await this.#later(doc, error);
      return 0;
    }
    const done = { $set: { fileId, tryAt: null, reference: null } };
    // The first that is there stays, whoever's turn it is by now: who has taken it up meanwhile may have found this very file, and not noted it yet.
    const { matchedCount } = await model.updateOne({ _id, tryAt: { $ne: null } }, done);
    if (matchedCount > 0) return 1;
    // From here on nobody notes another one.
    const now = await model.findById(_id).lean<RecordingDoc>();
    if (now?.fileId !== fileId) await files.dropCopy(fileId);
    return 0;
  }

  async #fetch({ _id, callId, roomId, reference }: RecordingDoc): Promise<string> {
    const { bridge, files, vault } = this.#parts;
    if (reference === null) throw new SealBroken('a recording without its reference');
    const { bytes } = await bridge.recording(vault.keyring.open(reference, aboutOf(_id)).toString());
    return files.copy({
      roomId,
      stream: STREAM,
      by: { userId: SYSTEM_ACTOR.id, side: SYSTEM_ACTOR.side },
      of: copiedFrom(_id),
      name: `call-${callId}`,
      maxBytes: RECORDING_MAX_BYTES,
      bytes: this.#unlessStopping(bytes),
    });
  }

  async *#unlessStopping(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of bytes) {
      if (this.#parts.stopping()) throw new Error('a recording is left to another server: this one stops');
      yield chunk;
    }
  }

  /** Puts it off, or gives it up where no later try can succeed. */
  async #later({ _id, callId, roomId, tries, wantedAt, cause }: RecordingDoc, error: unknown): Promise<void> {
    const { model, clock, stopping, onLost } = this.#parts;
    const now = clock.now();
    const isOver = !stopping() && (now - wantedAt.getTime() >= RECORDING_WAIT_MS || isForGood(error));
    const wait = stopping() ? 0 : Math.min(AGAIN_MS * 2 ** (tries - 1), AGAIN_MAX_MS);
    const tryAt = isOver ? null : new Date(now + wait);
    const { matchedCount } = await model.updateOne(
      { _id, tries },
      { $set: isOver ? { tryAt, reference: null } : { tryAt } },
    );
    if (isOver && matchedCount > 0) onLost(error, { call: callId, room: roomId, correlationId: cause });
  }
}

/** What names it: an address without its query, whose signature differs each time. */
function nameIn(reference: string): string {
  if (!URL.canParse(reference)) return reference;
  const { origin, pathname } = new URL(reference);
  return `${origin}${pathname}`;
}

const aboutOf = (id: string): readonly string[] => ['recording', id];

/** Says whether an error will come again however often it is tried. */
const isForGood = (error: unknown): boolean =>
  error instanceof SealBroken ||
  (error instanceof CallFailed && error.reason === 'carrier_refused') ||
  (error instanceof Error && 'code' in error && error.code === 'too_large');
