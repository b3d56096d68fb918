import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { expect } from 'chai';
import { until } from '../support/client.ts';
import { Line } from './line.ts';

describe('a line that can be broken', () => {
  let server: Server;
  let line: Line;
  let there: { heard: string; socket: Socket }[];
  const clients: Socket[] = [];
  beforeEach(async () => {
    there = [];
    server = createServer((socket) => {
      const end = { heard: '', socket };
      there.push(end);
      socket.on('error', () => undefined);
      socket.on('data', (chunk: Buffer) => {
        end.heard += chunk.toString();
        socket.write(`answer to ${chunk.toString()}`);
      });
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    line = await Line.open('line', () => ({ host: '127.0.0.1', port }));
  });
  afterEach(async () => {
    for (const client of clients.splice(0)) client.destroy();
    await line.close();
    server.close();
  });

  function client(): { heard: string; ended: boolean; socket: Socket } {
    const socket = connect(line.port, '127.0.0.1');
    clients.push(socket);
    const end = { heard: '', ended: false, socket };
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      end.heard += chunk.toString();
    });
    socket.on('close', () => {
      end.ended = true;
    });
    return end;
  }
  const say = async (end: ReturnType<typeof client>, word: string): Promise<void> => {
    end.socket.write(word);
    await until('it is answered', () => end.heard.endsWith(`answer to ${word}`));
  };

  it('passes what is said, and the end of it', async () => {
    const one = client();
    await say(one, 'a');
    there[0]?.socket.destroy();
    await until('the end has come', () => one.ended);
  });

  it('loses what passes while it is broken, tells nobody, and lets new connections pass when it is whole', async () => {
    const old = client();
    await say(old, 'a');
    line.breakUp();
    old.socket.write('lost');
    const late = client();
    await once(late.socket, 'connect');
    late.socket.write('lost');
    line.heal('left');
    const fresh = client();
    await say(fresh, 'b');
    old.socket.write('lost too');
    late.socket.write('lost too');
    await say(fresh, 'c');
    expect([old.heard, late.heard, old.ended, late.ended]).to.deep.equal(['answer to a', '', false, false]);
    expect(there.map(({ heard }) => heard)).to.deep.equal(['a', 'bc']);
    // An end is lost as well.
    old.socket.destroy();
    await once(old.socket, 'close');
    await say(fresh, 'd');
    expect(there[0]?.socket.destroyed).to.equal(false);
  });

  it('ends what lost something when it is healed with a reset, and nothing else', async () => {
    const old = client();
    await say(old, 'a');
    line.breakUp();
    line.heal('reset');
    await until('the old one has ended', () => old.ended);
    const fresh = client();
    await say(fresh, 'b');
    line.heal('reset');
    await say(fresh, 'c');
  });

  it('refuses where nobody is', async () => {
    const nowhere = await Line.open('nowhere', () => undefined);
    const socket = connect(nowhere.port, '127.0.0.1');
    const [error] = await once(socket, 'error').catch((fault: unknown) => [fault]);
    expect(error).to.have.property('code', 'ECONNRESET');
    await nowhere.close();
  });
});
