import { once } from 'node:events';
import { connect } from 'node:net';
import { expect } from 'chai';
import { type FrontDoor, listen, tcpPerAddress } from '../../../server/app/front-door.ts';
import { FILES_PATH } from '../../../shared/contract/file-route.ts';
import { TCP_PER_ADDRESS } from '../../../shared/contract/limits.ts';
import { until, within } from '../../support/client.ts';

describe('The listener and bodies that do not come', () => {
  let door: FrontDoor;
  const begun: string[] = [];

  before(async () => {
    door = await listen({ port: 0, host: '127.0.0.1', headersMs: 5_000, bodyMs: 300 });
    door.open((request, response) => {
      begun.push(request.url ?? '');
      request.on('error', () => undefined);
      request.on('end', () => response.end('whole'));
      request.resume();
    });
  });
  after(() => {
    door.http.closeAllConnections();
    door.http.close();
  });

  /** Sends the beginning of a request; resolves with all that came when the connection ends, or with what `until` waits for. */
  function begin(path: string, afterMs?: number): Promise<string> {
    return new Promise((resolve) => {
      const socket = connect(door.port, '127.0.0.1');
      let received = '';
      socket.on('error', () => undefined);
      socket.on('data', (chunk) => {
        received += chunk.toString();
        if (received.includes('whole')) socket.destroy();
      });
      socket.on('close', () => resolve(received));
      socket.write(`POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\na`);
      if (afterMs !== undefined) setTimeout(() => socket.write('b'), afterMs);
    });
  }

  it('ends a request whose body takes too long, but an upload, which has a longer time', async () => {
    const [command, lookalike, upload] = await within(
      Promise.all([
        begin('/v1/message.send'),
        begin(`${FILES_PATH}x?${FILES_PATH}`, 900),
        begin(`${FILES_PATH}?roomId=r`, 900),
      ]),
      'three requests',
    );
    expect(begun).to.have.length(3);
    expect([command, lookalike]).to.deep.equal(['', '']);
    expect(upload).to.include('200 OK').and.include('whole');
  });
});

describe('The listener and connections that take nothing', () => {
  it('ends an answer of which nothing is taken, not one that is taken', async () => {
    const door = await listen({ port: 0, host: '127.0.0.1', headersMs: 5_000, stallMs: 300 });
    try {
      const large = Buffer.alloc(32 * 2 ** 20);
      door.open((_request, response) => response.end(large));
      const asked = (read: boolean) => {
        const socket = connect(door.port, '127.0.0.1');
        socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
        if (read) socket.resume();
        return socket;
      };
      const reader = asked(true);
      await until('all is read', () => reader.bytesRead > large.length);
      reader.destroy();
      const stalled = asked(false);
      await until('it has begun', () => door.running() === 1);
      await until('it is given up', () => door.running() === 0);
      stalled.destroy();
    } finally {
      door.http.closeAllConnections();
      door.http.close();
    }
  });

  it('counts the TCP connections of an address where it can tell one from another', () => {
    expect(tcpPerAddress({ rateLimitFactor: 0.5, trustProxy: 0 })).to.equal(TCP_PER_ADDRESS / 2);
    for (const settings of [
      { rateLimitFactor: 0, trustProxy: 0 },
      { rateLimitFactor: 1, trustProxy: 1 },
    ])
      expect(tcpPerAddress(settings)).to.equal(Number.POSITIVE_INFINITY);
  });

  it('holds so many TCP connections of an address at a time, and takes new ones when others have ended', async () => {
    const door = await listen({ port: 0, host: '127.0.0.1', headersMs: 5_000, perAddress: 3 });
    try {
      door.open((_request, response) => response.end('served'));
      const sockets = Array.from({ length: 3 }, () => connect(door.port, '127.0.0.1'));
      await Promise.all(sockets.map((socket) => once(socket, 'connect')));
      const refused = connect(door.port, '127.0.0.1');
      await within(once(refused, 'error'), 'the refusal');
      sockets.pop()?.destroy();
      await until('another is served', () =>
        fetch(door.url).then(
          async (response) => (await response.text()) === 'served',
          () => false,
        ),
      );
      for (const socket of sockets) socket.destroy();
    } finally {
      door.http.closeAllConnections();
      door.http.close();
    }
  });
});
