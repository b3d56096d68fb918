import { expect } from 'chai';
import { pino } from 'pino';
import type { Socket } from 'socket.io-client';
import { FLOOD_PAUSE_MS, LARGE_PACKET_CHARS, RATES, READ_UNIT_CHARS, TEXT_MAX } from '../../shared/contract/limits.ts';
import { type Answer, Refused, until } from '../support/client.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { BEGINNING, message, people, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { tokenOf } from '../support/tokens.ts';
import { BUYER, call, connectAs, eventOf, open, post, refusalOf, Tcp } from './transport-client.ts';
import { frame } from './transport-frames.ts';

describe('a flood', () => {
  let service: TestService;
  let portal: Portal;
  let wall: ManualClock;

  before(async () => {
    wall = new ManualClock(Date.now());
    // The clock stands still: what a rate lets through is an exact number.
    service = await startTestService({ env: { RATE_LIMIT_FACTOR: '1' }, overrides: { wall } });
    portal = new Portal(service.service.url);
    await portal.seed();
  });
  after(async () => {
    portal.close();
    await service.stop();
  });

  it('of messages, over every road at once: the excess is refused to its sender, the others have everything', async () => {
    const roomId = await portal.project();
    const buyer = await portal.connect('buyer');
    const vendor = await portal.connect('vendor');
    for (const client of [buyer, vendor]) await client.call('room.join', { roomId });
    const roads = [
      await portal.connect('admin'),
      await portal.connect('admin'),
      await portal.connect('admin', { transports: ['polling'] }),
    ];
    const token = await portal.token('admin');
    const { points } = RATES.write;
    const flood: Promise<string>[] = [];
    const codeOf = (answer: Answer) => (answer.ok ? 'ok' : answer.error.code);
    const calm: Promise<Answer>[] = [];
    for (let n = 0; n < points * 2; n++) {
      const input = message(roomId, `flood ${n}`);
      const road = roads[n % 4];
      if (road !== undefined) flood.push(road.answer('message.send', input).then(codeOf));
      else
        flood.push(
          post(portal.url, 'message.send', { token, body: input }).then(({ status, body }) =>
            status === 200 ? 'ok' : String(body['code']),
          ),
        );
      if (n % 10 === 0) calm.push(buyer.answer('message.send', message(roomId, `calm ${n}`)));
    }
    const codes = await Promise.all(flood);
    expect(codes.filter((code) => code === 'ok')).to.have.length(points);
    expect(codes.filter((code) => code === 'rate_limited')).to.have.length(points);
    expect((await Promise.all(calm)).every(({ ok }) => ok)).to.equal(true);
    const seqs = Array.from({ length: points + calm.length }, (_, i) => BEGINNING + 1 + i);
    for (const client of [buyer, vendor]) {
      await until('everything has come', () => client.all('entry').length >= seqs.length);
      expect(client.all('entry').map(({ seq }) => seq)).to.deep.equal(seqs);
    }
    const again = await roads[0]?.answer('message.send', message(roomId, 'again'));
    expect(again?.ok === false && again.error.retryAfterMs).to.be.within(1, RATES.write.seconds * 1_000);
    wall.advance(RATES.write.seconds * 1_000);
    expect((await roads[0]?.answer('message.send', message(roomId, 'again')))?.ok).to.equal(true);
  });

  it('of large answers: each counts as what it holds', async () => {
    const roomId = await portal.project();
    wall.advance(RATES.write.seconds * 1_000);
    const entries = RATES.write.points;
    const text = 'x'.repeat(TEXT_MAX);
    await Promise.all(
      Array.from({ length: entries }, () => portal.call('admin', 'message.send', message(roomId, text))),
    );
    const cost = 1 + Math.floor((entries * TEXT_MAX) / READ_UNIT_CHARS);
    const fetch = () => portal.call('buyer', 'entry.fetch', { roomId, stream: 'public', limit: entries });
    let obeyed = 0;
    const refusal = await (async () => {
      for (; obeyed <= RATES.read.points; obeyed++) await fetch();
    })().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refusal).to.be.instanceOf(Refused).and.have.property('code', 'rate_limited');
    // The last of them is answered whole: it is the next one that is refused.
    expect(obeyed).to.equal(Math.ceil(RATES.read.points / cost));
    const other = await portal.call('vendor', 'entry.fetch', { roomId, stream: 'public', limit: entries });
    expect(other.entries).to.have.length(entries);
    wall.advance(RATES.read.seconds * 1_000);
    expect((await fetch()).entries).to.have.length(entries);
  });

  it('of requests for what anybody may have: refused to their address, the connection is closed', async () => {
    const paths = ['/docs', '/openapi.json', '/nothing-here', '/v1/room.list?'];
    const ask = (path: string) => fetch(portal.url + path);
    for (let n = 0; n < RATES.page.points; n++) {
      const response = await ask(paths[n % paths.length] ?? '');
      expect(response.status).to.be.oneOf([200, 404]);
      await response.arrayBuffer();
    }
    for (const path of paths) {
      const response = await ask(path);
      expect([response.status, response.headers.get('connection')]).to.deep.equal([429, 'close']);
      expect(await response.json()).to.include({ code: 'rate_limited' });
    }
    expect((await ask('/healthz')).status, 'a balancer asks all the time').to.equal(200);
    await portal.call('buyer', 'room.list', {});
    wall.advance(RATES.page.seconds * 1_000);
    expect((await ask('/docs')).status).to.equal(200);
  });

  it('of calls of any kind: who does not slow down is cut off, kept out for a while, and told why', async () => {
    const flooder = await connectAs(service, people.stranger);
    const other = await connectAs(service, { ...people.stranger, sub: 'calm' });
    const { id } = flooder;
    const told = eventOf(flooder, 'connection.cut');
    const ended = eventOf(flooder, 'disconnect');
    const codes: string[] = [];
    const most = RATES.read.points + RATES.excess.points + 5;
    for (let n = 0; n < most; n++)
      flooder.emit('no.such', {}, (answer: { error: { code: string } }) => codes.push(answer.error.code));
    await ended;
    expect(await told).to.include({ connection: id ?? '', reason: 'flood' });
    expect(codes.filter((code) => code === 'not_found')).to.have.length(RATES.read.points);
    expect(codes.filter((code) => code === 'rate_limited').length).to.be.within(
      RATES.excess.points,
      RATES.excess.points + 5,
    );
    expect((await call(other, 'room.list', {})).ok).to.equal(true);
    const auth = { token: await tokenOf(people.stranger) };
    const refusal = await refusalOf(open(service.service.url, { auth }));
    expect(refusal.data).to.include({ code: 'rate_limited', retryAfterMs: FLOOD_PAUSE_MS });
    wall.advance(FLOOD_PAUSE_MS);
    const back = open(service.service.url, { auth });
    expect(await eventOf(back, 'connection.cut')).to.include({ connection: id ?? '', reason: 'flood' });
    back.disconnect();
    other.disconnect();
  });
});

