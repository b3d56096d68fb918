import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import busboy, { type Busboy } from 'busboy';
import { RoomError } from '../../../shared/contract/errors.ts';
import { FILE_FIELD } from '../../../shared/contract/file-route.ts';
import { FILE_MAX_BYTES, FORM_MAX_BYTES, ID_MAX } from '../../../shared/contract/limits.ts';
import type { Clock } from '../../clock.ts';
import { tooLarge } from '../../files/file-store.ts';

/** The file of a form, as its sender calls it. */
export interface FormFile {
  name: string;
  /** Ends when the form has ended as it must: with this file and nothing else in it. */
  bytes: AsyncIterable<Uint8Array>;
}

export const BODY_MAX_BYTES = FILE_MAX_BYTES + FORM_MAX_BYTES;

export interface FormLimits {
  clock: Clock;
  /** Milliseconds without a byte after which it is given up. */
  stallMs: number;
  /** Aborted with the error that the sender is told. */
  signal: AbortSignal;
}

/**
 * Reads a form with exactly one file, field `file`, as it comes in: what is not taken yet is not read from the sender either.
 * @param store gets the file when its first bytes are there; an error of the form ends its iteration
 * @throws {RoomError} `invalid` for another form, `unsupported_type` for no form, `too_large`, `unavailable` when the sender stalls
 */
export async function receiveFile<Stored>(
  request: IncomingMessage,
  { clock, stallMs, signal }: FormLimits,
  store: (file: FormFile) => Promise<Stored>,
): Promise<Stored> {
  const parser = parserOf(request);
  let fault: unknown;
  const fail = (error: unknown): void => {
    fault ??= error;
    request.unpipe(parser);
    // Not at once: the parser may be telling of what it found, and does not expect to be gone afterwards.
    setImmediate(() => parser.destroy(error instanceof Error ? error : new Error('the upload failed')));
  };
  const ended = new Promise<void>((resolve, reject) => {
    parser.once('close', () => (fault === undefined ? resolve() : reject(fault)));
    parser.on('error', (error) => {
      fail(error instanceof RoomError ? error : invalid('must be whole multipart/form-data'));
      reject(fault);
    });
  });
  const begun = new Promise<{ name: string; file: Readable }>((resolve, reject) => {
    parser.on('file', (field, file, { filename }) => {
      // Every error of the parser is an error of its file: it is told by `ended`.
      file.on('error', () => undefined);
      file.once('limit', () => fail(tooLarge()));
      if (field !== FILE_FIELD) fail(invalid(`must be the only field, named "${FILE_FIELD}"`));
      else resolve({ name: filename ?? '', file });
    });
    ended.then(() => reject(invalid('is missing')), reject);
  });
  // Whoever waits hears of it; not everybody waits for both.
  for (const one of [ended, begun]) one.catch(() => undefined);
  parser.once('filesLimit', () => fail(invalid('must be one file')));
  parser.once('fieldsLimit', () => fail(invalid('must be the only field, and a file')));

  const watch = new Watch(request, clock, stallMs, fail);
  const onAbort = (): void => fail(signal.reason);
  signal.addEventListener('abort', onAbort);
  request.pipe(parser);
  try {
    const { name, file } = await begun;
    return await store({ name, bytes: bytesOf(file, ended) });
  } catch (error) {
    throw fault ?? error;
  } finally {
    watch.end();
    signal.removeEventListener('abort', onAbort);
    request.unpipe(parser);
    parser.destroy();
  }
}

async function* bytesOf(file: Readable, ended: Promise<void>): AsyncGenerator<Uint8Array> {
  for await (const chunk of file) if (chunk instanceof Uint8Array) yield chunk;
  await ended;
}

function parserOf({ headers }: IncomingMessage): Busboy {
  if (!/^multipart\/form-data\s*;/i.test(headers['content-type'] ?? '') || headers['content-encoding'] !== undefined)
    throw new RoomError('unsupported_type', 'Send the file as plain multipart/form-data.');
  if (Number(headers['content-length'] ?? 0) > BODY_MAX_BYTES) throw tooLarge();
  try {
    return busboy({
      headers,
      defParamCharset: 'utf8',
      preservePath: true,
      // A file that reaches its limit is cut: one of exactly the largest size must not be.
      limits: { files: 1, fields: 0, fileSize: FILE_MAX_BYTES + 1, headerPairs: 20, fieldNameSize: ID_MAX },
    });
  } catch {
    throw invalid('must be multipart/form-data with a boundary');
  }
}

/** Ends an upload that has become too long, that stalls, or whose sender has gone. */
class Watch {
  readonly #request: IncomingMessage;
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #fail: (error: unknown) => void;
  #bytes = 0;
  #lastAt: number;
  #cancel: () => void;

  constructor(request: IncomingMessage, clock: Clock, stallMs: number, fail: (error: unknown) => void) {
    this.#request = request;
    this.#clock = clock;
    this.#stallMs = stallMs;
    this.#fail = fail;
    this.#lastAt = clock.now();
    this.#cancel = clock.after(stallMs, () => this.#look());
    request.on('data', this.#onData);
    request.on('close', this.#onClose);
    request.on('error', this.#onClose);
  }

  end(): void {
    this.#cancel();
    this.#request.off('data', this.#onData);
    this.#request.off('close', this.#onClose);
    // The listener for errors stays: a connection may break afterwards, and nobody else listens.
  }

  readonly #onData = (chunk: Uint8Array): void => {
    this.#lastAt = this.#clock.now();
    this.#bytes += chunk.length;
    if (this.#bytes > BODY_MAX_BYTES) this.#fail(tooLarge());
  };

  readonly #onClose = (): void => {
    if (!this.#request.complete) this.#fail(new RoomError('invalid', 'The sender went away in the middle of a file.'));
  };

  #look(): void {
    const silent = this.#clock.now() - this.#lastAt;
    if (silent >= this.#stallMs)
      this.#fail(new RoomError('unavailable', 'Nothing of the file has come for too long: send it again.'));
    else this.#cancel = this.#clock.after(this.#stallMs - silent, () => this.#look());
  }
}

function invalid(reason: string): RoomError {
  return new RoomError('invalid', `${FILE_FIELD}: ${reason}`, { details: [{ path: FILE_FIELD, reason }] });
}
