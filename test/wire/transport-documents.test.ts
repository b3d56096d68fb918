import { Validator } from '@seriousme/openapi-schema-validator';
import { expect } from 'chai';
import { events } from '../../shared/contract/events.ts';
import { commandNames } from '../../shared/contract/registry.ts';
import { startTestService, type TestService } from '../support/service.ts';

describe('the documents that are served', () => {
  let service: TestService;
  before(async () => {
    service = await startTestService();
  });
  after(() => service.stop());

  const get = async (path: string) => {
    const response = await fetch(service.service.url + path);
    return { status: response.status, headers: response.headers, text: await response.text() };
  };

  it('/openapi.json is valid as it is served, to anybody', async () => {
    const { status, headers, text } = await get('/openapi.json');
    expect([status, headers.get('content-type')]).to.deep.equal([200, 'application/json; charset=utf-8']);
    expect((await new Validator().validate(JSON.parse(text))).valid).to.equal(true);
  });

  it('/asyncapi.json is an AsyncAPI 3.0 document', async () => {
    const { status, text } = await get('/asyncapi.json');
    expect(status).to.equal(200);
    expect(JSON.parse(text)).to.include({ asyncapi: '3.0.0' });
  });

  it('/docs shows every command and event, with nothing from elsewhere and no script', async () => {
    const { status, headers, text } = await get('/docs');
    expect([status, headers.get('content-type')]).to.deep.equal([200, 'text/html; charset=utf-8']);
    expect(headers.get('content-security-policy')).to.match(
      /^default-src 'none'; style-src 'sha256-[^']+'; frame-ancestors 'none'$/,
    );
    expect(text).not.to.match(/<script|src=|https?:\/\/(?!json-schema\.org)|style="|@import|url\(/);
    for (const name of commandNames) expect(text).to.include(`<h3 id="${name}">`);
    for (const name of Object.keys(events)) expect(text).to.include(`<h3 id="event-${name}">`);
    for (const [, target] of text.matchAll(/href="([^"]+)"/g)) expect((await get(target ?? '')).status).to.equal(200);
  });

  it('every answer carries the headers of a careful server', async () => {
    for (const path of ['/healthz', '/openapi.json', '/nothing-here']) {
      const { headers } = await get(path);
      expect(headers.get('x-content-type-options')).to.equal('nosniff');
      expect(headers.get('content-security-policy')).to.be.a('string');
      expect(headers.get('x-powered-by')).to.equal(null);
    }
  });
});
