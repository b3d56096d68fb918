/** Messages of the MongoDB wire protocol: OP_MSG, and OP_QUERY as far as the first handshake of a driver needs it. */
import { MongoError } from '../errors.ts';
import { checkFrame, joinElements } from '../store/raw-bson.ts';

export const HEADER_BYTES = 16;

/** MongoDB's limit for one message; a longer one ends the connection. */
export const MAX_MESSAGE_BYTES = 48_000_000;

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;

const CHECKSUM_PRESENT = 1;
const MORE_TO_COME = 2;
/** The low half of the flags must be understood, the high half may be passed over. */
const REQUIRED_FLAGS = 0xffff;

/** One command as it came. */
export interface Request {
  readonly requestId: number;
  readonly legacy: boolean;
  /** False for an unacknowledged write: the client waits for nothing. */
  readonly wantsReply: boolean;
  readonly body: Buffer;
  /** Only in the legacy form: the database stands in the name of the collection. */
  readonly database?: string;
  /** The documents that came beside the body, e.g. those of an insert. */
  readonly sequences: ReadonlyMap<string, readonly Buffer[]>;
}

/** A message that cannot be understood: the sender is told why, if it can be told, and the connection ends. */
export class BrokenMessage extends Error {
  readonly requestId: number;

  constructor(reason: string, requestId = 0) {
    super(reason);
    this.name = 'BrokenMessage';
    this.requestId = requestId;
  }
}

const NO_SEQUENCES: ReadonlyMap<string, readonly Buffer[]> = new Map();

/** Reads one complete message. */
export function parseRequest(message: Buffer): Request {
  const requestId = message.readInt32LE(4);
  const opCode = message.readInt32LE(12);
  try {
    if (opCode === OP_MSG) return parseMsg(message, requestId);
    if (opCode === OP_QUERY) return parseQuery(message, requestId);
  } catch (error) {
    if (error instanceof MongoError || error instanceof RangeError) throw new BrokenMessage(error.message, requestId);
    throw error;
  }
  throw new BrokenMessage(`opcode ${opCode} is not supported`, requestId);
}

function documentAt(bytes: Buffer, at: number, limit: number): Buffer {
  const size = at + 4 <= limit ? bytes.readInt32LE(at) : 0;
  if (size < 5 || at + size > limit) throw new MongoError('InvalidBSON', 'a document is longer than its message');
  const raw = bytes.subarray(at, at + size);
  checkFrame(raw);
  return raw;
}

function cstringAt(bytes: Buffer, at: number, limit: number): { text: string; next: number } {
  const end = bytes.indexOf(0, at);
  if (end < 0 || end >= limit) throw new MongoError('InvalidBSON', 'a name without its end');
  return { text: bytes.toString('utf8', at, end), next: end + 1 };
}

function parseMsg(message: Buffer, requestId: number): Request {
  if (message.length < HEADER_BYTES + 9) throw new BrokenMessage('a message without a body', requestId);
  const flags = message.readUInt32LE(HEADER_BYTES);
  if ((flags & REQUIRED_FLAGS & ~(CHECKSUM_PRESENT | MORE_TO_COME)) !== 0)
    throw new BrokenMessage(`unknown flags ${flags & REQUIRED_FLAGS}`, requestId);
  const limit = message.length - ((flags & CHECKSUM_PRESENT) === 0 ? 0 : 4);
  let body: Buffer | undefined;
  let sequences: Map<string, Buffer[]> | undefined;
  let at = HEADER_BYTES + 4;
  while (at < limit) {
    const kind = message[at] ?? -1;
    at += 1;
    if (kind === 0) {
      if (body) throw new BrokenMessage('a message with two bodies', requestId);
      body = documentAt(message, at, limit);
      at += body.length;
    } else if (kind === 1) {
      const size = at + 4 <= limit ? message.readInt32LE(at) : 0;
      const end = at + size;
      if (size < 6 || end > limit) throw new BrokenMessage('a document sequence is longer than its message', requestId);
      const { text, next } = cstringAt(message, at + 4, end);
      sequences ??= new Map();
      if (sequences.has(text)) throw new BrokenMessage(`the document sequence ${text} comes twice`, requestId);
      const documents: Buffer[] = [];
      for (let from = next; from < end; ) {
        const raw = documentAt(message, from, end);
        documents.push(raw);
        from += raw.length;
      }
      sequences.set(text, documents);
      at = end;
    } else throw new BrokenMessage(`unknown section kind ${kind}`, requestId);
  }
  if (!body) throw new BrokenMessage('a message without a body', requestId);
  return {
    requestId,
    legacy: false,
    wantsReply: (flags & MORE_TO_COME) === 0,
    body,
    sequences: sequences ?? NO_SEQUENCES,
  };
}

