import { once } from 'node:events';
import { connect as connectTcp, type Socket as TcpSocket } from 'node:net';
import { io, type Socket } from 'socket.io-client';
import type { WireError } from '../../shared/contract/errors.ts';
import { within } from '../support/client.ts';
import { type TestService } from '../support/service.ts';
import { tokenOf, type Who } from '../support/tokens.ts';

export const BUYER: Who = { sub: 'buyer-1', side: 'buyer', org: 'org-b' };
export const SERVICE: Who = { sub: 'portal', side: 'service' };

export type Answer = { ok: true; data: Record<string, unknown> } | { ok: false; error: WireError };

export interface ConnectOptions {
  auth?: Record<string, unknown>;
  transports?: ('websocket' | 'polling')[];
  headers?: Record<string, string>;
  namespace?: string;
}

/** Opens a Socket.IO connection that neither retries nor shares anything with another. */
export function open(
  url: string,
  { auth = {}, transports = ['websocket'], headers = {}, namespace = '/' }: ConnectOptions = {},
): Socket {
  return io(`${url}${namespace}`, { auth, transports, extraHeaders: headers, reconnection: false, forceNew: true });
}

/** The error with which a connection is refused. */
export async function refusalOf(
  socket: Socket,
): Promise<Error & { data?: WireError; description?: unknown; context?: unknown }> {
  try {
    return await within(
      new Promise((resolve, reject) => {
        socket.once('connect_error', resolve);
        socket.once('connect', () => reject(new Error('was let in')));
      }),
      'a refusal',
    );
  } finally {
    socket.disconnect();
  }
}

/** A socket of somebody with a good token, connected. */
export async function connectAs(
  service: TestService,
  who: Who,
  options: ConnectOptions & { lifeSeconds?: number } = {},
): Promise<Socket> {
  const { lifeSeconds } = options;
  const token = await tokenOf(who, lifeSeconds === undefined ? {} : { lifeSeconds });
  const socket = open(service.service.url, { ...options, auth: { token, ...options.auth } });
  await within(
    new Promise<void>((resolve, reject) => {
      socket.once('connect', resolve);
      socket.once('connect_error', reject);
    }),
    'a connection',
  );
  return socket;
}

export function call(socket: Socket, name: string, ...args: unknown[]): Promise<Answer> {
  return within(socket.emitWithAck(name, ...args) as Promise<Answer>, `an answer to ${name}`);
}

export function eventOf(socket: Socket, name: string): Promise<unknown> {
  return within(new Promise((resolve) => socket.once(name, resolve)), `the event ${name}`);
}

export async function post(
  url: string,
  name: string,
  options: { token?: string; body?: unknown; headers?: Record<string, string> } = {},
) {
  const response = await fetch(`${url}/v1/${name}`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
      ...options.headers,
    },
    body: typeof options.body === 'string' ? options.body : JSON.stringify(options.body ?? {}),
  });
  const text = await response.text();
  return { status: response.status, headers: response.headers, body: JSON.parse(text) as Record<string, unknown> };
}

/** Opens a polling session by hand: its address. */
export async function pollingSession(url: string): Promise<string> {
  const response = await fetch(`${url}/socket.io/?EIO=4&transport=polling`);
  const sid = /"sid":"([^"]+)"/.exec(await response.text())?.[1];
  if (sid === undefined) throw new Error(`no session: ${response.status}`);
  return `${url}/socket.io/?EIO=4&transport=polling&sid=${sid}`;
}

/** A bare TCP connection; everything that it receives is gathered. */
export class Tcp {
  readonly socket: TcpSocket;
  received = '';
  readonly closed: Promise<unknown>;

  constructor(service: TestService) {
    this.socket = connectTcp(service.service.port, '127.0.0.1');
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk: string) => {
      this.received += chunk;
    });
    this.socket.on('error', () => undefined);
    this.closed = once(this.socket, 'close');
  }

  send(data: string | Buffer): void {
    this.socket.write(data);
  }

  /** Asks for an upgrade to a WebSocket without waiting for the answer. */
  upgrade(path = '/socket.io/?EIO=4&transport=websocket', headers: Record<string, string> = {}): void {
    const lines = Object.entries({
      Host: 'localhost',
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Version': '13',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers,
    }).map(([name, value]) => `${name}: ${value}`);
    this.send([`GET ${path} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
  }
}
