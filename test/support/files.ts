import { FILES_PATH } from '../../shared/contract/file-route.ts';
import { type FileInfo, uploadAnswer } from '../../shared/contract/files.ts';
import type { WireError } from '../../shared/contract/errors.ts';
import { Refused } from './client.ts';

/** The smallest picture there is. */
export const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==',
  'base64',
);

export interface UploadInput {
  roomId: string;
  stream?: string;
  name?: string;
  bytes?: Uint8Array;
}

export async function postFile(
  url: string,
  token: string | undefined,
  { roomId, stream, name = 'picture.png', bytes = PNG }: UploadInput,
): Promise<{ status: number; type: string; file?: FileInfo; problem?: WireError }> {
  const form = new FormData();
  form.append('file', new Blob([Uint8Array.from(bytes)]), name);
  const query = new URLSearchParams({ roomId, ...(stream === undefined ? {} : { stream }) });
  const response = await fetch(`${url}${FILES_PATH}?${query}`, {
    method: 'POST',
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    body: form,
    signal: AbortSignal.timeout(60_000),
  });
  const type = response.headers.get('content-type') ?? '';
  const body: unknown = await response.json();
  if (!response.ok) return { status: response.status, type, problem: body as WireError };
  return { status: response.status, type, file: uploadAnswer.parse(body).file };
}

/** Uploads. @throws {Refused} */
export async function uploadFile(url: string, token: string, input: UploadInput): Promise<FileInfo> {
  const { file, problem } = await postFile(url, token, input);
  if (file !== undefined) return file;
  throw problem === undefined ? new Error('neither a file nor a problem') : new Refused('upload', problem);
}

export function getFile(
  url: string,
  token: string | undefined,
  fileId: string,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(`${url}${FILES_PATH}/${fileId}`, {
    headers: { ...headers, ...(token === undefined ? {} : { authorization: `Bearer ${token}` }) },
    signal: AbortSignal.timeout(60_000),
  });
}