function parseQuery(message: Buffer, requestId: number): Request {
  const { text: namespace, next } = cstringAt(message, HEADER_BYTES + 4, message.length);
  if (!namespace.endsWith('.$cmd')) throw new BrokenMessage('OP_QUERY is supported for commands only', requestId);
  const body = documentAt(message, next + 8, message.length);
  return {
    requestId,
    legacy: true,
    wantsReply: true,
    body,
    database: namespace.slice(0, -'.$cmd'.length),
    sequences: NO_SEQUENCES,
  };
}

/** The reply message around a document. */
export function frameReply(request: Pick<Request, 'requestId' | 'legacy'>, replyId: number, body: Buffer): Buffer {
  const before = request.legacy ? HEADER_BYTES + 20 : HEADER_BYTES + 5;
  const message = Buffer.allocUnsafe(before + body.length);
  message.writeInt32LE(message.length, 0);
  message.writeInt32LE(replyId, 4);
  message.writeInt32LE(request.requestId, 8);
  message.writeInt32LE(request.legacy ? OP_REPLY : OP_MSG, 12);
  message.fill(0, HEADER_BYTES, before);
  if (request.legacy) {
    message.writeInt32LE(8, HEADER_BYTES); // AwaitCapable, as every server since 1.6 says
    message.writeInt32LE(1, HEADER_BYTES + 16);
  }
  body.copy(message, before);
  return message;
}

const DIGITS: readonly Buffer[] = Array.from({ length: 1000 }, (_, at) => Buffer.from(`${at}`, 'latin1'));

function arrayName(at: number): Buffer {
  return DIGITS[at] ?? Buffer.from(`${at}`, 'latin1');
}

/** `{ cursor: { [field]: documents, id, ns }, ok: 1 }`, with the documents copied as they are. */
export function cursorReply(
  field: 'firstBatch' | 'nextBatch',
  documents: readonly Buffer[],
  id: bigint,
  namespace: string,
): Buffer {
  let arrayBytes = 5;
  for (const [at, raw] of documents.entries()) arrayBytes += 2 + arrayName(at).length + raw.length;
  const names = Buffer.byteLength(namespace);
  const cursorBytes = 5 + (1 + field.length + 1 + arrayBytes) + (1 + 3 + 8) + (1 + 3 + 4 + names + 1);
  const total = 5 + (1 + 7 + cursorBytes) + (1 + 3 + 8);
  const reply = Buffer.allocUnsafe(total);
  let at = reply.writeInt32LE(total, 0);
  at = name(reply, at, 0x03, 'cursor');
  at = reply.writeInt32LE(cursorBytes, at);
  at = name(reply, at, 0x04, field);
  at = reply.writeInt32LE(arrayBytes, at);
  for (const [position, raw] of documents.entries()) {
    reply[at++] = 0x03;
    const digits = arrayName(position);
    at += digits.copy(reply, at);
    reply[at++] = 0;
    at += raw.copy(reply, at);
  }
  reply[at++] = 0;
  at = name(reply, at, 0x12, 'id');
  at = reply.writeBigInt64LE(id, at);
  at = name(reply, at, 0x02, 'ns');
  at = reply.writeInt32LE(names + 1, at);
  at += reply.write(namespace, at, 'utf8');
  reply[at++] = 0;
  reply[at++] = 0;
  at = name(reply, at, 0x01, 'ok');
  at = reply.writeDoubleLE(1, at);
  reply[at] = 0;
  return reply;
}

function name(reply: Buffer, at: number, type: number, text: string): number {
  reply[at] = type;
  const end = at + 1 + reply.write(text, at + 1, 'latin1');
  reply[end] = 0;
  return end + 1;
}

/** The elements of a document behind those of another. */
export function appendElements(a: Buffer, b: Buffer): Buffer {
  return joinElements([a.subarray(4, a.length - 1), b.subarray(4, b.length - 1)]);
}
