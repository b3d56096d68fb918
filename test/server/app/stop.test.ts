import { randomUUID } from 'node:crypto';
import { type AddressInfo, createServer } from 'node:net';
import { expect } from 'chai';
import { Router } from 'express';
import { pino } from 'pino';
import { stopInOrder } from '../../../server/app/stop-in-order.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { startTestService } from '../../support/service.ts';
import { tokenOf } from '../../support/tokens.ts';
import { until, within } from '../../support/client.ts';
import { call, connectAs, eventOf, open, post, Tcp } from '../../wire/transport-client.ts';
import { ServiceProcess } from './service-process.ts';

const PORTAL = { sub: 'portal', side: 'service' } as const;
const BUYER = { sub: 'b', side: 'buyer', org: 'org-b' } as const;

/** A project's room, made as a portal makes it. */
async function roomOn(url: string): Promise<string> {
  const token = await tokenOf(PORTAL);
  const steps: [string, unknown][] = [
    ['org.put', { orgId: 'v', name: 'Vendor' }],
    ['org.put', { orgId: 'p', name: 'Provider' }],
    [
      'product.put',
      { productId: 'x', name: 'X', vendorOrg: 'v', templateId: 'basic', providers: [{ org: 'p', maxLoad: 9 }] },
    ],
  ];
  for (const [name, body] of steps) expect((await post(url, name, { token, body })).status, name).to.equal(200);
  const body = { orderId: randomUUID(), productId: 'x', buyer: { id: BUYER.sub, org: BUYER.org, name: 'B' } };
  const created = await post(url, 'project.create', { token, body });
  expect(created.status, JSON.stringify(created.body)).to.equal(200);
  return String(created.body['roomId']);
}

describe('stopInOrder', () => {
  it('runs every step in order, also after one that fails and one that never ends', async () => {
    const ran: string[] = [];
    const logged: string[] = [];
    const log = pino({ level: 'error' }, { write: (line: string) => void logged.push(String(JSON.parse(line).step)) });
    await stopInOrder(
      log,
      [
        ['one', () => void ran.push('one')],
        ['fails', () => Promise.reject(new Error('broken'))],
        [
          'throws',
          () => {
            throw new Error('broken');
          },
        ],
        ['hangs', () => new Promise(() => undefined)],
        ['last', async () => void ran.push('last')],
      ],
      20,
    );
    expect(ran).to.deep.equal(['one', 'last']);
    expect(logged).to.deep.equal(['fails', 'throws', 'hangs']);
  });
});

