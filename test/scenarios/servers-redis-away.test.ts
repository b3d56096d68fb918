import { randomUUID } from 'node:crypto';
import { expect } from 'chai';
import { Redis } from 'ioredis';
import { describe, it } from 'mocha';
import { createClient } from '../../client-sdk/index.ts';
import { startWorker } from '../../jobs/worker.ts';
import { readSettings } from '../../server/app/settings.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { TestClient, until } from '../support/client.ts';
import { clusterSuite } from '../support/cluster-suite.ts';
import { BEGINNING, message, people, Portal } from '../support/portal.ts';
import { mortalRedisSuite } from '../support/redis-suite.ts';
import { startTestService } from '../support/service.ts';

describe('Servers whose Redis goes away, loses things or says nonsense', () => {
  const redis = mortalRedisSuite();
  const seqs = (client: TestClient) => client.all('entry').map(({ seq }) => seq);
  const upTo = (count: number) => Array.from({ length: count }, (_, i) => BEGINNING + 1 + i);

  async function statusOf(url: string): Promise<{ code: number; status: unknown }> {
    const response = await fetch(`${url}/readyz`);
    const body: unknown = await response.json();
    return { code: response.status, status: typeof body === 'object' && body !== null && Reflect.get(body, 'status') };
  }

  describe('as they are shipped', () => {
    const { at, joined, servers } = clusterSuite(redis, {
      servers: 2,
      overrides: { repairMs: 500, cluster: { beatMs: 200 } },
    });
    const areAll = (status: string) => async () => {
      const states = await Promise.all(servers.map(({ service }) => statusOf(service.url)));
      return states.every((state) => state.code === 200 && state.status === status);
    };

    it('serve on, say that they are degraded, and have lost nothing when it is back', async () => {
      const roomId = await at(0).project();
      const readers = [await joined(0, 'vendor', roomId), await joined(1, 'vendor', roomId)];
      const client = createClient({ url: at(1).url, getToken: () => at(1).token('buyer') });
      client.connect();
      const room = client.room(roomId);
      await room.open();
      let sent = 0;
      const send = async (server: number) => {
        await at(server).call('admin', 'message.send', message(roomId, `message ${++sent}`));
      };
      const allHere = () =>
        until('everybody has everything', () => readers.every((reader) => seqs(reader).at(-1) === BEGINNING + sent));
      await until('Redis is there', areAll('ok'));
      for (let i = 0; i < 6; i++) await send(i % 2);
      await redis.server.kill();
      await until('they say so', areAll('degraded'));
      expect(await (await fetch(`${at(0).url}/metrics`)).text()).to.match(/^delivery_rooms_redis_up 0$/m);
      for (let i = 0; i < 6; i++) await send(i % 2);
      const { online } = await (await at(0).connect('operator')).call('room.join', { roomId, limit: 1 });
      expect(online.map(({ userId }) => userId)).to.include.members([people.vendor.sub, people.operator.sub]);
      await allHere();
      await redis.server.restart();
      await until('they are together again', areAll('ok'));
      for (let i = 0; i < 6; i++) await send(i % 2);
      await allHere();
      for (const reader of readers) {
        expect(seqs(reader)).to.deep.equal(upTo(sent));
        // Nobody has gone: not even for a moment, while nobody could tell.
        expect(reader.all('presence').filter(({ online }) => !online)).to.deep.equal([]);
      }
      await until('the client has converged', () => {
        const { entries = [] } = room.snapshot.streams['public'] ?? {};
        return (
          entries.map(({ seq }) => seq).join() === Array.from({ length: BEGINNING + sent }, (_, i) => i + 1).join()
        );
      });
      await until('who came meanwhile is known everywhere', async () => {
        const listed = await readers[1]?.call('room.join', { roomId, limit: 1 });
        return listed?.online.some(({ userId }) => userId === people.operator.sub) === true;
      });
      await client.close();
    });

    it('find a Redis that stands still, and go on without it', async () => {
      const roomId = await at(0).project();
      const reader = await joined(1, 'vendor', roomId);
      redis.server.pause();
      try {
        await until('they say so', areAll('degraded'));
        await at(0).call('admin', 'message.send', message(roomId, 'meanwhile'));
        await until('it has come', () => seqs(reader).length === 1);
      } finally {
        redis.server.resume();
      }
      await until('they are together again', areAll('ok'), 20_000);
    });
  });

  describe('with nothing but Redis to learn from', () => {
    const cluster = clusterSuite(redis, { servers: 2 });
    const { at, joined, servers } = cluster;

    it('read what a lost message would have told them, as soon as the next one comes', async () => {
      const roomId = await at(0).project();
      const reader = await joined(1, 'vendor', roomId);
      const raw = new Redis(redis.url);
      await at(0).call('admin', 'message.send', message(roomId, 'told'));
      await until('it is told', () => seqs(reader).length === 1);
      // What is written by nobody's word is a message that was lost.
      const entries = cluster.database.connection.collection('entries');
      const last = await entries.findOne({ roomId, stream: 'public', seq: BEGINNING + 1 });
      const lost = [2, 3, 4].map((i) => {
        const { _id, ...entry } = { ...last };
        return { ...entry, clientId: randomUUID(), seq: BEGINNING + i, tally: BEGINNING + i, ownTally: i };
      });
      await entries.insertMany(lost);
      await at(0).call('admin', 'message.send', message(roomId, 'told again'));
      await until('all are there', () => seqs(reader).length >= 5);
      expect(seqs(reader)).to.deep.equal(upTo(5));
      raw.disconnect();
    });

    it('pass over what no server says, and hear what is said behind it', async () => {
      const roomId = await at(0).project();
      const reader = await joined(1, 'vendor', roomId);
      const raw = new Redis(redis.url);
      const channels = (await raw.call('PUBSUB', 'SHARDCHANNELS', '*')) as string[];
      const frame = (kind: string, head: unknown, packet = '') =>
        `\u0001somebody${kind}${JSON.stringify(head)}\n${packet}`;
      const nonsense = [
        '',
        '\u0001',
        '\u0001somebodyE',
        '\u0001somebodyE[1,2\n',
        frame('E', [BEGINNING + 1, 1, 'x', 1, null, 0, 99], '2["entry",{}]'),
        frame('E', [-1, 1.5, null, 'x', 3, 0, 0]),
        frame('V', [], '2["receipt",{}]'),
        frame('M', [0, 1, [[{ userId: '', side: 'nobody' }, true]]]),
        frame('T', ['buyer']),
        frame('N', {}),
        frame('?', []),
        'null',
        '{}',
        '{"uid":"x","nsp":"/","type":3}',
        '{"uid":"x","nsp":"/","type":8,"data":{}}',
        Buffer.from([0xc1, 0xff, 0x00]),
      ];
      for (const channel of channels) for (const message of nonsense) await raw.spublish(channel, message);
      const { entry } = await at(0).call('admin', 'message.send', message(roomId, 'sense'));
      await until('it has come', () => seqs(reader).length > 0);
      expect(reader.all('entry')).to.deep.equal([entry]);
      expect(reader.faults).to.deep.equal([]);
      for (const { service } of servers) expect(await statusOf(service.url)).to.deep.equal({ code: 200, status: 'ok' });
      raw.disconnect();
    });

    it('show at once what jobs apart from them write', async () => {
      const roomId = await at(0).project();
      const reader = await joined(1, 'buyer', roomId);
      const outside = await at(0).connect('vendor');
      const told = [reader.next('entry'), outside.next('inbox', ({ stream }) => stream === 'public')];
      const item = {
        key: randomUUID(),
        stream: 'public',
        kind: 'notice',
        actor: { id: 'system', name: 'System', side: 'operator' },
        body: { event: 'notes.handed_over' },
      };
      // Left behind by a server that died: the worker is who finds it.
      await cluster.database.connection
        .collection<{ _id: string; outbox: unknown[] }>('rooms')
        .updateOne({ _id: roomId }, { $push: { outbox: item } });
      const worker = await startWorker(readSettings({ ...cluster.database.env, REDIS_URL: redis.url }), {
        log: createLog(process.env['TEST_LOG'] ?? 'silent'),
      });
      try {
        await Promise.all(told);
      } finally {
        await worker.stop();
      }
      expect(seqs(reader)).to.deep.equal(upTo(1));
    });
  });

  describe('at the start', () => {
    const log: string[] = [];
    const logged = createLog('debug', { write: (line: string) => void log.push(line) });
    const start = (url: string) => startTestService({ env: { REDIS_URL: url }, overrides: { log: logged } });

    it('serve without one that does not answer, and find it when it does', async () => {
      await redis.server.kill();
      const started = await start(redis.url);
      try {
        expect(await statusOf(started.service.url)).to.deep.equal({ code: 200, status: 'degraded' });
        const portal = new Portal(started.service.url);
        await portal.seed();
        const client = await portal.connect('buyer');
        await client.call('room.join', { roomId: await portal.project() });
        client.close();
        await redis.server.restart();
        await until('it is found', async () => (await statusOf(started.service.url)).status === 'ok');
      } finally {
        await started.stop();
      }
    });

    it('do not begin with one that refuses them, and never write down the password', async () => {
      const raw = new Redis(redis.url);
      await raw.call('CONFIG', 'SET', 'requirepass', 'right-one');
      const refusal = await start(redis.url.replace('redis://', 'redis://default:hunter2@')).then(
        (started) => started.stop().then(() => 'it started'),
        (error: unknown) => (error instanceof Error ? `${error.name}: ${error.message}` : ''),
      );
      expect(refusal).to.match(/^StartRefused: REDIS_URL: Redis refuses this user or password/);
      expect(log.join('') + refusal).not.to.include('hunter2');
      await raw.call('CONFIG', 'SET', 'requirepass', '');
      raw.disconnect();
    });
  });
});
