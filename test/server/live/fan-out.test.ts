import { expect } from 'chai';
import type { WebSocket } from 'ws';
import { fanOut, roadTo } from '../../../server/live/fan-out.ts';
import { emitTo } from '../../../server/live/rooms-socket.ts';
import { Packet } from '../../../server/live/packet.ts';
import { isTooMuch, unreadOf } from '../../../server/transport/socket/unread.ts';
import { until } from '../../support/client.ts';
import { type LiveSocket, openLiveSocket } from './live-socket.ts';

describe('handing an event to many', () => {
  let live: LiveSocket;

  beforeEach(async () => {
    live = await openLiveSocket();
  });

  afterEach(() => live.close());

  const numbered = (n: number, roomId = 'r') => ({ roomId, stream: 'public', userId: `n${n}.`, typing: true });

  const send = (n: number, roomId?: string): void =>
    fanOut([live.socket.id], live.io.of('/').sockets, Packet.of('typing', numbered(n, roomId)));

  /** The numbers of the events that arrive. */
  function arriving(client: WebSocket): number[] {
    const numbers: number[] = [];
    client.on('message', (data: Buffer) => {
      const found = /"n(\d+)\."/.exec(data.toString());
      if (found !== null) numbers.push(Number(found[1]));
    });
    return numbers;
  }

  const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

  for (const bytes of [125, 126, 65_535, 65_536, 100_000]) {
    it(`is an event as Socket.IO sends it, at ${bytes} bytes`, async () => {
      const texts: string[] = [];
      live.client.on('message', (data: Buffer) => {
        if (data.toString().startsWith('42')) texts.push(data.toString());
      });
      const wanted = '\u{8bbe}\u{8ba1}';
      const around = Buffer.byteLength(`42${JSON.stringify(['typing', numbered(0, wanted)])}`);
      const roomId = wanted + 'x'.repeat(bytes - around);
      send(0, roomId);
      emitTo(live.io, 'typing', numbered(0, roomId));
      await until('both have come', () => texts.length === 2);
      expect(texts[0]).to.equal(texts[1]);
      expect(Buffer.byteLength(texts[0] ?? '')).to.equal(bytes);
    });
  }

  it('keeps its place among what is sent to one of them', async () => {
    const numbers = arriving(live.client);
    for (let n = 0; n < 300; n += 3) {
      send(n);
      emitTo(live.socket, 'typing', numbered(n + 1));
      send(n + 2);
      if (n % 60 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('all have come', () => numbers.length === 300);
    expect(numbers).to.deep.equal(upTo(300));
  });

  it('waits where it is seen for a client that does not read, and arrives in order when it does', async () => {
    const numbers = arriving(live.client);
    const filling = 'x'.repeat(10_000);
    live.client.pause();
    let n = 0;
    for (; !isTooMuch(unreadOf(live.socket.conn)); n++) {
      send(n, filling);
      if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    live.client.resume();
    await until('all have come', () => numbers.length === n);
    expect(numbers).to.deep.equal(upTo(n));
  });

  it('holds back what an answer follows, until the end of the turn and no longer, and in order', async () => {
    const numbers = arriving(live.client);
    const { stream } = roadTo(live.socket).open ?? {};
    for (let n = 0; n < 40; n += 4) {
      send(n);
      expect(stream?.writableCorked).to.equal(0);
      roadTo(live.socket).answers += 1;
      send(n + 1);
      expect(stream?.writableCorked).to.equal(1);
      emitTo(live.socket, 'typing', numbered(n + 2));
      roadTo(live.socket).answers -= 1;
      send(n + 3);
      await new Promise((resolve) => process.nextTick(resolve));
      expect(stream?.writableCorked).to.equal(0);
      if (n % 8 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('all have come', () => numbers.length === 40);
    expect(numbers).to.deep.equal(upTo(40));
  });

  it('writes nothing to a connection that is closing', async () => {
    const numbers = arriving(live.client);
    live.socket.conn.close();
    send(0);
    await until('it is closed', () => live.socket.disconnected);
    send(1);
    expect(numbers).to.deep.equal([]);
  });

  it('reaches those who poll', async () => {
    const address = live.client.url.replace('ws:', 'http:').replace('websocket', 'polling');
    const opened = new Promise<LiveSocket['socket']>((resolve) => live.io.once('connection', resolve));
    const [, handshake = ''] = /^0(.*)$/.exec(await (await fetch(address)).text()) ?? [];
    const { sid } = JSON.parse(handshake) as { sid: string };
    await fetch(`${address}&sid=${sid}`, { method: 'POST', body: '40' });
    const { id } = await opened;
    fanOut([id, live.socket.id], live.io.of('/').sockets, Packet.of('typing', numbered(7)));
    expect(await (await fetch(`${address}&sid=${sid}`)).text()).to.include('"n7."');
  });
});
