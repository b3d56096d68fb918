import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { passOver } from '../../../support/number-net.ts';

/** How a carrier behaves: as published, or refusing, out of order, silent, or doing what it is asked without an answer that arrives. */
export type Mood = 'well' | 'refuses' | 'broken' | 'silent' | 'mute';

export interface CarrierAsked {
  method: string;
  url: URL;
  headers: IncomingMessage['headers'];
  body: string;
}

export interface CarrierSays {
  status: number;
  body: unknown;
}

/** A frame of MPEG audio, silent. */
export const SOUND = Buffer.concat([Buffer.from([0xff, 0xfb, 0x90, 0x64]), Buffer.alloc(413)]);

/** A local server that speaks a carrier's API. What it says when it refuses quotes the numbers that it was asked with, as carriers do. */
export abstract class CarrierServer {
  mood: Mood = 'well';
  /** What reached it with a right signature. */
  readonly asked: CarrierAsked[] = [];
  /** What it gives as a recording; undefined while it has none yet. */
  recording: Buffer | undefined = SOUND;
  /** A recording is not given before that. */
  given: Promise<void> = Promise.resolve();
  /** How often it was asked for one. */
  fetched = 0;
  /** Where it listens, or listened. */
  origin = '';
  #server: Server | undefined;

  /** Answers a request. */
  protected abstract serve(asked: CarrierAsked): CarrierSays;
  /** What it says when it refuses. */
  protected abstract refusal(quoting: string): CarrierSays;

  /** Answers a request for a recording. */
  protected giveRecording(): CarrierSays {
    this.fetched += 1;
    return this.recording === undefined
      ? { status: 404, body: { message: 'not there yet' } }
      : { status: 200, body: this.recording };
  }

  /** Requests that it has left without an answer, and whose sender waits still. */
  hanging = 0;
  /** All that it has left without an answer. */
  unanswered = 0;

  /** @param port where it listened before, to listen there again */
  async start(port = 0): Promise<void> {
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => this.#answer(request, body, response));
    }).listen(port, '127.0.0.1');
    passOver(server);
    await once(server, 'listening');
    this.#server = server;
    this.origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    if (server?.listening !== true) return;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  }

  #answer({ method = '', url = '', headers }: IncomingMessage, body: string, response: ServerResponse): void {
    const quoting = `${decodeURIComponent(url)} ${decodeURIComponent(body)}`;
    const asked = { method, url: new URL(url, this.origin), headers, body };
    if (this.mood === 'silent' || this.mood === 'mute') {
      if (this.mood === 'mute') this.serve(asked);
      this.hanging += 1;
      this.unanswered += 1;
      response.once('close', () => {
        this.hanging -= 1;
      });
      return;
    }
    if (this.mood === 'broken') {
      response.writeHead(502, { 'content-type': 'text/html' }).end(`<h1>Bad gateway</h1>${quoting}`);
      return;
    }
    const { status, body: said } = this.mood === 'refuses' ? this.refusal(quoting) : this.serve(asked);
    if (said instanceof Buffer)
      void this.given.then(() => response.writeHead(status, { 'content-type': 'audio/mpeg' }).end(said));
    else response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(said));
  }
}
