import { createServer, type Server as HttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { Server, type Socket } from 'socket.io';
import { type Client, createClient, socketIoTransport } from '../../client-sdk/index.ts';
import type { ConnectionListener } from '../../client-sdk/core/transport.ts';

/** What a connection told, and a wait for the next of a kind. */
class Told implements ConnectionListener {
  readonly all: string[] = [];
  readonly #waiting = new Map<string, () => void>();

  next(kind: string): Promise<void> {
    if (this.all.some((line) => line.startsWith(kind))) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.set(kind, resolve));
  }
  opened(): void {
    this.#tell('opened');
  }
  refused(error: { code: string } | undefined, reason: string): void {
    this.#tell(`refused ${error?.code ?? 'without a word'} ${reason}`);
  }
  lost(reason: string): void {
    this.#tell(`lost ${reason}`);
  }
  event(name: string, payload: unknown): void {
    this.#tell(`event ${name} ${JSON.stringify(payload)}`);
  }
  #tell(line: string): void {
    this.all.push(line);
    this.#waiting.get(line.split(' ')[0] as string)?.();
  }
}

describe('client-sdk socket.io transport', () => {
  let http: HttpServer;
  let io: Server;
  let url: string;
  let sockets: Socket[];
  const open: { close(): unknown }[] = [];

  beforeEach(async () => {
    http = createServer();
    io = new Server(http);
    sockets = [];
    io.use((socket, next) => {
      if (socket.handshake.auth['token'] === 'good') return next();
      next(Object.assign(new Error('no'), { data: { code: 'unauthenticated', message: 'no valid token' } }));
    });
    io.on('connection', (socket) => {
      sockets.push(socket);
      socket.emit('inbox', { head: 1 });
      socket.on('room.list', (input: unknown, ack: (answer: unknown) => void) =>
        ack({ ok: true, data: { items: [input] } }),
      );
    });
    await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
    url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
  });
  afterEach(async () => {
    for (const one of open.splice(0)) await one.close();
    await io.close();
  });

  const connect = (token: string, transports: ('websocket' | 'polling')[] = ['websocket']) => {
    const told = new Told();
    const connection = socketIoTransport({ transports }).connect(url, { token, v: 1 }, told);
    open.push(connection);
    return { told, connection };
  };

  for (const transport of ['websocket', 'polling'] as const) {
    it(`connects over ${transport}, carries calls and events, and hears nothing after closing`, async () => {
      const { told, connection } = connect('good', [transport]);
      await told.next('event');
      expect(told.all).to.deep.equal(['opened', 'event inbox {"head":1}']);
      expect(sockets[0]?.conn.transport.name).to.equal(transport);
      expect(sockets[0]?.handshake.auth).to.deep.equal({ token: 'good', v: 1 });
      const answer = await new Promise((resolve) => connection.emit('room.list', { limit: 1 }, resolve));
      expect(answer).to.deep.equal({ ok: true, data: { items: [{ limit: 1 }] } });
      const gone = new Promise((resolve) => sockets[0]?.on('disconnect', resolve));
      connection.close();
      await gone;
      expect(told.all).to.have.length(2);
    });
  }

  it('hands on the server’s own word when it refuses, and does not try again', async () => {
    const { told } = connect('bad');
    await told.next('refused');
    expect(told.all).to.deep.equal(['refused unauthenticated no']);
  });

  it('says without a word of the server that nobody is there', async () => {
    await io.close();
    const { told } = connect('good');
    await told.next('refused');
    expect(told.all[0]).to.match(/^refused without a word/);
  });

  it('tells once that the connection is lost, and calls no ack after it', async () => {
    const { told, connection } = connect('good');
    await told.next('opened');
    await told.next('event');
    let acked = false;
    connection.emit('nobody.answers', {}, () => {
      acked = true;
    });
    sockets[0]?.conn.close();
    await told.next('lost');
    connection.emit('room.list', {}, () => {
      acked = true;
    });
    expect(told.all.filter((line) => line.startsWith('lost'))).to.have.length(1);
    expect(acked).to.equal(false);
  });

  it('carries a whole client, with one socket whatever is opened over it', async () => {
    const client: Client = createClient({ url: `${url}/`, getToken: () => 'good' });
    open.push(client);
    client.connect();
    const { items } = await client.call('room.list', { limit: 3 });
    expect(items).to.deep.equal([{ limit: 3 }]);
    expect(io.engine.clientsCount).to.equal(1);
    const gone = new Promise((resolve) => sockets[0]?.conn.on('close', resolve));
    await client.close();
    await gone;
    expect(io.engine.clientsCount).to.equal(0);
  });
});