describe('a known client that sends what is no call of use', () => {
  let service: TestService;
  let calm: Socket;
  const lines: string[] = [];

  before(async () => {
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    // Its time stands still, so that what is too much does not depend on how fast this machine sends it.
    const wall = new ManualClock(Date.now());
    service = await startTestService({ env: { RATE_LIMIT_FACTOR: '1' }, overrides: { log, wall } });
    calm = await connectAs(service, { ...BUYER, sub: 'calm' });
  });
  after(async () => {
    calm.disconnect();
    await service.stop();
  });

  for (const [what, packet] of [
    ['CONNECT to namespaces that are not there', frame('40/nowhere,')],
    ['packets that say nothing', frame('6')],
    ['pongs', frame('3')],
    ['acks of nothing', frame('43999[1]')],
    ['pings of the WebSocket', frame('', 9)],
    ['pongs of the WebSocket', frame('', 10)],
    ['calls as large as can be', frame(`42["room.list",{"cursor":"${'x'.repeat(LARGE_PACKET_CHARS)}"}]`)],
  ] as [string, Buffer][]) {
    it(`${what}: is cut off when it does not stop, and told so`, async () => {
      const tcp = new Tcp(service);
      tcp.upgrade();
      await until('the upgrade', () => tcp.received.includes('101'));
      tcp.send(frame(`40${JSON.stringify({ token: await tokenOf({ ...BUYER, sub: what }) })}`));
      await until('the welcome', () => tcp.received.includes('40{"sid"'));
      for (let n = 0; n < 20; n++) tcp.send(packet);
      tcp.send(frame('421["room.list",{}]'));
      await until('an answer', () => tcp.received.includes('431[{"ok":true'));
      tcp.send(Buffer.concat(Array.from({ length: RATES.excess.points }, () => packet)));
      await until('it is told', () => /\["connection.cut",[^\]]*"reason":"flood"/.test(tcp.received));
      await until('it is gone', () => service.service.load().connections === 1);
      expect(JSON.parse(lines.pop() ?? '')).to.include({ user: what, reason: 'flood' });
      expect((await call(calm, 'room.list', {})).ok).to.equal(true);
      tcp.socket.destroy();
    });
  }
});

describe('a client that sends and does not read', () => {
  it('is cut off, and costs a bounded queue', async () => {
    const lines: string[] = [];
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
    const wall = new ManualClock(Date.now());
    const service = await startTestService({ overrides: { log, wall } });
    try {
      const tcp = new Tcp(service);
      tcp.upgrade();
      await until('the upgrade', () => tcp.received.includes('101'));
      tcp.send(frame(`40${JSON.stringify({ token: await tokenOf(BUYER) })}`));
      await until('the welcome', () => tcp.received.includes('40{"sid"'));
      tcp.socket.pause();
      // Each is answered by twenty faults with a long path.
      const since = Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`${n}-${'x'.repeat(200)}`, 1]));
      const join = frame(`421["room.join",${JSON.stringify({ roomId: 'r', since })}]`);
      for (let n = 0; n < 5_000 && service.service.load().connections > 0; n++) {
        tcp.send(join);
        if (n % 100 === 0) await new Promise((resolve) => setImmediate(resolve));
      }
      await until('it is cut off', () => {
        wall.advance(1_000);
        return service.service.load().connections === 0;
      });
      expect(lines.join()).to.include('"reason":"slow_reader"');
      tcp.socket.destroy();
    } finally {
      await service.stop();
    }
  });
});
