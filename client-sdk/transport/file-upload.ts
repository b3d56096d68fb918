import { ERROR_CODES, type ErrorCode, RoomError } from '../../shared/contract/errors.ts';
import { FILE_FIELD, FILES_PATH } from '../../shared/contract/file-route.ts';
import type { FileInfo } from '../../shared/contract/files.ts';
import { FILE_MAX_BYTES } from '../../shared/contract/limits.ts';
import type { UploadOptions } from '../core/api.ts';
import { isErrorCode, readError } from '../core/failure.ts';

interface Reply {
  status: number;
  text: string;
}

/** Sends a file to the service at `url`, once. @throws {RoomError} the server's, `unavailable` when it cannot be reached, `conflict` when it was aborted */
export async function uploadFile(url: string, token: string, options: UploadOptions): Promise<FileInfo> {
  const { roomId, stream = 'public', file, name, signal } = options;
  if (file.size > FILE_MAX_BYTES) throw new RoomError('too_large', `A file is at most ${FILE_MAX_BYTES} bytes`);
  const form = new FormData();
  form.append(FILE_FIELD, file, name ?? ('name' in file && typeof file.name === 'string' ? file.name : FILE_FIELD));
  const address = `${url}${FILES_PATH}?${new URLSearchParams({ roomId, stream })}`;
  let reply: Reply;
  try {
    signal?.throwIfAborted();
    reply = await send(address, `Bearer ${token}`, form, options);
  } catch {
    if (signal?.aborted === true) throw new RoomError('conflict', 'The upload was aborted');
    throw new RoomError('unavailable', 'The file could not be sent');
  }
  const answer = read(reply.text);
  if (reply.status === 200 && typeof answer?.['file'] === 'object') return answer['file'] as FileInfo;
  throw isErrorCode(answer?.['code']) ? readError(answer) : new RoomError(codeOf(reply.status), `HTTP ${reply.status}`);
}

/** Only one of the two ways that a browser has can tell how far it is. */
async function send(address: string, authorization: string, body: FormData, options: UploadOptions): Promise<Reply> {
  if (options.onProgress !== undefined && typeof XMLHttpRequest === 'function')
    return sendWithProgress(address, authorization, body, options);
  const response = await fetch(address, {
    method: 'POST',
    headers: { authorization },
    body,
    credentials: 'omit',
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  });
  return { status: response.status, text: await response.text() };
}

function sendWithProgress(
  address: string,
  authorization: string,
  body: FormData,
  { file, signal, onProgress }: UploadOptions,
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open('POST', address);
    request.setRequestHeader('authorization', authorization);
    request.upload.addEventListener('progress', ({ loaded, total }) => {
      // What is counted is the form, which is a little more than the file.
      if (total > 0) onProgress?.(Math.min(file.size, Math.round((loaded / total) * file.size)), file.size);
    });
    request.addEventListener('load', () => resolve({ status: request.status, text: request.responseText }));
    for (const ending of ['error', 'abort']) request.addEventListener(ending, () => reject(new Error('not sent')));
    request.addEventListener('loadend', () => signal?.removeEventListener('abort', abort));
    signal?.addEventListener('abort', abort);
    request.send(body);
  });
}

function read(text: string): Record<string, unknown> | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    return typeof answer === 'object' && answer !== null ? { ...answer } : undefined;
  } catch {
    return undefined;
  }
}

/** What answered was not the service but something in front of it. */
function codeOf(status: number): ErrorCode {
  const codes = Object.keys(ERROR_CODES).filter(isErrorCode);
  return codes.find((code) => ERROR_CODES[code].status === status) ?? 'unavailable';
}
