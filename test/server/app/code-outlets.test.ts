import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import { afterEach, beforeEach, describe, it } from 'mocha';
import { isCodeLine } from '../../../server/app/code-line.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { createTestDatabase, type TestDatabase } from '../../support/database.ts';
import { Portal } from '../../support/portal.ts';
import { startTestService } from '../../support/service.ts';
import { refused } from '../../support/wire-suite.ts';
import { ServiceProcess } from './service-process.ts';

// Of a range that is reserved for examples.
const PHONE = '+1 202 555 0147';

describe('where a code goes', () => {
  let database: TestDatabase;
  let carrier: Server;
  let status = 204;
  const sent: string[] = [];

  beforeEach(async () => {
    database = await createTestDatabase();
    status = 204;
    sent.length = 0;
    carrier = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text;
      });
      request.on('end', () => {
        sent.push(body);
        response.writeHead(status).end();
      });
    }).listen(0, '127.0.0.1');
    await once(carrier, 'listening');
  });
  afterEach(async () => {
    carrier.close();
    carrier.closeAllConnections();
    await database.drop();
  });

  const webhook = () => ({
    SMS_WEBHOOK_URL: `http://127.0.0.1:${(carrier.address() as AddressInfo).port}/`,
    SMS_WEBHOOK_SECRET: `whsec_${Buffer.alloc(32, 'a secret').toString('base64')}`,
  });

  it('is the output of a demonstration, which tells the code alone', async () => {
    const service = new ServiceProcess({ ...database.env, DEMO: '1', LOG_LEVEL: 'info' });
    try {
      const portal = new Portal(await service.url());
      await portal.call('buyer', 'phone.sendCode', { phone: PHONE });
      const line = await service.until('the code', () => service.stdout.split('\n').find(isCodeLine));
      expect(line).to.match(/^The code that was asked for: \d{6}$/);
      expect(service.stdout + service.stderr).to.not.match(/555.?0147/);
    } finally {
      await service.kill();
    }
  });

  it('is nowhere else: without a demonstration and a webhook none is sent', async () => {
    const service = new ServiceProcess({ ...database.env, DEMO: '0', LOG_LEVEL: 'info' });
    try {
      const portal = new Portal(await service.url());
      const { error } = await refused(portal.call('buyer', 'phone.sendCode', { phone: PHONE }), 'unavailable');
      expect(error.message).to.include('SMS_WEBHOOK_URL');
      expect(service.stdout.split('\n').some(isCodeLine)).to.equal(false);
    } finally {
      await service.kill();
    }
  });

  it('is the webhook where there is one, also in a demonstration; the log has neither code nor number', async () => {
    const lines: string[] = [];
    const log = createLog('debug', { write: (line) => void lines.push(line) });
    const env = { ...webhook(), DEMO: '1', RATE_LIMIT_FACTOR: '1' };
    const server = await startTestService({ database, env, overrides: { log } });
    const portal = new Portal(server.service.url);
    try {
      status = 500;
      // What was not sent costs nothing: no wait before the next one, and none of the day's five.
      for (let i = 0; i < 7; i++)
        await refused(portal.call('buyer', 'phone.sendCode', { phone: PHONE }), 'unavailable');
      status = 200;
      await portal.call('buyer', 'phone.sendCode', { phone: PHONE });
      await refused(portal.call('buyer', 'phone.sendCode', { phone: PHONE }), 'rate_limited');
      expect(sent).to.have.length(8);
      expect(server.codes).to.deep.equal([]);
      const told: { data: { phone: string; code: string; language: string } } = JSON.parse(sent.at(-1) ?? '');
      expect(told.data).to.include({ phone: '+12025550147', language: 'en' });
      const text = lines.join('\n');
      expect(text).to.include('a code could not be sent to a phone');
      for (const body of sent) {
        const { data }: { data: { code: string } } = JSON.parse(body);
        expect(text).to.not.match(new RegExp(`(?<![\\w.-])${data.code}(?![\\w.-])`));
      }
      expect(text).to.not.match(/555.?0147/);
    } finally {
      portal.close();
      await server.stop();
    }
  });
});
