import { expect } from 'chai';
import { decodeJwt } from 'jose';
import { ManualClock } from '../support/manual-clock.ts';
import { startTestService, type TestService } from '../support/service.ts';
import { tokenOf } from '../support/tokens.ts';
import { within } from '../support/client.ts';
import { BUYER, call, connectAs, eventOf, open, post, refusalOf, SERVICE, Tcp } from './transport-client.ts';

const TRANSPORTS = ['websocket', 'polling'] as const;

describe('handshake', () => {
  let service: TestService;
  let wall: ManualClock;
  const url = () => service.service.url;

  before(async () => {
    wall = new ManualClock(Date.now());
    service = await startTestService({
      env: { ALLOWED_ORIGINS: 'https://portal.example, http://localhost:8080' },
      overrides: { wall },
    });
  });
  after(() => service.stop());

  for (const transport of TRANSPORTS) {
    describe(`over ${transport}`, () => {
      const cases: [string, () => Promise<Record<string, unknown>>, string][] = [
        ['no token', async () => ({}), 'unauthenticated'],
        ['garbage', async () => ({ token: 'garbage' }), 'unauthenticated'],
        ['a token that is no text', async () => ({ token: { $gt: '' } }), 'unauthenticated'],
        ['another audience', async () => ({ token: await tokenOf(BUYER, { audience: 'x' }) }), 'unauthenticated'],
        ['an expired token', async () => ({ token: await tokenOf(BUYER, { lifeSeconds: -600 }) }), 'unauthenticated'],
        ['version 2', async () => ({ token: await tokenOf(BUYER), v: 2 }), 'unsupported_version'],
        ['version "1"', async () => ({ token: await tokenOf(BUYER), v: '1' }), 'unsupported_version'],
        ['version null', async () => ({ token: await tokenOf(BUYER), v: null }), 'unsupported_version'],
      ];
      for (const [what, auth, code] of cases) {
        it(`refuses ${what}: ${code}, as an error object`, async () => {
          const error = await refusalOf(open(url(), { auth: await auth(), transports: [transport] }));
          expect(error.data?.code).to.equal(code);
          expect(error.data?.message).to.be.a('string');
          expect(error.message).to.equal(error.data?.message);
        });
      }

      it('lets in with version 1, and without one', async () => {
        for (const auth of [{ v: 1 }, {}]) {
          const socket = await connectAs(service, BUYER, { auth, transports: [transport] });
          expect((await call(socket, 'room.list', {})).ok).to.equal(true);
          socket.disconnect();
        }
      });

      it('refuses other namespaces', async () => {
        const socket = open(url(), {
          auth: { token: await tokenOf(BUYER) },
          transports: [transport],
          namespace: '/admin',
        });
        expect((await refusalOf(socket)).message).to.equal('Invalid namespace');
      });

      it('lets a session that was refused try again with a better token', async () => {
        const socket = open(url(), { auth: { token: 'bad' }, transports: [transport] });
        await within(new Promise((resolve) => socket.once('connect_error', resolve)), 'a refusal');
        socket.auth = { token: await tokenOf(BUYER) };
        const connected = eventOf(socket, 'connect');
        socket.connect();
        await connected;
        socket.disconnect();
      });
    });
  }

  describe('the origin', () => {
    const own = () => `http://127.0.0.1:${service.service.port}`;
    const cases: [string, () => string | undefined, boolean][] = [
      ['none, as from a program', () => undefined, true],
      ["the server's own", own, true],
      ['a listed one', () => 'https://portal.example', true],
      ['a second listed one', () => 'http://localhost:8080', true],
      ['another', () => 'https://evil.example', false],
      ['a listed one with another scheme', () => 'http://portal.example', false],
      ['a listed one with another port', () => 'https://portal.example:444', false],
      ['one that ends like a listed one', () => 'https://evil-portal.example', false],
      ['one that begins like a listed one', () => 'https://portal.example.evil.example', false],
      ["the server's own with another port", () => 'http://127.0.0.1:1', false],
      ["the server's own host with another scheme", () => own().replace('http:', 'ftp:'), false],
      ['null, as from a sandboxed frame', () => 'null', false],
      ['garbage', () => 'portal.example', false],
    ];
    for (const [what, origin, allowed] of cases) {
      const headers = (): Record<string, string> => {
        const value = origin();
        return value === undefined ? {} : { origin: value };
      };
      for (const transport of TRANSPORTS) {
        it(`${what}: ${allowed ? 'may' : 'may not'} connect over ${transport}`, async () => {
          if (allowed) (await connectAs(service, BUYER, { transports: [transport], headers: headers() })).disconnect();
          else {
            const socket = open(url(), {
              auth: { token: await tokenOf(BUYER) },
              transports: [transport],
              headers: headers(),
            });
            expect((await refusalOf(socket)).data).to.equal(undefined);
          }
        });
      }
      it(`${what}: ${allowed ? 'may' : 'may not'} call over HTTP`, async () => {
        const answer = await post(url(), 'room.list', { token: await tokenOf(BUYER), headers: headers() });
        expect(answer.status).to.equal(allowed ? 200 : 403);
        expect(answer.headers.get('access-control-allow-origin')).to.equal(allowed ? (origin() ?? null) : null);
        if (!allowed) expect(answer.body['code']).to.equal('forbidden');
      });
    }

    it('is looked at again for a session that is open', async () => {
      const opened = await fetch(`${url()}/socket.io/?EIO=4&transport=polling`);
      const sid = /"sid":"([^"]+)"/.exec(await opened.text())?.[1];
      const address = `/socket.io/?EIO=4&transport=polling&sid=${sid}`;
      expect((await fetch(url() + address, { headers: { origin: 'https://evil.example' } })).status).to.equal(403);
      const upgrade = new Tcp(service);
      upgrade.upgrade(address.replace('polling', 'websocket'), { Origin: 'https://evil.example' });
      await within(upgrade.closed, 'the end of the upgrade');
      expect(upgrade.received).to.match(/^HTTP\/1.1 403 Forbidden\r\n/);
      expect(upgrade.received).to.include('"code":"forbidden"');
    });

    it('answers a preflight with what a portal needs, to listed origins only', async () => {
      const ask = (origin: string) =>
        fetch(`${url()}/v1/room.list`, {
          method: 'OPTIONS',
          headers: { origin, 'access-control-request-method': 'POST' },
        });
      const good = await ask('https://portal.example');
      expect(good.status).to.equal(204);
      expect(good.headers.get('access-control-allow-headers')).to.equal('authorization, content-type');
      expect((await ask('https://evil.example')).status).to.equal(403);
    });
  });

  describe('renewal and expiry', () => {
    it('auth.refresh takes the same sub, side and org, with other roles, and says until when', async () => {
      const designer = { sub: 'd', side: 'provider', org: 'p', roles: ['designer'] } as const;
      const socket = await connectAs(service, designer);
      const token = await tokenOf({ ...designer, roles: ['tester'] }, { lifeSeconds: 7200 });
      const answer = await call(socket, 'auth.refresh', { token });
      expect(answer.ok && Date.parse(String(answer.data['expiresAt']))).to.be.within(
        Date.now() + 7100e3,
        Date.now() + 7201e3,
      );
      for (const other of [
        { ...designer, sub: 'e' },
        { ...designer, org: 'q' },
        { ...designer, side: 'vendor' },
      ] as const) {
        const refused = await call(socket, 'auth.refresh', { token: await tokenOf(other) });
        expect(!refused.ok && refused.error.code).to.equal('forbidden');
      }
      const bad = await call(socket, 'auth.refresh', { token: 'garbage' });
      expect(!bad.ok && bad.error.code).to.equal('unauthenticated');
      expect(socket.connected).to.equal(true);
      socket.disconnect();
    });

    it('auth.refresh is not served over HTTP', async () => {
      const token = await tokenOf(BUYER);
      expect((await post(url(), 'auth.refresh', { token, body: { token } })).status).to.equal(404);
    });

    it('warns a minute ahead, and ends the connection when the token is over', async () => {
      const token = await tokenOf(BUYER, { lifeSeconds: 3600 });
      const expiresAt = (decodeJwt(token).exp ?? 0) * 1000;
      const socket = await connectAs(service, BUYER, { auth: { token } });
      const warned = eventOf(socket, 'auth.expiring');
      let early = true;
      socket.once('auth.expiring', () => expect(early).to.equal(false));
      wall.advance(expiresAt - 62_000 - wall.now());
      expect((await call(socket, 'room.list', {})).ok).to.equal(true);
      early = false;
      wall.advance(4_000);
      expect(await warned).to.deep.equal({ at: new Date(expiresAt).toISOString() });
      const ended = eventOf(socket, 'disconnect');
      wall.advance(expiresAt + 2_000 - wall.now());
      await ended;
    });

    it('a renewed connection outlives its first token; one that has a minute is warned at once', async () => {
      const seconds = (ahead: number) => ({ lifeSeconds: Math.ceil((wall.now() - Date.now()) / 1000) + ahead });
      const late = open(url(), { auth: { token: await tokenOf(BUYER, seconds(50)) } });
      await eventOf(late, 'auth.expiring');
      expect((await call(late, 'auth.refresh', { token: await tokenOf(BUYER, seconds(3600)) })).ok).to.equal(true);
      wall.advance(70_000);
      expect((await call(late, 'room.list', {})).ok).to.equal(true);
      late.disconnect();
    });

    it('refuses what comes after the end of the token even before the connection is cut', async () => {
      const life = Math.ceil((wall.now() - Date.now()) / 1000) + 30;
      const token = await tokenOf(SERVICE, { lifeSeconds: life });
      expect((await post(url(), 'room.list', { token })).status).to.equal(200);
      wall.advance(31_000);
      const answer = await post(url(), 'room.list', { token });
      expect([answer.status, answer.body['code']]).to.deep.equal([401, 'unauthenticated']);
      expect(answer.headers.get('www-authenticate')).to.equal('Bearer');
    });
  });
});
