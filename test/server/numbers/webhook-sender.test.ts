import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { webhookSender } from '../../../server/numbers/webhook-sender.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { passOver } from '../../support/number-net.ts';
import { NUMBER } from './numbers-bench.ts';

const SECRET = Buffer.from('an old secret of 24 bytes+').toString('base64');
const NEXT = Buffer.from('the secret that comes next').toString('base64');

interface Request {
  method: string | undefined;
  headers: IncomingMessage['headers'];
  body: string;
}

describe('codes sent through a webhook', () => {
  let server: Server;
  let url = '';
  let answer: (response: ServerResponse) => void;
  let got: Request[];
  const wall = new ManualClock(Date.UTC(2026, 10, 20, 2, 0, 0, 700));

  beforeEach(async () => {
    got = [];
    answer = (response) => response.writeHead(204).end();
    server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        got.push({ method: request.method, headers: request.headers, body });
        answer(response);
      });
    }).listen(0, '127.0.0.1');
    passOver(server);
    await once(server, 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sms?from=rooms`;
  });
  afterEach(() => {
    server.close();
    server.closeAllConnections();
  });

  /** Checks a request as the specification tells its receiver to. */
  function isSigned({ headers, body }: Request, secret: string): boolean {
    const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`;
    const right = createHmac('sha256', Buffer.from(secret, 'base64')).update(signed).digest('base64');
    return String(headers['webhook-signature']).split(' ').includes(`v1,${right}`);
  }

  it('carry number, code and language, signed as Standard Webhooks says, under every secret', async () => {
    await webhookSender({ url, secrets: [SECRET, NEXT] }, wall).send(NUMBER, '012345', 'zh-CN');
    const [request] = got;
    if (request === undefined) throw new Error('nothing came');
    expect(request.method).to.equal('POST');
    expect(request.headers['content-type']).to.equal('application/json');
    expect(request.headers['webhook-timestamp']).to.equal(String(Date.UTC(2026, 10, 20, 2) / 1000));
    expect(JSON.parse(request.body)).to.deep.equal({
      type: 'phone.code',
      timestamp: '2026-11-20T02:00:00.700Z',
      data: { phone: '+12025550147', code: '012345', language: 'zh-CN' },
    });
    expect([SECRET, NEXT].map((secret) => isSigned(request, secret))).to.deep.equal([true, true]);
    expect(isSigned(request, Buffer.from('somebody else').toString('base64'))).to.equal(false);
    expect(isSigned({ ...request, body: request.body.replace('0147', '0148') }, SECRET)).to.equal(false);
  });

  it('have an id each, so that a receiver can tell a message from its copy', async () => {
    const sender = webhookSender({ url, secrets: [SECRET] }, wall);
    await sender.send(NUMBER, '012345', 'en');
    await sender.send(NUMBER, '012345', 'en');
    expect(new Set(got.map(({ headers }) => headers['webhook-id'])).size).to.equal(2);
  });

  const failures: [string, (response: ServerResponse) => void][] = [
    ['a refusal', (response) => response.writeHead(429).end('+12025550147 is busy')],
    ['a fault', (response) => response.writeHead(500).end()],
    ['a redirect', (response) => response.writeHead(307, { location: '/sms' }).end()],
    ['a broken connection', (response) => response.destroy()],
    ['silence', () => undefined],
  ];
  for (const [what, play] of failures) {
    it(`are not sent by ${what}; it is asked once, and the error names neither number nor code`, async () => {
      answer = play;
      const sender = webhookSender({ url, secrets: [SECRET] }, wall, 3_000);
      const error: unknown = await sender.send(NUMBER, '012345', 'en').then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof Error)) throw new Error('was expected to fail');
      const told = [error.message, error.stack, String(error.cause), JSON.stringify(error)].join('\n');
      expect(told).to.not.include('5550147').and.not.include('012345');
      expect(got).to.have.length(1);
    });
  }

  it('are not sent where nobody listens', async () => {
    const closed = url;
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
    const sent = webhookSender({ url: closed, secrets: [SECRET] }, wall).send(NUMBER, '012345', 'en');
    expect(
      await sent.then(
        () => 'sent',
        () => 'not sent',
      ),
    ).to.equal('not sent');
  });
});
