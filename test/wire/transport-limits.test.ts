import { expect } from 'chai';
import {
  CONNECTIONS_PER_ADDRESS,
  CONNECTIONS_PER_USER,
  PAYLOAD_MAX_BYTES,
  RATES,
  STRANGER_PACKETS_MAX,
} from '../../shared/contract/limits.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { tokenOf } from '../support/tokens.ts';
import { until, within } from '../support/client.ts';
import { BUYER, call, connectAs, open, pollingSession, post, refusalOf, Tcp } from './transport-client.ts';
import { CLOSING, frame } from './transport-frames.ts';

const TRANSPORTS = ['websocket', 'polling'] as const;

describe('limits of addresses', () => {
  // A tenth: 12 handshakes a minute and 50 connections for an address.
  const factor = 0.1;
  const handshakes = RATES.handshake.points * factor;
  let wall: ManualClock;
  let service: TestService;

  before(async () => {
    wall = new ManualClock(Date.now());
    service = await startTestService({
      env: { RATE_LIMIT_FACTOR: String(factor), TRUST_PROXY: '1' },
      overrides: { wall },
    });
  });
  after(() => service.stop());
  beforeEach(() => wall.advance(RATES.handshake.seconds * 2_000));

  const from = (address: string) => ({ 'x-forwarded-for': address });
  const handshake = (address: string) =>
    fetch(`${service.service.url}/socket.io/?EIO=4&transport=polling`, { headers: from(address) });

  it('refuses an address that opens too many connections in too short a time, and no other', async () => {
    for (let n = 0; n < handshakes; n++) expect((await handshake('192.0.2.1')).status, `handshake ${n}`).to.equal(200);
    const refused = await handshake('192.0.2.1');
    expect(refused.status).to.equal(429);
    expect(refused.headers.get('content-type')).to.match(/^application\/problem\+json/);
    const problem = (await refused.json()) as { code: string; retryAfterMs: number };
    expect(problem.code).to.equal('rate_limited');
    expect(Number(refused.headers.get('retry-after'))).to.equal(Math.ceil(problem.retryAfterMs / 1000));
    expect((await handshake('192.0.2.2')).status).to.equal(200);
    wall.advance(problem.retryAfterMs);
    expect((await handshake('192.0.2.1')).status).to.equal(200);
  });

  it('answers a WebSocket that comes too early with the same error before it closes', async () => {
    for (let n = 0; n < handshakes; n++) await handshake('192.0.2.3');
    const tcp = new Tcp(service);
    tcp.upgrade('/socket.io/?EIO=4&transport=websocket', { 'X-Forwarded-For': '192.0.2.3' });
    await within(tcp.closed, 'the end');
    expect(tcp.received).to.match(/^HTTP\/1.1 429 Too Many Requests\r\n/);
    expect(tcp.received).to.match(/Retry-After: \d+\r\n/);
    expect(tcp.received).to.include('"code":"rate_limited"');
  });

  it('believes only as many hops of X-Forwarded-For as there are proxies', async () => {
    for (let n = 0; n < handshakes; n++) await handshake(`198.51.100.${n}, 192.0.2.4`);
    expect((await handshake('198.51.100.99, 192.0.2.4')).status).to.equal(429);
  });

  it('takes the addresses of one IPv6 network for one', async () => {
    for (let n = 0; n < handshakes; n++) await handshake(`2001:db8:1:2::${n + 1}`);
    expect((await handshake('2001:db8:1:2:3:4:5:6')).status).to.equal(429);
    expect((await handshake('2001:db8:1:3::1')).status).to.equal(200);
  });

  it('makes calls without a valid token pay, and not those with one', async () => {
    const token = await tokenOf(BUYER);
    const headers = from('192.0.2.5');
    for (let n = 0; n < handshakes; n++)
      expect((await post(service.service.url, 'room.list', { token: 'bad', headers })).status).to.equal(401);
    const refused = await post(service.service.url, 'room.list', { token: 'bad', headers });
    expect([refused.status, refused.body['code']]).to.deep.equal([429, 'rate_limited']);
    expect(Number(refused.headers.get('retry-after'))).to.be.greaterThan(0);
    expect((await post(service.service.url, 'room.list', { headers })).status).to.equal(429);
    expect((await post(service.service.url, 'room.list', { token, headers })).status).to.equal(200);
  });

  it('holds at most so many connections for an address, and forgets them when they end', async () => {
    const most = CONNECTIONS_PER_ADDRESS * factor;
    // Polling sessions of the tests before ended with their deadline, when the wall clock was advanced.
    await until('nothing is left from before', () => service.service.load().connections === 0);
    const sockets = [];
    for (let n = 0; n < most; n++) {
      wall.advance(6_000);
      sockets.push(
        await connectAs(
          service,
          { ...BUYER, sub: `b${n}` },
          { headers: from('192.0.2.6'), transports: [n % 5 === 0 ? 'polling' : 'websocket'] },
        ),
      );
    }
    expect(service.service.load()).to.deep.equal({ connections: most, strangers: 0, addresses: 1, rooms: most });
    wall.advance(6_000);
    const refused = await handshake('192.0.2.6');
    expect(refused.status).to.equal(429);
    expect(await refused.text()).to.include(`At most ${most} connections`);
    sockets.pop()?.disconnect();
    await until('one is free', () => service.service.load().connections === most - 1);
    (await connectAs(service, BUYER, { headers: from('192.0.2.6') })).disconnect();
    for (const socket of sockets) socket.disconnect();
    await until('all are gone', () => service.service.load().connections === 0);
    expect(service.service.load()).to.deep.equal({ connections: 0, strangers: 0, addresses: 0, rooms: 0 });
  });

  it('holds at most so many connections for a user', async () => {
    const most = CONNECTIONS_PER_USER * factor;
    const sockets = [];
    for (let n = 0; n < most; n++) sockets.push(await connectAs(service, BUYER, { headers: from(`203.0.113.${n}`) }));
    const one = { auth: { token: await tokenOf(BUYER) }, headers: from('203.0.113.200') };
    const error = await refusalOf(open(service.service.url, one));
    expect(error.data?.code).to.equal('rate_limited');
    expect(error.data?.retryAfterMs).to.be.greaterThan(0);
    for (const socket of sockets) socket.disconnect();
  });
});

