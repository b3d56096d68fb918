import { request as httpRequest } from 'node:http';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { FILES_PATH } from '../../shared/contract/file-route.ts';
import { uploadAnswer } from '../../shared/contract/files.ts';
import { FILE_MAX_BYTES } from '../../shared/contract/limits.ts';
import { getFile } from '../support/files.ts';
import { wireSuite } from '../support/wire-suite.ts';

const MB = 1024 * 1024;
/** What a transfer of 20 MB may hold at any moment, the test's own half of it included. */
const HELD_MAX = 6 * MB;

setFlagsFromString('--expose-gc');
const gc = runInNewContext('gc') as () => void;

/** Bytes that are still held after a collection. */
function held(): number {
  // The memory of buffers is given back beside the program; a second collection waits for that of the first.
  gc();
  gc();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('Memory while a file of 20 MB goes through', () => {
  const suite = wireSuite();

  it('is flat in both directions', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    // What is loaded and compiled once is not counted.
    const warm = await portal.upload('buyer', { roomId, name: 'a.txt', bytes: Buffer.alloc(MB, 'a') });
    await (await getFile(portal.url, await portal.token('buyer'), warm.id)).arrayBuffer();
    const before = held();
    let peak = 0;
    const sample = (): void => {
      peak = Math.max(peak, held() - before);
    };

    const outgoing = httpRequest(`${portal.url}${FILES_PATH}?roomId=${roomId}`, {
      method: 'POST',
      headers: {
        authorization: `Bearer ${await portal.token('buyer')}`,
        'content-type': 'multipart/form-data; boundary=b',
      },
    });
    const answered = new Promise<string>((resolve, reject) => {
      outgoing.on('error', reject);
      outgoing.on('response', (response) => {
        let text = '';
        response.on('data', (chunk: Buffer) => {
          text += chunk.toString();
        });
        response.on('end', () => resolve(text));
      });
    });
    const write = (part: string | Buffer) => new Promise<void>((resolve) => outgoing.write(part, () => resolve()));
    await write('--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\n\r\n');
    const piece = Buffer.alloc(64 * 1024, 'a');
    for (let sent = 0; sent < FILE_MAX_BYTES; sent += piece.length) {
      await write(piece);
      if (sent % (2 * MB) === 0) sample();
    }
    outgoing.end('\r\n--b--\r\n');
    const { file } = uploadAnswer.parse(JSON.parse(await answered));
    expect(file.size).to.equal(FILE_MAX_BYTES);
    sample();
    const uploading = peak;

    peak = 0;
    const { body } = await getFile(portal.url, await portal.token('buyer'), file.id);
    if (body === null) throw new Error('no body');
    let received = 0;
    let next = 0;
    for await (const chunk of body) {
      received += chunk.byteLength;
      if (received < next) continue;
      next += 2 * MB;
      sample();
    }
    expect(received).to.equal(FILE_MAX_BYTES);
    const downloading = peak;
    expect(
      { uploading: uploading < HELD_MAX, downloading: downloading < HELD_MAX },
      `${uploading}, ${downloading}`,
    ).to.deep.equal({
      uploading: true,
      downloading: true,
    });
  });
});
