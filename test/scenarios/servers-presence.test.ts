import { expect } from 'chai';
import { Redis } from 'ioredis';
import { after, before, describe, it } from 'mocha';
import { PRESENCE_GRACE_MS, TYPING_TTL_MS } from '../../shared/contract/limits.ts';
import { type TestClient, until } from '../support/client.ts';
import { clusterSuite } from '../support/cluster-suite.ts';
import { people } from '../support/portal.ts';
import { redisSuite } from '../support/redis-suite.ts';

describe('Presence and typing over servers', () => {
  const redis = redisSuite();
  const { at, joined, clock } = clusterSuite(redis, {
    servers: 3,
    overrides: { cluster: { beatMs: 100, goneMs: 5_000 } },
  });
  let raw: Redis;
  before(() => {
    raw = new Redis(redis.url);
  });
  after(() => raw.disconnect());

  const onlineOf = async (client: TestClient, roomId: string) =>
    (await client.call('room.join', { roomId, limit: 1 })).online.map(({ userId }) => userId).sort();
  const told = (client: TestClient, who: keyof typeof people) =>
    client
      .all('presence')
      .filter(({ userId }) => userId === people[who].sub)
      .map(({ online }) => online);
  const all = (...who: (keyof typeof people)[]) => who.map((name) => people[name].sub).sort();

  /** Resolves when the server has seen that a connection of the room ended: it counts a grace then. */
  async function graceBegins(end: () => void): Promise<void> {
    const before = clock.waiting;
    end();
    await until('the grace has begun', () => clock.waiting > before);
  }

  /** Resolves when so many servers have written down that a person is in the room, with the names of their records. */
  async function recordsOf(roomId: string, who: keyof typeof people, count: number): Promise<string[]> {
    let found: string[] = [];
    await until('the servers have written it down', async () => {
      const records = await raw.keys('rooms:*:at:*');
      const rooms = await Promise.all(records.map((record) => raw.hget(record, `room:${roomId}/public`)));
      found = records.filter((_, i) => rooms[i]?.includes(people[who].sub) === true);
      return found.length === count;
    });
    return found;
  }

  /** Resolves when so many servers have said that the admin is there, and every watcher's server has heard it. */
  async function heardBy(
    watchers: readonly TestClient[],
    roomId: string,
    mover: TestClient,
    servers: number,
  ): Promise<void> {
    await recordsOf(roomId, 'admin', servers);
    // What is told next comes behind it.
    for (const typing of [true, false]) {
      const heard = watchers.map((watcher) => watcher.next('typing', (event) => event.typing === typing));
      await mover.call('typing.set', { roomId, stream: 'public', typing });
      await Promise.all(heard);
    }
  }

  it('list to who joins everyone who is there, at whatever server, and tell the others of them', async () => {
    const roomId = await at(0).project();
    const buyer = await joined(0, 'buyer', roomId);
    const came = buyer.next('presence', ({ userId }) => userId === people.vendor.sub);
    const vendor = await joined(1, 'vendor', roomId);
    expect(await came).to.deep.equal({
      roomId,
      userId: people.vendor.sub,
      name: 'Wei',
      side: 'vendor',
      online: true,
    });
    const admin = await at(2).connect('admin');
    const answer = await admin.call('room.join', { roomId, limit: 1 });
    expect(answer.online.map(({ userId }) => userId).sort()).to.deep.equal(all('buyer', 'vendor', 'admin'));
    await until('all know of all', async () => {
      const lists = await Promise.all([buyer, vendor, admin].map((client) => onlineOf(client, roomId)));
      return lists.every((list) => list.join() === all('buyer', 'vendor', 'admin').join());
    });
    // Whoever was in the answer is not told of as well.
    expect(told(admin, 'buyer')).to.deep.equal([]);
    expect(told(admin, 'vendor')).to.deep.equal([]);
    expect(told(buyer, 'admin')).to.deep.equal([true]);
  });

  it('count connections at several servers as one, until the grace of the last one is over', async () => {
    const roomId = await at(0).project();
    const [here, there] = [await joined(0, 'buyer', roomId), await joined(1, 'vendor', roomId)];
    const [one, two] = [await joined(0, 'admin', roomId), await joined(1, 'admin', roomId)];
    await heardBy([here, there], roomId, two, 2);
    await graceBegins(() => one.close());
    clock.advance(PRESENCE_GRACE_MS);
    await graceBegins(() => two.close());
    clock.advance(PRESENCE_GRACE_MS - 1);
    await Promise.all([here.flush(), there.flush()]);
    expect(await onlineOf(here, roomId)).to.deep.equal(all('admin', 'buyer', 'vendor'));
    const gone = [here, there].map((client) =>
      client.next('presence', ({ userId, online }) => userId === people.admin.sub && !online),
    );
    clock.advance(1);
    await Promise.all(gone);
    for (const client of [here, there]) expect(told(client, 'admin')).to.deep.equal([true, false]);
    expect(await onlineOf(there, roomId)).to.deep.equal(all('buyer', 'vendor'));
  });

  it('do not flicker for somebody who moves from one server to another', async () => {
    const roomId = await at(0).project();
    const watchers = [await joined(0, 'buyer', roomId), await joined(1, 'vendor', roomId)];
    const before = await joined(0, 'admin', roomId);
    for (const client of watchers) await until('it is told', () => told(client, 'admin').length > 0);
    await graceBegins(() => before.cut());
    clock.advance(PRESENCE_GRACE_MS - 1);
    const moved = await joined(2, 'admin', roomId);
    await heardBy(watchers, roomId, moved, 2);
    clock.advance(PRESENCE_GRACE_MS);
    for (const client of watchers) {
      await client.flush();
      expect(told(client, 'admin')).to.deep.equal([true]);
      expect(await onlineOf(client, roomId)).to.include(people.admin.sub);
    }
  });

  it('show who leaves at once, and who stays on another server as there', async () => {
    const roomId = await at(0).project();
    const buyer = await joined(0, 'buyer', roomId);
    const [one, two] = [await joined(1, 'admin', roomId), await joined(2, 'admin', roomId)];
    await heardBy([buyer], roomId, two, 2);
    expect(told(buyer, 'admin')).to.deep.equal([true]);
    await one.call('room.leave', { roomId });
    expect(await onlineOf(two, roomId)).to.include(people.admin.sub);
    const gone = buyer.next('presence', ({ online }) => !online);
    await two.call('room.leave', { roomId });
    expect((await gone).userId).to.equal(people.admin.sub);
    expect(told(buyer, 'admin')).to.deep.equal([true, false]);
  });

  it('drop the people of a server of which nothing is heard any more, and expect them back', async () => {
    const roomId = await at(0).project();
    const buyer = await joined(0, 'buyer', roomId);
    // A server as the others see it: one that beats, has somebody in the room, and then is killed.
    const [record = ''] = await recordsOf(roomId, 'buyer', 1);
    const prefix = record.slice(0, record.indexOf('at:'));
    const person = { userId: 'ghost-1', name: 'Gui', side: 'provider', org: 'studio' };
    const beat = async () => {
      const [seconds, micros] = await raw.time();
      await raw
        .multi()
        .zadd(`${prefix}servers`, Number(seconds) * 1000 + Math.floor(Number(micros) / 1000), 'ghostly1')
        .hset(`${prefix}at:ghostly1`, { '#': '', [`room:${roomId}/public`]: JSON.stringify([1, [person]]) })
        .pexpire(`${prefix}at:ghostly1`, 2_000)
        .exec();
    };
    const watchers = [buyer, await joined(1, 'vendor', roomId)];
    const told = (online: boolean) =>
      watchers.map((one) => one.next('presence', (event) => event.userId === person.userId && event.online === online));
    const [came, gone] = [told(true), told(false)];
    await beat();
    for (const event of await Promise.all(came))
      expect(event).to.deep.equal({ roomId, userId: 'ghost-1', name: 'Gui', side: 'provider', online: true });
    await Promise.all(gone);
    const back = buyer.next('presence', ({ userId }) => userId === person.userId);
    await beat();
    expect((await back).online).to.equal(true);
  });

  it('show the beginning and the end of typing once, renewals and a second server notwithstanding', async () => {
    const roomId = await at(0).project();
    const buyer = await joined(0, 'buyer', roomId);
    const [one, two] = [await joined(1, 'admin', roomId), await joined(2, 'admin', roomId)];
    const began = buyer.next('typing');
    await one.call('typing.set', { roomId, stream: 'public', typing: true });
    expect(await began).to.deep.equal({ roomId, stream: 'public', userId: people.admin.sub, typing: true });
    clock.advance(TYPING_TTL_MS - 1);
    for (const client of [one, two]) await client.call('typing.set', { roomId, stream: 'public', typing: true });
    const notes = one.next('typing', ({ stream }) => stream === 'provider');
    await two.call('typing.set', { roomId, stream: 'provider', typing: true });
    await notes;
    const ended = buyer.next('typing', ({ typing }) => !typing);
    for (const client of [one, two]) await client.call('typing.set', { roomId, stream: 'public', typing: false });
    await ended;
    await buyer.flush();
    expect(buyer.all('typing').map(({ stream, typing }) => [stream, typing])).to.deep.equal([
      ['public', true],
      ['public', false],
    ]);
  });
});