describe('limits of strangers', () => {
  let service: TestService;
  const handshakeMs = 2_000;

  before(async () => {
    service = await startTestService({ overrides: { handshakeMs } });
  });
  after(() => service.stop());
  afterEach(() => until('no connection is left', () => service.service.load().connections === 0));

  it('cuts a raw connection that never says anything', async () => {
    await within(new Tcp(service).closed, 'the cut');
  });

  it('cuts a raw connection that never finishes its headers, however busy it is', async () => {
    const tcp = new Tcp(service);
    tcp.send('GET / HTTP/1.1\r\nHost: x\r\n');
    const timer = setInterval(() => tcp.send('X-More: 1\r\n'), 50);
    try {
      await within(tcp.closed, 'the cut');
    } finally {
      clearInterval(timer);
    }
    expect(tcp.received).to.match(/^HTTP\/1.1 408 /);
  });

  it('cuts a WebSocket that never authenticates, also one that goes on talking', async () => {
    const silent = new Tcp(service);
    silent.upgrade();
    const refused = new Tcp(service);
    refused.upgrade();
    refused.send(frame('40{"token":"bad"}'));
    // Neither answers the closing frame: the TCP connection is cut all the same.
    await within(Promise.all([silent.closed, refused.closed]), 'the cut');
    expect(silent.received).to.match(/^HTTP\/1.1 101 /);
    expect(refused.received).to.include('"code":"unauthenticated"');
  });

  it('ends a polling session that never authenticates, also one that does not poll', async () => {
    const address = await pollingSession(service.service.url);
    expect(service.service.load()).to.deep.equal({ connections: 1, strangers: 1, addresses: 1, rooms: 0 });
    await until('it is gone', () => service.service.load().connections === 0);
    expect((await fetch(address)).status).to.equal(400);
    expect(service.service.load()).to.deep.equal({ connections: 0, strangers: 0, addresses: 0, rooms: 0 });
  });
});

