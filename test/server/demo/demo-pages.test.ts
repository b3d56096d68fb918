import { expect } from 'chai';
import { decodeJwt } from 'jose';
import { builtScript } from '../../../server/demo/built-page.ts';
import { prepareDemo } from '../../../server/demo/demo.ts';
import { DEMO_PEOPLE, MORE_LINKS } from '../../../server/demo/people.ts';
import type { Opportunity } from '../../../shared/contract/opportunities.ts';
import { createLog } from '../../../server/telemetry/log.ts';
import { buildPage } from '../../client-sdk/pages/support/build-page.ts';
import { startTestService, type TestService } from '../../support/service.ts';

/** How many rooms somebody has whose are not the two delivery projects. */
const ROOMS: Readonly<Record<string, number>> = { operator: 6, client: 2, cedar: 2, sail: 1, ink: 1 };

describe('the demonstration pages', () => {
  let demo: TestService;
  const get = (path: string, headers: Record<string, string> = {}) => fetch(demo.service.url + path, { headers });

  before(async () => {
    await buildPage();
    demo = await startTestService({ env: { DEMO: '1' } });
  });
  after(() => demo.stop());

  it('are not there without DEMO', async () => {
    const plain = await startTestService();
    try {
      const assets = `/demo/${await builtScript()}`;
      for (const path of ['/demo', '/demo/', '/demo/room?as=buyer', '/demo/token?as=buyer', assets]) {
        expect((await fetch(plain.service.url + path)).status, path).to.equal(404);
      }
    } finally {
      await plain.stop();
    }
  });

  it('lists a link for each person, and the start says the same', async () => {
    const html = await (await get('/demo')).text();
    for (const as of Object.keys(DEMO_PEOPLE)) {
      expect(html).to.include(`/demo/room?as=${as}"`);
      expect(demo.service.greeting).to.include(`${demo.service.url}/demo/room?as=${as} `);
    }
  });

  it('leads to the rooms and views that the links name', async () => {
    const roomOf = async (query: string) => {
      const html = await (await get(`/demo/room?${query}`)).text();
      return /room-id="([^"]+)" show="([^"]+)"/.exec(html)?.slice(1) ?? [];
    };
    const [delivery] = await roomOf('as=buyer');
    const [demand, shown] = await roomOf('as=client');
    expect(shown).to.equal('room');
    expect(demand).to.not.equal(delivery);
    expect(await roomOf('as=cedar')).to.deep.equal([demand, 'room']);
    expect(await roomOf('as=operator')).to.deep.equal([delivery, 'room']);
    expect(await roomOf('as=operator&at=demand')).to.deep.equal([demand, 'room']);
    expect((await roomOf('as=cedar&at=offer'))[0]).to.not.be.oneOf([demand, delivery]);
    expect(await roomOf('as=sail&at=plaza')).to.deep.equal([demand, 'plaza']);
    for (const at of ['toString', '__proto__', '"><b>'])
      expect((await roomOf(`as=client&at=${at}`))[1], at).to.equal('room');
    for (const { query } of MORE_LINKS) {
      expect(await (await get('/demo')).text()).to.include(`/demo/room?${query.replaceAll('&', '&amp;')}"`);
      expect(demo.service.greeting).to.include(`/demo/room?${query} `);
    }
  });

  for (const path of ['/demo', '/demo/room?as=buyer', '/demo/room?as=operator&lang=zh-CN']) {
    it(`allows on ${path} nothing but what carries the nonce of this one answer`, async () => {
      const [one, two] = [await get(path), await get(path)];
      const policy = one.headers.get('content-security-policy') ?? '';
      const nonce = /'nonce-([^']+)'/.exec(policy)?.[1] ?? '';
      expect(policy)
        .to.match(/^default-src 'none';/)
        .and.not.match(/unsafe|\*|http:/);
      expect(two.headers.get('content-security-policy')).to.not.equal(policy);
      expect(one.headers.get('cache-control')).to.equal('no-store');
      const html = await one.text();
      const tags = html.match(/<(script|style)\b[^>]*>/g) ?? [];
      expect(tags).to.have.length.above(0);
      for (const tag of tags) expect(tag).to.include(`nonce="${nonce}"`);
      expect(html).to.not.match(/\sstyle=|\son[a-z]+=/);
    });
  }

  it('holds no token in a page, and nothing that was written into its address', async () => {
    const response = await get('/demo/room?as=buyer&lang=%22%3E%3Cscript%3Ealert(1)%3C/script%3E');
    const html = await response.text();
    expect(html).to.not.match(/eyJ|alert/);
    expect(html).to.include('lang="en"');
  });

  it('speaks the language that is asked for, or the browser’s', async () => {
    const languageOf = async (path: string, accept: string) =>
      /<html lang="([^"]+)"/.exec(await (await get(path, { 'accept-language': accept })).text())?.[1];
    expect(await languageOf('/demo/room?as=buyer', 'zh-TW,zh;q=0.9,en;q=0.5')).to.equal('zh-CN');
    expect(await languageOf('/demo/room?as=buyer', 'de')).to.equal('en');
    expect(await languageOf('/demo/room?as=buyer&lang=zh-CN', 'en')).to.equal('zh-CN');
    expect(await languageOf('/demo/room?as=buyer&lang=en', 'zh-CN')).to.equal('en');
  });

  it('knows nobody but its own people', async () => {
    for (const as of ['', 'service', 'toString', '__proto__', 'buyer&as=operator']) {
      expect((await get(`/demo/room?as=${as}`)).status, as).to.equal(404);
      expect((await get(`/demo/token?as=${as}`)).status, as).to.equal(404);
    }
  });

  it('gives out tokens that the service takes, short-lived, kept by no cache and to no other site', async () => {
    for (const [as, { userId, side }] of Object.entries(DEMO_PEOPLE)) {
      const response = await get(`/demo/token?as=${as}`);
      expect(response.headers.get('cache-control')).to.equal('no-store');
      expect(response.headers.get('access-control-allow-origin')).to.equal(null);
      const { token } = (await response.json()) as { token: string };
      const { sub, side: claimed, exp = 0, iat = 0 } = decodeJwt(token);
      expect({ sub, side: claimed }).to.deep.equal({ sub: userId, side });
      expect(exp - iat).to.be.at.most(15 * 60);
      const rooms = await fetch(`${demo.service.url}/v1/room.list`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: '{}',
      });
      expect(rooms.status, as).to.equal(200);
      expect((await rooms.json()) as { items: unknown[] })
        .to.have.property('items')
        .with.length(ROOMS[as] ?? 2);
    }
    expect((await get('/demo/token?as=buyer', { origin: 'https://other.example' })).status).to.equal(403);
    expect((await get('/demo/token?as=buyer', { 'sec-fetch-site': 'cross-site' })).status).to.equal(404);
  });

  it('serves the script to be kept for ever, under a name that follows its content, and no other file', async () => {
    const script = await get(`/demo/${await builtScript()}`);
    expect(script.status).to.equal(200);
    expect(script.headers.get('cache-control')).to.equal('public, max-age=31536000, immutable');
    expect(script.headers.get('content-type')).to.include('javascript');
    expect(script.headers.get('x-content-type-options')).to.equal('nosniff');
    for (const path of [
      '/demo/assets/',
      '/demo/assets/none.js',
      '/demo/assets/..%2f.vite/manifest.json',
      '/demo/.vite/manifest.json',
    ]) {
      expect((await get(path)).status, path).to.equal(404);
    }
  });

  it('has no pages, and says why, where only the portal can sign tokens', async () => {
    const { roomId } = { roomId: 'room' };
    const keys = { jwt: { jwksUrl: 'https://portal.example/keys' }, jwtAudience: 'a', jwtIssuer: undefined };
    const prepared = await prepareDemo(
      keys,
      (name) =>
        Promise.resolve({
          ok: true,
          data:
            name === 'message.send'
              ? { entry: { id: 'entry' }, duplicate: true }
              : name === 'opportunity.get'
                ? { opportunity: { actions: [] } }
                : { roomId, projectId: roomId },
        } as never),
      createLog('silent'),
    );
    expect(prepared.router).to.equal(undefined);
    expect(prepared.greeting('http://x')).to.include('JWKS_URL');
  });

  it("takes the money for a proposal in the portal's checkout, from the demand's buyer alone", async () => {
    const pay = async (as: string, input: unknown, headers: Record<string, string> = {}) =>
      fetch(`${demo.service.url}/demo/pay?as=${as}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: JSON.stringify(input),
      });
    const { token } = (await (await get('/demo/token?as=client')).json()) as { token: string };
    const call = async (name: string, input: unknown): Promise<unknown> => {
      const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
      return (
        await fetch(`${demo.service.url}/v1/${name}`, { method: 'POST', headers, body: JSON.stringify(input) })
      ).json();
    };
    const { items } = (await call('opportunity.list', { status: 'quoted' })) as { items: Opportunity[] };
    const [contested] = items;
    const { id: opportunityId, engagements = [] } = contested ?? expect.fail('there is no demand');
    const proposalId = engagements.at(-1)?.proposals[0]?.id ?? expect.fail('there is no proposal');
    const payment = { opportunityId, proposalId };
    for (const as of ['cedar', 'operator', 'buyer', 'nobody'])
      expect((await pay(as, payment)).status, as).to.equal(404);
    expect((await pay('client', { ...payment, amount: 1 })).status).to.equal(404);
    expect((await pay('client', payment, { 'sec-fetch-site': 'cross-site' })).status).to.equal(404);
    expect((await pay('client', { opportunityId, proposalId: 'none' })).status).to.equal(404);
    const paid = await pay('client', payment);
    expect(paid.status).to.equal(200);
    const { roomId } = (await paid.json()) as { roomId: string };
    expect(await (await pay('client', payment)).json(), 'paid twice').to.deep.equal({ roomId });
    expect(await call('room.get', { roomId })).to.have.nested.property('room.kind', 'project');
    const other = engagements[0]?.proposals[0]?.id ?? '';
    expect((await pay('client', { opportunityId, proposalId: other })).status).to.equal(409);
  });
});