describe('the stop of a service', () => {
  it('is said at /readyz for a moment, also when no client is connected', async () => {
    const service = await startTestService({ overrides: { noticeMs: 1_000 } });
    const { url } = service.service;
    const stopped = service.stop();
    expect((await fetch(`${url}/readyz`)).status).to.equal(503);
    await within(stopped, 'the stop');
  });

  it('lets a request end that had begun', async () => {
    const service = await startTestService();
    const tcp = new Tcp(service);
    const body = '{}';
    tcp.send(
      [
        'POST /v1/room.list HTTP/1.1',
        'Host: localhost',
        `Authorization: Bearer ${await tokenOf(BUYER)}`,
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Expect: 100-continue',
        '\r\n',
      ].join('\r\n'),
    );
    await until('the server waits for the body', () => tcp.received.includes('100 Continue'));
    const stopped = service.stop();
    await until('nobody new is let in', () =>
      fetch(`${service.service.url}/healthz`).then(
        () => false,
        () => true,
      ),
    );
    tcp.send(body);
    await until('the answer', () => tcp.received.includes('"code":"unavailable"'));
    await within(stopped, 'the stop');
    tcp.socket.destroy();
  });

  it('is told to clients, lets nobody new in, and reports itself not ready meanwhile', async () => {
    const service = await startTestService();
    const { url } = service.service;
    expect((await fetch(`${url}/readyz`)).status).to.equal(200);
    const socket = await connectAs(service, BUYER);
    const told = eventOf(socket, 'server.draining');
    const ended = new Promise<string>((resolve) => socket.once('disconnect', (reason) => resolve(reason)));
    const before = Date.now();
    const stopped = service.stop();
    const { at } = (await told) as { at: string };
    // When it will have ended its connections.
    expect(Date.parse(at)).to.be.greaterThan(before);
    const ready = await fetch(`${url}/readyz`);
    expect([ready.status, ((await ready.json()) as { message: string }).message]).to.deep.equal([
      503,
      'This server is stopping.',
    ]);
    expect((await fetch(`${url}/healthz`)).status).to.equal(200);
    expect((await fetch(`${url}/socket.io/?EIO=4&transport=polling`)).status).to.equal(503);
    // Who is still here is still served, and is let go in a way after which a client comes back by itself.
    expect((await call(socket, 'room.list', {})).ok).to.equal(true);
    expect(await within(ended, 'the end')).to.equal('transport close');
    await within(stopped, 'the stop', 10_000);
    const nobody = open(url);
    await within(new Promise((resolve) => nobody.once('connect_error', resolve)), 'a refusal');
    nobody.disconnect();
  });

  it('says why it is not ready while the database is away', async () => {
    const log = pino({ level: 'silent' });
    const { createHttpApp } = await import('../../../server/transport/http/http-app.ts');
    const { listen } = await import('../../../server/app/front-door.ts');
    const { InFlight } = await import('../../../server/registry/in-flight.ts');
    const { Figures } = await import('../../../server/telemetry/figures.ts');
    const { ReadGate } = await import('../../../server/registry/read-gate.ts');
    const door = await listen({ port: 0, host: '127.0.0.1', headersMs: 1000 });
    try {
      const starting = await fetch(`${door.url}/readyz`);
      expect([starting.status, ((await starting.json()) as { message: string }).message]).to.deep.equal([
        503,
        'This server is starting.',
      ]);
      door.open(
        createHttpApp({
          settings: { allowedOrigins: [] },
          tokens: { verify: () => Promise.reject(new Error('not asked')) },
          execute: () => Promise.reject(new Error('not asked')),
          inFlight: new InFlight(),
          rates: { take: () => undefined },
          readGate: new ReadGate(),
          addressOf: () => '',
          ready: () => Promise.reject(new Error('connect ECONNREFUSED db.internal:27017')),
          figures: new Figures(),
          log,
          metrics: (_request, response) => void response.end(),
          files: Router(),
          callbacks: Router(),
        }),
      );
      const away = await fetch(`${door.url}/readyz`);
      expect(away.status).to.equal(503);
      const text = await away.text();
      expect(text).to.include('The database does not answer.').and.not.to.include('db.internal');
      expect((await fetch(`${door.url}/healthz`)).status).to.equal(200);
    } finally {
      door.http.closeAllConnections();
      door.http.close();
    }
  });
});

