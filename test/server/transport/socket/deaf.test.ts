import { expect } from 'chai';
import { Deaf } from '../../../../server/transport/socket/deaf.ts';
import { unreadOf } from '../../../../server/transport/socket/unread.ts';
import { UNREAD_BYTES_MAX, UNREAD_PACKETS_MAX } from '../../../../shared/contract/limits.ts';
import { until } from '../../../support/client.ts';
import { openLiveSocket } from '../../live/live-socket.ts';

const SWEEPS = 10;

describe('Deaf', () => {
  function peer(writeBuffer: { data: string }[]) {
    const closed: boolean[] = [];
    return { closed, conn: { writeBuffer, close: (discard?: boolean) => closed.push(discard === true) } };
  }

  const small = (packets: number) => Array.from({ length: packets }, () => ({ data: 'x' }));
  const large = () => Array.from({ length: 40 }, () => ({ data: 'x'.repeat(UNREAD_BYTES_MAX / 20) }));

  for (const [what, queue] of [
    ['packets', small(UNREAD_PACKETS_MAX + 1)],
    ['bytes', large()],
  ] as const) {
    it(`cuts off who takes nothing of too many ${what}, after some sweeps and not at once`, () => {
      const cut: object[] = [];
      const deaf = new Deaf((socket) => cut.push(socket));
      const one = peer([...queue]);
      deaf.sweep([one]);
      expect(cut).to.deep.equal([]);
      for (let n = 0; n < SWEEPS; n++) {
        one.conn.writeBuffer.push({ data: 'more' });
        deaf.sweep(one.closed.length > 0 ? [] : [one]);
      }
      expect([cut, one.closed]).to.deep.equal([[one], [true]]);
    });
  }

  it('leaves alone who takes it slowly, and who has little', () => {
    const deaf = new Deaf(() => expect.fail('was cut off'));
    const slow = peer(large());
    const idle = peer(small(UNREAD_PACKETS_MAX));
    for (let n = 0; n < SWEEPS; n++) {
      deaf.sweep([slow, idle]);
      slow.conn.writeBuffer.pop();
    }
  });

  it('is not deceived by less of the one and more of the other in turn', () => {
    const cut: object[] = [];
    const deaf = new Deaf((socket) => cut.push(socket));
    const one = peer([]);
    for (let n = 0; n < SWEEPS && cut.length === 0; n++) {
      const few = { data: 'x'.repeat(UNREAD_BYTES_MAX * 3) };
      one.conn.writeBuffer.splice(
        0,
        Number.POSITIVE_INFINITY,
        ...(n % 2 === 0 ? [few] : small(UNREAD_PACKETS_MAX * 2)),
      );
      deaf.sweep([one]);
    }
    expect(cut).to.deep.equal([one]);
  });

  it('sees what a real WebSocket holds, and ends it', async () => {
    const live = await openLiveSocket();
    const cut: unknown[] = [];
    const deaf = new Deaf<typeof live.socket>((socket) => cut.push(socket));
    live.client.pause();
    const megabytes = 24;
    for (let n = 0; n < megabytes; n++) live.socket.conn.send('x'.repeat(2 ** 20));
    await until('it is held', () => unreadOf(live.socket.conn).bytes > UNREAD_BYTES_MAX);
    for (let n = 0; n < SWEEPS && cut.length === 0; n++) deaf.sweep([live.socket]);
    expect(cut).to.deep.equal([live.socket]);
    expect(live.socket.connected).to.equal(false);
    await live.close();
  });
});
