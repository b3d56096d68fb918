import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import { expect } from 'chai';
import { pino } from 'pino';
import type { Socket } from 'socket.io-client';
import { ERROR_CODES, type WireError } from '../../shared/contract/errors.ts';
import type { Side } from '../../shared/contract/primitives.ts';
import { type CommandName, commandNames, commands } from '../../shared/contract/registry.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { tokenOf, type Who } from '../support/tokens.ts';
import { until, within } from '../support/client.ts';
import { call, connectAs, post, Tcp } from './transport-client.ts';
import { CLOSING, frame } from './transport-frames.ts';

const OPERATOR = { sub: 'op', side: 'operator' } as const;
/** One of each side that has commands of its own; operators for all others. */
const CALLERS: readonly Who[] = [
  OPERATOR,
  { sub: 'admin', side: 'provider', org: 'studio', roles: ['provider_admin'] },
  { sub: 'buyer', side: 'buyer', org: 'buyers' },
  { sub: 'portal', side: 'service' },
];
const TRANSPORTS = ['websocket', 'polling'] as const;

const nested = (depth: number): unknown => JSON.parse(`${'{"a":['.repeat(depth)}1${']}'.repeat(depth)}`);

describe('hostile input', () => {
  let service: TestService;
  let token: string;
  let socket: Socket;
  /** A connection and a token of each side. */
  const callers = new Map<Side, { socket: Socket; token: string }>();
  /** Another client, to which nothing of all this must matter. */
  let other: Socket;
  const faults: string[] = [];
  const url = () => service.service.url;

  before(async () => {
    const log = pino({ level: 'error' }, { write: (line: string) => void faults.push(line) });
    service = await startTestService({ overrides: { log } });
    token = await tokenOf(OPERATOR);
    socket = await connectAs(service, OPERATOR);
    for (const who of CALLERS)
      callers.set(who.side, { socket: await connectAs(service, who), token: await tokenOf(who) });
    other = await connectAs(service, { sub: 'calm', side: 'buyer', org: 'o' });
  });
  after(async () => {
    socket.disconnect();
    for (const caller of callers.values()) caller.socket.disconnect();
    other.disconnect();
    await service.stop();
  });
  afterEach(async () => {
    expect(faults, 'no fault of ours was logged').to.deep.equal([]);
    expect((await call(other, 'room.list', {})).ok, 'the other client is served').to.equal(true);
  });

  /** The same call over both transports: one error, the same one. */
  async function bothRefuse(name: CommandName, input: unknown): Promise<WireError> {
    const who = CALLERS.find(({ side }) => commands[name].callers.includes(side))?.side;
    const caller = who === undefined ? undefined : callers.get(who);
    if (caller === undefined) throw new Error(`nobody here may call ${name}`);
    const overSocket = await call(caller.socket, name, input);
    if (overSocket.ok) throw new Error(`${name} was obeyed`);
    const { error } = overSocket;
    expect(Object.keys(error)).to.include.members(['code', 'message']);
    expect(JSON.stringify(error).length, 'a short error').to.be.lessThan(10_000);
    if (commands[name].connectionBound !== true) {
      const overHttp = await post(url(), name, { token: caller.token, body: JSON.stringify(input) ?? '{}' });
      const { title, status, detail, ...fields } = overHttp.body;
      expect(fields).to.deep.equal({ ...error });
      expect(overHttp.status).to.equal(ERROR_CODES[error.code].status);
      expect([status, detail]).to.deep.equal([overHttp.status, error.message]);
      expect(title).to.be.a('string');
      expect(overHttp.headers.get('content-type')).to.match(/^application\/problem\+json/);
    }
    return error;
  }

  describe('as the input of every command, whatever its fields are', () => {
    for (const name of commandNames) {
      it(name, async () => {
        const pairs: [string, unknown, string][] = [
          ['a key from the prototype', JSON.parse('{"__proto__":{"polluted":1}}'), 'invalid'],
          ['a constructor', JSON.parse('{"constructor":{"prototype":{"polluted":1}}}'), 'invalid'],
          ['an unknown key', { surprise: 1 }, 'invalid'],
          ['an array', [], 'invalid'],
          ['ten thousand values', { list: Array(10_000).fill(0) }, 'too_large'],
          ['thirty levels', nested(15), 'invalid'],
          ['a very long key', { ['k'.repeat(50_000)]: 1 }, 'invalid'],
        ];
        for (const [what, input, code] of pairs) expect((await bothRefuse(name, input)).code, what).to.equal(code);
        expect(Reflect.get({}, 'polluted')).to.equal(undefined);
      });
    }
  });

  for (const transport of TRANSPORTS) {
    describe(`over Socket.IO with ${transport}`, () => {
      let own: Socket;
      before(async () => {
        own = await connectAs(service, OPERATOR, { transports: [transport] });
      });
      after(() => own.disconnect());

      const cases: [string, unknown, unknown[], string][] = [
        ['an unknown command', 'no.such', [{}], 'not_found'],
        ['a name of the prototype', 'constructor', [{}], 'not_found'],
        ['__proto__', '__proto__', [{}], 'not_found'],
        ['an event of Node', 'error', [{}], 'not_found'],
        ['an empty name', '', [{}], 'not_found'],
        ['a name of 100,000 characters', 'x'.repeat(100_000), [{}], 'not_found'],
        ['two inputs', 'room.list', [{}, {}], 'invalid'],
        ['twenty inputs', 'room.list', Array.from({ length: 20 }, () => ({})), 'invalid'],
        ['a text', 'room.get', ['text'], 'invalid'],
        ['a number', 'room.get', [5], 'invalid'],
        ['true', 'room.get', [true], 'invalid'],
        ['null', 'room.get', [null], 'invalid'],
        ['nothing', 'room.get', [], 'invalid'],
        ['binary data', 'room.get', [Buffer.from('x')], 'invalid'],
        ['binary data in a field', 'message.send', [{ text: Buffer.from('x') }], 'invalid'],
        ['sixty thousand values', 'message.send', [{ mentions: Array(60_000).fill(0) }], 'too_large'],
        ['1,000 levels', 'message.send', [nested(500)], 'invalid'],
      ];
      for (const [what, name, args, code] of cases) {
        it(`${what}: ${code}`, async () => {
          const answer = await call(own, String(name), ...args);
          expect(answer.ok).to.equal(false);
          expect(!answer.ok && answer.error.code).to.equal(code);
          expect(own.connected).to.equal(true);
        });
      }

      it('a command without an ack is obeyed all the same', async () => {
        const orgId = `org-${randomUUID()}`;
        own.emit('org.put', { orgId, name: 'No ack' });
        const person = { userId: randomUUID(), org: orgId, name: 'N', roles: ['designer'], maxLoad: 1 };
        let answer = await call(own, 'staff.put', person);
        for (let n = 0; !answer.ok && n < 20; n++) answer = await call(own, 'staff.put', person);
        expect(answer.ok).to.equal(true);
      });

      it('wrong calls without an ack are passed over', async () => {
        own.emit('no.such');
        own.emit('room.get', { roomId: { $gt: '' } });
        own.emit('room.get', 1, 2, 3);
        expect((await call(own, 'room.list', {})).ok).to.equal(true);
      });
    });
  }

  describe('over HTTP', () => {
    interface Raw {
      method?: string;
      path?: string;
      headers?: Record<string, string>;
      body?: string | Buffer;
    }
    /** A request exactly as it is written: nothing is put right on the way. */
    async function raw({ method = 'POST', path = '/v1/room.list', headers = {}, body = '' }: Raw) {
      const outgoing = request(url(), {
        method,
        path,
        headers: { authorization: `Bearer ${token}`, ...headers },
        agent: false,
      });
      outgoing.end(body);
      const [response] = await within(once(outgoing, 'response'), 'a response');
      let text = '';
      for await (const chunk of response) text += String(chunk);
      return { status: Number(response.statusCode), text, type: String(response.headers['content-type']) };
    }

    const json = { 'content-type': 'application/json' };
    const cases: [string, Raw, number, string][] = [
      ['malformed JSON', { headers: json, body: '{"a":' }, 400, 'invalid'],
      ['JSON that is no object', { headers: json, body: '"text"' }, 400, 'invalid'],
      ['an empty text as JSON', { headers: json, body: '   ' }, 400, 'invalid'],
      ['NUL bytes', { headers: json, body: '{"cursor":"\u0000"}' }, 400, 'invalid'],
      ['bytes that are no UTF-8', { headers: json, body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]) }, 400, 'invalid'],
      ['another content type', { headers: { 'content-type': 'text/plain' }, body: '{}' }, 415, 'unsupported_type'],
      [
        'a form',
        { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'a=1' },
        415,
        'unsupported_type',
      ],
      ['no content type', { headers: {}, body: '{"surprise":1}' }, 415, 'unsupported_type'],
      [
        'no content type, in chunks',
        { headers: { 'transfer-encoding': 'chunked' }, body: '{"surprise":1}' },
        415,
        'unsupported_type',
      ],
      [
        'an unknown charset',
        { headers: { 'content-type': 'application/json; charset=klingon' }, body: '{}' },
        415,
        'unsupported_type',
      ],
      ['a compressed body', { headers: { ...json, 'content-encoding': 'gzip' }, body: '{}' }, 415, 'unsupported_type'],
      ['a million values', { headers: json, body: `[${'0,'.repeat(1_000_000)}0]` }, 413, 'too_large'],
      ['GET', { method: 'GET' }, 404, 'not_found'],
      ['PUT', { method: 'PUT', headers: json, body: '{}' }, 404, 'not_found'],
      ['DELETE', { method: 'DELETE' }, 404, 'not_found'],
      ['a double slash', { path: '/v1//room.list' }, 404, 'not_found'],
      ['a double slash in front', { path: '//v1/room.list' }, 404, 'not_found'],
      ['dots in the path', { path: '/v1/../v1/room.list' }, 404, 'not_found'],
      ['an encoded slash', { path: '/v1/room.list%2F..' }, 404, 'not_found'],
      ['a wrong percent sign', { path: '/v1/%E0%A4%A' }, 404, 'not_found'],
      ['an encoded NUL', { path: '/v1/room.list%00' }, 404, 'not_found'],
      ['an unknown command', { path: '/v1/no.such', headers: json, body: '{}' }, 404, 'not_found'],
      ['a name of the prototype', { path: '/v1/constructor', headers: json, body: '{}' }, 404, 'not_found'],
      ['__proto__', { path: '/v1/__proto__', headers: json, body: '{}' }, 404, 'not_found'],
      ['a command of a connection', { path: '/v1/room.join', headers: json, body: '{}' }, 404, 'not_found'],
      ['a path of 10,000 characters', { path: `/v1/${'x'.repeat(10_000)}` }, 404, 'not_found'],
      ['no bearer', { headers: { authorization: 'Basic eDp5' } }, 401, 'unauthenticated'],
      ['two words after Bearer', { headers: { authorization: 'Bearer a b' } }, 401, 'unauthenticated'],
    ];
    for (const [what, options, status, code] of cases) {
      it(`${what}: ${status} ${code}`, async () => {
        const answer = await raw(options);
        expect([answer.status, answer.type], answer.text).to.deep.equal([
          status,
          'application/problem+json; charset=utf-8',
        ]);
        expect(JSON.parse(answer.text)).to.include({ code, status });
      });
    }

    it('a name that is encoded letter by letter is still that name', async () => {
      expect((await raw({ path: '/v1/%72oom%2Elist', headers: json, body: '{}' })).status).to.equal(200);
    });

    it('headers above the limit are refused by Node: 431', async () => {
      const tcp = new Tcp(service);
      tcp.send(`GET /healthz HTTP/1.1\r\nHost: x\r\nX-Large: ${'x'.repeat(40_000)}\r\n\r\n`);
      await within(tcp.closed, 'the end');
      expect(tcp.received).to.match(/^HTTP\/1.1 431 /);
    });

    it('a body is not read before its sender is known', async () => {
      const tcp = new Tcp(service);
      tcp.send(
        'POST /v1/message.send HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 100000\r\n\r\n',
      );
      await until('the refusal', () => tcp.received.includes('"unauthenticated"'));
      tcp.socket.destroy();
    });

    for (const bytes of [
      'GARBAGE\r\n\r\n',
      'GET / HTTP/9.9\r\n\r\n',
      '\0\0\0\0',
      'POST /v1/room.list HTTP/1.1\r\nContent-Length: -1\r\n\r\n',
    ]) {
      it(`${JSON.stringify(bytes)} is answered by Node, or closed`, async () => {
        const tcp = new Tcp(service);
        tcp.send(bytes);
        await within(tcp.closed, 'the end');
        expect(tcp.received).to.match(/^(HTTP\/1.1 (400|505)|$)/);
      });
    }
  });

  describe('as raw frames', () => {
    /** Opens a raw WebSocket of somebody who is let in. */
    async function member(): Promise<Tcp> {
      const tcp = new Tcp(service);
      tcp.upgrade();
      await until('the upgrade', () => tcp.received.includes('101'));
      tcp.send(frame(`40${JSON.stringify({ token })}`));
      await until('the welcome', () => tcp.received.includes('40{"sid"'));
      return tcp;
    }

    const closing: [string, (string | Buffer)[]][] = [
      ['an unknown Engine.IO packet', ['9']],
      ['an unknown Socket.IO packet', ['47[]']],
      ['a packet that is no JSON', ['42{']],
      ['an event that is no array', ['42{}']],
      ['an event without a name', ['42[]']],
      ['an event whose name is an object', ['42[{"a":1}]']],
      ['a reserved name', ['42["disconnect"]']],
      ['newListener', ['42["newListener",1]']],
      ['CONNECT a second time', ['40{}']],
      ['CONNECT_ERROR', ['44{}']],
      ['an ack that is no array', ['430{}']],
      ['binary data without an announcement', [frame(Buffer.from([1, 2, 3]), 2)]],
      ['text where binary data was announced', ['451-["x",{"_placeholder":true,"num":0}]', '42["x"]']],
      ['a placeholder that is not there', ['451-["x",{"_placeholder":true,"num":7}]', frame(Buffer.from('b'), 2)]],
      ['eleven attachments', ['4511-["x"]']],
      [
        '20,000 levels around binary data',
        [`451-["x",${'['.repeat(20_000)}${']'.repeat(20_000)}]`, frame(Buffer.from('b'), 2)],
      ],
      ['a ping in the wrong direction', ['2']],
      ['a frame without a mask', [Buffer.from([0x81, 0x01, 0x33])]],
      ['a frame above the limit', [frame('4'.repeat(200_000))]],
      ['a frame that says it is 2^60 bytes', [Buffer.from([0x81, 0xff, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])]],
      ['reserved bits', [Buffer.from([0xf1, 0x80, 0, 0, 0, 0])]],
      ['no UTF-8', [frame(Buffer.from([0x34, 0xff, 0xfe]))]],
    ];
    for (const [what, packets] of closing) {
      it(`${what}: the connection is closed`, async () => {
        const tcp = await member();
        for (const packet of packets) tcp.send(typeof packet === 'string' ? frame(packet) : packet);
        await within(
          Promise.race([tcp.closed, until('the closing frame', () => tcp.received.includes(CLOSING))]),
          'the end',
        );
        tcp.socket.destroy();
      });
    }

    const harmless: [string, string[]][] = [
      ['an ack of nothing', ['43999[1]']],
      ['an event whose name is a number', ['425[7,{}]']],
      ['an ack id beyond all integers', [`42${'9'.repeat(400)}["room.list",{}]`]],
      // Deeper than a parser that calls itself could go; Socket.IO's own client is one.
      ['20,000 levels', [`421["room.list",${'['.repeat(20_000)}${']'.repeat(20_000)}]`]],
      ['an upgrade that nobody asked for', ['5']],
      ['a noop', ['6']],
      ['a pong', ['3']],
    ];
    for (const [what, packets] of harmless) {
      it(`${what}: passed over or answered`, async () => {
        const tcp = await member();
        for (const packet of packets) tcp.send(frame(packet));
        tcp.send(frame('42777["room.list",{}]'));
        await until('the next answer', () => tcp.received.includes('43777['));
        tcp.socket.destroy();
      });
    }
  });
});