describe('a service process', () => {
  let database: TestDatabase;
  let service: ServiceProcess | undefined;

  beforeEach(async () => {
    database = await createTestDatabase();
  });
  afterEach(async () => {
    await service?.kill();
    await database.drop();
  });

  const start = (preload?: string, env: Record<string, string> = {}) => {
    service = new ServiceProcess({ ...database.env, RATE_LIMIT_FACTOR: '0', ...env }, preload);
    return service;
  };

  it('ends with code 0 on SIGTERM; what it acknowledged is stored', async () => {
    const first = start();
    const url = await first.url();
    const roomId = await roomOn(url);
    const token = await tokenOf(BUYER);
    const socket = open(url, { auth: { token } });
    await within(new Promise((resolve) => socket.once('connect', resolve as () => void)), 'a connection');
    const acked: string[] = [];
    const send = (): void => {
      const clientId = randomUUID();
      socket.emit('message.send', { roomId, clientId, text: clientId }, (answer: { ok: boolean }) => {
        if (answer.ok) acked.push(clientId);
        if (socket.connected) send();
      });
    };
    const draining = eventOf(socket, 'server.draining');
    for (let n = 0; n < 20; n++) send();
    await until('it acknowledges', () => acked.length > 20);
    first.child.kill('SIGTERM');
    await draining;
    await within(
      new Promise((resolve) => socket.once('disconnect', resolve as () => void)),
      'the end of the connection',
    );
    expect(await first.end()).to.deep.equal({ code: 0, signal: null });
    expect(first.stderr).to.equal('');
    expect(first.lines.map(({ msg }) => msg)).to.include.members(['serving', 'stopping', 'stopped']);

    const second = start();
    const again = await second.url();
    const stored = new Set<string>();
    for (let after = 0; ; ) {
      const page = await post(again, 'entry.fetch', { token, body: { roomId, stream: 'public', after, limit: 200 } });
      const entries = page.body['entries'] as { seq: number; body: { text?: string } }[];
      for (const { body } of entries) if (body.text !== undefined) stored.add(body.text);
      const last = entries.at(-1);
      if (last === undefined) break;
      after = last.seq;
    }
    expect(acked.filter((id) => !stored.has(id))).to.deep.equal([]);
  });

  it('ends at once on a second signal', async () => {
    const slow = start();
    const url = await slow.url();
    const socket = open(url, { auth: { token: await tokenOf(BUYER) } });
    await within(new Promise((resolve) => socket.once('connect', resolve as () => void)), 'a connection');
    slow.child.kill('SIGTERM');
    await eventOf(socket, 'server.draining');
    slow.child.kill('SIGINT');
    const { code, signal } = await slow.end();
    // Where this process was held up for longer than a stop takes, the other one was ending already, and listened to signals no more.
    expect([code, signal], slow.stderr).to.be.deep.oneOf([
      [1, null],
      [null, 'SIGINT'],
    ]);
    if (code === 1) expect(slow.lines.map(({ msg }) => msg)).not.to.include('stopped');
    socket.disconnect();
  });

  /** Sends the process a signal at the very moment from which on it listens to them: it has not begun to start then. */
  const atOnce = `process.on('newListener', (name) => {
    if (name === 'SIGTERM') setImmediate(() => process.kill(process.pid, 'SIGTERM'));
  });`;

  it('ends in order when it is asked to while it starts', async () => {
    const young = start(atOnce);
    expect(await young.end()).to.deep.equal({ code: 0, signal: null });
    expect(young.stderr).to.equal('');
    const said = young.lines.map(({ msg }) => msg);
    expect(said.filter((msg) => msg === 'stopping' || msg === 'serving' || msg === 'stopped')).to.deep.equal([
      'stopping',
      'serving',
      'stopped',
    ]);
  });

  describe('whose start hangs, because the database says nothing', () => {
    const silent = createServer();
    let env: Record<string, string>;
    before(async () => {
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      env = { MONGODB_URI: `mongodb://127.0.0.1:${(silent.address() as AddressInfo).port}/` };
    });
    after(() => silent.close());

    it('ends with the reason when it is asked to', async () => {
      const hung = start(atOnce, env);
      expect(await hung.end()).to.deep.equal({ code: 1, signal: null });
      expect(hung.lines.map(({ msg }) => msg))
        .to.include('stopping')
        .and.not.to.include('serving');
      expect(hung.stderr).to.include('cannot start');
    });

    it('ends at once on a second signal', async () => {
      const hung = start(atOnce, env);
      await hung.until('that it stops', () => hung.lines.find(({ msg }) => msg === 'stopping'));
      hung.child.kill('SIGINT');
      expect(await hung.end()).to.deep.equal({ code: 1, signal: null });
      expect(hung.stderr, 'it is not the database that it ended for').to.equal('');
    });
  });

  for (const [what, fault] of [
    ['a rejection', "Promise.reject(new Error('nobody caught this'))"],
    ['an exception', "setImmediate(() => { throw new Error('nobody caught this'); })"],
  ] as const) {
    it(`logs ${what} that nobody caught and ends in order with code 1`, async () => {
      const faulty = start(`process.on('SIGUSR2', () => { ${fault} });`);
      await faulty.url();
      faulty.child.kill('SIGUSR2');
      expect((await faulty.end()).code).to.equal(1);
      const fatal = faulty.lines.filter(({ level }) => level === 60);
      expect(fatal).to.have.lengthOf(1);
      expect(JSON.stringify(fatal[0])).to.include('nobody caught this');
      expect(faulty.lines.at(-1)?.['msg']).to.equal('stopped');
    });
  }
});
