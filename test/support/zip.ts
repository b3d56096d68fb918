import { deflateRawSync } from 'node:zlib';

/** An archive with one member, as small as a reader takes. */
export function zip(name: string, content: string | Buffer = 'x', method: 0 | 8 = 0): Buffer {
  const data = method === 0 ? Buffer.from(content) : deflateRawSync(content);
  const header = Buffer.alloc(30);
  header.writeUInt32LE(0x04034b50, 0);
  header.writeUInt16LE(20, 4);
  header.writeUInt16LE(method, 8);
  header.writeUInt32LE(data.length, 18);
  header.writeUInt32LE(content.length, 22);
  header.writeUInt16LE(name.length, 26);
  return Buffer.concat([header, Buffer.from(name), data]);
}
