import { Socket as Tcp } from 'node:net';
import { expect } from 'chai';
import { fanOut } from '../../../../server/live/fan-out.ts';
import { Packet } from '../../../../server/live/packet.ts';
import type { RoomsSocket } from '../../../../server/live/rooms-socket.ts';
import { Deaf } from '../../../../server/transport/socket/deaf.ts';
import { unreadOf } from '../../../../server/transport/socket/unread.ts';
import { UNREAD_BYTES_MAX, UNREAD_PACKETS_MAX } from '../../../../shared/contract/limits.ts';
import { until } from '../../../support/client.ts';
import { type LiveSocket, openLiveSocket } from '../../live/live-socket.ts';

const SWEEPS = 10;
const turnOfTheLoop = () => new Promise((resolve) => setImmediate(resolve));

describe('Deaf, of answers that wait', () => {
  /** Somebody who polls: what waits, waits in Engine.IO's own queue. */
  function peer(writeBuffer: { data: string }[]) {
    const conn = { writeBuffer, readyState: 'open', transport: { writable: false }, write: () => undefined };
    return { conn, data: {} };
  }

  const small = (packets: number) => Array.from({ length: packets }, () => ({ data: 'x' }));
  const large = () => Array.from({ length: 40 }, () => ({ data: 'x'.repeat(UNREAD_BYTES_MAX / 20) }));

  for (const [what, queue] of [
    ['packets', small(UNREAD_PACKETS_MAX + 1)],
    ['bytes', large()],
  ] as const) {
    it(`finds who takes nothing of too many ${what}, after some sweeps and not at once`, () => {
      const found: object[] = [];
      const deaf = new Deaf((socket) => found.push(socket));
      const one = peer([...queue]);
      deaf.sweep([one]);
      expect(found).to.deep.equal([]);
      for (let n = 0; n < SWEEPS && found.length === 0; n++) {
        one.conn.writeBuffer.push({ data: 'more' });
        deaf.sweep([one]);
      }
      expect(found).to.deep.equal([one]);
    });
  }

  it('leaves alone who takes it, though it becomes no less, and who has little', () => {
    const deaf = new Deaf(() => expect.fail('was found'));
    const busy = peer(large());
    const idle = peer(small(UNREAD_PACKETS_MAX));
    for (let n = 0; n < SWEEPS; n++) {
      deaf.sweep([busy, idle]);
      busy.conn.writeBuffer = large();
    }
  });

  it('is not deceived by less of the one and more of the other in turn', () => {
    const found: object[] = [];
    const deaf = new Deaf((socket) => found.push(socket));
    const one = peer([]);
    for (let n = 0; n < SWEEPS && found.length === 0; n++) {
      const few = { data: 'x'.repeat(UNREAD_BYTES_MAX * 3) };
      one.conn.writeBuffer.splice(
        0,
        Number.POSITIVE_INFINITY,
        ...(n % 2 === 0 ? [few] : small(UNREAD_PACKETS_MAX * 2)),
      );
      deaf.sweep([one]);
    }
    expect(found).to.deep.equal([one]);
  });

  it('keeps no more than a bound for whoever takes it', () => {
    const found: object[] = [];
    const deaf = new Deaf((socket) => found.push(socket));
    const one = peer(Array.from({ length: 70 }, () => ({ data: 'x'.repeat(2 ** 20) })));
    deaf.sweep([one]);
    expect(found).to.deep.equal([one]);
  });
});

describe('Deaf, over a real WebSocket', () => {
  let live: LiveSocket;
  let found: RoomsSocket[];
  let deaf: Deaf<RoomsSocket>;

  beforeEach(async () => {
    live = await openLiveSocket();
    found = [];
    deaf = new Deaf((socket) => found.push(socket));
  });
  afterEach(() => live.close());

  const sweep = () => deaf.sweep([live.socket]);
  const answer = (bytes: number) => live.socket.conn.send('x'.repeat(bytes));
  /** An event of so many bytes. */
  const push = (bytes: number) =>
    fanOut(
      [live.socket.id],
      live.io.of('/').sockets,
      Packet.of('typing', { roomId: 'x'.repeat(bytes), stream: 'public', userId: 'u', typing: true }),
      (socket) => deaf.look(socket),
    );
  async function pushInAll(bytes: number): Promise<void> {
    for (let n = 0; n < bytes / 10_000; n++) {
      push(10_000);
      if (n % 10 === 0) await turnOfTheLoop();
    }
  }

  it('finds who takes nothing of a large answer', async () => {
    live.client.pause();
    answer(24 * 2 ** 20);
    await until('it is held', () => unreadOf(live.socket.conn).bytes > UNREAD_BYTES_MAX);
    for (let n = 0; n < SWEEPS && found.length === 0; n++) sweep();
    expect(found).to.deep.equal([live.socket]);
  });

  it('leaves alone who takes a large answer slowly', async () => {
    const tcp: unknown = Reflect.get(live.client, '_socket');
    if (!(tcp instanceof Tcp)) throw new Error('the client has no TCP connection');
    tcp.on('data', () => {
      if (tcp.bytesRead > upTo) live.client.pause();
    });
    let upTo = 0;
    live.client.pause();
    answer(40 * 2 ** 20);
    for (let n = 0; n < SWEEPS; n++) {
      upTo = tcp.bytesRead + 3 * 2 ** 20;
      live.client.resume();
      await until('more of it has come', () => tcp.bytesRead > upTo);
      sweep();
      expect(unreadOf(live.socket.conn).bytes, 'it is still held').to.be.greaterThan(UNREAD_BYTES_MAX);
    }
    expect(found).to.deep.equal([]);
  });

  it('finds who has too many events waiting here, at once', async () => {
    live.client.pause();
    for (let n = 0; found.length === 0 && n < 2_000; n++) {
      push(10_000);
      if (n % 10 === 0) await turnOfTheLoop();
      expect(unreadOf(live.socket.conn).bytes).to.be.lessThan(UNREAD_BYTES_MAX + 200_000);
    }
    expect(found[0]).to.equal(live.socket);
  });

  it('finds who has events waiting where it cannot be seen, whatever pongs come by themselves', async () => {
    live.client.pause();
    await pushInAll(500_000);
    sweep();
    await pushInAll(UNREAD_BYTES_MAX + 100_000);
    live.client.pong('12345678');
    expect(unreadOf(live.socket.conn).bytes, 'the systems have taken it').to.be.lessThan(UNREAD_BYTES_MAX);
    sweep();
    expect(found, 'the answer may be on its way').to.deep.equal([]);
    sweep();
    expect(found).to.deep.equal([live.socket]);
  });

  it('leaves alone who reads, however much it is sent, and forgets who has gone', async () => {
    for (let n = 0; n < SWEEPS; n++) {
      await pushInAll(UNREAD_BYTES_MAX);
      sweep();
      await until('the question is answered', () => deaf.size === 0);
    }
    expect(found).to.deep.equal([]);
    live.client.pause();
    await pushInAll(UNREAD_BYTES_MAX);
    sweep();
    expect(deaf.size).to.equal(1);
    live.client.terminate();
    await until('it is gone', () => live.socket.disconnected);
    deaf.sweep([]);
    expect(deaf.size).to.equal(0);
  });

  it('leaves alone who has little sent behind a question that it does not answer', async () => {
    live.client.pause();
    await pushInAll(500_000);
    for (let n = 0; n < SWEEPS; n++) sweep();
    expect(found).to.deep.equal([]);
  });
});
