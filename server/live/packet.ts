import { events, type ServerEventName } from '../../shared/contract/events.ts';

const FINAL_TEXT = 0x81;
const LENGTH_16 = 126;
const LENGTH_64 = 127;
/** Engine.IO's code of a message, in front of Socket.IO's packet. */
const MESSAGE = 0x34;

/** Engine.IO's code, Socket.IO's, and the beginning of an array. */
const BEFORE_NAME = '42["'.length;

const isEventName = (name: string): name is ServerEventName => Object.hasOwn(events, name);

/** One event as it travels, to however many: encoded once, and framed once on each server. */
export class Packet {
  /** A WebSocket frame that holds the whole event. */
  readonly frame: Buffer;
  #text: string | undefined;
  #name: ServerEventName | undefined;

  private constructor(frame: Buffer, text?: string, name?: ServerEventName) {
    this.frame = frame;
    this.#text = text;
    this.#name = name;
  }

  /** An event of the main namespace; the contract's events carry no binary data. */
  static of(name: ServerEventName, payload: unknown): Packet {
    const text = `2${JSON.stringify([name, payload])}`;
    const length = Buffer.byteLength(text);
    const frame = emptyFrame(length + 1);
    frame.write(text, frame.length - length);
    return new Packet(frame, text, name);
  }

  /** An event as another server has encoded it. */
  static received(bytes: Buffer): Packet {
    const frame = emptyFrame(bytes.length + 1);
    bytes.copy(frame, frame.length - bytes.length);
    return new Packet(frame);
  }

  /** The length of `text` in UTF-8. */
  get bytes(): number {
    return this.frame.length - headLength(this.frame.length) - 1;
  }

  /** Which event it is; undefined for one that this version does not know. */
  get name(): ServerEventName | undefined {
    if (this.#name === undefined) {
      const begin = headLength(this.frame.length) + BEFORE_NAME;
      const name = this.frame.toString('latin1', begin, this.frame.indexOf('"', begin));
      if (isEventName(name)) this.#name = name;
    }
    return this.#name;
  }

  /** Socket.IO's packet. */
  get text(): string {
    this.#text ??= this.frame.toString('utf8', headLength(this.frame.length) + 1);
    return this.#text;
  }
}

/** The head of a frame for a text of so many bytes, unmasked as a server's are (RFC 6455, 5.2), with Engine.IO's code in its place. */
function emptyFrame(length: number): Buffer {
  const start = length < LENGTH_16 ? 2 : length < 0x1_00_00 ? 4 : 10;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FINAL_TEXT;
  if (start === 2) frame[1] = length;
  else if (start === 4) {
    frame[1] = LENGTH_16;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = LENGTH_64;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame[start] = MESSAGE;
  return frame;
}

const headLength = (frameLength: number): number =>
  frameLength < LENGTH_16 + 2 ? 2 : frameLength < 0x1_00_00 + 4 ? 4 : 10;
