import { createServer } from 'node:http';
import { expect } from 'chai';
import { describe, it } from 'mocha';
import { commandNames } from '../../shared/contract/registry.ts';
import { ERROR_CODES, RoomError } from '../../shared/contract/errors.ts';
import { RateLimit } from '../../server/registry/rates.ts';
import { createLog } from '../../server/telemetry/log.ts';
import { metricsRoute } from '../../server/transport/http/metrics-route.ts';
import type { ProjectRoom } from '../../server/rooms/room-doc.ts';
import { TestClient, until } from '../support/client.ts';
import { type Exposed, growthOf, readExposition } from '../support/exposition.ts';
import { getFile, postFile } from '../support/files.ts';
import { DEMAND } from '../support/two-offices.ts';
import { message, people } from '../support/portal.ts';
import { tokenOf } from '../support/tokens.ts';
import { wireSuite } from '../support/wire-suite.ts';

const TOKEN = 'a-token-for-whoever-reads-metrics';

describe('GET /metrics', () => {
  const suite = wireSuite();

  async function read(): Promise<Exposed> {
    const response = await fetch(`${suite.portal.url}/metrics`);
    expect(response.status).to.equal(200);
    expect(response.headers.get('content-type')).to.match(/^text\/plain; version=0\.0\.4/);
    expect(response.headers.get('cache-control')).to.equal('no-store');
    return readExposition(await response.text());
  }

  /** What a metric grew by while something was done. */
  async function growth(beginning: string, work: () => Promise<unknown>): Promise<Record<string, number>> {
    const before = await read();
    await work();
    return growthOf(before, await read(), beginning);
  }

  it('counts every call by its name and how it ended, over both transports and the routes of files', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const client = await portal.connect('buyer');
    const token = await portal.token('buyer');
    const raw = (name: string, init: RequestInit) => fetch(`${portal.url}/v1/${name}`, { method: 'POST', ...init });
    const authorization = `Bearer ${token}`;
    let fileId = '';
    const work = async (): Promise<void> => {
      for (let n = 0; n < 3; n++) await client.call('room.list', {});
      for (let n = 0; n < 2; n++) await client.answer('room.get', { roomId: 'nowhere' });
      await client.call('message.send', message(roomId, 'one'));
      await client.answer('message.send', { roomId });
      await client.answer('no.such.command' as 'room.list', {});
      await portal.call('buyer', 'room.list', {});
      await raw('room.list', {});
      await raw('room.list', { headers: { authorization, 'content-type': 'application/json' }, body: '{' });
      await raw('canary.name', { headers: { authorization } });
      await raw('typing.set', { headers: { authorization } });
      fileId = (await postFile(portal.url, token, { roomId })).file?.id ?? '';
      await postFile(portal.url, token, { roomId, name: 'run.exe' });
      await (await getFile(portal.url, token, fileId)).arrayBuffer();
      await (await getFile(portal.url, await portal.token('stranger'), fileId)).arrayBuffer();
    };
    const before = await read();
    await work();
    const after = await read();
    expect(growthOf(before, after, 'delivery_rooms_commands_total')).to.deep.equal({
      '{command="room.list",outcome="ok"}': 4,
      '{command="room.list",outcome="unauthenticated"}': 1,
      '{command="room.list",outcome="invalid"}': 1,
      '{command="room.get",outcome="not_found"}': 2,
      '{command="message.send",outcome="ok"}': 1,
      '{command="message.send",outcome="invalid"}': 1,
      '{command="unknown",outcome="not_found"}': 3,
      '{command="POST /v1/files",outcome="ok"}': 1,
      '{command="POST /v1/files",outcome="unsupported_type"}': 1,
      '{command="GET /v1/files",outcome="ok"}': 1,
      '{command="GET /v1/files",outcome="not_found"}': 1,
    });
    expect(growthOf(before, after, 'delivery_rooms_command_duration_seconds_count')).to.deep.equal({
      '{command="room.list"}': 6,
      '{command="room.get"}': 2,
      '{command="message.send"}': 2,
      '{command="unknown"}': 3,
      '{command="POST /v1/files"}': 2,
      '{command="GET /v1/files"}': 2,
    });
  });

  it('counts entries stored and handed on, and each delivery', async () => {
    const { portal } = suite;
    const roomId = await portal.project();
    const [buyer, admin, operator] = await Promise.all(
      (['buyer', 'admin', 'operator'] as const).map((who) => portal.connect(who)),
    );
    for (const client of [buyer, admin, operator]) await client?.call('room.join', { roomId });
    const before = await read();
    for (let n = 0; n < 5; n++) await buyer?.call('message.send', message(roomId, 'to all three'));
    const input = message(roomId, 'a note', { stream: 'provider' });
    for (let n = 0; n < 2; n++) await admin?.call('message.send', input);
    await buyer?.call('read.mark', { roomId, stream: 'public', seq: 1 });
    const after = await read();
    for (const metric of ['append', 'fan_out'])
      expect(growthOf(before, after, `delivery_rooms_${metric}_duration_seconds_count`)).to.deep.equal({ '': 6 });
    expect(growthOf(before, after, 'delivery_rooms_deliveries_total')).to.deep.equal({
      '{event="entry"}': 5 * 3 + 2,
      '{event="receipt"}': 3,
    });
  });

  it('shows who is connected, who was let in and who was cut off', async () => {
    const { portal } = suite;
    const who = { ...people.colleague, sub: 'to-be-cut' };
    const handshakes = await growth('delivery_rooms_handshakes_total', async () => {
      await portal.connect('buyer');
      await portal.connect(who);
      await portal.connect('vendor', { transports: ['polling'] });
      await TestClient.connect(portal.url, 'no token').catch(() => undefined);
    });
    expect(handshakes).to.deep.equal({ '{outcome="ok"}': 3, '{outcome="unauthenticated"}': 1 });
    let now = (await read()).samples;
    await until('the one who was refused is gone', async () => {
      now = (await read()).samples;
      return now.get('delivery_rooms_connections_unauthenticated') === 0;
    });
    expect(now.get('delivery_rooms_connections{transport="websocket",side="buyer"}')).to.equal(2);
    expect(now.get('delivery_rooms_connections{transport="polling",side="vendor"}')).to.equal(1);
    const cuts = await growth('delivery_rooms_cuts_total', () =>
      portal.call('operator', 'auth.revoke', { userId: who.sub }),
    );
    expect(cuts).to.deep.equal({ '{reason="token_revoked"}': 1 });
    portal.close();
    await until('all have gone', async () =>
      [...(await read()).samples.keys()].every((sample) => !sample.startsWith('delivery_rooms_connections{')),
    );
  });

  it('shows what waits: projects in their queues, and how late a step is', async () => {
    const { portal, clock } = suite;
    const value = async (sample: string) => (await read()).samples.get(`delivery_rooms_${sample}`);
    expect(await value('queued_projects{queue="provider"}')).to.equal(0);
    await portal.call('vendor', 'product.put', {
      productId: 'nobody-delivers',
      name: 'N',
      vendorOrg: 'maker',
      templateId: 'basic',
      providers: [],
    });
    const { projectId } = await portal.call('service', 'project.create', {
      orderId: 'waits',
      productId: 'nobody-delivers',
      buyer: { id: 'buyer-1', org: 'buyers', name: 'Bao' },
    });
    expect(await value('queued_projects{queue="provider"}')).to.equal(1);
    expect(await value('queued_projects{queue="staff"}')).to.equal(0);
    await portal.call('operator', 'project.close', { projectId, reason: 'why' });
    expect(await value('queued_projects{queue="provider"}')).to.equal(0);

    expect(await value('step_overdue_seconds')).to.equal(0);
    const due = await portal.project();
    const act = { projectId: due, visit: 1 };
    await portal.call('buyer', 'node.act', { ...act, nodeId: 'demand', action: 'submit', form: DEMAND });
    await portal.call('admin', 'node.act', { ...act, nodeId: 'delivery', action: 'finish' });
    const stored = await suite.database.connection.collection<ProjectRoom>('rooms').findOne({ _id: due });
    clock.advance((stored?.wakeAt?.getTime() ?? 0) + 90_000 - clock.now());
    expect(await value('step_overdue_seconds')).to.equal(90);
  });

  it('are not for a page of another origin', async () => {
    const response = await fetch(`${suite.portal.url}/metrics`, { headers: { origin: 'https://evil.example' } });
    expect(response.status).to.equal(403);
    expect(await response.text()).to.not.include('delivery_rooms');
  });

  it('names nobody and nothing: each label is a word of the program', async () => {
    const { types, samples } = await read();
    const known = new Set<string>([
      ...commandNames,
      ...Object.keys(ERROR_CODES),
      ...['ok', 'unknown', 'POST /v1/files', 'GET /v1/files', 'provider', 'staff', 'websocket', 'polling'],
      ...['buyer', 'vendor', 'operator', 'service', 'running', 'waiting', process.version],
    ]);
    const counted = new Set(['le', 'quantile']);
    const free = new Set(['event', 'reason', 'kind']);
    for (const sample of samples.keys()) {
      for (const [, label = '', value = ''] of sample.matchAll(/([a-z]+)="([^"]*)"/g)) {
        if (counted.has(label)) expect(value).to.match(/^(\+Inf|[\d.]+)$/);
        else if (free.has(label)) expect(value, sample).to.match(/^[a-z]+([._][a-z]+)*$/);
        else expect(known, sample).to.include(value);
      }
    }
    expect(samples.size).to.be.lessThan(1_500);
    for (const name of types.keys()) expect(name).to.match(/^(delivery_rooms|nodejs|process)_/);
    expect(types.get('delivery_rooms_commands_total')).to.equal('counter');
    for (const [name, type] of types) if (name.endsWith('_total')) expect(type, name).to.equal('counter');
    expect(samples.get('delivery_rooms_database_up')).to.equal(1);
    for (const metric of ['nodejs_heap_size_used_bytes', 'process_resident_memory_bytes', 'process_start_time_seconds'])
      expect(samples.get(metric), metric).to.be.greaterThan(0);
  });
});

