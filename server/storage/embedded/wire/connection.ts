/** One client connection: bytes in, commands out, replies back in the order of the commands. */
import type { Socket } from 'node:net';
import { BrokenMessage, HEADER_BYTES, MAX_MESSAGE_BYTES, type Request, parseRequest } from './frame.ts';

/** Answers a request; `reply` is called once, with the whole message, or with undefined when the client waits for none. */
export type Handler = (connection: Connection, request: Request, reply: (message: Buffer | undefined) => void) => void;

/** Commands that a client may send ahead of their replies before its socket is read no further. */
const MAX_BACKLOG = 64;

export class Connection {
  readonly id: number;
  readonly #socket: Socket;
  readonly #handler: Handler;
  readonly #refuse: (requestId: number, reason: string) => Buffer;
  #chunks: Buffer[] = [];
  #buffered = 0;
  #backlog: Request[] = [];
  #busy = false;
  #draining = false;
  #ended = false;

  constructor(id: number, socket: Socket, handler: Handler, refuse: (requestId: number, reason: string) => Buffer) {
    this.id = id;
    this.#socket = socket;
    this.#handler = handler;
    this.#refuse = refuse;
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', () => socket.destroy());
    socket.on('close', () => {
      this.#ended = true;
      this.#backlog = [];
    });
  }

  /** Whether no command is on its way. */
  get idle(): boolean {
    return !this.#busy && this.#backlog.length === 0;
  }

  end(): void {
    this.#ended = true;
    this.#socket.destroy();
  }

  #receive(chunk: Buffer): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#buffered += chunk.length;
    try {
      for (let message = this.#take(); message; message = this.#take()) this.#backlog.push(parseRequest(message));
    } catch (error) {
      if (!(error instanceof BrokenMessage)) throw error;
      this.#ended = true;
      this.#socket.end(this.#refuse(error.requestId, error.message), () => this.#socket.destroy());
      return;
    }
    this.#next();
    if (this.#backlog.length > MAX_BACKLOG) this.#socket.pause();
  }

  /** The next whole message, if it is there. */
  #take(): Buffer | undefined {
    if (this.#buffered < HEADER_BYTES) return undefined;
    let first = this.#chunks[0];
    if (!first) return undefined;
    if (first.length < HEADER_BYTES) {
      first = Buffer.concat(this.#chunks);
      this.#chunks = [first];
    }
    const length = first.readInt32LE(0);
    if (length < HEADER_BYTES || length > MAX_MESSAGE_BYTES)
      throw new BrokenMessage(
        `message length ${length} is not between ${HEADER_BYTES} and ${MAX_MESSAGE_BYTES}`,
        first.readInt32LE(4),
      );
    if (this.#buffered < length) return undefined;
    const all = this.#chunks.length === 1 ? first : Buffer.concat(this.#chunks);
    this.#buffered -= length;
    this.#chunks = this.#buffered > 0 ? [all.subarray(length)] : [];
    return all.subarray(0, length);
  }

  #next(): void {
    // A reply that comes at once must not start the next command from within: a long pipeline would fill the stack.
    this.#draining = true;
    while (!this.#busy && !this.#ended) {
      const request = this.#backlog.shift();
      if (!request) break;
      this.#busy = true;
      this.#handler(this, request, (message) => this.#reply(message));
    }
    this.#draining = false;
    if (this.#backlog.length <= MAX_BACKLOG && this.#socket.isPaused()) this.#socket.resume();
  }

  #reply(message: Buffer | undefined): void {
    this.#busy = false;
    if (message && !this.#ended) this.#socket.write(message);
    if (!this.#draining && this.#backlog.length > 0) this.#next();
  }
}
