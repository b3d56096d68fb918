import { expect } from 'chai';
import { after, afterEach, before, describe, it } from 'mocha';
import { pino } from 'pino';
import { type Client, createClient } from '../../client-sdk/index.ts';
import type { ServerEvents } from '../../shared/contract/events.ts';
import { TEXT_MAX, UNREAD_BYTES_MAX } from '../../shared/contract/limits.ts';
import { TestClient, until } from '../support/client.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { BEGINNING, message, Portal } from '../support/portal.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { type StallingProxy, startStallingProxy } from '../support/stalling-proxy.ts';
import { pollingSession } from '../wire/transport-client.ts';

/** So many messages are half as much again as may wait for a client. */
const MESSAGES = Math.ceil((UNREAD_BYTES_MAX * 1.5) / TEXT_MAX);
const SECOND = 1_000;

describe('Somebody who does not read what is sent to a room', () => {
  let service: TestService;
  let portal: Portal;
  let proxy: StallingProxy;
  let wall: ManualClock;
  const lines: { reason?: string; user?: string; connection?: string; unread?: { bytes: number } }[] = [];
  const closers: (() => unknown)[] = [];

  before(async () => {
    wall = new ManualClock(Date.now());
    const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(JSON.parse(line)) });
    service = await startTestService({ overrides: { wall, log } });
    portal = new Portal(service.service.url);
    await portal.seed();
    proxy = await startStallingProxy(service.service.port);
  });
  afterEach(async () => {
    expect(portal.faults()).to.deep.equal([]);
    portal.close();
    await Promise.all(closers.splice(0).map((close) => close()));
    lines.length = 0;
  });
  after(async () => {
    proxy.close();
    await service.stop();
  });

  /** Fills the room; every message is stored and read by somebody before it resolves. */
  async function fill(writer: TestClient, roomId: string): Promise<void> {
    const before = writer.all('entry').length;
    const text = 'x'.repeat(TEXT_MAX);
    await Promise.all(Array.from({ length: MESSAGES }, () => writer.call('message.send', message(roomId, text))));
    await until('the others have read it', () => writer.all('entry').length === before + MESSAGES);
  }

  it('is cut off by name, others are not, and an SDK client comes back, learns why and has missed nothing', async () => {
    const roomId = await portal.project();
    const writer = await portal.connect('admin');
    await writer.call('room.join', { roomId });
    const client: Client = createClient({ url: proxy.url, getToken: () => portal.token('buyer'), random: () => 0 });
    closers.push(() => client.close());
    const cuts: ServerEvents['connection.cut'][] = [];
    client.on('cut', (cut) => cuts.push(cut));
    client.connect();
    const room = client.room(roomId);
    await room.open();

    proxy.stall();
    // Asked after the first of it, the client does not answer, while more and more is sent.
    await fill(writer, roomId);
    wall.advance(SECOND);
    await fill(writer, roomId);
    expect(lines).to.deep.equal([]);
    wall.advance(2 * SECOND);
    expect(lines).to.have.length(1);
    expect(lines[0]).to.include({ reason: 'slow_reader', user: 'buyer-1' });
    expect(lines[0]?.unread?.bytes).to.be.lessThan(UNREAD_BYTES_MAX);
    await until('its connection is gone', () => service.service.load().connections === 1);

    proxy.release();
    const head = BEGINNING + 2 * MESSAGES;
    await until('everything has come', () => room.snapshot.streams['public']?.entries.at(-1)?.seq === head);
    const seqs = room.snapshot.streams['public']?.entries.map(({ seq }) => seq) ?? [];
    expect(seqs).to.deep.equal(Array.from({ length: seqs.length }, (_, i) => head - seqs.length + 1 + i));
    expect(seqs.length).to.be.at.least(2 * MESSAGES);
    await until('it has learnt why', () => cuts.length > 0);
    expect(cuts).to.have.length(1);
    expect(cuts[0]).to.include({ reason: 'slow_reader', connection: lines[0]?.connection });
    expect(writer.socket.connected).to.equal(true);
  });

  it('over polling: as soon as too much waits, without any sweep', async () => {
    const roomId = await portal.project();
    const address = await pollingSession(service.service.url);
    const post = (packet: string) => fetch(address, { method: 'POST', body: packet });
    await post(`40${JSON.stringify({ token: await portal.token('buyer') })}`);
    expect(await (await fetch(address)).text()).to.match(/^40{"sid"/);
    await post(`420["room.join",{"roomId":"${roomId}"}]`);
    const writer = await portal.connect('admin');
    await writer.call('room.join', { roomId });
    await until('it has joined', async () => (await writer.call('room.join', { roomId })).online.length === 2);
    await fill(writer, roomId);
    expect(lines.map(({ reason }) => reason)).to.deep.equal(['slow_reader']);
    // The event that is one too many, the one before it, which may have come within a byte of it, and the answer to the join.
    expect(lines[0]?.unread?.bytes).to.be.within(UNREAD_BYTES_MAX, UNREAD_BYTES_MAX + 3 * TEXT_MAX);
    expect((await fetch(address)).status).to.equal(400);

    const told = await portal.connect('buyer');
    await told.flush();
    expect(told.all('connection.cut')).to.deep.include({
      connection: lines[0]?.connection,
      reason: 'slow_reader',
      at: new Date(wall.now()).toISOString(),
    });
    const other = await portal.connect('colleague');
    await other.flush();
    expect(other.all('connection.cut'), 'nobody else is told').to.deep.equal([]);
    wall.advance(6 * 60 * SECOND);
    const later = await portal.connect('buyer');
    await later.flush();
    expect(later.all('connection.cut'), 'not for ever').to.deep.equal([]);
  });
});