describe('Who reads /metrics', () => {
  type Headers = Record<string, string>;
  const show = { contentType: 'text/plain; version=0.0.4', text: () => Promise.resolve('process_x 1\n') };

  /** How the route answers each of some requests. */
  async function statuses(
    settings: { production: boolean; metricsToken: string | undefined },
    requests: readonly Headers[],
    points = 100,
  ): Promise<number[]> {
    const limit = new RateLimit(points, 60_000);
    const route = metricsRoute({
      settings,
      metrics: show,
      onRefused() {
        if (limit.take('somebody', 0) > 0) throw new RoomError('rate_limited', 'Slow down.', { retryAfterMs: 1 });
      },
      log: createLog('silent'),
    });
    const server = createServer((request, response) => void route(request, response));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const url = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}/metrics`;
    const answered: number[] = [];
    try {
      for (const headers of requests) {
        const response = await fetch(url, { headers });
        answered.push(response.status);
        expect((await response.text()).includes('process_x')).to.equal(response.status === 200);
      }
    } finally {
      server.closeAllConnections();
      server.close();
    }
    return answered;
  }

  it('without a token: this machine, when nobody passes a request on; in production nobody', async () => {
    const requests: Headers[] = [
      {},
      { 'x-forwarded-for': '203.0.113.7' },
      { forwarded: 'for=203.0.113.7' },
      { 'x-real-ip': '203.0.113.7' },
      { via: '1.1 proxy' },
    ];
    const without = { metricsToken: undefined };
    expect(await statuses({ production: false, ...without }, requests)).to.deep.equal([200, 404, 404, 404, 404]);
    expect(await statuses({ production: true, ...without }, requests)).to.deep.equal([404, 404, 404, 404, 404]);
  });

  it('with a token: whoever shows it; who guesses is slowed down', async () => {
    const settings = { production: true, metricsToken: TOKEN };
    const user = await tokenOf({ sub: 'o', side: 'operator' });
    const table: readonly [Headers, number][] = [
      [{}, 401],
      [{ authorization: 'Bearer ' }, 401],
      [{ authorization: `Bearer ${TOKEN.slice(0, -1)}` }, 401],
      [{ authorization: `Bearer ${TOKEN}x` }, 401],
      [{ authorization: `Basic ${TOKEN}` }, 401],
      [{ authorization: `Bearer ${user}` }, 401],
      [{ authorization: `Bearer ${TOKEN}` }, 200],
      [{ authorization: `Bearer ${TOKEN}`, 'x-forwarded-for': '203.0.113.7' }, 200],
    ];
    const requests = table.map(([headers]) => headers);
    expect(await statuses(settings, requests)).to.deep.equal(table.map(([, status]) => status));
    expect(await statuses(settings, [{}, {}, {}, { authorization: `Bearer ${TOKEN}` }], 2)).to.deep.equal([
      401, 401, 429, 200,
    ]);
  });
});
