import { expect } from 'chai';
import { describe, it } from 'mocha';
import { PRESENCE_GRACE_MS, TYPING_TTL_MS } from '../../shared/contract/limits.ts';
import type { TestClient } from '../support/client.ts';
import { until } from '../support/client.ts';
import { type PersonName, people } from '../support/portal.ts';
import { refused, wireSuite } from '../support/wire-suite.ts';

describe('typing.set and presence', () => {
  const suite = wireSuite();

  async function joined(roomId: string, who: PersonName): Promise<TestClient> {
    const client = await suite.portal.connect(who);
    await client.call('room.join', { roomId, limit: 1 });
    return client;
  }
  const onlineOf = async (client: TestClient, roomId: string) =>
    (await client.call('room.join', { roomId, limit: 1 })).online.map(({ userId }) => userId);

  describe('typing', () => {
    it('shows the beginning and the end, and a renewal is nothing new', async () => {
      const { portal } = suite;
      const roomId = await portal.project();
      const [buyer, admin] = [await joined(roomId, 'buyer'), await joined(roomId, 'admin')];
      const began = admin.next('typing');
      expect(await buyer.call('typing.set', { roomId, stream: 'public', typing: true })).to.deep.equal({});
      expect(await began).to.deep.equal({ roomId, stream: 'public', userId: people.buyer.sub, typing: true });
      await buyer.call('typing.set', { roomId, stream: 'public', typing: true });
      await buyer.call('typing.set', { roomId, stream: 'public', typing: false });
      await buyer.call('typing.set', { roomId, stream: 'public', typing: false });
      await admin.flush();
      expect(admin.all('typing').map(({ typing }) => typing)).to.deep.equal([true, false]);
    });

    it('ends by itself, counted from the last renewal', async () => {
      const { portal, clock } = suite;
      const roomId = await portal.project();
      const [buyer, admin] = [await joined(roomId, 'buyer'), await joined(roomId, 'admin')];
      await buyer.call('typing.set', { roomId, stream: 'public', typing: true });
      clock.advance(TYPING_TTL_MS - 1);
      await buyer.call('typing.set', { roomId, stream: 'public', typing: true });
      clock.advance(TYPING_TTL_MS - 1);
      await admin.flush();
      expect(admin.all('typing').map(({ typing }) => typing)).to.deep.equal([true]);
      const ended = admin.next('typing');
      clock.advance(1);
      expect(await ended).to.include({ typing: false });
    });

    it('stays in its stream', async () => {
      const { portal } = suite;
      const roomId = await portal.project();
      const [buyer, vendor, admin] = [
        await joined(roomId, 'buyer'),
        await joined(roomId, 'vendor'),
        await joined(roomId, 'admin'),
      ];
      const began = vendor.next('typing');
      await admin.call('typing.set', { roomId, stream: 'provider', typing: true });
      expect((await began).stream).to.equal('provider');
      await buyer.flush();
      expect(buyer.all('typing')).to.deep.equal([]);
    });

    it('ends when the person leaves the room', async () => {
      const { portal } = suite;
      const roomId = await portal.project();
      const [buyer, admin] = [await joined(roomId, 'buyer'), await joined(roomId, 'admin')];
      await buyer.call('typing.set', { roomId, stream: 'public', typing: true });
      const ended = admin.next('typing', ({ typing }) => !typing);
      await buyer.call('room.leave', { roomId });
      await ended;
    });

    it('is for who may write there', async () => {
      const { portal } = suite;
      const roomId = await portal.project();
      const vendor = await joined(roomId, 'vendor');
      await refused(vendor.call('typing.set', { roomId, stream: 'public', typing: true }), 'forbidden');
      const buyer = await joined(roomId, 'buyer');
      await refused(buyer.call('typing.set', { roomId, stream: 'provider', typing: true }), 'not_found');
      const stranger = await portal.connect('stranger');
      await refused(stranger.call('typing.set', { roomId, stream: 'public', typing: true }), 'not_found');
    });
  });

  describe('presence', () => {
    it('shows who comes, to those who are there, and lists them to who joins', async () => {
      const { portal } = suite;
      const roomId = await portal.project();
      const buyer = await joined(roomId, 'buyer');
      const came = buyer.next('presence', ({ userId }) => userId === people.vendor.sub);
      const vendor = await joined(roomId, 'vendor');
      expect(await came).to.deep.equal({
        roomId,
        userId: people.vendor.sub,
        name: 'Wei',
        side: 'vendor',
        online: true,
      });
      expect(await onlineOf(vendor, roomId)).to.have.members([people.buyer.sub, people.vendor.sub]);
    });

    it('counts a person with several connections once, and as gone 5 seconds after the last one ended', async () => {
      const { portal, clock } = suite;
      const roomId = await portal.project();
      const buyer = await joined(roomId, 'buyer');
      const [one, two] = [await joined(roomId, 'admin'), await joined(roomId, 'admin')];
      await buyer.flush();
      expect(buyer.all('presence').filter(({ userId }) => userId === people.admin.sub)).to.have.length(1);
      await graceOf(() => {
        one.close();
        two.cut();
      });
      clock.advance(PRESENCE_GRACE_MS - 1);
      expect(await onlineOf(buyer, roomId)).to.include(people.admin.sub);
      const gone = buyer.next('presence', ({ online }) => !online);
      clock.advance(1);
      expect(await gone).to.include({ userId: people.admin.sub, online: false });
      expect(await onlineOf(buyer, roomId)).to.deep.equal([people.buyer.sub]);
    });

    it('does not flicker when a page is loaded again', async () => {
      const { portal, clock } = suite;
      const roomId = await portal.project();
      const buyer = await joined(roomId, 'buyer');
      const before = await joined(roomId, 'admin');
      await graceOf(() => before.close());
      clock.advance(PRESENCE_GRACE_MS - 1);
      await joined(roomId, 'admin');
      clock.advance(10 * PRESENCE_GRACE_MS);
      await buyer.flush();
      expect(buyer.all('presence').map(({ userId, online }) => [userId, online])).to.deep.equal([
        [people.buyer.sub, true],
        [people.admin.sub, true],
      ]);
      expect(await onlineOf(buyer, roomId)).to.include(people.admin.sub);
    });

    it('shows who leaves at once, unless another connection of theirs stays', async () => {
      const { portal } = suite;
      const roomId = await portal.project();
      const buyer = await joined(roomId, 'buyer');
      const [one, two] = [await joined(roomId, 'admin'), await joined(roomId, 'admin')];
      await one.call('room.leave', { roomId });
      expect(await onlineOf(buyer, roomId)).to.include(people.admin.sub);
      const gone = buyer.next('presence', ({ online }) => !online);
      await two.call('room.leave', { roomId });
      expect((await gone).userId).to.equal(people.admin.sub);
    });

    it('leaves no ghost of a connection that ended amid its join', async () => {
      const { portal, clock } = suite;
      const roomId = await portal.project();
      const buyer = await joined(roomId, 'buyer');
      for (let i = 0; i < 10; i++) {
        const client = await portal.connect('operator');
        client.socket.emit('room.join', { roomId });
        client.close();
      }
      await until('only the buyer is there', () => suite.service.load().connections === 1);
      await buyer.flush();
      await until('the server has seen them all end', async () => {
        clock.advance(PRESENCE_GRACE_MS);
        return !(await onlineOf(buyer, roomId)).includes(people.operator.sub);
      });
      await buyer.flush();
      expect(await onlineOf(buyer, roomId)).to.deep.equal([people.buyer.sub]);
    });
  });

  /** Ends connections, and waits until the server has begun to count their grace. */
  async function graceOf(end: () => void): Promise<void> {
    const { clock } = suite;
    const before = clock.waiting;
    end();
    await until('the server has seen the last connection end', () => clock.waiting > before);
  }
});
