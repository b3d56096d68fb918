import { expect } from 'chai';
import * as fc from 'fast-check';
import { PAYLOAD_MAX_BYTES } from '../../../shared/contract/limits.ts';
import { until, within } from '../../support/client.ts';
import { pollingSession, Tcp } from '../transport-client.ts';
import { frame } from '../transport-frames.ts';
import { fuzzSuite, growthOf } from './fuzz-suite.ts';
import { frameMutation, mutateFrame, mutateText, packetMutation, requestMutation } from './packet-mutations.ts';
import { fuzz } from './seeds.ts';

describe('hostile bytes', () => {
  const suite = fuzzSuite();
  const url = () => suite.service.service.url;
  let token: string;
  /** The vendor reads this room and writes nothing: whatever is made of these packets, nothing of it may be stored. */
  let valid: string[];
  let untouched: string;

  before(async () => {
    token = await suite.portal.token('vendor');
    const { roomId } = suite;
    valid = [
      `40${JSON.stringify({ token, v: 1 })}`,
      '420["room.list",{}]',
      `421["room.join",{"roomId":"${roomId}","since":{"public":0}}]`,
      `42["typing.set",{"roomId":"${roomId}","stream":"public","typing":true}]`,
      `422["message.send",{"roomId":"${roomId}","stream":"public","clientId":"0b7e3f6a-5d2c-4f1e-9a8b-7c6d5e4f3a2b","text":"x"}]`,
      `423["entry.fetch",{"roomId":"${roomId}","stream":"public","after":0}]`,
      '451-4["room.get",{"_placeholder":true,"num":0}]',
      '430[]',
      '41',
      '3',
      '2probe',
      '5',
      '40/admin,{}',
    ];
  });
  beforeEach(async () => {
    // What the first one changed is written down by then: the room's last activity comes a little later.
    await until('nothing changes any more', async () => (untouched = await stored()) === (await stored()));
  });
  afterEach(async () => {
    expect((await stored()) === untouched, 'nothing was stored').to.equal(true);
  });

  const stored = async () => (await suite.database.dump()).replaceAll(/"activity":\{[^}]*\}/g, '');

  /** Sends bytes that no client would, waits for the end of the connection, and gives what was answered. */
  async function send(begin: (tcp: Tcp) => void): Promise<string> {
    const tcp = new Tcp(suite.service);
    begin(tcp);
    tcp.socket.end();
    await within(tcp.closed, 'the end of a fuzzed connection', 15_000);
    return tcp.received;
  }

  it('mutated WebSocket frames of strangers, of members and of a session that changes its transport: all end, the heap stays', async () => {
    const property = fc.asyncProperty(
      fc.constantFrom('stranger', 'member', 'upgrade'),
      fc.array(frameMutation, { minLength: 1, maxLength: 6 }),
      async (who, mutations) => {
        const session = who === 'upgrade' ? await pollingSession(url()) : undefined;
        await send((tcp) => {
          const path = session === undefined ? undefined : session.slice(url().length).replace('polling', 'websocket');
          tcp.upgrade(path);
          if (who === 'member') tcp.send(frame(valid[0] ?? ''));
          if (who === 'upgrade') tcp.send(frame('2probe'));
          for (const mutation of mutations) tcp.send(mutateFrame(valid, mutation));
        });
        if (session !== undefined) await fetch(session, { method: 'POST', body: '1' });
      },
    );
    await fuzz(property, 40);
    expect(await growthOf(() => fuzz(property, 300)), 'bytes more').to.be.lessThan(8e6);
  });

  it('mutated polling payloads of strangers and of members', async () => {
    const property = fc.asyncProperty(
      fc.boolean(),
      fc.array(packetMutation, { minLength: 1, maxLength: 6 }),
      async (isMember, mutations) => {
        const address = await pollingSession(url());
        if (isMember) await fetch(address, { method: 'POST', body: valid[0] ?? '' });
        const body = mutations.map((mutation) => mutateText(valid, mutation)).join('\x1e');
        const sent = await fetch(address, { method: 'POST', body });
        expect(sent.status).to.be.oneOf([200, 400]);
        // Engine.IO's own packet for "I leave"; a session that was ended answers 400.
        expect((await fetch(address, { method: 'POST', body: '1' })).status).to.be.oneOf([200, 400]);
      },
    );
    await fuzz(property, 100);
  });

  it('mutated HTTP requests, to every kind of address: an answer that blames the client, or a closed connection', async () => {
    const { roomId } = suite;
    const head = (line: string, ...more: string[]) =>
      [`${line} HTTP/1.1`, 'Host: localhost', ...more, '', ''].join('\r\n');
    const bearer = `Authorization: Bearer ${token}`;
    const withBody = (line: string, body: string, type: string) =>
      head(line, bearer, `Content-Type: ${type}`, `Content-Length: ${body.length}`) + body;
    const part =
      '--b\r\nContent-Disposition: form-data; name="file"; filename="a.txt"\r\nContent-Type: text/plain\r\n\r\nx\r\n--b--\r\n';
    const requests = [
      withBody('POST /v1/room.join', `{"roomId":"${roomId}"}`, 'application/json'),
      withBody(
        'POST /v1/message.send',
        `{"roomId":"${roomId}","text":"x","clientId":"0b7e3f6a-5d2c-4f1e-9a8b-7c6d5e4f3a2b"}`,
        'application/json',
      ),
      withBody('POST /v1/entry.fetch', `{"roomId":"${roomId}","stream":"public"}`, 'application/json; charset=utf-8'),
      withBody(`POST /v1/files?roomId=${roomId}&stream=public`, part, 'multipart/form-data; boundary=b'),
      head('GET /v1/files/6b0a805174d702f60aa58956?link=x', 'Range: bytes=0-1'),
      head('GET /socket.io/?EIO=4&transport=polling&t=x', 'Origin: http://localhost'),
      head(
        'GET /socket.io/?EIO=4&transport=websocket',
        'Connection: Upgrade',
        'Upgrade: websocket',
        'Sec-WebSocket-Version: 13',
        'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      ),
      head('POST /socket.io/?EIO=4&transport=polling&sid=x', 'Content-Length: 1') + '1',
      head('OPTIONS /v1/room.list', 'Origin: http://localhost', 'Access-Control-Request-Method: POST'),
      head('GET /docs'),
      head('GET /readyz'),
    ];
    const property = fc.asyncProperty(fc.array(requestMutation, { minLength: 1, maxLength: 3 }), async (mutations) => {
      const bytes = mutations.map((mutation) => mutateText(requests, mutation)).join('');
      const answer = await send((tcp) => tcp.send(bytes));
      // "HTTP version not supported" is Node's own word for a version that is none.
      for (const [, status] of answer.matchAll(/^HTTP\/1\.1 (\d+) /gm))
        expect(Number(status), bytes).to.satisfy((one: number) => one < 500 || one === 505);
    });
    await fuzz(property, 30);
    expect(await growthOf(() => fuzz(property, 300)), 'bytes more').to.be.lessThan(8e6);
  });

  it('bytes that are no HTTP at all, TLS among them', async () => {
    const hello = Buffer.from('16030100c8010000c40303', 'hex');
    const property = fc.asyncProperty(
      fc.uint8Array({ minLength: 1, maxLength: 300 }),
      fc.boolean(),
      async (noise, isTls) => {
        const answer = await send((tcp) => tcp.send(Buffer.concat([isTls ? hello : Buffer.alloc(0), noise])));
        expect(answer).to.match(/^(HTTP\/1\.1 4\d\d [^]*)?$/);
      },
    );
    await fuzz(property, 50);
  });

  for (const [what, bytes] of [
    ['a frame', (size: number) => frame('4'.repeat(size))],
    [
      'a fragmented message',
      (size: number) => Buffer.concat(Array.from({ length: size / 1_000 }, (_, n) => fragment(n))),
    ],
    ['a message in 40,000 fragments', () => Buffer.concat(Array.from({ length: 40_000 }, (_, n) => fragment(n, 1)))],
  ] as const) {
    it(`${what} above the limit ends the connection, whatever more comes`, async () => {
      const answer = await send((tcp) => {
        tcp.upgrade();
        tcp.send(frame(valid[0] ?? ''));
        tcp.send(bytes(PAYLOAD_MAX_BYTES * 2));
        tcp.send(frame('420["room.list",{}]'));
      });
      expect(answer).to.not.include('430[');
    });
  }
});

/** The first or a later frame of a message that goes on. */
function fragment(n: number, size = 1_000): Buffer {
  const bytes = frame('4'.repeat(size), n === 0 ? 1 : 0);
  bytes[0] = (bytes[0] ?? 0) & 0x7f;
  return bytes;
}
