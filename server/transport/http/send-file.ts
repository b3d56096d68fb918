import type { IncomingMessage, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { FileInfo } from '../../../shared/contract/files.ts';
import { type ByteRange, byteRange } from './byte-range.ts';

/** A file to be sent, and how to get at its bytes. */
export interface SentFile {
  info: FileInfo;
  at: Date;
  read(from: number, to: number): AsyncIterable<Uint8Array>;
}

/**
 * Answers a request with a file: whole, a range of it, or that it is known already. A browser saves it whatever it is, and would run nothing of it. Nobody
 * but its reader keeps it, and they ask again before they use it.
 */
export async function sendFile(
  request: IncomingMessage,
  response: ServerResponse,
  { info, at, read }: SentFile,
): Promise<void> {
  const etag = `"${info.id}"`;
  const { headers } = request;
  response.setHeader('Cache-Control', 'private, no-cache');
  response.setHeader('ETag', etag);
  response.setHeader('Last-Modified', at.toUTCString());
  response.setHeader('Accept-Ranges', 'bytes');
  response.setHeader('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'; sandbox");
  response.setHeader('X-Content-Type-Options', 'nosniff');
  if (isKnown(headers['if-none-match'], etag)) {
    response.writeHead(304).end();
    return;
  }
  const asked = mayBeRange(request.headersDistinct['if-range']?.[0], etag, at)
    ? byteRange(headers.range, info.size)
    : 'whole';
  if (asked === 'none') {
    response.writeHead(416, { 'Content-Range': `bytes */${info.size}`, 'Content-Length': 0 }).end();
    return;
  }
  const { from, to }: ByteRange = asked === 'whole' ? { from: 0, to: info.size - 1 } : asked;
  response.writeHead(asked === 'whole' ? 200 : 206, {
    'Content-Type': info.type.startsWith('text/') ? `${info.type}; charset=utf-8` : info.type,
    'Content-Length': to - from + 1,
    'Content-Disposition': disposition(info.name),
    ...(asked === 'whole' ? {} : { 'Content-Range': `bytes ${from}-${to}/${info.size}` }),
  });
  if (request.method === 'HEAD') response.end();
  else await pipeline(Readable.from(read(from, to), { objectMode: false, highWaterMark: 1 }), response);
}

const isKnown = (header: string | undefined, etag: string): boolean =>
  header?.split(',').some((tag) => tag.trim() === '*' || tag.trim().replace(/^W\//, '') === etag) === true;

/** `If-Range`: a part is of use only to somebody whose other parts are of the same file. */
const mayBeRange = (header: string | undefined, etag: string, at: Date): boolean =>
  header === undefined || header === etag || header === at.toUTCString();

/** RFC 6266 and 5987: the name for everybody, and one in plain letters for who cannot read that. */
export function disposition(name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