describe('limits of what a stranger sends', () => {
  let service: TestService;

  before(async () => {
    // So long that no deadline can be what ends a connection here.
    service = await startTestService({ overrides: { handshakeMs: 30_000 } });
  });
  after(() => service.stop());
  afterEach(() => until('no connection is left', () => service.service.load().connections === 0));

  for (const [what, packets] of [
    ['many packets', Array(STRANGER_PACKETS_MAX + 1).fill('40{"token":"bad"}')],
    ['many bytes', [`40{"token":"${'x'.repeat(30_000)}"}`]],
    ['events before CONNECT', ['42["room.list",{}]']],
    ['an ack before CONNECT', ['430[]']],
    ['no packet at all', ['?']],
    ['a binary packet with too many attachments', ['4599999999-["x"]']],
  ] as [string, string[]][]) {
    it(`cuts a WebSocket that sends ${what}`, async () => {
      const tcp = new Tcp(service);
      tcp.upgrade();
      await until('the upgrade', () => tcp.received.includes('101'));
      for (const packet of packets) tcp.send(frame(packet));
      await until('the closing frame', () => tcp.received.includes(CLOSING));
      tcp.socket.destroy();
    });

    it(`ends a polling session that sends ${what}`, async () => {
      const address = await pollingSession(service.service.url);
      await fetch(address, { method: 'POST', body: packets.join('\x1e') });
      const poll = await fetch(address);
      expect(poll.status === 400 || (await poll.text()) !== '', 'the session is over').to.equal(true);
    });
  }

  it('authenticates a connection once: a second CONNECT ends it', async () => {
    const tcp = new Tcp(service);
    tcp.upgrade();
    await until('the upgrade', () => tcp.received.includes('101'));
    const connect = frame(`40${JSON.stringify({ token: await tokenOf(BUYER) })}`);
    tcp.send(Buffer.concat([connect, connect, connect]));
    await until('the answers', () => (tcp.received.match(/4[04]\{/g) ?? []).length === 3);
    expect(tcp.received.match(/40\{"sid"/g)?.length).to.equal(1);
    expect(tcp.received).to.include('"code":"conflict"');
    tcp.send(connect);
    await until('the closing frame', () => tcp.received.includes(CLOSING));
    tcp.socket.destroy();
  });

  it('a client that leaves its namespace leaves altogether', async () => {
    const tcp = new Tcp(service);
    tcp.upgrade();
    await until('the upgrade', () => tcp.received.includes('101'));
    tcp.send(frame(`40${JSON.stringify({ token: await tokenOf(BUYER) })}`));
    await until('the welcome', () => tcp.received.includes('40{"sid"'));
    tcp.send(frame('41'));
    await until('it is gone', () => service.service.load().connections === 0);
    tcp.socket.destroy();
  });
});

describe('limits of members', () => {
  const factor = 0.1;
  let wall: ManualClock;
  let service: TestService;

  before(async () => {
    wall = new ManualClock(Date.now());
    service = await startTestService({ env: { RATE_LIMIT_FACTOR: String(factor) }, overrides: { wall } });
  });
  after(() => service.stop());
  beforeEach(() => wall.advance(RATES.handshake.seconds * 1_000));

  it('counts a user over all connections and both transports', async () => {
    const most = RATES.read.points * factor;
    const token = await tokenOf(BUYER);
    const a = await connectAs(service, BUYER);
    const b = await connectAs(service, BUYER, { transports: ['polling'] });
    for (let n = 0; n < most; n++) {
      if (n % 3 === 0) expect((await call(a, 'room.list', {})).ok).to.equal(true);
      else if (n % 3 === 1) expect((await call(b, 'room.list', {})).ok).to.equal(true);
      else expect((await post(service.service.url, 'room.list', { token })).status).to.equal(200);
    }
    for (const socket of [a, b]) {
      const answer = await call(socket, 'room.list', {});
      expect(!answer.ok && answer.error.code).to.equal('rate_limited');
      expect(!answer.ok && answer.error.retryAfterMs).to.be.within(1, RATES.read.seconds * 1000);
    }
    const http = await post(service.service.url, 'room.list', { token });
    expect(http.status).to.equal(429);
    expect(Number(http.headers.get('retry-after'))).to.equal(Math.ceil(Number(http.body['retryAfterMs']) / 1000));
    const other = await connectAs(service, { ...BUYER, sub: 'somebody-else' });
    expect((await call(other, 'room.list', {})).ok).to.equal(true);
    wall.advance(RATES.read.seconds * 1000);
    expect((await call(a, 'room.list', {})).ok).to.equal(true);
    for (const socket of [a, b, other]) socket.disconnect();
  });

  for (const transport of TRANSPORTS) {
    it(`ends a ${transport} connection that sends a packet above the limit, with the reason`, async () => {
      const socket = await connectAs(service, { ...BUYER, sub: `large-${transport}` }, { transports: [transport] });
      const ended = new Promise<string>((resolve) => socket.once('disconnect', (reason) => resolve(reason)));
      socket.emit('message.send', { text: 'x'.repeat(PAYLOAD_MAX_BYTES) });
      expect(await within(ended, 'the end')).to.be.oneOf(['transport error', 'transport close']);
      socket.disconnect();
    });

    it(`takes a ${transport} packet just below the limit`, async () => {
      const socket = await connectAs(service, { ...BUYER, sub: `below-${transport}` }, { transports: [transport] });
      const answer = await call(socket, 'message.send', { text: 'x'.repeat(PAYLOAD_MAX_BYTES - 200) });
      expect(!answer.ok && answer.error.code).to.equal('invalid');
      socket.disconnect();
    });
  }

  it('answers a body above the limit with too_large', async () => {
    const token = await tokenOf({ ...BUYER, sub: 'large-http' });
    const answer = await post(service.service.url, 'message.send', {
      token,
      body: { text: 'x'.repeat(PAYLOAD_MAX_BYTES) },
    });
    expect([answer.status, answer.body['code']]).to.deep.equal([413, 'too_large']);
  });
});

describe('limits switched off by RATE_LIMIT_FACTOR=0', () => {
  it('lets any number through', async () => {
    const service = await startTestService({ env: { RATE_LIMIT_FACTOR: '0' } });
    try {
      const socket = await connectAs(service, BUYER);
      const answers = await Promise.all(Array.from({ length: 600 }, () => call(socket, 'no.such', {})));
      expect(answers.every((answer) => !answer.ok && answer.error.code === 'not_found')).to.equal(true);
      for (let n = 0; n < RATES.handshake.points + 5; n++) {
        const response = await fetch(`${service.service.url}/socket.io/?EIO=4&transport=polling`);
        expect(response.status).to.equal(200);
        await response.text();
      }
      socket.disconnect();
    } finally {
      await service.stop();
    }
  });
});
