/** A masked WebSocket text frame, as a client sends it. */
export function frame(text: string | Buffer, opcode = 1): Buffer {
  const payload = Buffer.from(text);
  const length =
    payload.length < 126
      ? Buffer.from([0x80 | payload.length])
      : payload.length < 65_536
        ? Buffer.from([0x80 | 126, payload.length >> 8, payload.length & 255])
        : Buffer.from([0x80 | 127, 0, 0, 0, 0, ...[24, 16, 8, 0].map((shift) => (payload.length >> shift) & 255)]);
  return Buffer.concat([Buffer.from([0x80 | opcode]), length, Buffer.from([0, 0, 0, 0]), payload]);
}

/** The first byte of a WebSocket's closing frame, as latin1. */
export const CLOSING = '\x88';
